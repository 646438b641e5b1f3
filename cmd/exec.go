package cmd

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"npmotp/internal/npmrun"
	"npmotp/internal/secret"
)

// execMinRemaining is what a password must have left when the command starts:
// npm needs a moment before it sends it.
const execMinRemaining = 5 * time.Second

type execOptions struct {
	account, via   string
	minRemaining   time.Duration
	flag, variable string
	registry       string
	recovery, last bool
	dryRun         bool
	verbose        bool
}

func newExecCmd(app *App) *cobra.Command {
	var o execOptions
	cmd := &cobra.Command{
		Use:   "exec [flags] [--] COMMAND [ARG...]",
		Short: "Run npm, or a peer of it, with a fresh one-time password",
		Long: `Run COMMAND with a fresh one-time password, as in npm publish --otp=123456.

Flags of npmotp stand before COMMAND; everything after it belongs to COMMAND.
The password is appended at the end, or just before a "--". Only sub-commands
that take one get it: npm install and the like run untouched, because npm
would send the password with every request and show it to every install
script. An --otp of yours, or npm_config_otp, is left alone.

--via env sets the tool's variable instead of appending a flag. --via prompt
passes nothing: it types the password at the moment npm itself asks for it, so
that no lifecycle script, log or process list gets to see it and a long build
cannot outlive it. By default the password is appended, except where it would
leak or die on the way: when the package has lifecycle scripts that run first,
or several packages are published, it is typed at the prompt; so it is when
npm run starts a script of the project that asks. At a terminal a question that
comes after a refusal is answered with a later password. A tool that npmotp
does not know needs --flag, --env or {otp} in an argument.

The password goes only to the registry that the account belongs to. Where npm
would talk to another one, because of an .npmrc, publishConfig, the
environment or the command line, the command stops and says which file it is;
--registry lets it go there knowingly. Without --account the registry picks
the account.

--recovery answers with a recovery code instead, for when the key is not at
hand: it is reserved on disk first, typed at the prompt and nowhere else, and
used up when the command succeeds. It needs the passphrase. The last unused
code is kept back unless --last is given.

When less than --min-remaining is left of a password, the next one is waited
for. The variables that hold npmotp's passphrase do not reach COMMAND.

Exit status: that of COMMAND; 125 when npmotp fails before it runs, 126 when
it cannot be executed, 127 when it is not found, 2 for wrong usage.`,
		Example: `  npmotp exec npm publish --tag next
  npmotp exec -a work --via env -- npm dist-tag add pkg@1.2.3 latest
  npmotp exec --recovery npm login
  npmotp exec --flag '--code={otp}' ./release.sh`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return npmrun.ErrNoCommand
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return execStatus(runExec(cmd.Context(), app, o, args))
		},
	}
	f := cmd.Flags()
	f.SetInterspersed(false)
	f.StringVarP(&o.account, "account", "a", "", "the `ACCOUNT` whose password is used")
	_ = cmd.RegisterFlagCompletionFunc("account", app.completeAccountFlag)
	f.StringVar(&o.via, "via", "", "how the password reaches the command: auto, flag, env or prompt (default: NPMOTP_VIA, or auto)")
	o.minRemaining = execMinRemaining
	f.Var((*timeFlag)(&o.minRemaining), "min-remaining", "wait for the next password when less than `TIME` is left")
	f.StringVar(&o.flag, "flag", "", "arguments to append, with {otp} for the password")
	f.StringVar(&o.variable, "env", "", "the variable `NAME` that carries the password")
	f.StringVar(&o.registry, "registry", "", "let the password go to the registry at `URL`, whatever the account says")
	f.BoolVar(&o.recovery, "recovery", false, "answer with a recovery code")
	f.BoolVar(&o.last, "last", false, "with --recovery: also the last unused one")
	f.BoolVarP(&o.verbose, "verbose", "v", false, "say why each decision is made")
	f.BoolVar(&o.dryRun, "dry-run", false, "print what would run, with the password as ******")
	return cmd
}

