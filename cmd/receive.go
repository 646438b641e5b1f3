package cmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"npmotp/internal/bundle"
	"npmotp/internal/intake"
	"npmotp/internal/passphrase"
	"npmotp/internal/ui"
	"npmotp/scan"
	"npmotp/vault"
)

type receiveOptions struct {
	files    []string
	pictures []string
	dryRun   bool
}

func newReceiveCmd(app *App) *cobra.Command {
	var o receiveOptions
	cmd := &cobra.Command{
		Use:   "receive [FILE]",
		Short: "Take in what another laptop sent",
		Long: `Take in a bundle that another laptop sent here with "npmotp send": a file, text
that has been pasted ("-", or at the terminal), or with --qr pictures of its QR
codes or folders of them, in any order.

What is inside and its fingerprint, six words, are shown before you are asked:
compare them with what the sender showed, for a bundle is not signed. Accounts
are added, or joined with those that are the same. What has been used up on
either laptop is used up; of two different secrets both are kept. Received
twice, a bundle changes nothing.`,
		Annotations: vaultStatuses(),
		Example:     "  npmotp receive codes.age\n  npmotp receive --qr pictures\n  npmotp receive --qr 1.png 2.png 3.png",
		Args:        cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.files = args
			return runReceive(cmd.Context(), app, o)
		},
	}
	cmd.Flags().StringArrayVar(&o.pictures, "qr", nil, "a picture `FILE` of a QR code, or a folder of them; more may follow")
	cmd.Flags().BoolVar(&o.dryRun, "dry-run", false, "show what is inside, take nothing in")
	return cmd
}

// receiveView is the JSON of what became of one account.
type receiveView struct {
	Name          string `json:"name"`
	SentAs        string `json:"sent_as"`
	New           bool   `json:"new"`
	Secret        bool   `json:"secret"`         // is new here
	RecoveryCodes int    `json:"recovery_codes"` // that are new here
	Updated       int    `json:"updated"`
	Outdated      int    `json:"outdated"`
}

// receivedView is the JSON of a received bundle.
type receivedView struct {
	ID          string        `json:"id"`
	CreatedAt   *time.Time    `json:"created_at"`
	Parts       string        `json:"parts"`
	Fingerprint string        `json:"fingerprint"`
	Changed     bool          `json:"changed"`
	Accounts    []receiveView `json:"accounts"`
}

func runReceive(ctx context.Context, app *App, o receiveOptions) error {
	data, err := app.readBundle(ctx, o)
	if err != nil {
		return err
	}
	v, err := app.unlock(ctx)
	if errors.Is(err, vault.ErrNoVault) {
		return ui.WithHint(err, "a bundle opens in the vault whose recipient it was sent to: begin with 'npmotp device id' here, and have it sent to that")
	}
	if err != nil {
		return err
	}
	c, err := v.Contents()
	if err != nil {
		return err
	}
	b, err := bundle.Open(data, c.Identities)
	if err != nil {
		return err
	}
	app.sayInside(b)
	if !b.CreatedAt.IsZero() {
		app.Sayf("made on %s", b.CreatedAt.Local().Format(time.DateTime))
	}
	app.Sayf("fingerprint of the bundle: %s", passphrase.Fingerprint(data))
	// A trial, on contents that are not stored.
	imports, err := bundle.Take(c, b.Accounts, app.Now())
	if err != nil {
		return err
	}
	changed := changes(imports)
	if changed && !o.dryRun {
		if err := app.Confirm(ctx, "take it in, if the sender shows the same six words?", "say --yes to take it in"); err != nil {
			return err
		}
		err := v.Update(ctx, func(c *vault.Contents) (err error) {
			imports, err = bundle.Take(c, b.Accounts, app.Now())
			return err
		})
		if err != nil {
			return err
		}
	}
	app.sayImported(imports, o.dryRun)
	if app.flags.json {
		return app.printReceived(b, passphrase.Fingerprint(data), imports, changed && !o.dryRun)
	}
	return nil
}

func changes(imports []bundle.Import) bool {
	return slices.ContainsFunc(imports, bundle.Import.Changes)
}

