package tools_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"npmotp/internal/npm/tools"
	"npmotp/internal/secret"
)

// run returns the command line that line becomes, its environment, and the
// plan. Words are separated by single spaces.
func run(t *testing.T, line string, o tools.Options) (string, []string, *tools.Plan) {
	t.Helper()
	p, err := tools.New(strings.Split(line, " "), o)
	if err != nil {
		t.Fatalf("New(%q): %v", line, err)
	}
	argv, environ := p.Command(secret.New("123456"))
	return strings.Join(argv, " "), slices.DeleteFunc(environ, func(kv string) bool { return kv == noNotifier }), p
}

// noNotifier keeps npm from looking for a newer npm, with the code.
const noNotifier = "npm_config_update_notifier=false"

func TestNoNotifier(t *testing.T) {
	for line, want := range map[string]string{
		"npm publish":            noNotifier,
		"npx changeset publish":  noNotifier,
		"npm publish --otp=1":    "NPM_CONFIG_UPDATE_NOTIFIER=true",
		"npm install":            "NPM_CONFIG_UPDATE_NOTIFIER=true",
		"gem push x.gem":         "NPM_CONFIG_UPDATE_NOTIFIER=true",
		"cowsay --code={otp} go": "NPM_CONFIG_UPDATE_NOTIFIER=true",
	} {
		p, err := tools.New(strings.Split(line, " "), tools.Options{Environ: []string{"NPM_CONFIG_UPDATE_NOTIFIER=true"}})
		if err != nil {
			t.Fatal(err)
		}
		if _, environ := p.Command(secret.New("123456")); !slices.Equal(environ, []string{want}) {
			t.Errorf("%q: the environment is %q, want %q", line, environ, want)
		}
	}
}

func TestVariable(t *testing.T) {
	for _, test := range []struct{ line, want string }{
		{"npm publish", "npm_config_otp=123456"},
		{"npx lerna publish", "npm_config_otp=123456"},
		{"pnpm publish", "npm_config_otp=123456 PNPM_CONFIG_OTP=123456"},
		{"changeset publish", "npm_config_otp=123456"},
		{"gem push x.gem", "GEM_HOST_OTP_CODE=123456"},
		{"npm install", ""},
	} {
		o := tools.Options{Via: tools.Env, Environ: []string{"A=1"}}
		got, environ, _ := run(t, test.line, o)
		if got != test.line {
			t.Errorf("%q became %q", test.line, got)
		}
		if want := strings.Fields("A=1 " + test.want); !slices.Equal(environ, want) {
			t.Errorf("%q: the environment is %q, want %q", test.line, environ, want)
		}
	}
}

func TestVariableReplacesAnEmptyOne(t *testing.T) {
	o := tools.Options{Via: tools.Env, Environ: []string{"npm_config_otp=", "NPM_CONFIG_OTP= ", "npm_config_tag=x"}}
	_, environ, _ := run(t, "npm publish", o)
	if want := []string{"npm_config_tag=x", "npm_config_otp=123456"}; !slices.Equal(environ, want) {
		t.Errorf("the environment is %q, want %q", environ, want)
	}
}

