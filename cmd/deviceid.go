package cmd

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"npmotp/internal/atomicfile"
	"npmotp/internal/passphrase"
	"npmotp/internal/qrdraw"
	"npmotp/internal/ui"
	"npmotp/vault"
)

// pictureScale is how many pixels wide the modules of a picture are.
const pictureScale = 4

type deviceIDOptions struct {
	qr, reveal bool
	out        string
}

func newDeviceIDCmd(app *App) *cobra.Command {
	var o deviceIDOptions
	cmd := &cobra.Command{
		Use:   "id",
		Short: "Print the recipient of this laptop",
		Long: `Print the age recipient of this laptop, the public key that another one needs
to send something here, and its fingerprint of six words. Neither is secret.
The first time, the key is made and stored in the vault, which is created when
there is none.

--qr draws the recipient as a QR code, which takes a terminal of 126 columns
and 63 lines; -o writes it to a picture instead.

--reveal-identity prints the secret half: with it, the stock age tool opens
what was sent here (age -d -i FILE BUNDLE), and so does everybody else who has
it.`,
		Annotations: vaultStatuses(),
		Example:     "  npmotp device id\n  npmotp device id --qr -o id.png",
		Args:        noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case o.out != "" && !o.qr:
				return ui.Usagef("-o goes with --qr; the recipient as text is on standard output")
			case o.qr && o.reveal:
				return ui.Usagef("--qr draws the recipient, never the identity")
			case o.qr && app.flags.json:
				return ui.Usagef("--qr draws, --json prints; give one of them")
			}
			return runDeviceID(cmd.Context(), app, o)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&o.qr, "qr", false, "draw the recipient as a QR code")
	f.StringVarP(&o.out, "output", "o", "", "with --qr, write a picture to `FILE`")
	f.BoolVar(&o.reveal, "reveal-identity", false, "print the secret key instead")
	return cmd
}

func runDeviceID(ctx context.Context, app *App, o deviceIDOptions) error {
	id, err := app.identity(ctx)
	if err != nil {
		return err
	}
	r, err := id.Recipient()
	if err != nil {
		return err
	}
	if o.reveal {
		if err := app.Confirm(ctx, "print the secret key that opens everything sent here?", "say --yes to print it"); err != nil {
			return err
		}
	}
	fingerprint := passphrase.Fingerprint([]byte(r.String()))
	switch {
	case o.qr:
		err = app.drawRecipient(r, o.out)
	case app.flags.json:
		view := struct {
			Recipient   string `json:"recipient"`
			Fingerprint string `json:"fingerprint"`
			Identity    string `json:"identity,omitempty"`
		}{Recipient: r.String(), Fingerprint: fingerprint}
		if o.reveal {
			view.Identity = id.Secret.Reveal()
		}
		return app.JSON(view)
	case o.reveal:
		_, err = fmt.Fprintln(app.Out, id.Secret.Reveal())
		return err
	default:
		_, err = fmt.Fprintln(app.Out, r.String())
	}
	if err != nil {
		return err
	}
	app.Sayf("fingerprint: %s", fingerprint)
	app.Hintf("on the other laptop: npmotp device add NAME RECIPIENT; it shows the same six words")
	return nil
}

// identity returns the identity of this vault, which it makes the first time.
func (app *App) identity(ctx context.Context) (*vault.Identity, error) {
	v, err := app.unlockOrCreate(ctx)
	if err != nil {
		return nil, err
	}
	c, err := v.Contents()
	if err != nil {
		return nil, err
	}
	if id := c.Identity(); id != nil {
		return id, nil
	}
	var made *vault.Identity
	err = v.Update(ctx, func(c *vault.Contents) error {
		made = c.EnsureIdentity(app.Now())
		return nil
	})
	return made, err
}

// drawRecipient draws a recipient on standard output, or into a new picture.
func (app *App) drawRecipient(r vault.Recipient, file string) error {
	// In capitals it takes a third less space (ISO/IEC 18004 section 7.3.4), and
	// bech32 is the same in either case (BIP 173).
	m, err := qrdraw.Encode(strings.ToUpper(r.String()), qrdraw.Low)
	if err != nil {
		return err
	}
	if file == "" {
		app.warnSmall(m)
		return m.Terminal(app.Out)
	}
	var picture bytes.Buffer
	if err := m.PNG(&picture, pictureScale); err != nil {
		return err
	}
	return atomicfile.Private(file, picture.Bytes(), false)
}

// warnSmall warns when a QR code is larger than the terminal.
func (app *App) warnSmall(m qrdraw.Modules) {
	side := m.Size() + 2*qrdraw.TerminalQuiet
	if columns, lines := app.Size(); app.OutTTY && (columns < side || lines < (side+1)/2) {
		app.Warnf("the QR code takes %d columns and %d lines, and this terminal has %d and %d; make its font smaller, or use -o", side, (side+1)/2, columns, lines)
	}
}
