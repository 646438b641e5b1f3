package cmd

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"npmotp/otpgen"
	"npmotp/vault"
)

type codeOptions struct {
	account      string
	copy, next   bool
	minRemaining time.Duration
	at           string
}

// codeView is the JSON of a one-time password. For a counter-based one the
// times and the next password are null.
type codeView struct {
	Account   string     `json:"account"`
	Code      string     `json:"code"`
	ExpiresAt *time.Time `json:"expires_at"`
	Remaining *int       `json:"remaining"` // whole seconds
	Period    *int       `json:"period"`    // seconds
	Next      *string    `json:"next"`
}

func newCodeCmd(app *App) *cobra.Command {
	var o codeOptions
	cmd := &cobra.Command{
		Use:   "code [ACCOUNT]",
		Short: "Print a one-time password",
		Long: `Print a one-time password, and nothing else, on standard output.

ACCOUNT is a name or the beginning of one; it may be left out when there is one
account, or a default. With --copy the password goes to the clipboard instead,
and is removed from there when it ends, unless something newer is there.

The counter of a counter-based (HOTP) account is on disk before the password is
shown.`,
		Annotations: vaultStatuses(),
		Example:     "  npmotp code\n  npmotp code work --copy\n  npmotp code --min-remaining 10s",
		Args:        argsBetween(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.account = firstArg(args)
			return runCode(cmd.Context(), app, o)
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	f := cmd.Flags()
	f.BoolVar(&o.copy, "copy", false, "copy it to the clipboard instead of printing it")
	f.BoolVar(&o.next, "next", false, "give the password after the present one")
	f.Var((*timeFlag)(&o.minRemaining), "min-remaining", "wait for the next password when less than `TIME` is left")
	f.StringVar(&o.at, "at", "", "give the password of another `TIME` (RFC 3339)")
	return cmd
}

func runCode(ctx context.Context, app *App, o codeOptions) error {
	at, err := parseAt(o.at, app.Now)
	if err != nil {
		return err
	}
	if o.at != "" && (o.minRemaining != 0 || o.copy) {
		return usageErrorf("--at goes with neither --min-remaining nor --copy")
	}
	v, err := app.unlock(ctx)
	if err != nil {
		return err
	}
	contents, err := v.Contents(ctx)
	if err != nil {
		return err
	}
	a, err := contents.Find(o.account)
	if err != nil {
		return err
	}
	if a.IsHOTP() && (o.at != "" || o.next || o.minRemaining != 0) {
		return usageErrorf("%q is counter-based: --at, --next and --min-remaining are for time-based accounts", a.Name)
	}
	if o.at == "" {
		at = app.Now() // the passphrase may have taken a while
	}
	code, err := app.codeOf(ctx, v, a, at, o.minRemaining)
	if err != nil {
		return err
	}
	if o.next {
		if code, err = a.Code(code.Until); err != nil {
			return err
		}
	}
	if o.copy {
		return app.copyCode(ctx, a, code)
	}
	if o.at == "" {
		at = app.Now()
	}
	return app.printCode(a, code, at)
}

// codeOf returns the password of a at the given time. Of a counter-based
// account it uses one up; of a time-based one it waits for the next when less
// than least is left.
func (app *App) codeOf(ctx context.Context, v *vault.Vault, a *vault.Account, at time.Time, least time.Duration) (otpgen.Code, error) {
	if a.IsHOTP() {
		return v.NextHOTP(ctx, a.Name, app.Now())
	}
	code, err := a.Code(at)
	if err != nil || code.Remaining(at) >= least {
		return code, err
	}
	if period := code.Until.Sub(code.From); least > period {
		return otpgen.Code{}, usageErrorf("a password of %q lasts %s, so %s can never be left", a.Name, period, least)
	}
	app.sayf("the present password ends in %s; waiting for the next one", seconds(code.Remaining(at)))
	if err := app.Wait(ctx, code.Remaining(at)); err != nil {
		return otpgen.Code{}, err
	}
	// By the end of the present one rather than by the clock: a timer may fire
	// a moment early.
	return a.Code(code.Until)
}

func (app *App) copyCode(ctx context.Context, a *vault.Account, code otpgen.Code) error {
	until := code.Until
	if a.IsHOTP() {
		until = app.Now().Add(30 * time.Second)
	}
	if err := app.Clip.Copy(ctx, code.Value, until); err != nil {
		return withHint(err, "leave out --copy to have it printed; on Linux, install wl-clipboard, xclip or xsel")
	}
	app.sayf("copied a password of %q; it is cleared from the clipboard in %s", a.Name, seconds(until.Sub(app.Now())))
	return nil
}

func (app *App) printCode(a *vault.Account, code otpgen.Code, at time.Time) error {
	if app.flags.json {
		view, err := viewCode(a, code, at)
		if err != nil {
			return err
		}
		return app.printJSON(view)
	}
	if _, err := fmt.Fprintln(app.Out, code.Value.Reveal()); err != nil {
		return err
	}
	if app.OutTTY && app.ErrTTY && !a.IsHOTP() {
		app.sayf("%s left", seconds(code.Remaining(at)))
	}
	return nil
}

func viewCode(a *vault.Account, code otpgen.Code, at time.Time) (codeView, error) {
	view := codeView{Account: a.Name, Code: code.Value.Reveal()}
	if a.IsHOTP() {
		return view, nil
	}
	next, err := a.Code(code.Until)
	if err != nil {
		return codeView{}, err
	}
	remaining, period, value := int(code.Until.Sub(at)/time.Second), int(a.Key.Period/time.Second), next.Value.Reveal()
	view.ExpiresAt, view.Remaining, view.Period, view.Next = instant(code.Until), &remaining, &period, &value
	return view, nil
}

// parseAt reads the --at flag; an empty one means now.
func parseAt(s string, now func() time.Time) (time.Time, error) {
	if s == "" {
		return now(), nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}, usageErrorf("--at %q is no time such as 2026-01-31T12:00:00Z (RFC 3339)", s)
	}
	return t, nil
}

// seconds writes a duration in whole seconds, rounded up: what is left is never
// said to be nothing while there is some.
func seconds(d time.Duration) string {
	return fmt.Sprintf("%d s", (d+time.Second-1)/time.Second)
}