func TestGivenCodeIsLeftAlone(t *testing.T) {
	for _, test := range []struct{ line, environ string }{
		{"npm publish --otp=1", ""},
		{"npm publish --otp 1", ""},
		{"npm --otp 1 publish", ""},
		{"npm publish -otp=1", ""},
		{"npm publish --ot=1", ""},
		{"npm publish --no-otp", ""},
		{"npm publish --otp", ""},
		{"npm publish --otp=1 -- --x", ""},
		{"npx lerna publish --otp 1", ""},
		{"npm exec lerna publish --otp=1", ""},
		{"npm exec --otp=1 -- lerna publish", ""},
		{"npx --otp=1 lerna publish", ""},
		{"npx --otp=1 npx -y lerna publish", ""},
		{"release-it --npm.otp=1", ""},
		{"npm publish", "npm_config_otp=1"},
		{"npm publish", "NPM_CONFIG_OTP=1"},
		{"npm publish", "Npm_Config_Otp=1"},
		{"npx lerna publish", "NPM_CONFIG_OTP=1"},
		{"pnpm publish", "PNPM_CONFIG_OTP=1"},
		{"gem push x.gem", "GEM_HOST_OTP_CODE=1"},
	} {
		for _, via := range []tools.Via{tools.Flag, tools.Env} {
			o := tools.Options{Via: via, Environ: strings.Fields(test.environ)}
			got, environ, p := run(t, test.line, o)
			if got != test.line || !slices.Equal(environ, o.Environ) || p.NeedsCode {
				t.Errorf("%s %q by %v: became %s %q, NeedsCode %t", test.environ, test.line, via, environ, got, p.NeedsCode)
			}
			if !strings.Contains(p.Why, "already") {
				t.Errorf("%q: Why is %q", test.line, p.Why)
			}
		}
	}
}

func TestOtherCodesAreNotTheTools(t *testing.T) {
	for _, test := range []struct{ line, environ, want string }{
		{"npm publish -- --otp=1", "", "npm publish --otp=123456 -- --otp=1"},
		{"npm publish --otp-x=1", "", "npm publish --otp-x=1 --otp=123456"},
		{"npm publish", "npm_config_otp=", "npm publish --otp=123456"},
		{"npm publish", "xnpm_config_otp=1", "npm publish --otp=123456"},
		{"npm publish", "GEM_HOST_OTP_CODE=1", "npm publish --otp=123456"},
		{"yarn publish", "npm_config_otp=1", "yarn publish --otp=123456"},
	} {
		if got, _, _ := run(t, test.line, tools.Options{Environ: strings.Fields(test.environ)}); got != test.want {
			t.Errorf("%s %q became %q, want %q", test.environ, test.line, got, test.want)
		}
	}
}

func TestLevel(t *testing.T) {
	for _, test := range []struct {
		line       string
		auth, both bool
	}{
		{"npm login", true, true},
		{"npm adduser", true, true},
		{"npm token create", true, true},
		{"npm token revoke x", true, true},
		{"npm profile set password", true, true},
		{"npm profile disable-2fa", true, true},
		{"npm publish", false, true},
		{"npm owner add u p", false, true},
		{"npm stage approve x", false, true},
		{"npm frobnicate", false, true},
		{"npm install", false, false},
		{"npm profile get", false, false},
		{"npx np --no-publish", false, false},
		{"gem signin", true, true},
	} {
		for level, want := range map[tools.Level]bool{tools.AuthOnly: test.auth, tools.AuthAndWrites: test.both, 0: test.both} {
			if _, _, p := run(t, test.line, tools.Options{Level: level}); p.NeedsCode != want {
				t.Errorf("%q at level %d: NeedsCode is %t (%s)", test.line, level, p.NeedsCode, p.Why)
			}
		}
	}
}

// TestStar keeps the code from the script that "npm start" runs, which is what
// npm 12 makes of star.
func TestStar(t *testing.T) {
	for major, want := range map[int]bool{0: true, 6: true, 11: true, 12: false, 13: false} {
		_, _, p := run(t, "npm star thing", tools.Options{NPMMajor: major})
		if p.NeedsCode != want {
			t.Errorf("npm %d: a code goes along: %t (%s)", major, p.NeedsCode, p.Why)
		}
	}
}

func TestPlaceInAnArgument(t *testing.T) {
	for _, test := range []struct{ line, want string }{
		{"npm run release -- --otp={otp}", "npm run release -- --otp=123456"},
		{"npm publish --otp={otp}", "npm publish --otp=123456"},
		{"cowsay {otp} {otp}{otp}", "cowsay 123456 123456123456"},
		{"npx -c {otp}", "npx -c 123456"},
		{"npm owner ls p --otp={otp}", "npm owner ls p --otp=123456"},
	} {
		got, _, p := run(t, test.line, tools.Options{Level: tools.AuthOnly})
		if got != test.want || !p.NeedsCode {
			t.Errorf("%q became %q, want %q", test.line, got, test.want)
		}
		if len(p.Warnings) == 0 {
			t.Errorf("%q: nothing warns that the code can be seen", test.line)
		}
	}
}

