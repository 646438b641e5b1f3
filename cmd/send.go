package cmd

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"npmotp/internal/bundle"
	"npmotp/internal/passphrase"
	"npmotp/internal/ui"
	"npmotp/vault"
)

type sendOptions struct {
	accounts              []string
	to                    []string
	recovery, secret, all bool
	allAccounts           bool
	move                  bool
	out                   string
	qr                    bool
}

func newSendCmd(app *App) *cobra.Command {
	var o sendOptions
	cmd := &cobra.Command{
		Use:   "send [ACCOUNT...] --to DEVICE",
		Short: "Send accounts or recovery codes to another laptop",
		Long: `Send accounts to another laptop: the recovery codes of the newest set
(--recovery), the secret (--secret), or both (--all). The bundle is an age file
that only the named devices open; how it gets there does not matter. There,
"npmotp receive" takes it in. Both sides show its fingerprint, six words.

The bundle is printed as text, to be pasted; -o writes it to a file that is not
there yet. --qr draws it as a series of QR codes, one after another; with -o
they become pictures in a new folder.

--move forgets here what was sent, after the file is on the disk and was read
back and decrypted; ACCOUNT is a name in full then. How many codes went, when
and where stays known: "npmotp show" tells. The backups still hold it; npmotp
asks whether to remove them, which 'npmotp backup prune' does later.`,
		Annotations: vaultStatuses(exitNoCodes),
		Example: `  npmotp send npm --to B --recovery
  npmotp send npm --to B --recovery --move -o codes.age
  npmotp send --all-accounts --to B --all --qr -o pictures`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.accounts = args
			return runSend(cmd.Context(), app, o)
		},
		ValidArgsFunction: app.completeAccountFlag,
	}
	f := cmd.Flags()
	f.StringArrayVar(&o.to, "to", nil, "the `DEVICE` to send to; may be given several times")
	f.BoolVar(&o.recovery, "recovery", false, "send the recovery codes")
	f.BoolVar(&o.secret, "secret", false, "send the secret, which makes the other laptop an authenticator")
	f.BoolVar(&o.all, "all", false, "send both")
	f.BoolVar(&o.allAccounts, "all-accounts", false, "send all accounts that have what is asked for")
	f.BoolVar(&o.move, "move", false, "forget here what was sent; needs -o")
	f.StringVarP(&o.out, "output", "o", "", "write the bundle to `FILE`; with --qr, a folder")
	f.BoolVar(&o.qr, "qr", false, "draw the bundle as QR codes")
	return cmd
}

// parts checks the flags and returns what is to be sent.
func (o *sendOptions) parts(app *App) (bundle.Parts, error) {
	switch {
	case len(o.to) == 0:
		return "", &ui.UsageError{Msg: "nobody to send to: give --to DEVICE", Hint: "'npmotp device list' shows the devices, 'npmotp device add' stores one"}
	case !o.recovery && !o.secret && !o.all:
		return "", ui.Usagef("say what to send: --recovery, --secret or --all")
	case o.allAccounts && len(o.accounts) > 0:
		return "", ui.Usagef("name accounts or give --all-accounts, not both")
	case o.move && o.out == "":
		return "", ui.Usagef("--move needs -o FILE: what is forgotten here has to be on a disk first")
	case o.move && len(o.to) > 1:
		return "", ui.Usagef("--move goes to one device")
	case o.qr && o.out == "" && app.flags.json:
		return "", ui.Usagef("--qr draws, --json prints; give -o FOLDER for the pictures")
	case o.all || o.recovery && o.secret:
		return bundle.All, nil
	case o.recovery:
		return bundle.Recovery, nil
	}
	return bundle.Secret, nil
}

// A sending is a bundle on its way out.
type sending struct {
	*bundle.Bundle
	sealed  *bundle.Sealed
	devices []vault.Device
}

func runSend(ctx context.Context, app *App, o sendOptions) error {
	parts, err := o.parts(app)
	if err != nil {
		return err
	}
	v, c, err := app.opened(ctx)
	if err != nil {
		return err
	}
	find := app.pick(ctx)
	if o.move {
		find = (*vault.Contents).Named
	}
	s, err := pack(c, o, parts, find, app.Now())
	if err != nil {
		return err
	}
	app.describe(s, o)
	if err := app.deliver(ctx, s, o); err != nil {
		return err
	}
	// At the end, where it is still on the screen.
	app.Sayf("fingerprint of the bundle: %s", passphrase.Fingerprint(s.sealed.Data))
	if o.move {
		if err := app.forget(ctx, v, s, o.out); err != nil {
			return err
		}
	}
	if app.flags.json {
		return app.printSent(s, o)
	}
	return nil
}