// execStatus makes a failure before the command runs end with 125, so that it
// is not taken for the command's own. Wrong usage stays 2, a signal 128+n.
func execStatus(err error) error {
	status, _ := outcome(err)
	_, final := errors.AsType[*npmrun.ExitError](err)
	if err == nil || final || status == exitUsage || status > 128 {
		return err
	}
	return &npmrun.ExitError{Status: exitExecFailed, Err: err}
}

func runExec(ctx context.Context, app *App, o execOptions, argv []string) error {
	if err := o.checkRecovery(); err != nil {
		return err
	}
	x, err := app.newExecution(o, argv)
	if err != nil {
		return err
	}
	if !x.plan.NeedsCode {
		return app.execPlan(ctx, x.plan, o, secret.Text{})
	}
	unlock := app.giver
	if o.recovery {
		unlock = app.recoveryGiver
	}
	g, err := unlock(ctx)
	if x.untouched != nil && noVault(err) {
		app.explainf(o, "%v, so a question is the user's to answer", err)
		return app.execPlan(ctx, x.untouched, o, secret.Text{})
	}
	if err != nil {
		return err
	}
	defer g.close()
	a, err := x.settle(ctx, g)
	switch {
	case err != nil && x.untouched != nil && ctx.Err() == nil:
		app.sayf("%v, so a question is yours to answer", err)
		return app.execPlan(ctx, x.untouched, o, secret.Text{})
	case err != nil:
		return err
	case !x.plan.NeedsCode || o.dryRun:
		return app.execPlan(ctx, x.plan, o, secret.Text{})
	case o.recovery:
		return app.runRecovery(ctx, g, a, x.plan, o)
	case x.plan.AtPrompt:
		return app.runAtPrompt(ctx, &answerer{giver: g, account: a, options: o}, x.plan)
	}
	code, err := app.freshCode(ctx, g, a, o.minRemaining)
	if err != nil {
		return err
	}
	if app.InTTY && app.OutTTY && x.plan.Answerable() {
		// Tools ask at a terminal only. Elsewhere the process is replaced.
		return app.runAtPrompt(ctx, &answerer{giver: g, account: a, options: o, last: code, sent: true}, x.plan)
	}
	return app.execPlan(ctx, x.plan, o, code.Value)
}

// execPlan becomes the planned command, or prints it.
func (app *App) execPlan(ctx context.Context, plan *npmrun.Plan, o execOptions, code secret.Text) error {
	o.verbose = o.verbose && !o.dryRun // which says why itself
	app.announce(plan, o)
	if o.dryRun {
		return app.printPlan(plan)
	}
	argv, environ := plan.Command(code)
	app.reopen()
	return app.Exec(ctx, argv, environ)
}

// announce says what the user is told before the command runs.
func (app *App) announce(plan *npmrun.Plan, o execOptions) {
	for _, w := range plan.Warnings {
		app.warnf("%s", w)
	}
	app.explainf(o, "%s", plan.Why)
}

// printPlan prints the command as a shell would read it, the password masked.
func (app *App) printPlan(plan *npmrun.Plan) error {
	const mask = "******"
	argv, environ := plan.Command(secret.New(mask))
	var words []string
	for _, kv := range environ {
		if strings.HasSuffix(kv, "="+mask) {
			words = append(words, shellQuote(kv))
		}
	}
	for _, w := range argv {
		words = append(words, shellQuote(w))
	}
	if _, err := fmt.Fprintln(app.Out, strings.Join(words, " ")); err != nil {
		return err
	}
	if plan.AtPrompt {
		app.sayf("%s, which is typed when %s asks for it", plan.Why, plan.Tool)
		return nil
	}
	app.sayf("%s", plan.Why)
	return nil
}

// shellQuote quotes a word for a POSIX shell if it needs that. The mask of the
// password is shown bare.
func shellQuote(w string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_=+/.:@,%^*", r)
	}
	if w != "" && strings.IndexFunc(w, func(r rune) bool { return !plain(r) }) < 0 {
		return w
	}
	return "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
}
