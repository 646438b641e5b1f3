// Package tools knows how npm and the tools around it take a one-time
// code, and starts them.
//
// [New] reads a command line as the tool itself would and decides whether a
// code goes with it; [Plan.Command] puts the code in; [Run] looks the command
// up and becomes it. The package holds no code and no secret of its own: the
// code is asked for between New and Command, and only when a plan needs one.
//
// It decides on the command line and the environment alone. It reads no
// .npmrc, does not look at the tool's version, and does not know the registry.
package tools

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"npmotp/internal/ptyrun"
	"npmotp/internal/secret"
)

// Errors that callers branch on. Both are the user's to mend on the command
// line.
var (
	// ErrNoCommand means that there is nothing to run.
	ErrNoCommand = errors.New("no command given")
	// ErrNoWay means that the tool takes no one-time password in the way that
	// was asked for, or is not known at all. The error says what to type.
	ErrNoWay = errors.New("no way to pass the one-time password")
)

// A Level is an account's two-factor level, as npm names it.
type Level int

// The levels. The zero Level is unknown and counts as [AuthAndWrites].
const (
	AuthOnly      Level = iota + 1 // codes for logging in and for the account itself
	AuthAndWrites                  // codes for everything that changes the registry too
)

// A Via is a way for a code to reach a tool.
type Via int

// The ways. A flag is visible to other users of the machine while the tool
// runs; a variable is inherited by everything that the tool starts.
const (
	Flag   Via = iota // an argument, as in --otp=123456
	Env               // a variable, as in npm_config_otp=123456
	Prompt            // typed at the tool's own prompt
)

// ParseVia returns the way called s.
func ParseVia(s string) (Via, error) {
	switch s {
	case "flag":
		return Flag, nil
	case "env":
		return Env, nil
	case "prompt":
		return Prompt, nil
	}
	return 0, fmt.Errorf("invalid way to pass a code %q: use flag, env or prompt", s)
}

// String returns the name that [ParseVia] reads.
func (v Via) String() string {
	switch v {
	case Env:
		return "env"
	case Prompt:
		return "prompt"
	case Flag:
	}
	return "flag"
}

// Options are what decides about a command beside its arguments.
type Options struct {
	Via   Via
	Level Level
	// FlagTemplate and EnvName say how a tool that is not in the table takes
	// a code, and replace what the table says of one that is: arguments with
	// {otp} in them, and the name of a variable.
	FlagTemplate, EnvName string
	// Prompt is what a command asks, where that is to be answered and not what the
	// table says.
	Prompt string
	// Scripts are the project's scripts by their names, which pnpm, yarn and bun run
	// without "run".
	Scripts map[string]string
	// Berry tells that yarn may be a newer one, which has no publish of its own.
	Berry bool
	// Alias tells that npm may be an alias of npmotp's, where what npm exec runs need not
	// be known.
	Alias bool
	// NPMMajor is the major version of the npm that runs, 0 when it is not known.
	NPMMajor int
	// Environ is the environment of the command, as [os.Environ] has it.
	Environ []string
}

// A Plan says what will run and whether a one-time password goes with it.
type Plan struct {
	Tool       string   // the tool that gets the code, seen through a runner: "npm", "lerna"
	Through    string   // that runner, "" for none
	Subcommand string   // its sub-command by its full name, "" when there is none
	ToolArgv   []string // its own command line, without runners in front of it
	NeedsCode  bool     // whether a code is to be had before Command
	Why        string   // one clause that gives the reason for NeedsCode
	Variables  []string // the environment variables that get the code
	// Moved is the word of a runner in front of the tool that has it run in another
	// folder or with other settings, so that the registry cannot be seen from here;
	// "" for none.
	Moved    string
	Warnings []string // what the user is told before the command runs
	// MayAsk tells that a script of the project runs, which may run something
	// that asks. Such a plan needs a code only at the prompt.
	MayAsk bool
	// Quiet tells that the command is npm itself, with a sub-command that starts no
	// other program: what is in its environment goes no further.
	Quiet bool
	// Holed tells that the user put {otp} into an argument.
	Holed bool
	// AtPrompt tells that the code is typed at the tool's prompt: the plan runs
	// by [Plan.Session], and Command puts no code in.
	AtPrompt bool
	// Literal tells that it is typed wherever the command asks what the user said,
	// [Options.Prompt].
	Literal bool

	argv    []string
	environ []string
	insert  []string // arguments with {otp} in them
	at      int      // where in argv they go
	prompts []ptyrun.Pattern
	nested  bool // another program that the command starts may be what asks
	classic bool // npm asks on the terminal, and not by way of a browser
}

// hole is what stands for the code in a template or an argument.
const hole = "{otp}"

