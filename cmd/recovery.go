package cmd

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"npmotp/internal/cleantext"
	"npmotp/internal/ui"
	"npmotp/internal/wrap"
	"npmotp/vault"
)

func newRecoveryCmd(app *App) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "recovery",
		Short: "Keep recovery codes",
		Long: `Keep the recovery codes that npm prints when two-factor authentication is
enabled. Each gets you in once when the device with the secret is lost; keep
them on a second laptop.`,
		Annotations: statuses(exitUsage),
		Example:     "  npmotp recovery add npm\n  npmotp recovery use npm",
		Args:        noArgs,
		RunE:        func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newRecoveryAddCmd(app), newRecoveryListCmd(app), newRecoveryUseCmd(app), newRecoveryMarkCmd(app),
		newRecoverySheetCmd(app))
	return cmd
}

// recoveryView is the JSON of a recovery code: everything but the code.
type recoveryView struct {
	Number     int        `json:"number"`
	State      string     `json:"state"`
	Set        int        `json:"set"`
	AddedAt    *time.Time `json:"added_at"`
	ReservedAt *time.Time `json:"reserved_at"`
	UsedAt     *time.Time `json:"used_at"`
	UsedFor    string     `json:"used_for,omitempty"`
	RetiredAt  *time.Time `json:"retired_at"`
}

func newRecoveryListCmd(app *App) *cobra.Command {
	var all bool
	cmd := &cobra.Command{
		Use:   "list [ACCOUNT]",
		Short: "List recovery codes, masked, with their states",
		Long: `List recovery codes: number, state, set, when each was added and given out, and
what for. The codes themselves are not shown. A code is unused; or reserved,
when it was handed out and its fate is not known; or used. Codes of retired
sets are listed with --all.`,
		Annotations: vaultStatuses(),
		Example:     "  npmotp recovery list npm",
		Args:        argsBetween(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runRecoveryList(cmd.Context(), app, firstArg(args), all)
		},
		ValidArgsFunction: app.completeAccount,
	}
	cmd.Flags().BoolVar(&all, "all", false, "list retired sets too")
	return cmd
}

func runRecoveryList(ctx context.Context, app *App, query string, all bool) error {
	_, a, err := app.account(ctx, query)
	if err != nil {
		return err
	}
	views := []recoveryView{}
	var rows [][]string
	for _, r := range a.RecoveryCodes {
		if !all && !r.RetiredAt.IsZero() {
			continue
		}
		views = append(views, recoveryView{
			Number: r.Number, State: string(r.State), Set: r.Set, AddedAt: instant(r.AddedAt),
			ReservedAt: instant(r.ReservedAt), UsedAt: instant(r.UsedAt), UsedFor: r.UsedFor, RetiredAt: instant(r.RetiredAt),
		})
		state := string(r.State)
		if !r.RetiredAt.IsZero() {
			state += ", retired"
		}
		last := r.UsedAt
		if last.IsZero() {
			last = r.ReservedAt
		}
		rows = append(rows, []string{fmt.Sprint(r.Number), r.Mask(), state, fmt.Sprint(r.Set), ui.Day(r.AddedAt), ui.Day(last), r.UsedFor})
	}
	if app.flags.json {
		return app.JSON(views)
	}
	for _, m := range a.Moved {
		if m.Codes > 0 {
			app.Sayf("moved: %s", viewMove(m))
		}
	}
	if len(rows) == 0 && len(a.Moved) > 0 {
		return nil
	}
	if len(rows) == 0 {
		app.Sayf("%q has no recovery codes; 'npmotp recovery add' stores them", a.Name)
		return nil
	}
	return app.Table("NUMBER CODE STATE SET ADDED GIVEN FOR", rows)
}

func newRecoveryUseCmd(app *App) *cobra.Command {
	var copyIt bool
	var purpose string
	cmd := &cobra.Command{
		Use:   "use [ACCOUNT]",
		Short: "Print an unused recovery code and reserve it",
		Long: `Print an unused recovery code and reserve it.

The code is reserved on disk before it is printed, so it is never printed
twice. Once the registry has taken it, say "npmotp recovery mark ACCOUNT
NUMBER used"; if it was not sent after all, say "unused".`,
		Annotations: vaultStatuses(exitNoCodes),
		Example:     "  npmotp recovery use npm\n  npmotp recovery use npm --copy --for 'login on the new laptop'",
		Args:        argsBetween(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			v, err := app.unlock(cmd.Context())
			if err != nil {
				return err
			}
			return runRecoveryUse(cmd.Context(), app, v, firstArg(args), cleantext.Name(purpose), copyIt)
		},
		ValidArgsFunction: app.completeAccount,
	}
	cmd.Flags().BoolVar(&copyIt, "copy", false, "copy it to the clipboard, for a minute, instead of printing it")
	cmd.Flags().StringVar(&purpose, "for", "recovery use", "what it is for, as the list is to show it")
	return cmd
}

func runRecoveryUse(ctx context.Context, app *App, v *vault.Vault, query, purpose string, copyIt bool) error {
	c, err := v.Contents()
	if err != nil {
		return err
	}
	a, err := app.pick(ctx)(c, query)
	if err != nil {
		return err
	}
	code, name, left, err := v.Reserve(ctx, a.Name, purpose, app.Now())
	if err != nil {
		return err
	}
	switch {
	case copyIt:
		if err = app.Clip.Copy(ctx, code.Code, app.Now().Add(time.Minute)); err == nil && !app.Clip.Clears() {
			app.sayNotCleared()
		}
	case app.flags.json:
		err = app.JSON(struct {
			Account string `json:"account"`
			Number  int    `json:"number"`
			Code    string `json:"code"`
			State   string `json:"state"`
			Unused  int    `json:"unused"`
		}{name, code.Number, code.Code.Reveal(), string(code.State), left})
	default:
		_, err = fmt.Fprintln(app.Out, code.Code.Reveal())
	}
	if err != nil {
		return ui.WithHint(err, "code number %d is reserved; 'npmotp recovery mark %s %d unused' gives it back", code.Number, ui.Quote(name), code.Number)
	}
	app.Sayf("code number %d of %q is reserved", code.Number, name)
	app.Hintf("when the registry has taken it: npmotp recovery mark %s %d used", ui.Quote(name), code.Number)
	wrap.WarnFewCodes(&app.UI, name, left)
	return nil
}

func newRecoveryMarkCmd(app *App) *cobra.Command {
	return &cobra.Command{
		Use:   "mark [ACCOUNT] CODE-NUMBER used|unused",
		Short: "Say what became of a recovery code",
		Long: `Say what became of a recovery code: used, when the registry has taken it, or
unused, when it was never sent. 'npmotp recovery list' shows the numbers.`,
		Annotations: vaultStatuses(),
		Example:     "  npmotp recovery mark npm 2 used",
		Args:        argsBetween(2, 3),
		RunE: func(cmd *cobra.Command, args []string) error {
			account := ""
			if len(args) == 3 {
				account, args = args[0], args[1:]
			}
			number, err := strconv.Atoi(args[0])
			if err != nil {
				return ui.Usagef("invalid code number %q", args[0])
			}
			state := vault.CodeState(args[1])
			if state != vault.Used && state != vault.Unused {
				return ui.Usagef("%q is neither used nor unused", args[1])
			}
			return app.changeAccount(cmd.Context(), account, app.pick(cmd.Context()), func(_ *vault.Contents, a *vault.Account) error {
				return a.Mark(number, state, app.Now())
			}, fmt.Sprintf("code number %d of %%q is %s", number, state))
		},
		ValidArgsFunction: app.completeMark,
	}
}
