package cmd

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"npmotp/internal/doctor"
	"npmotp/internal/ui"
	"npmotp/vault"
)

func newInitCmd(app *App) *cobra.Command {
	var workFactor int
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Create the vault",
		Long: `Create the vault, an encrypted file that opens with a passphrase.

The passphrase is typed twice; with an empty one, six random words are made and
shown. Without a terminal it comes from --passphrase-file,
NPMOTP_PASSPHRASE_FILE, NPMOTP_PASSPHRASE_COMMAND or NPMOTP_PASSPHRASE.`,
		Annotations: statuses(exitUsage, exitLocked, exitVault),
		Example:     "  npmotp init\n  npmotp init --vault /media/stick/vault.npmotp",
		Args:        noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			options := app.vaultOptions()
			if cmd.Flags().Changed("work-factor") {
				if workFactor < vault.MinWorkFactor || workFactor > vault.MaxWorkFactor {
					return ui.Usagef("--work-factor %d is not between %d and %d", workFactor, vault.MinWorkFactor, vault.MaxWorkFactor)
				}
				if workFactor < doctor.WeakWorkFactor {
					app.Warnf("with a work factor of %d a stolen vault is cheaper to guess; the default is %d", workFactor, vault.DefaultWorkFactor)
				}
				options.WorkFactor = workFactor
			}
			return runInit(cmd.Context(), app, options)
		},
	}
	cmd.Flags().IntVar(&workFactor, "work-factor", vault.DefaultWorkFactor, "scrypt rounds as a power of two, 10 to 20")
	return cmd
}

func runInit(ctx context.Context, app *App, options vault.Options) error {
	f, err := app.fileWith(options)
	if err != nil {
		return err
	}
	if exists, err := f.Exists(); err != nil {
		return err
	} else if exists {
		return fmt.Errorf("%w: %s", vault.ErrExists, f.Path())
	}
	pass, err := app.newPassphrase(ctx)
	if err != nil {
		return err
	}
	if _, err := f.Create(ctx, pass); err != nil {
		return err
	}
	app.Sayf("created the vault %s", f.Path())
	return nil
}