// New plans the command argv, whose first element is the program. It is pure:
// it starts nothing and looks nothing up.
func New(argv []string, o Options) (*Plan, error) {
	if len(argv) == 0 || argv[0] == "" {
		return nil, ErrNoCommand
	}
	p := &Plan{argv: slices.Clone(argv), environ: slices.Clone(o.Environ)}
	c := seeThrough(argv, o)
	holed := slices.ContainsFunc(argv[1:], func(a string) bool { return strings.Contains(a, hole) })
	if c.tool != nil && c.tool.wrapper && (holed || o.Prompt+o.FlagTemplate+o.EnvName != "") {
		c.tool, c.moved = nil, "" // the user says how what it runs takes the code
	}
	p.ToolArgv, p.Moved = append([]string{c.name}, c.args...), c.moved
	if c.tool != nil {
		p.Tool = c.tool.name
		p.Subcommand = c.subcommand()
		if outer := toolNamed(argv[0]); outer.name != p.Tool || Known(c.name) && len(c.args) != len(argv)-1 {
			p.Through = outer.name
		}
		p.Quiet = c.row().quiet && c.name == argv[0] && len(c.args) == len(argv)-1
	}
	p.warnUnseen(c, holed || o.Prompt != "")
	if p.Holed = holed; holed {
		p.NeedsCode = true
		p.Why = "an argument has a place for it, " + hole
		p.Warnings = append(p.Warnings, "other users of this machine can see the code among the arguments while the command runs")
		return p, nil
	}
	if o.Prompt != "" {
		return p, p.literal(o.Prompt)
	}
	hidden := c.tool != nil && c.hides()
	if outer := toolNamed(argv[0]); o.Alias && outer != nil && outer.name == "npm" && (c.tool == nil || hidden) && o.FlagTemplate+o.EnvName == "" {
		p.Why = "npmotp does not know what npm exec runs here, which gets no code"
		p.Warnings = []string{p.Why}
		return p, nil
	}
	if c.tool == nil && o.FlagTemplate == "" && o.EnvName == "" {
		if slices.Contains(AsksCode(AuthAndWrites), c.name) {
			return nil, fmt.Errorf("%w: %q is a command of npm; write 'npmotp exec npm %s ...'", ErrNoWay, c.name, c.name)
		}
		if i := slices.IndexFunc(c.args, Known); i >= 0 && c.name == "npmotp" {
			return nil, fmt.Errorf("%w: write 'npmotp exec %s ...'", ErrNoWay, c.args[i])
		} else if i >= 0 { // behind sudo, env, mise exec
			return nil, fmt.Errorf("%w: %q is not a tool that npmotp knows; put 'npmotp exec' in front of %s there, or %s into an argument", ErrNoWay, c.name, c.args[i], hole)
		}
		return nil, fmt.Errorf("%w: %q is not a tool that npmotp knows; say how it takes a code with --flag '--otp=%s', with --env NAME, with --prompt TEXT, or with %s in an argument",
			ErrNoWay, c.name, hole, hole)
	}
	if hidden {
		return nil, fmt.Errorf("%w: what %s --call runs cannot be seen; write the command as arguments, or put %s into it", ErrNoWay, c.tool.name, hole)
	}
	if c.tool != nil && c.tool.wrapper && o.Via != Prompt {
		return nil, fmt.Errorf("%w: %s runs other commands; put 'npmotp exec' in front of npm there, or run it at a terminal, where npm's question is answered", ErrNoWay, c.name)
	}
	p.NeedsCode, p.Why = c.decide(o)
	c.script = c.runsScript(o.Scripts)
	p.MayAsk = !p.NeedsCode && c.script && c.given(o.Environ) == ""
	if p.MayAsk && o.FlagTemplate+o.EnvName != "" {
		return nil, fmt.Errorf("%w: what a script of the project runs gets it by neither --flag nor --env; put %s into an argument of the script, or leave them out and run it at a terminal, where what it asks is answered", ErrNoWay, hole)
	}
	nested := c.tool == nil || len(c.args) != len(argv)-1 || c.script
	if o.Via == Prompt && o.FlagTemplate == "" && o.EnvName == "" {
		if p.MayAsk {
			p.NeedsCode, p.Why = true, strings.TrimSpace(c.tool.name+" "+p.Subcommand)+" may run something that asks"
		}
		if !p.NeedsCode {
			return p, nil
		}
		return p, p.prompt(c, nested)
	}
	if !p.NeedsCode {
		return p, nil
	}
	if c.tool != nil {
		p.prompts, p.nested = c.tool.asks, nested || c.tool.nested
		// Given a code, npm itself logs in on the terminal.
		p.classic = p.Subcommand != "login" && p.Subcommand != "adduser"
	}
	return p, p.pass(c, o)
}