// deliver writes the bundle to where the command line says.
func (app *App) deliver(ctx context.Context, s *sending, o sendOptions) error {
	switch {
	case o.out != "":
		return app.writeSent(ctx, s, o)
	case app.flags.json:
		return nil // it is a field of the JSON
	case o.qr:
		return app.drawSeries(ctx, s.sealed.Data)
	}
	_, err := app.Out.Write(bundle.Armor(s.sealed.Data))
	return err
}

// pack gathers the devices and the accounts, and seals them.
func pack(c *vault.Contents, o sendOptions, parts bundle.Parts, find finder, now time.Time) (*sending, error) {
	devices, err := bundle.Devices(c, o.to)
	if err != nil {
		return nil, err
	}
	var accounts []*vault.Account
	if o.allAccounts {
		accounts, err = bundle.AllAccounts(c, parts)
	} else {
		accounts, err = bundle.Accounts(c, o.accounts, find)
	}
	if err != nil {
		return nil, err
	}
	s := &sending{devices: devices}
	if s.Bundle, err = bundle.New(parts, now, accounts...); err != nil {
		return nil, err
	}
	s.sealed, err = s.Seal(devices...)
	return s, err
}

// describe says what is in the bundle, and for whom.
func (app *App) describe(s *sending, o sendOptions) {
	app.sayInside(s.Bundle)
	for _, d := range s.devices {
		app.Sayf("for %q, with the fingerprint: %s", d.Name, passphrase.Fingerprint([]byte(d.Recipient)))
	}
	for i := range s.Accounts {
		if a := &s.Accounts[i]; a.IsHOTP() && !o.move {
			app.Warnf("%q is counter-based: used on two laptops, each makes the other's next codes invalid; --move keeps it on one", a.Name)
		}
	}
}

// sayInside says what a bundle holds, account by account up to a number that fits
// on a screen.
func (app *App) sayInside(b *bundle.Bundle) {
	const most = 20
	app.Sayf("a bundle of %s", ui.Plural(len(b.Accounts), "account"))
	for i := range b.Accounts {
		if i == most {
			app.Sayf("    and %s more", ui.Plural(len(b.Accounts)-most, "account"))
			break
		}
		a := &b.Accounts[i]
		what := ""
		if a.Key != nil {
			what = ", the secret"
		}
		if n := len(a.RecoveryCodes); n > 0 {
			what += fmt.Sprintf(", %s, %d unused", ui.Plural(n, "recovery code"), a.UnusedCodes())
		}
		app.Sayf("    %q%s", a.Name, what)
	}
}

// sentView is the JSON of a sent bundle.
type sentView struct {
	ID          string            `json:"id"`
	To          []string          `json:"to"`
	Parts       string            `json:"parts"`
	Accounts    []sentAccountView `json:"accounts"`
	Fingerprint string            `json:"fingerprint"`
	File        string            `json:"file,omitempty"`
	Bundle      string            `json:"bundle,omitempty"` // armored, when it went to no file
	Moved       bool              `json:"moved"`
}

type sentAccountView struct {
	Name          string `json:"name"`
	Secret        bool   `json:"secret"`
	RecoveryCodes int    `json:"recovery_codes"` // unused ones
}

func (app *App) printSent(s *sending, o sendOptions) error {
	view := sentView{
		ID: s.ID, Parts: string(s.Parts), Fingerprint: passphrase.Fingerprint(s.sealed.Data),
		File: o.out, Moved: o.move,
	}
	if o.out == "" {
		view.Bundle = string(bundle.Armor(s.sealed.Data))
	}
	for _, d := range s.devices {
		view.To = append(view.To, d.Name)
	}
	for i := range s.Accounts {
		a := &s.Accounts[i]
		view.Accounts = append(view.Accounts, sentAccountView{Name: a.Name, Secret: a.Key != nil, RecoveryCodes: a.UnusedCodes()})
	}
	return app.JSON(view)
}

// forget takes out of the vault what is in the bundle, which is on the disk.
func (app *App) forget(ctx context.Context, v *vault.Vault, s *sending, file string) error {
	err := v.Update(ctx, func(c *vault.Contents) error {
		for i := range s.Accounts {
			if err := bundle.Forget(c, &s.Accounts[i], s.Move(s.devices[0]), app.Now()); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("%w; %s is written, and nothing was forgotten here", err, file)
	}
	app.Sayf("what it holds is forgotten here; keep %s until %q has received it", file, s.devices[0].Name)
	backups, err := v.BackupsOfForgotten(ctx)
	if err != nil {
		return err
	}
	return app.offerBackups(ctx, v.File(), backups, "hold", "what was moved")
}
