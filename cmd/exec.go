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
	"npmotp/vault"
)

// execMinRemaining is what a password must have left when the command starts:
// npm needs a moment before it sends it.
const execMinRemaining = 5 * time.Second

type execOptions struct {
	account, via   string
	minRemaining   time.Duration
	flag, variable string
	dryRun         bool
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

--via env sets the tool's variable instead of appending a flag. A tool that
npmotp does not know needs --flag, --env or {otp} in an argument.

When less than --min-remaining is left of a password, the next one is waited
for. The variables that hold npmotp's passphrase do not reach COMMAND.

Exit status: that of COMMAND; 125 when npmotp fails before it runs, 126 when it
cannot be executed, 127 when it is not found, 2 for wrong usage.`,
		Example: `  npmotp exec npm publish --tag next
  npmotp exec -a work --via env -- npm dist-tag add pkg@1.2.3 latest
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
	f.StringVar(&o.via, "via", "", "how the password reaches the command: flag or env (default: NPMOTP_VIA, or flag)")
	o.minRemaining = execMinRemaining
	f.Var((*timeFlag)(&o.minRemaining), "min-remaining", "wait for the next password when less than `TIME` is left")
	f.StringVar(&o.flag, "flag", "", "arguments to append, with {otp} for the password")
	f.StringVar(&o.variable, "env", "", "the variable `NAME` that carries the password")
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
	options := npmrun.Options{FlagTemplate: o.flag, EnvName: o.variable, Environ: app.Environ()}
	if o.via == "" {
		o.via = app.Getenv("NPMOTP_VIA")
	}
	if o.via != "" {
		via, err := npmrun.ParseVia(o.via)
		if err != nil {
			return usageErrorf("%v", err)
		}
		options.Via = via
	}
	plan, err := npmrun.New(argv, options)
	if err != nil {
		return err
	}
	var code secret.Text
	if plan.NeedsCode {
		if plan, code, err = app.codeFor(ctx, o, options, argv); err != nil {
			return err
		}
	}
	for _, w := range plan.Warnings {
		app.warnf("%s", w)
	}
	if o.dryRun {
		return app.printPlan(plan)
	}
	argv, environ := plan.Command(code)
	return app.Exec(ctx, argv, environ)
}

// codeFor unlocks the vault, plans again with what the account says, and takes
// a password if the plan still needs one.
func (app *App) codeFor(ctx context.Context, o execOptions, options npmrun.Options, argv []string) (*npmrun.Plan, secret.Text, error) {
	g, err := app.giver(ctx)
	if err != nil {
		return nil, secret.Text{}, err
	}
	defer g.close()
	a, err := g.find(ctx, o.account)
	if err != nil {
		return nil, secret.Text{}, err
	}
	if a.Level == string(vault.AuthOnly) {
		options.Level = npmrun.AuthOnly
	}
	plan, err := npmrun.New(argv, options)
	if err != nil || !plan.NeedsCode || o.dryRun {
		return plan, secret.Text{}, err
	}
	code, err := g.fresh(ctx, a.Name, false, o.minRemaining)
	return plan, code.Value, err
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
