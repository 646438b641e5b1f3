package cmd

import (
	"cmp"
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"npmotp/internal/otpexport"
	"npmotp/internal/otpimport"
	"npmotp/internal/secret"
	"npmotp/internal/ui"
)

type exportOptions struct {
	otpexport.Options
	only                 []string
	output, passwordFile string
	force                bool
}

func newExportCmd(app *App) *cobra.Command {
	var o exportOptions
	cmd := &cobra.Command{
		Use:   "export [-o FILE]",
		Short: "Write the keys for another program",
		Long: `Write the one-time password keys of the accounts for another program:

  otpauth  a list of otpauth URIs, which nearly every program reads
  google   the QR codes of Google Authenticator's transfer, one after another
           in the terminal, or with -o as pictures; a phone scans them
  aegis    the file of Aegis, encrypted with a password of its own, which is
           asked for twice or read with --password-file

What is not encrypted is your second factor in the clear: everything but an
encrypted file of Aegis takes --plaintext and a yes. A file is for you alone
(mode 0600), and replaces another only with --force. Recovery codes are left
out without --recovery-codes; a transfer has no place for them.

An account that the format cannot hold as it is, such as one with seven digits
in a transfer, is named, and nothing is written. What is written was read back
as 'npmotp import' reads it. The passphrase is asked for, also while the vault
is unlocked.`,
		Annotations: vaultStatuses(),
		Example: `  npmotp export --format aegis -o aegis.json
  npmotp export --format google --only npm --plaintext
  npmotp export --plaintext -o keys.txt`,
		Args:              noArgs,
		RunE:              func(cmd *cobra.Command, _ []string) error { return runExport(cmd.Context(), app, o) },
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	f := cmd.Flags()
	f.StringVar(&o.Format, "format", otpexport.OTPAuth, "the `FORMAT`: otpauth, google or aegis")
	f.StringVarP(&o.output, "output", "o", "", "write to `FILE`; pictures are numbered if there are several")
	f.StringArrayVar(&o.only, "only", nil, "only the account of this name, or those whose name, issuer or user name contains `TEXT`; may be repeated")
	f.BoolVar(&o.Plaintext, "plaintext", false, "write the keys in the clear")
	f.StringVar(&o.passwordFile, "password-file", "", "read the password of the export from `FILE`")
	f.BoolVar(&o.Codes, "recovery-codes", false, "write the unused recovery codes too")
	f.BoolVar(&o.force, "force", false, "replace the file if there is one")
	// These fail for flags that do not exist.
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(otpexport.Formats(), cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("only", app.completeAccountFlag)
	return cmd
}

func runExport(ctx context.Context, app *App, o exportOptions) error {
	if o.output == "-" {
		o.output = ""
	}
	target := otpexport.Target{File: o.output, Force: o.force, Format: o.Format, Encrypted: !o.Plaintext}
	if err := cmp.Or(o.Check(), target.Check()); err != nil {
		return err
	}
	if o.Plaintext && o.passwordFile != "" {
		return ui.Usagef("--plaintext has no password: give one of it and --password-file")
	}
	if o.Plaintext {
		question := fmt.Sprintf("whoever sees the export has your second factor: it is not encrypted; write it to %s?", target)
		if err := app.Confirm(ctx, question, "say --yes to have it written"); err != nil {
			return err
		}
	}
	c, err := app.contents(ctx)
	if err != nil {
		return err
	}
	entries, left, err := otpexport.Choose(c, o.only)
	if err != nil {
		return err
	}
	for _, why := range left {
		app.Warnf("left out: %v", why)
	}
	if !o.Plaintext {
		if o.Password, err = app.newExportPassword(ctx, target.String(), o.passwordFile); err != nil {
			return err
		}
	}
	window := otpexport.Window{}
	if o.output == "" {
		window = app.window(false)
	}
	o.Side = window.Side()
	documents, err := otpexport.Make(ctx, entries, o.Options)
	if err != nil {
		return err
	}
	switch {
	case o.output != "":
		err = app.saveExport(documents, target)
	case app.flags.json && o.Format != otpexport.Aegis: // which is JSON already
		err = app.JSON(otpexport.Views(documents))
	case o.Format == otpexport.Google:
		err = app.showQR(ctx, window, documents)
	default:
		_, err = io.WriteString(app.Out, otpexport.Text(documents).Reveal())
	}
	app.warnCounted(documents)
	return err
}

// saveExport writes an export to files, and says where the keys lie now.
func (app *App) saveExport(documents []otpexport.Document, target otpexport.Target) error {
	saved, err := target.Save(documents)
	if err != nil {
		return err
	}
	app.Sayf("%s written to %s", ui.Plural(len(saved.Accounts), "key"), saved)
	if !saved.Encrypted {
		app.Warnf("whoever reads this has your second factor: delete it when it was scanned or imported")
	}
	if app.flags.json {
		return app.JSON(saved)
	}
	return nil
}

// warnCounted warns of keys that two programs cannot both use.
func (app *App) warnCounted(documents []otpexport.Document) {
	for _, d := range documents {
		for _, name := range d.Counted {
			app.Warnf("%q is counter-based: used here and there, each makes the other's next codes invalid", name)
		}
	}
}

// newExportPassword returns the password for an encrypted export.
func (app *App) newExportPassword(ctx context.Context, name, file string) (secret.Text, error) {
	password, err := app.exportPassword(ctx, name, file)
	if err != nil || file != "" {
		return password, err
	}
	if password.Len() == 0 {
		return password, ui.Usagef("an empty password encrypts nothing")
	}
	again, err := app.ask(ctx, "The same again: ")
	if err == nil && !password.Equal(again) {
		err = fmt.Errorf("%w: the two passwords differ", otpimport.ErrPassword)
	}
	return password, err
}
