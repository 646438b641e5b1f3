package cmd

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"npmotp/internal/npm/tools"
	"npmotp/internal/ptyrun"
	"npmotp/internal/ui"
	"npmotp/internal/wrap"
)

// execMinRemaining is what a code must have left when the command starts:
// npm needs a moment before it sends it.
const execMinRemaining = 5 * time.Second

func newExecCmd(app *App) *cobra.Command {
	var o wrap.Options
	cmd := &cobra.Command{
		Use:   "exec [flags] [--] COMMAND [ARG...]",
		Short: "Run npm, or a peer of it, with a fresh one-time password",
		Long: `Run COMMAND with a fresh one-time password, as in npm publish --otp=123456.

Flags of npmotp stand before COMMAND; everything after it belongs to COMMAND.
The code is appended at the end, or just before a "--". Only sub-commands
that take one get it: npm install and the like run untouched, because npm
would send the code with every request and show it to every install
script. An --otp of yours, or npm_config_otp, is left alone.

--via env sets the tool's variable instead of appending a flag. --via prompt
passes nothing: it types the code at the moment npm itself asks for it, so
that no lifecycle script, log or process list gets to see it and a long build
cannot outlive it. By default the code is appended, except where it would
leak or die on the way: when the package has lifecycle scripts that run first,
or several packages are published, it is typed at the prompt; so it is when
npm run starts a script of the project that asks. At a terminal a question
that comes after a refusal is answered with a later code. Without a terminal
the code is always appended. A tool that npmotp does not know needs --flag,
--env, {otp} in an argument, or --prompt with the line that it asks; nobody
checks which registry its code goes to.

Behind npm run, npx, pnpm exec and the like the process that asks is looked
at: its folder, its settings, and the script that started it. Where not all of
that can be seen you are asked, once a run; --yes answers where a registry is
named. Scripts cannot open the terminal that npm asks on by /dev/tty, unless
--share-terminal is given.

The code goes only to the registry that the account belongs to. Where npm
would talk to another one, because of an .npmrc, publishConfig, the
environment or the command line, the command stops and says which file it is;
--registry lets it go there knowingly. Without --account the registry picks
the account.

--recovery answers with a recovery code instead, for when the key is not at
hand: it is reserved on disk first, typed at the prompt, and used up when the
command succeeds. Codes that npm does not take there, of 16 or 48 digits, go
along in its environment, and only with sub-commands that start nothing else:
access, deprecate, dist-tag, login, owner, profile, stage, token, unpublish.
It needs the passphrase. The last unused code is kept back unless --last is
given.

When less than --min-remaining is left of a code, the next one is waited
for. The variables that hold npmotp's passphrase do not reach COMMAND.

Exit status: that of COMMAND; 125 when npmotp fails before it runs, 126 when
it cannot be executed, 127 when it is not found, 2 for wrong usage.`,
		Example: `  npmotp exec npm publish --tag next
  npmotp exec -a work --via env -- npm dist-tag add pkg@1.2.3 latest
  npmotp exec --recovery npm login
  npmotp exec --flag '--code={otp}' ./release.sh
  npmotp exec -a server --prompt 'Verification code:' ssh build.example.org`,
		Annotations: map[string]string{lateSignals: ""}, // as long as the agent answers
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return tools.ErrNoCommand
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return execStatus(app.exec(cmd.Context(), o, args))
		},
	}
	f := cmd.Flags()
	f.SetInterspersed(false)
	f.StringVarP(&o.Account, "account", "a", "", "the `ACCOUNT` whose code is used")
	_ = cmd.RegisterFlagCompletionFunc("account", app.completeAccountFlag)
	f.StringVar(&o.Via, "via", "", "how the code reaches the command: auto, flag, env or prompt (default: NPMOTP_VIA, or auto)")
	completeChoices(cmd, "via", "auto", "flag", "env", "prompt")
	o.MinRemaining = execMinRemaining
	f.Var((*ui.TimeFlag)(&o.MinRemaining), "min-remaining", "wait for the next code when less than `TIME` is left")
	f.StringVar(&o.Flag, "flag", "", "arguments to append, with {otp} for the code")
	f.StringVar(&o.Env, "env", "", "the variable `NAME` that carries the code")
	f.StringVar(&o.Prompt, "prompt", "", "type the code where the command asks `TEXT`")
	f.StringVar(&o.Registry, "registry", "", "let the code go to the registry at `URL`, whatever the account says")
	f.BoolVar(&o.Recovery, "recovery", false, "answer with a recovery code")
	f.BoolVar(&o.Last, "last", false, "with --recovery: also the last unused one")
	f.BoolVar(&o.Shared, "share-terminal", false, "let scripts of COMMAND open its terminal by /dev/tty")
	f.BoolVarP(&app.Verbose, "verbose", "v", false, "say why each decision is made")
	f.BoolVar(&o.DryRun, "dry-run", false, "print what would run, with the code as ******")
	return cmd
}

// execStatus makes a failure before the command runs end with 125, so that it
// is not taken for the command's own. Wrong usage stays 2, a signal 128+n.
func execStatus(err error) error {
	status, _ := outcome(err)
	_, final := errors.AsType[*tools.ExitError](err)
	if err == nil || final || status == exitUsage || status > 128 {
		return err
	}
	return &tools.ExitError{Status: exitExecFailed, Err: err}
}

func (app *App) exec(ctx context.Context, o wrap.Options, argv []string) error {
	o.Via = cmp.Or(o.Via, app.Getenv("NPMOTP_VIA"))
	var err error
	if o.Registry != "" {
		if o.Registry, err = parseRegistry(o.Registry); err != nil {
			return err
		}
	}
	r, err := app.runner()
	if err != nil {
		return err
	}
	return r.Run(ctx, o, argv)
}

// runner returns what runs commands with a code.
func (app *App) runner() (*wrap.Runner, error) {
	dir, err := app.Dir()
	return &wrap.Runner{
		UI: &app.UI, Codes: app.codes(), Terminal: app.terminal(), InTTY: app.InTTY,
		Dir: dir, Environ: app.Environ(), Home: app.Getenv("HOME"), Exec: app.Exec, Now: app.Now,
	}, err
}

// terminal returns where commands run that are answered at their prompt.
func (app *App) terminal() wrap.Terminal {
	return wrap.Terminal{UI: &app.UI, Equip: app.Equip, Prepare: app.prepare, Release: app.reopen}
}

// prepare starts the monitor of a terminal, and with it the command, as open as the
// user's own; what else this process starts until then is not.
func (app *App) prepare(s *ptyrun.Session) *ptyrun.Stage {
	app.Equip(s)
	app.reopen()
	stage, _ := s.Prepare()
	if app.Harden != nil {
		_, _ = app.Harden()
	}
	return stage
}

// terminalMonitor is the argument that has this program stand between this
// process and a command that is answered at its prompt.
const terminalMonitor = "terminal-monitor"
