package tools

import (
	"slices"
	"strings"

	"npmotp/internal/npm/argv"
	"npmotp/internal/ptyrun"
)

// The tools beside npm. A row has a code only where the tool accepts the
// option, because most of them refuse options that they do not know. The rows
// were tried against a registry with pnpm 10.34 and 12.21, yarn 1.22 and 4,
// and bun 1.4, and read in the sources of pnpm 11, lerna 8, changesets 2,
// np 10 and release-it 19. Change a row only after trying it with the tool.

// npx is npm exec with rules of its own for its options (bin/npx-cli.js).
func npx() *tool {
	return &tool{name: "npx", flag: "--otp=" + hole, option: "otp", env: []string{npmVariable}, grammar: argv.NPM(), prints: "usage version", start: npxStart}
}

// npxStart returns the index of the program in the arguments of npx: the first
// one that is neither an option nor the value of one, or that follows a --.
func npxStart(args []string) int {
	g := argv.NPM()
	tokens := make([]argv.Word, len(args))
	for i, a := range args {
		tokens[i] = argv.Word{Text: a, At: i}
	}
	for i := 0; i < len(tokens); i++ {
		arg := tokens[i].Text
		if arg == "--" {
			return tokens[i].At + 1
		}
		if !strings.HasPrefix(arg, "-") {
			return tokens[i].At
		}
		name, value, hadEq := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		long := g.Shorthands[name]
		if name == "n" || name == "p" {
			long = nil // --node-arg of npm 6, --package
		}
		if long != nil {
			var expanded []argv.Word
			for _, l := range long {
				expanded = append(expanded, argv.Word{Text: l, At: tokens[i].At})
			}
			if hadEq {
				expanded = append(expanded, argv.Word{Text: value, At: tokens[i].At})
			}
			tokens = slices.Concat(tokens[:i], expanded, tokens[i+1:])
			i--
			continue
		}
		if hadEq || npxSwitch(g, name) {
			continue
		}
		valued := contains("package p cache userconfig call c shell npm node-arg n", name)
		if valued || i+1 < len(tokens) && !strings.HasPrefix(tokens[i+1].Text, "-") {
			if i++; !valued && len(g.Parse([]string{arg, tokens[i].Text}).Words) > 0 {
				return tokens[i].At // npx passes over it, and npm exec finds it all the same
			}
		}
	}
	return len(args)
}

// firstWord returns a start for runners whose program is the first argument
// that is not an option of g.
func firstWord(g *argv.Grammar) func([]string) int {
	return func(args []string) int {
		if p := g.Parse(args); len(p.Words) > 0 {
			return p.Words[0].At
		}
		return len(args)
	}
}

// npxSwitch reports whether npx takes an option for one without a value.
func npxSwitch(g *argv.Grammar, name string) bool {
	return slices.Contains(g.Types[name], "bool") ||
		contains("always-spawn ignore-existing shell-auto-fallback no-install quiet q version v help h", name)
}

// pnpm up to 10 hands all of these but publish to npm (src/pnpm.ts). pnpm 11
// and 12 have them built in, and read the variable for publish only
// (releasing/commands/src/publish/otpEnv.ts). They log in by their own prompt,
// and take no code for a star.
func pnpm() *tool {
	return &tool{
		name: "pnpm", flag: "--otp=" + hole, option: "otp", prints: helpAndVersion, env: []string{npmVariable, "PNPM_CONFIG_OTP"},
		grammar: pnpmGrammar(), runsUnknown: true,
		asks: npmAsks(), nested: true, running: "run",
		builtIn: "add audit ci config create dedupe deploy env fetch import init install i install-test it link ln list ls outdated pack patch " +
			"prune rebuild rb remove rm root setup store unlink uninstall un update up upgrade version view why",
		rows: []row{
			{names: "publish", need: write, alone: true, dryRun: true},
			{names: "unpublish", need: write, alone: true, dryRun: true, noEnv: true},
			{names: "deprecate undeprecate", need: write, alone: true, noEnv: true},
			{names: "dist-tag dist-tags", need: write, writes: "add a set s rm r del d remove", noEnv: true},
			{names: "owner owners", need: write, reads: "ls list", noEnv: true},
			{names: "access", need: write, reads: "ls list get ls-packages ls-collaborators", noEnv: true},
			{names: "team", need: write, reads: "ls list", noEnv: true},
			{names: "stage", need: write, writes: "approve reject", free: "publish", noEnv: true},
			{names: "token", need: login, reads: "ls list", noEnv: true},
			{names: "profile", need: login, reads: "get", noEnv: true},
			{names: "dlx", runs: program},
			{names: "exec", runs: program},
			{names: "run run-script", runs: script},
			{names: "recursive multi m", runs: itself},
		},
	}
}

func pnpx() *tool {
	return &tool{name: "pnpx", option: "otp", grammar: pnpmGrammar(), start: firstWord(pnpmGrammar())}
}

