package cmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"npmotp/internal/clip"
	"npmotp/internal/passphrase"
	"npmotp/internal/plaintext"
	"npmotp/internal/ui"
	"npmotp/scan"
	"npmotp/vault"
)

type deviceAddOptions struct {
	name, recipient, picture string
	clipboard                bool
}

func newDeviceAddCmd(app *App) *cobra.Command {
	var o deviceAddOptions
	cmd := &cobra.Command{
		Use:   "add NAME [RECIPIENT]",
		Short: "Store the recipient of another laptop",
		Long: `Store the recipient of another laptop under a name. The recipient is what
"npmotp device id" prints there. It is given as an argument, on standard input
("-"), in a picture of its QR code, or on the clipboard.

The fingerprint is shown: compare its six words with those on the other laptop
before something is sent there. At a terminal you are asked whether you did.

A classic recipient (age1..., without pq1) is taken too. What is sent to it is
not protected from a quantum computer.`,
		Annotations: vaultStatuses(),
		Example: `  npmotp device add B age1pq1...
  ssh laptop-b npmotp device id | npmotp device add B -
  npmotp device add B --qr photo.jpg`,
		Args: argsBetween(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.name, o.recipient = args[0], firstArg(args[1:])
			return runDeviceAdd(cmd.Context(), app, o)
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	cmd.Flags().StringVar(&o.picture, "qr", "", "a picture `FILE` of the QR code that the other laptop shows")
	cmd.Flags().BoolVar(&o.clipboard, "clipboard", false, "read the clipboard, a picture or text")
	return cmd
}

func runDeviceAdd(ctx context.Context, app *App, o deviceAddOptions) error {
	name, err := ui.Name(o.name)
	if err != nil {
		return err
	}
	text, err := app.recipientText(ctx, o)
	if err != nil {
		return err
	}
	r, err := vault.ParseRecipient(text)
	if err != nil {
		return err
	}
	v, err := app.unlockOrCreate(ctx)
	if err != nil {
		return err
	}
	c, err := v.Contents()
	if err != nil {
		return err
	}
	if err := refuseOwn(c, r); err != nil {
		return err
	}
	// A trial: what cannot be stored is not asked about.
	if _, err := c.AddDevice(name, r.String(), app.Now()); err != nil {
		return err
	}
	if err := app.compared(ctx, name, r); err != nil {
		return err
	}
	var view deviceView
	err = v.Update(ctx, func(c *vault.Contents) error {
		d, err := c.AddDevice(name, r.String(), app.Now())
		if err != nil {
			return err
		}
		view = viewDevice(d)
		return nil
	})
	if err != nil {
		return err
	}
	app.Sayf("device %q is stored", name)
	if app.flags.json {
		return app.JSON(view)
	}
	return nil
}

// compared shows the fingerprint and asks, where somebody can be asked, whether
// it is right. Without a terminal the words are there to be compared later: to
// know a device sends nothing to it.
func (app *App) compared(ctx context.Context, name string, r vault.Recipient) error {
	app.Sayf("the recipient of %q is a %s one, its fingerprint:", name, kindOf(r))
	app.Sayf("    %s", passphrase.Fingerprint([]byte(r.String())))
	err := app.Confirm(ctx, fmt.Sprintf("does %q show the same six words ('npmotp device id')?", name), "")
	if _, unasked := errors.AsType[*ui.UsageError](err); unasked {
		app.Sayf("compare these words with what 'npmotp device id' shows on %q", name)
		return nil
	}
	return err
}

// refuseOwn refuses the recipient of this vault itself, a slip of who runs both
// commands on one laptop.
func refuseOwn(c *vault.Contents, r vault.Recipient) error {
	for i := range c.Identities {
		own, err := c.Identities[i].Recipient()
		if err == nil && own.String() == r.String() {
			return &ui.UsageError{Msg: "this is the recipient of this vault itself", Hint: "run 'npmotp device id' on the other laptop"}
		}
	}
	return nil
}

// recipientText reads the recipient from where the command line says.
func (app *App) recipientText(ctx context.Context, o deviceAddOptions) (string, error) {
	sources := 0
	for _, given := range []bool{o.recipient != "", o.picture != "", o.clipboard} {
		if given {
			sources++
		}
	}
	switch {
	case sources > 1:
		return "", ui.Usagef("give one of RECIPIENT, --qr and --clipboard")
	case o.picture != "":
		return app.recipientPicture(ctx, o.picture)
	case o.clipboard:
		return app.recipientClipboard(ctx)
	case o.recipient != "" && o.recipient != "-":
		return o.recipient, nil
	case o.recipient == "-" || !app.InTTY:
		const limit = 64 << 10
		text, err := io.ReadAll(io.LimitReader(app.stdin(ctx, "the recipient"), limit))
		return plaintext.Decode(text), err
	case app.NoInput:
		return "", ui.Usagef("no recipient: give it as an argument, with --qr or --clipboard, or pipe it in")
	}
	return app.Terminal.Line(ctx, "What 'npmotp device id' prints on the other laptop: ")
}

func (app *App) recipientPicture(ctx context.Context, name string) (string, error) {
	f, err := app.open(ctx, name, "it")
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	text, err := recipientIn(ctx, f)
	if err != nil {
		return "", ui.Named(name, err)
	}
	return text, nil
}

// recipientIn returns the recipient among the QR codes in a picture.
func recipientIn(ctx context.Context, picture io.Reader) (string, error) {
	codes, err := scan.Decode(ctx, picture)
	if err != nil {
		const asText = "give the recipient as text: npmotp device add NAME RECIPIENT"
		return "", pictureHint(err, asText, "take the photo again, flat, sharp and with the QR code filling most of it; or "+asText)
	}
	for _, code := range codes {
		if text := code.Reveal(); strings.HasPrefix(strings.ToLower(text), "age1") {
			return text, nil
		}
	}
	return "", fmt.Errorf("%w: the QR code in the picture is that of something else", vault.ErrRecipient)
}

func (app *App) recipientClipboard(ctx context.Context) (string, error) {
	picture, err := app.Clip.Picture(ctx)
	if err == nil {
		return recipientIn(ctx, bytes.NewReader(picture))
	}
	if !errors.Is(err, clip.ErrNoPicture) {
		return "", err
	}
	text, err := app.Clip.Text(ctx)
	if err != nil {
		return "", ui.WithHint(err, "pipe the recipient in: npmotp device add NAME -")
	}
	return text.Reveal(), nil
}