// sayImported says what became of each account.
func (app *App) sayImported(imports []bundle.Import, dry bool) {
	outdated := 0
	for _, i := range imports {
		outdated += i.Outdated
		if !i.Changes() {
			continue
		}
		var news []string
		if i.New {
			news = append(news, "a new account")
		}
		if i.Key {
			news = append(news, "the secret")
		}
		if i.Codes > 0 {
			news = append(news, ui.Plural(i.Codes, "recovery code"))
		}
		if i.Updated > 0 {
			news = append(news, fmt.Sprintf("%d that the sender knew more of", i.Updated))
		}
		app.Sayf("%q: %s", i.Name, strings.Join(news, ", "))
		if i.Secondary != "" {
			app.Warnf("%q here has another secret than the one that was sent; both are kept, the sent one as %q", i.Secondary, i.Name)
		} else if i.Name != i.SentAs && i.New {
			app.Warnf("there is another account %q here; the sent one is called %q", i.SentAs, i.Name)
		}
	}
	switch {
	case outdated > 0:
		app.Warnf("the bundle is older than what is here: this vault knows more of %s, and keeps that", ui.Plural(outdated, "code or counter"))
	case !changes(imports):
		app.Sayf("all of it is here already; nothing was changed")
	}
	if dry {
		app.Sayf("nothing was stored (--dry-run)")
	}
}

func (app *App) printReceived(b *bundle.Bundle, fingerprint string, imports []bundle.Import, changed bool) error {
	view := receivedView{ID: b.ID, CreatedAt: instant(b.CreatedAt), Parts: string(b.Parts), Fingerprint: fingerprint, Changed: changed}
	for _, i := range imports {
		view.Accounts = append(view.Accounts, receiveView{
			Name: i.Name, SentAs: i.SentAs, New: i.New, Secret: i.Key,
			RecoveryCodes: i.Codes, Updated: i.Updated, Outdated: i.Outdated,
		})
	}
	return app.JSON(view)
}

// readBundle returns the bundle that the command line names. What is a picture or
// a folder is taken for QR codes also without --qr.
func (app *App) readBundle(ctx context.Context, o receiveOptions) ([]byte, error) {
	pictures, err := intake.Files(o.pictures)
	if err != nil {
		return nil, err
	}
	files, err := intake.Files(o.files)
	if err != nil {
		return nil, err
	}
	if len(pictures) > 0 || len(files) > 1 {
		return app.readSeries(ctx, append(pictures, files...))
	}
	if len(files) == 0 && app.InTTY {
		if app.NoInput {
			return nil, ui.Usagef("no bundle: give a FILE or --qr, or pipe it in")
		}
		text, err := app.Terminal.Secrets(ctx, "Paste the bundle, which is not shown, and an empty line: \r\n")
		if err != nil {
			return nil, err
		}
		return bundle.Read(strings.NewReader(text.Reveal()))
	}
	name := "-"
	if len(files) > 0 {
		name = files[0]
	}
	f, err := app.open(ctx, name, "it")
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	head := make([]byte, 512)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, err
	}
	if scan.IsPicture(head[:n]) && name != "-" {
		return app.readSeries(ctx, []string{name})
	}
	data, err := bundle.Read(io.MultiReader(bytes.NewReader(head[:n]), f))
	if err != nil {
		return nil, explainInput(head[:n], ui.Named(shownFile(name), err))
	}
	return data, nil
}

// explainInput adds to an error what was given instead of a bundle.
func explainInput(head []byte, err error) error {
	switch text := strings.ToLower(strings.TrimSpace(string(head))); {
	case !errors.Is(err, bundle.ErrNoBundle):
		return err
	case strings.HasPrefix(text, "npmotp-vault"):
		return ui.WithHint(err, "this is a whole vault; open it with --vault")
	case strings.HasPrefix(text, "age1"):
		return ui.WithHint(err, "this is the recipient of a device; 'npmotp device add NAME RECIPIENT' stores it")
	}
	return err
}

func shownFile(name string) string {
	if name == "-" {
		return "standard input"
	}
	return name
}

// open opens a file, or standard input for "-", which a person at a terminal is told
// to type what into.
func (app *App) open(ctx context.Context, name, what string) (io.ReadCloser, error) {
	if name == "-" {
		return io.NopCloser(app.stdin(ctx, what)), nil
	}
	return ui.Open(ctx, name)
}

// stdin returns standard input, which a person at a terminal is told to type what
// into. Reading it ends with ctx.
func (app *App) stdin(ctx context.Context, what string) io.Reader {
	if app.InTTY {
		app.Sayf("type or paste %s; Ctrl-D on a line of its own ends it", what)
	}
	return ui.Reader(ctx, app.In)
}