func pnpmGrammar() *argv.Grammar {
	return &argv.Grammar{
		Types:      values(strings.Join(argv.Valued("pnpm"), " ")),
		Shorthands: map[string][]string{"C": {"--dir"}, "F": {"--filter"}},
	}
}

// yarn is yarn 1 as far as its own commands go, and yarn berry behind
// "yarn npm". Berry refuses to start with YARN_NPM_OTP set, and yarn 1 reads
// no variable.
func yarn() *tool {
	return &tool{
		name: "yarn", flag: "--otp=" + hole, option: "otp", prints: helpAndVersion, runsUnknown: true,
		grammar: yarnGrammar(),
		asks:    slices.Concat([]ptyrun.Pattern{{Text: "question npm one-time password:"}}, npmAsks(), yarnNpm().asks), running: "run",
		builtIn: "add audit autoclean bin cache check config constraints create dedupe global import info init install link list login logout " +
			"outdated pack patch plugin rebuild remove search set unlink unplug up upgrade upgrade-interactive version versions why",
		rows: []row{
			{names: "publish", need: write, alone: true},
			{names: "tag", need: write, reads: "ls list"},
			{names: "owner", need: write, reads: "ls list"},
			{names: "team", need: write, reads: "ls list"},
			{names: "npm", runs: yarnsNpm},
			{names: "dlx exec", runs: program},
			{names: "run", runs: script},
			{names: "workspace", runs: itself, skip: 1},
			{names: "workspaces", runs: itself, skip: 1},
		},
	}
}

// yarnNpm is what stands behind "yarn npm" of yarn berry; the commands that
// are not here refuse --otp.
func yarnNpm() *tool {
	return &tool{
		name: "yarn npm", flag: "--otp=" + hole, option: "otp", prints: "help h", grammar: yarnGrammar(),
		asks: []ptyrun.Pattern{{Text: "One-time password:"}, {Text: "One-time password: ‣"}},
		rows: []row{
			{names: "publish", need: write, alone: true, dryRun: true},
			{names: "stage", need: write, writes: "approve reject", free: "publish"},
			// These ask, and have no --otp (packages/plugin-npm-cli/sources/commands).
			{names: "tag", need: write, writes: "add remove", noFlag: true},
			{names: "login", need: login, alone: true, noFlag: true},
		},
	}
}

func yarnGrammar() *argv.Grammar {
	return &argv.Grammar{
		Types:      values(strings.Join(argv.Valued("yarn"), " ")),
		Shorthands: map[string][]string{"j": {"--jobs"}, "p": {"--package"}},
	}
}

// bun has one command that takes a code, and reads it from no variable.
func bun() *tool {
	return &tool{
		name: "bun", flag: "--otp=" + hole, option: "otp", prints: helpAndVersion, grammar: bunGrammar(), runsUnknown: true,
		asks: npmAsks(), classic: "--auth-type=legacy", running: "run",
		builtIn: "a add audit build c create i info init install link outdated patch patch-commit pm r remove repl rm test uninstall unlink " +
			"update upgrade why",
		rows: []row{
			{names: "publish", need: write, alone: true, dryRun: true},
			{names: "x", runs: program},
			{names: "run", runs: script},
		},
	}
}

func bunx() *tool {
	return &tool{name: "bunx", option: "otp", grammar: bunGrammar(), start: firstWord(bunGrammar())}
}

func bunGrammar() *argv.Grammar {
	return &argv.Grammar{
		Types:      values(strings.Join(argv.Valued("bun"), " ")),
		Shorthands: map[string][]string{"F": {"--filter"}, "p": {"--package"}},
	}
}

func corepack() *tool {
	return &tool{name: "corepack", option: "otp", start: firstWord(&argv.Grammar{})}
}

// lerna reads npm's configuration, so npm's variable too. One code serves all
// packages; it asks again when one is refused.
func lerna() *tool {
	return &tool{
		name: "lerna", flag: "--otp=" + hole, option: "otp", prints: helpAndVersion, env: []string{npmVariable},
		grammar: &argv.Grammar{Types: values(strings.Join(argv.Valued("lerna"), " "))},
		asks:    append(npmAsks(), ptyrun.Pattern{Text: "one-time password:"}, ptyrun.Pattern{Text: "This operation requires a one-time password:"}),
		rows: []row{
			{names: "publish", need: write, alone: true},
			{names: "exec", runs: program},
		},
	}
}

// changeset runs npm publish, or pnpm's, for each package.
func changeset() *tool {
	return &tool{
		name: "changeset", flag: "--otp=" + hole, option: "otp", prints: "help h version", env: []string{npmVariable},
		grammar: &argv.Grammar{Types: values("otp tag")},
		asks:    npmAsks(), nested: true,
		rows: []row{{names: "publish", need: write, alone: true}},
	}
}

