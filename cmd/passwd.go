package cmd

import (
	"context"

	"github.com/spf13/cobra"

	"npmotp/internal/passphrase"
	"npmotp/internal/secret"
)

func newPasswdCmd(app *App) *cobra.Command {
	var newFile, slot string
	cmd := &cobra.Command{
		Use:   "passwd",
		Short: "Change the passphrase",
		Long: `Change the passphrase of the vault.

The vault gets a new identity, so that the old passphrase opens nothing that
is stored from then on. The backups in the folder "backups" still open with
the old one; npmotp asks whether to remove them. Of several passphrases it is
the one that opened the vault that is changed, or that of --slot; those of the
other slots are asked for, because each is written anew. With --identity a
passphrase that was forgotten can be replaced.

Without a terminal the present passphrase comes from the usual places, and the
new one from --new-passphrase-file ("-" is standard input).`,
		Annotations: vaultStatuses(),
		Example:     "  npmotp passwd\n  npmotp passwd --identity key.txt --slot 5313434d",
		Args:        noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runPasswd(cmd.Context(), app, slot, newFile)
		},
	}
	cmd.Flags().StringVar(&newFile, "new-passphrase-file", "", "read the new passphrase from `FILE`")
	cmd.Flags().StringVar(&slot, "slot", "", "the `SLOT` whose passphrase is changed, by its name or id")
	return cmd
}

func runPasswd(ctx context.Context, app *App, slot, newFile string) error {
	f, err := app.asking(ctx)
	if err != nil {
		return err
	}
	v, known, err := app.unlockKnowing(ctx, f)
	if err != nil {
		return err
	}
	if slot, err = v.PassphraseSlot(slot); err != nil {
		return err
	}
	pass, err := app.nextPassphrase(ctx, newFile)
	if err != nil {
		return err
	}
	if err := v.ChangePassphrase(ctx, slot, pass, app.passphraseOf(known)); err != nil {
		return err
	}
	app.Sayf("the passphrase is changed")
	return app.offerAllBackups(ctx, f, "with an older passphrase")
}

// nextPassphrase returns the passphrase to change to. The sources of the
// present one do not count: they say what it was.
func (app *App) nextPassphrase(ctx context.Context, file string) (secret.Text, error) {
	switch file {
	case "":
		return app.askNew(ctx, "--new-passphrase-file")
	case "-":
		return passphrase.FirstLine(app.stdin(ctx, "the new passphrase"), "standard input")
	}
	return passphraseIn(ctx, file)
}
