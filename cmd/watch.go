package cmd

import (
	"github.com/spf13/cobra"

	"npmotp/internal/ui"
	"npmotp/internal/watch"
)

func newWatchCmd(app *App) *cobra.Command {
	w := &watch.Watch{UI: &app.UI, Copy: app.copyCode, Idle: unlockIdle}
	cmd := &cobra.Command{
		Use:   "watch",
		Short: "Show the codes of all accounts, with the time they have left",
		Long: `Show the one-time passwords of all accounts, and how long each is good for; in
its last ten seconds the next one too. Arrows choose an account, c or Enter
copies its code, / filters by name, issuer, user name or registry, q ends it.
A counter-based (HOTP) account gives its next code at the key n only.

Codes come from the agent while the vault is unlocked; when it ends, so does
this. It ends by itself when no key was pressed for the time of --idle. With
--hide a code shows at the key Space, until it ends. NO_COLOR is heeded.`,
		Annotations: vaultStatuses(),
		Example:     "  npmotp watch\n  npmotp watch --hide --idle 0",
		Args:        noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !app.OutTTY || app.Getenv("TERM") == "dumb" || app.Terminal.Show("") != nil {
				return &ui.UsageError{Msg: "watch needs a terminal to draw on", Hint: "'npmotp code ACCOUNT' prints a code anywhere"}
			}
			w.Now, w.Style, w.Codes = app.Now, watch.StyleOf(app.Getenv), app.codes()
			defer w.Codes.Close()
			if err := w.Codes.Open(cmd.Context()); err != nil {
				return err
			}
			return w.Run(cmd.Context())
		},
	}
	f := cmd.Flags()
	f.BoolVar(&w.Hide, "hide", false, "show no code before it is asked for")
	f.Var((*ui.TimeFlag)(&w.Idle), "idle", "end when no key was pressed for this `TIME` (0: never)")
	return cmd
}