// np runs the tests and an install before it publishes, which takes longer
// than a code lives. Its prompt is a line in the midst of a list that it draws
// anew ten times a second, never the last thing on the screen.
func np() *tool {
	return &tool{
		name: "np", option: "otp", bare: write, unknown: write, prints: "help version",
		idle:  "publish=false preview=true release-draft-only=true",
		noWay: "np takes a one-time password at its own prompt only",
		mend:  "use 'np --no-publish' and then 'npmotp exec npm publish', or type the code that 'npmotp code' prints",
	}
}

// releaseIt passes its npm.otp on to npm publish (lib/plugin/npm/npm.js). Its
// words are versions (lib/args.js).
func releaseIt() *tool {
	return &tool{
		name: "release-it", flag: "--npm.otp=" + hole, option: "npm.otp", bare: write, unknown: write, prints: helpAndVersion,
		asks: append(npmAsks(), ptyrun.Pattern{Text: "Please enter OTP for npm:"}), nested: true,
		idle: "npm=false npm.publish=false dry-run=true release-version=true changelog=true",
		grammar: &argv.Grammar{
			Types: map[string][]string{
				"npm.otp": {"string"}, "npm.tag": {"string"}, "preRelease": {"string"}, "preReleaseId": {"string"},
				"config": {"string"}, "increment": {"string"}, "npm": {"bool"}, "npm.publish": {"bool"}, "dry-run": {"bool"},
			},
			Shorthands: map[string][]string{"c": {"--config"}, "d": {"--dry-run"}, "i": {"--increment"}},
		},
	}
}

// gem is RubyGems; these are its commands that have --otp.
func gem() *tool {
	return &tool{
		name: "gem", flag: "--otp=" + hole, option: "otp", env: []string{"GEM_HOST_OTP_CODE"}, prints: "help h",
		asks: []ptyrun.Pattern{{Text: "Code:"}},
		grammar: &argv.Grammar{
			Types: values("add attestation config-file host key otp platform remove version"),
			Shorthands: map[string][]string{
				"a": {"--add"}, "k": {"--key"}, "r": {"--remove"}, "v": {"--version"},
			},
		},
		rows: []row{
			{names: "push", need: write, alone: true},
			{names: "yank", need: write, alone: true},
			{names: "owner", need: write, alone: true},
			{names: "signin", need: login, alone: true},
		},
	}
}

// nx runs npm, or the package manager of the project, for each package, and
// away from the terminal. Its --otp is a number to it, which loses a code's
// leading zero (dist/src/command-line/release/command-object.js of nx 24), so a
// code goes by the variables of what it runs.
func nx() *tool {
	return &tool{
		name: "nx", option: "otp", env: []string{npmVariable, "PNPM_CONFIG_OTP"}, prints: "help version", elsewhere: true,
		grammar: &argv.Grammar{
			Types:      values("access groups nxBail otp outputStyle parallel projects registry tag"),
			Shorthands: map[string][]string{"d": {"--dry-run"}, "g": {"--groups"}, "p": {"--projects"}},
		},
		rows: []row{{names: "release", need: write, alone: true, reads: "changelog plan plan:check version", dryRun: true}},
	}
}

// vlt has --otp for publish only, and asks in the words of the registry.
func vlt() *tool {
	return &tool{
		name: "vlt", flag: "--otp=" + hole, option: "otp", env: []string{"VLT_OTP"}, prints: helpAndVersion,
		grammar: &argv.Grammar{
			Types:      values("access config otp publish-directory registry scope tag workspace workspace-group"),
			Shorthands: map[string][]string{"w": {"--workspace"}, "g": {"--workspace-group"}},
		},
		rows: []row{
			{names: "publish pub", need: write, alone: true, dryRun: true},
			{names: "exec x", runs: program},
			{names: "run r run-script rx", runs: script},
		},
	}
}

// cleanPublish runs npm publish in a folder that it makes.
func cleanPublish() *tool {
	return &tool{
		name: "clean-publish", option: "otp", env: []string{npmVariable}, prints: "help version", bare: write, unknown: write,
		idle: "without-publish=true dry-run=true", asks: npmAsks(), nested: true, elsewhere: true,
		grammar: &argv.Grammar{Types: values("access before-script fields files package-manager tag temp-dir")},
	}
}

// bumpp publishes nothing, but the script of --execute may.
func bumpp() *tool {
	return &tool{
		name: "bumpp", option: "otp", prints: helpAndVersion, asks: npmAsks(), nested: true, scripted: true, elsewhere: true,
		grammar: &argv.Grammar{
			Types:      values("commit current-version execute preid print-commits release tag"),
			Shorthands: map[string][]string{"c": {"--commit"}, "t": {"--tag"}, "x": {"--execute"}},
		},
	}
}

// wrapper is a program that runs other ones, which may ask.
func wrapper(name string) *tool {
	asks := slices.Concat(npmAsks(), yarn().asks[:1], yarnNpm().asks)
	return &tool{name: name, bare: write, unknown: write, asks: asks, nested: true, wrapper: true, scripted: true, elsewhere: true}
}
