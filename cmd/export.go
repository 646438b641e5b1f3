package cmd

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"npmotp/internal/otpexport"
)

type exportOptions struct {
	otpexport.Options
	only []string
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
	f.StringVarP(&o.File, "output", "o", "", "write to `FILE`; pictures are numbered if there are several")
	f.StringArrayVar(&o.only, "only", nil, "only the account of this name, or those whose name, issuer or user name contains `TEXT`; may be repeated")
	f.BoolVar(&o.Plaintext, "plaintext", false, "write the keys in the clear")
	f.StringVar(&o.PasswordFile, "password-file", "", "read the password of the export from `FILE`")
	f.BoolVar(&o.Codes, "recovery-codes", false, "write the unused recovery codes too")
	f.BoolVar(&o.Force, "force", false, "replace the file if there is one")
	completeChoices(cmd, "format", otpexport.Formats()...)
	_ = cmd.RegisterFlagCompletionFunc("only", app.completeAccountFlag)
	return cmd
}

func runExport(ctx context.Context, app *App, o exportOptions) error {
	if o.File == "-" {
		o.File = ""
	}
	if err := o.Check(); err != nil {
		return err
	}
	if o.Plaintext {
		question := fmt.Sprintf("whoever sees the export has your second factor: it is not encrypted; write it to %s?", o.Target)
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
		o.Password, err = app.exportPassword(ctx, o.String(), o.PasswordFile)
		if err == nil && o.PasswordFile == "" {
			err = app.again(ctx, o.Password)
		}
		if err != nil {
			return err
		}
	}
	window := app.window(false)
	if o.File != "" {
		window = otpexport.Window{}
	}
	o.Side = window.Side()
	documents, err := otpexport.Make(ctx, entries, o.Options)
	if err != nil {
		return err
	}
	return otpexport.Deliver(ctx, &app.UI, window, o.Target, documents, app.flags.json)
}

// window returns the terminal that is drawn on, if there is one.
func (app *App) window(ansi bool) otpexport.Window {
	w := otpexport.Window{ANSI: ansi}
	if app.OutTTY {
		w.Columns, w.Lines = app.Size()
	}
	return w
}
