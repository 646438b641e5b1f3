package cmd

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"npmotp/internal/agent"
	"npmotp/internal/clip"
	"npmotp/internal/codes"
	"npmotp/internal/ui"
)

type codeOptions struct {
	account      string
	copy, next   bool
	minRemaining time.Duration
	at           string
}

// codeView is the JSON of a one-time password. For a counter-based one the
// times and the next code are null.
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
	annotations := vaultStatuses()
	annotations[lateSignals] = "" // as long as the agent answers
	cmd := &cobra.Command{
		Use:   "code [ACCOUNT]",
		Short: "Print a one-time password",
		Long: `Print a one-time password, and nothing else, on standard output.

ACCOUNT is a name or the beginning of one, or what the account's issuer, user
name or registry is, begins with or has as a part, in this order; of several
you choose one. It may be left out when there is one account, or a default.
With --copy the code goes to the clipboard instead, and is removed from there
when it ends, unless something newer is there. Over SSH, without a display, the
terminal is asked to copy it (OSC 52); it stays.

While the vault is unlocked (npmotp unlock) no passphrase is asked for, except
with --at, or with --next and --json: the agent gives codes of now.

The counter of a counter-based (HOTP) account is on disk before the code is
shown.`,
		Annotations: annotations,
		Example:     "  npmotp code\n  npmotp code work --copy\n  npmotp code --min-remaining 10s",
		Args:        argsBetween(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.account = firstArg(args)
			return runCode(cmd.Context(), app, o)
		},
		ValidArgsFunction: app.completeAccount,
	}
	f := cmd.Flags()
	f.BoolVar(&o.copy, "copy", false, "copy it to the clipboard instead of printing it")
	f.BoolVar(&o.next, "next", false, "give the code after the present one")
	f.Var((*ui.TimeFlag)(&o.minRemaining), "min-remaining", "wait for the next code when less than `TIME` is left")
	f.StringVar(&o.at, "at", "", "give the code of another `TIME` (RFC 3339)")
	return cmd
}

func runCode(ctx context.Context, app *App, o codeOptions) error {
	if _, err := parseAt(o.at, app.Now); err != nil {
		return err
	}
	if o.at != "" && (o.minRemaining != 0 || o.copy) {
		return ui.Usagef("--at goes with neither --min-remaining nor --copy")
	}
	take := app.codeNow
	if o.at != "" || o.next && app.flags.json {
		take = app.codeThen
	}
	if o.copy {
		app.catchSignals() // what is on the clipboard is to be cleared
	}
	code, err := take(ctx, o)
	if err != nil {
		return err
	}
	if o.copy {
		return app.copyCode(ctx, code)
	}
	at, err := parseAt(o.at, app.Now)
	if err != nil {
		return err
	}
	return app.printCode(code, at)
}

// codeNow returns the present code, or the one after it.
func (app *App) codeNow(ctx context.Context, o codeOptions) (agent.Code, error) {
	source := app.codes()
	defer source.Close()
	if err := source.Open(ctx); err != nil {
		return agent.Code{}, err
	}
	code, err := source.Fresh(ctx, o.account, o.next || o.minRemaining != 0, o.minRemaining)
	if err == nil && o.next {
		code = codes.Following(code)
	}
	return code, err
}

// codeThen returns a code of another time than now, which the agent does not
// give: whoever could ask it for those of the future would not need it.
func (app *App) codeThen(ctx context.Context, o codeOptions) (agent.Code, error) {
	vault, err := app.codes().OpenVault(ctx)
	if err != nil {
		return agent.Code{}, err
	}
	at, err := parseAt(o.at, app.Now) // the passphrase may have taken a while
	if err != nil {
		return agent.Code{}, err
	}
	code, err := vault.At(o.account, at)
	if err == nil && o.next {
		return vault.At(o.account, code.Until)
	}
	return code, err
}

func (app *App) copyCode(ctx context.Context, code agent.Code) error {
	until := code.Until
	if until.IsZero() {
		until = app.Now().Add(30 * time.Second)
	}
	if err := app.Clip.Copy(ctx, code.Value, until); err != nil {
		return ui.WithHint(err, "leave out --copy to have it printed; on Linux, install wl-clipboard, xclip or xsel")
	}
	if app.Clip.Clears() {
		app.Sayf("copied a code of %q; it is cleared from the clipboard in %s", code.Account, ui.Seconds(until.Sub(app.Now())))
	} else {
		app.Sayf("asked the terminal to copy a code of %q", code.Account)
		app.sayNotCleared()
	}
	return nil
}

// sayNotCleared says what becomes of a copy that the terminal was asked for.
func (app *App) sayNotCleared() {
	app.Hintf("npmotp cannot take it off that clipboard again: copy something else afterwards; if it did not get there, the terminal does not allow it (OSC 52; in tmux: set -s set-clipboard on)")
}

func (app *App) printCode(code agent.Code, at time.Time) error {
	if app.flags.json {
		return app.JSON(viewCode(code, at))
	}
	if _, err := fmt.Fprintln(app.Out, code.Value.Reveal()); err != nil {
		return err
	}
	if app.OutTTY && app.ErrTTY && !code.Until.IsZero() {
		app.Sayf("%s left", ui.Seconds(max(0, code.Until.Sub(at))))
	}
	return nil
}

func viewCode(code agent.Code, at time.Time) codeView {
	view := codeView{Account: code.Account, Code: code.Value.Reveal()}
	if code.Until.IsZero() {
		return view
	}
	remaining, period := int(code.Until.Sub(at)/time.Second), int(code.Until.Sub(code.From)/time.Second)
	view.ExpiresAt, view.Remaining, view.Period = instant(code.Until), &remaining, &period
	if next := code.Next.Reveal(); next != "" {
		view.Next = &next
	}
	return view
}

// parseAt reads the --at flag; an empty one means now.
func parseAt(s string, now func() time.Time) (time.Time, error) {
	if s == "" {
		return now(), nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}, ui.Usagef("invalid time %q for --at: write it as in 2026-01-31T12:00:00Z (RFC 3339)", s)
	}
	return t, nil
}

// clearClipboard is the name of the hidden command that a copy leaves behind.
const clearClipboard = "clear-clipboard"

func newClearClipboardCmd(app *App) *cobra.Command {
	return &cobra.Command{
		Use:    clearClipboard,
		Short:  "Clear the clipboard when its time has come",
		Hidden: true,
		Args:   noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return clip.Clipboard{Getenv: app.Getenv}.Clear(cmd.Context(), app.In, app.Now)
		},
	}
}
