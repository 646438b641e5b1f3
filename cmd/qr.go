package cmd

import (
	"context"

	"github.com/spf13/cobra"

	"npmotp/internal/otpexport"
)

type qrOptions struct {
	account, output string
	ansi, force     bool
}

func newQRCmd(app *App) *cobra.Command {
	var o qrOptions
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
			o.account = firstArg(args)
			return runQR(cmd.Context(), app, o)
		},
		ValidArgsFunction: app.completeAccount,
	}
	f := cmd.Flags()
	f.StringVarP(&o.output, "output", "o", "", "write a picture to `FILE`.png")
	f.BoolVar(&o.ansi, "ansi", false, "draw with coloured blanks, where a font leaves gaps in blocks; takes four times the room")
	f.BoolVar(&o.force, "force", false, "replace the file if there is one")
	_ = cmd.MarkFlagFilename("output", "png") // fails for flags that do not exist
	return cmd
}

func runQR(ctx context.Context, app *App, o qrOptions) error {
	target := otpexport.Target{File: o.output, Format: otpexport.Google, Force: o.force}
	if err := target.Check(); err != nil {
		return err
	}
	c, err := app.contents(ctx)
	if err != nil {
		return err
	}
	a, err := c.Find(o.account)
	if err != nil {
		return err
	}
	code, err := otpexport.One(a)
	if err != nil {
		return err
	}
	switch {
	case o.output != "":
		err = app.saveExport(code, target)
	case app.flags.json:
		err = app.JSON(otpexport.Views(code)[0])
	default:
		err = app.showQR(ctx, app.window(o.ansi), code)
	}
	app.warnCounted(code)
	return err
}

// window returns the terminal that is drawn on, if there is one.
func (app *App) window(ansi bool) otpexport.Window {
	w := otpexport.Window{ANSI: ansi}
	if app.OutTTY {
		w.Columns, w.Lines = app.Size()
	}
	return w
}

// showQR draws QR codes, one after the other.
func (app *App) showQR(ctx context.Context, w otpexport.Window, codes []otpexport.Document) error {
	pages, err := w.Draw(codes)
	if err != nil {
		return err
	}
	return app.ShowPages(ctx, pages)
}