func TestUnknownTools(t *testing.T) {
	for _, test := range []struct {
		line    string
		o       tools.Options
		want    string
		environ string
	}{
		{"cowsay a", tools.Options{FlagTemplate: "--code={otp}"}, "cowsay a --code=123456", ""},
		{"cowsay a -- b", tools.Options{FlagTemplate: "--code {otp}"}, "cowsay a --code 123456 -- b", ""},
		{"cowsay a", tools.Options{FlagTemplate: "{otp}"}, "cowsay a 123456", ""},
		{"cowsay a", tools.Options{EnvName: "CODE"}, "cowsay a", "CODE=123456"},
		{"cowsay a", tools.Options{EnvName: "CODE", Environ: []string{"CODE=1", "code=2"}}, "cowsay a", "code=2 CODE=123456"},
		{"npm publish", tools.Options{EnvName: "CODE"}, "npm publish", "CODE=123456"},
		{"np", tools.Options{EnvName: "CODE"}, "np", "CODE=123456"},
		{"npm install", tools.Options{EnvName: "CODE"}, "npm install", ""},
		{"npx cowsay", tools.Options{FlagTemplate: "--code={otp}"}, "npx cowsay --code=123456", ""},
	} {
		got, environ, p := run(t, test.line, test.o)
		if got != test.want || strings.Join(environ, " ") != test.environ {
			t.Errorf("%q became %q with %q, want %q with %q", test.line, got, environ, test.want, test.environ)
		}
		if p.Why == "" {
			t.Errorf("%q: no reason is given", test.line)
		}
	}
}

// Scripts of the project, and what runs other commands, get no code in an argument:
// it is typed when one of them asks.
func TestWhatRunsScripts(t *testing.T) {
	for _, test := range []struct {
		line    string
		mayAsk  bool
		moved   string
		refused bool // other than at the prompt
	}{
		{"pnpm release", true, "", false},
		{"yarn release", true, "", false},
		{"bun release", true, "", false},
		{"pnpm run release", true, "", false},
		{"pnpm install", false, "", false}, // which is not the script of that name
		{"pnpm other", false, "", false},
		{"pnpm --filter b other", true, "", false}, // of another package, which is not looked at
		{"yarn --cwd packages/b other", true, "", false},
		{"yarn workspace b other", true, "yarn workspace", false},
		{"bumpp", true, "bumpp", false},
		{"make release", false, "make", true},
		{"bash -c x", false, "bash", true},
		{"clean-publish --tag next", false, "clean-publish", false},
	} {
		o := tools.Options{Scripts: map[string]string{"release": "", "install": ""}}
		p, err := tools.New(strings.Split(test.line, " "), o)
		if errors.Is(err, tools.ErrNoWay) != test.refused || err == nil && (p.MayAsk != test.mayAsk || p.Moved != test.moved) {
			t.Errorf("%s: %v, %+v", test.line, err, p)
		}
		o.Via = tools.Prompt
		if p, err := tools.New(strings.Split(test.line, " "), o); err != nil || p.AtPrompt != (test.mayAsk || test.moved != "") {
			t.Errorf("%s at the prompt: %v, %+v", test.line, err, p)
		}
	}
}