// warnUnseen says that nobody compares the registry of the code with that of the
// account: the program is not in the table, or the code goes, as the user said,
// to a sub-command that takes none and hands it on to what it starts.
func (p *Plan) warnUnseen(c call, said bool) {
	if c.tool == nil {
		p.Warnings = append(p.Warnings, fmt.Sprintf("npmotp does not know %s, and cannot see which registry the code goes to", c.name))
	} else if need, what, _ := c.need(); said && need == none {
		p.Warnings = append(p.Warnings, fmt.Sprintf("%s takes no one-time password itself, and npmotp cannot see which registry the code goes to", what))
	}
}

// pass fills in how the code reaches the command c.
func (p *Plan) pass(c call, o Options) error {
	flag, names := o.FlagTemplate, []string(nil)
	if o.EnvName != "" {
		names = []string{o.EnvName}
	}
	if flag == "" && names == nil {
		var err error
		if flag, names, err = c.way(o.Via); err != nil {
			return err
		}
	}
	if flag != "" && !strings.Contains(flag, hole) {
		return fmt.Errorf("%w: the flag %q has no %s in it; write it as '--otp=%s'", ErrNoWay, flag, hole, hole)
	}
	if i := slices.IndexFunc(names, func(n string) bool { return strings.ContainsAny(n, "=\x00") }); i >= 0 {
		return fmt.Errorf("%w: %q cannot be the name of a variable", ErrNoWay, names[i])
	}
	p.insert, p.Variables = strings.Fields(flag), names
	p.at = c.place(p.insert)
	return nil
}

// Command returns the arguments and the environment to run with code. Without
// a code, or when the plan needs none, the arguments are the user's own.
//
// The variables that the vault's passphrase can come from are never part of
// the environment that it returns.
func (p *Plan) Command(code secret.Text) (argv, environ []string) {
	argv = slices.Clone(p.argv)
	environ = p.Environ()
	if !p.NeedsCode || p.AtPrompt || code.Len() == 0 {
		return argv, environ
	}
	fill := func(s string) string { return strings.ReplaceAll(s, hole, code.Reveal()) }
	if p.Holed {
		for i := 1; i < len(argv); i++ {
			argv[i] = fill(argv[i])
		}
		return argv, environ
	}
	insert := slices.Clone(p.insert)
	for i := range insert {
		insert[i] = fill(insert[i])
	}
	argv = insertAt(argv, p.at, insert)
	for _, name := range p.Variables {
		environ = slices.DeleteFunc(environ, func(kv string) bool { return isVariable(kv, name) })
		environ = append(environ, name+"="+code.Reveal())
	}
	return argv, environ
}

// updateNotifier is the variable that keeps npm from looking for a newer npm. It
// would do so at its default registry, which may be another one than that of
// the package, and npm 10 to 12 send the code there too: npm-registry-fetch puts
// opts.otp on every request (lib/cli/update-notifier.js).
const updateNotifier = "npm_config_update_notifier"

// Environ returns the environment of the command without the code. Where a code
// goes along, npm looks for no newer npm.
func (p *Plan) Environ() []string {
	environ := WithoutPassphrase(p.environ)
	if p.NeedsCode && p.Tool != "" && p.Tool != "gem" {
		environ = append(withoutVariable(environ, updateNotifier), updateNotifier+"=false")
	}
	return environ
}

func insertAt(argv []string, at int, words []string) []string {
	if len(words) == 0 {
		return slices.Clone(argv)
	}
	return slices.Concat(argv[:at], words, argv[at:])
}

// WithoutPassphrase returns environ without the variables that npmotp takes a
// passphrase from, for everything that it starts.
func WithoutPassphrase(environ []string) []string {
	return slices.DeleteFunc(slices.Clone(environ), func(kv string) bool {
		return slices.ContainsFunc(PassphraseVariables(), func(name string) bool { return isVariable(kv, name) })
	})
}

// PassphraseVariables returns the names of the variables that open a vault, or
// lead to what does.
func PassphraseVariables() []string {
	return []string{"NPMOTP_PASSPHRASE", "NPMOTP_PASSPHRASE_FILE", "NPMOTP_PASSPHRASE_COMMAND", "NPMOTP_IDENTITY_FILE"}
}

// isVariable reports whether kv is the variable called name. npm reads its
// variables in any case (config/lib/index.js, loadEnv), and Windows all.
func isVariable(kv, name string) bool {
	key, _, _ := strings.Cut(kv, "=")
	if name == npmVariable || runtime.GOOS == "windows" {
		return strings.EqualFold(key, name)
	}
	return key == name
}
