package cmd

import (
	"bytes"
	"context"
	"errors"
	"os"

	"github.com/spf13/cobra"

	"npmotp/internal/secret"
)

func newPasswdCmd(app *App) *cobra.Command {
	var newFile string
	cmd := &cobra.Command{
		Use:   "passwd",
		Short: "Change the passphrase",
		Long: `Change the passphrase of the vault.

The vault gets a new identity, so that the old passphrase opens nothing that
is stored from then on. The backups in the folder "backups" still open with
the old one; npmotp asks whether to remove them.

Without a terminal the present passphrase comes from the usual places, and the
new one from --new-passphrase-file ("-" is standard input).`,
		Annotations: vaultStatuses(),
		Example:     "  npmotp passwd",
		Args:        noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runPasswd(cmd.Context(), app, newFile)
		},
	}
	cmd.Flags().StringVar(&newFile, "new-passphrase-file", "", "read the new passphrase from `FILE`")
	return cmd
}

func runPasswd(ctx context.Context, app *App, newFile string) error {
	f, err := app.file()
	if err != nil {
		return err
	}
	v, err := app.unlockFile(ctx, f)
	if err != nil {
		return err
	}
	pass, err := app.nextPassphrase(ctx, newFile)
	if err != nil {
		return err
	}
	if err := v.Rekey(ctx, pass); err != nil {
		return err
	}
	app.sayf("the passphrase is changed")
	backups, err := f.Backups()
	if err != nil || len(backups) == 0 {
		return err
	}
	question := plural(len(backups), "backup") + " still open with an older passphrase; remove them?"
	err = app.confirm(ctx, question, "")
	_, unasked := errors.AsType[*usageError](err)
	if errors.Is(err, errDeclined) || unasked {
		app.warnf("%s still open with an older passphrase; remove them with 'npmotp passwd --yes', or by hand", plural(len(backups), "backup"))
		return nil
	}
	if err != nil {
		return err
	}
	removed, err := f.RemoveBackups(ctx)
	if err != nil {
		return err
	}
	app.sayf("removed %s", plural(removed, "backup"))
	return nil
}

// nextPassphrase returns the passphrase to change to. The sources of the
// present one do not count: they say what it was.
func (app *App) nextPassphrase(ctx context.Context, file string) (secret.Text, error) {
	switch file {
	case "":
		return app.askNew(ctx)
	case "-":
		return firstLine(app.In, "standard input")
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return secret.Text{}, err
	}
	return firstLine(bytes.NewReader(data), "the passphrase file "+file)
}