// An option of npm exec is a setting of what it runs, and only some of these leave
// the registry as it is.
func TestWhatRunnersMove(t *testing.T) {
	for line, moved := range map[string]string{
		"npx -y -p lerna npm publish":                      "",
		"npm exec --tag next npm publish":                  "",
		"npx --no-install changeset publish":               "",
		"npx --no changeset publish":                       "",
		"bunx --bun changeset publish":                     "",
		"npm exec --scope=@a -- npm publish":               "npm --scope",
		"npx --scope @a npm publish":                       "npx --scope",
		"npx --location=global npm publish":                "npx --location",
		"npx --https-proxy=http://127.0.0.1/ npm publish":  "npx --https-proxy",
		"npm exec --@a:registry=https://a/ -- npm publish": "npm --@a:registry",
		"bun --cwd a x npm publish":                        "bun --cwd",
		"yarn ./packages/a npm publish":                    "yarn ./packages/a",
		"lerna exec --scope b -- npm publish":              "lerna exec",
	} {
		p, err := tools.New(strings.Split(line, " "), tools.Options{})
		if err != nil || p.Moved != moved {
			t.Errorf("%s: %v, %+v, want %q", line, err, p, moved)
		}
	}
	if p, err := tools.New([]string{"yarn", "exec", "npm", "publish"}, tools.Options{}); err != nil || p.Through != "yarn" || p.Tool != "npm" {
		t.Errorf("yarn exec: %v, %+v", err, p)
	}
	for line, want := range map[string]bool{"yarn packages/lerna publish": false, "lerna --max-buffer 1000 publish": true} {
		if p, err := tools.New(strings.Split(line, " "), tools.Options{}); err != nil || p.NeedsCode != want {
			t.Errorf("%s: %v, %+v, want a code: %v", line, err, p, want)
		}
	}
}

func TestNoWay(t *testing.T) {
	env := tools.Options{Via: tools.Env}
	for _, test := range []struct {
		line string
		o    tools.Options
		says string
	}{
		{"cowsay", tools.Options{}, "--flag"},
		{"sudo npm publish", tools.Options{}, `"sudo" is not a tool that npmotp knows; put 'npmotp exec' in front of npm there`},
		{"mise exec -- pnpm publish", tools.Options{}, "in front of pnpm there"},
		{"npmotp npm publish", tools.Options{}, "write 'npmotp exec npm ...'"},
		{"npmotp exec npm publish", tools.Options{}, "write 'npmotp exec npm ...'"},
		{"cowsay", env, "--env"},
		{"npx cowsay", tools.Options{}, `"cowsay"`},
		{"npm exec -- cowsay publish", tools.Options{}, "{otp}"},
		{"np", tools.Options{}, "--no-publish"},
		{"np patch", env, "--no-publish"},
		{"yarn publish", env, "--via flag"},
		{"yarn npm publish", env, "--via flag"},
		{"bun publish", env, "--via flag"},
		{"release-it", env, "--via flag"},
		{"pnpm owner add u p", env, "--via flag"},
		{"yarn npm tag add p@1 x", tools.Options{}, "its own prompt only"},
		{"yarn npm login", env, "its own prompt only"},
		{"npx -c x", tools.Options{}, "--call"},
		{"npm exec --call x", tools.Options{}, "--call"},
		{"npm exec yarn publish", tools.Options{}, "npm exec -- yarn"},
		{"npm publish", tools.Options{FlagTemplate: "--code"}, "{otp}"},
		{"npm publish", tools.Options{EnvName: "A=B"}, `"A=B"`},
	} {
		_, err := tools.New(strings.Split(test.line, " "), test.o)
		if !errors.Is(err, tools.ErrNoWay) {
			t.Errorf("%q: %v", test.line, err)
		} else if !strings.Contains(err.Error(), test.says) {
			t.Errorf("%q: the error does not say %s: %v", test.line, test.says, err)
		}
	}
}

func TestNoCommand(t *testing.T) {
	for _, argv := range [][]string{nil, {}, {""}} {
		if _, err := tools.New(argv, tools.Options{}); !errors.Is(err, tools.ErrNoCommand) {
			t.Errorf("New(%q): %v", argv, err)
		}
	}
}

func TestParseVia(t *testing.T) {
	for _, v := range []tools.Via{tools.Flag, tools.Env} {
		if got, err := tools.ParseVia(v.String()); got != v || err != nil {
			t.Errorf("ParseVia(%q) = %v, %v", v, got, err)
		}
	}
	if _, err := tools.ParseVia("Flag"); err == nil {
		t.Error("ParseVia takes Flag")
	}
}

