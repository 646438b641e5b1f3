package cmd

import (
	"context"

	"github.com/spf13/cobra"

	"npmotp/internal/otpexport"
)

func newQRCmd(app *App) *cobra.Command {
	o := otpexport.Target{Format: otpexport.Google, Plaintext: true}
	var ansi bool
	cmd := &cobra.Command{
		Use:   "qr [ACCOUNT]",
		Short: "Draw the QR code of a key, for a phone",
		Long: `Draw the QR code of an account's key in the terminal, for a phone to scan: any
authenticator app makes the same codes then. The colours are set, so that it
reads on a light and on a dark screen. Enter clears it away; no scrollback
keeps it.

Where it is too large for the window, or a picture is wanted, -o writes one.
That is the key in the clear: it is for you alone (mode 0600); delete it when
it was scanned. The passphrase is asked for, also while the vault is unlocked.`,
		Annotations: vaultStatuses(),
		Example:     "  npmotp qr npm\n  npmotp qr npm -o npm.png",
		Args:        argsBetween(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runQR(cmd.Context(), app, firstArg(args), o, ansi)
		},
		ValidArgsFunction: app.completeAccount,
	}
	f := cmd.Flags()
	f.StringVarP(&o.File, "output", "o", "", "write a picture to `FILE`.png")
	f.BoolVar(&ansi, "ansi", false, "draw with coloured blanks, where a font leaves gaps in blocks; takes four times the room")
	f.BoolVar(&o.Force, "force", false, "replace the file if there is one")
	_ = cmd.MarkFlagFilename("output", "png") // fails for flags that do not exist
	return cmd
}

func runQR(ctx context.Context, app *App, account string, o otpexport.Target, ansi bool) error {
	if err := o.Check(); err != nil {
		return err
	}
	_, a, err := app.account(ctx, account)
	if err != nil {
		return err
	}
	code, err := otpexport.One(a)
	if err != nil {
		return err
	}
	return otpexport.Deliver(ctx, &app.UI, app.window(ansi), o, code, app.flags.json)
}