func TestCommandWithoutACode(t *testing.T) {
	environ := []string{"A=1", "NPMOTP_PASSPHRASE=x", "NPMOTP_PASSPHRASE_FILE=y", "NPMOTP_PASSPHRASE_COMMAND=z", "NPMOTP_PASSPHRASES=kept"}
	argv := []string{"npm", "publish"}
	p, err := tools.New(argv, tools.Options{Environ: environ})
	if err != nil {
		t.Fatal(err)
	}
	got, env := p.Command(secret.Text{})
	if !slices.Equal(got, argv) {
		t.Errorf("without a code the arguments are %q", got)
	}
	if want := []string{"A=1", "NPMOTP_PASSPHRASES=kept", noNotifier}; !slices.Equal(env, want) {
		t.Errorf("the environment is %q, want %q", env, want)
	}
	if environ[1] != "NPMOTP_PASSPHRASE=x" || len(environ) != 5 {
		t.Error("Command changed the environment it was given")
	}
}

// A script of the project that has the name of a tool, or of a command that only the
// older yarn has, is that script: what it runs is seen when that asks.
func TestScriptsNamedAsTools(t *testing.T) {
	for _, test := range []struct {
		line, text string
		berry      bool
		mayAsk     bool
	}{
		{"pnpm lerna publish", "npm publish --registry x", false, true},
		{"pnpm run lerna publish", "lerna --registry x", false, true},
		{"yarn lerna publish", "npm publish", false, true},
		{"bun run lerna publish", "npm publish", false, true},
		{"pnpm lerna publish", " lerna", false, false},
		{"pnpm exec lerna publish", "npm publish", false, false},
		{"npx lerna publish", "npm publish", false, false},
		{"yarn publish", "npm publish", true, true},
		{"yarn publish", "npm publish", false, false},
		{"yarn npm publish", "npm publish", true, false},
		{"pnpm publish", "npm publish", true, false},
	} {
		words := strings.Split(test.line, " ")
		name := words[len(words)-2]
		if name == "yarn" || name == "npm" || name == "pnpm" {
			name = words[len(words)-1]
		}
		p, err := tools.New(words, tools.Options{Berry: test.berry, Scripts: map[string]string{name: test.text}})
		if err != nil || p.MayAsk != test.mayAsk || p.NeedsCode == test.mayAsk {
			t.Errorf("%s, which runs %q: %v, %+v", test.line, test.text, err, p)
		}
	}
}

// Where npm is an alias, what it runs need not be known.
func TestNPMAsAnAlias(t *testing.T) {
	for line, runs := range map[string]bool{
		"npm exec eslint": true, "npm x -- eslint .": true, "npm exec -c x": true, "npx eslint": false, "eslint": false, "npx -c x": false,
	} {
		p, err := tools.New(strings.Split(line, " "), tools.Options{Alias: true})
		if errors.Is(err, tools.ErrNoWay) == runs || runs && (p.NeedsCode || len(p.Warnings) != 1) {
			t.Errorf("%s: %v, %+v", line, err, p)
		}
		if _, err := tools.New(strings.Split(line, " "), tools.Options{}); !errors.Is(err, tools.ErrNoWay) {
			t.Errorf("%s, on purpose: %v", line, err)
		}
	}
}

// The version of a tool that a runner is to fetch is not that of the user's own.
func TestVersionsOfRunners(t *testing.T) {
	for line, moved := range map[string]string{
		"npx -p npm@6 npm publish": "npx npm@6", "npx --package=pnpm@9 pnpm publish": "npx pnpm@9", "npx -p lerna@8 npm publish": "",
		"npx npm@6 publish": "", "npm exec npm@6 publish": "", "npx -p npm npm publish": "",
	} {
		p, err := tools.New(strings.Split(line, " "), tools.Options{})
		if err != nil || p.Moved != moved || p.Through == "" {
			t.Errorf("%s: %v, %q moves, behind %q", line, err, p.Moved, p.Through)
		}
	}
}
