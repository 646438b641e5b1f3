package cmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"npmotp/internal/ui"
	"npmotp/vault"
)

func newBackupCmd(app *App) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "backup PATH",
		Short: "Copy the vault to another place",
		Long: `Copy the vault file to PATH, a file or a folder, such as that of a stick. The
copy is as encrypted as the vault, is synced to the disk and read back before
the command ends, and needs no passphrase. A file that is there is replaced
after a question.

'npmotp --vault PATH' opens the copy; it can be put back in the place of the
vault, where 'npmotp restore --accept' has to say that it was you.

The vault keeps ten backups of itself in the folder "backups" beside it;
'npmotp restore' lists them.`,
		Annotations: statuses(exitUsage, exitVault),
		Example:     "  npmotp backup /media/stick\n  npmotp backup ~/safe/vault.npmotp --yes",
		Args:        argsBetween(1, 1),
		RunE:        func(cmd *cobra.Command, args []string) error { return runBackup(cmd.Context(), app, args[0]) },
	}
	cmd.AddCommand(newBackupPruneCmd(app))
	return cmd
}

// backupCopyView is the JSON of a copy.
type backupCopyView struct {
	Path  string `json:"path"`
	Bytes int    `json:"bytes"`
}

func runBackup(ctx context.Context, app *App, path string) error {
	f, err := app.file()
	if err != nil {
		return err
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		path = filepath.Join(path, filepath.Base(f.Path()))
	}
	size, err := f.CopyTo(path, false)
	if errors.Is(err, vault.ErrExists) {
		if err := app.Confirm(ctx, fmt.Sprintf("replace %s?", path), "say --yes to replace "+path); err != nil {
			return err
		}
		if size, err = f.CopyTo(path, true); errors.Is(err, vault.ErrExists) {
			return ui.WithHint(err, "name another PATH")
		}
	}
	if err != nil {
		return err
	}
	if app.flags.json {
		return app.JSON(backupCopyView{path, size})
	}
	app.Sayf("copied the vault to %s", path)
	return nil
}

func newBackupPruneCmd(app *App) *cobra.Command {
	var all bool
	cmd := &cobra.Command{
		Use:   "prune",
		Short: "Remove the backups that hold what the vault has no more",
		Long: `Remove those of the ten backups in the folder "backups" that still hold a key
or a recovery code that the vault has no more: it was moved to another laptop,
removed or replaced. So do those that open with an earlier passphrase, because
nobody can see what is in them. The others stay, for 'npmotp restore'.

Wait with it until the other laptop has received what was moved there.`,
		Annotations: vaultStatuses(),
		Example:     "  npmotp backup prune\n  npmotp backup prune --all",
		Args:        noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runBackupPrune(cmd.Context(), app, all)
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "remove all backups")
	return cmd
}

func runBackupPrune(ctx context.Context, app *App, all bool) error {
	v, err := app.unlock(ctx)
	if err != nil {
		return err
	}
	backups, err := v.BackupsOfForgotten(ctx)
	if all {
		backups, err = v.File().Backups()
	}
	if err != nil {
		return err
	}
	views, _, err := viewBackups(backups)
	if err != nil {
		return err
	}
	if len(backups) == 0 {
		app.Sayf("no backup holds what the vault has no more")
	} else if err = app.Confirm(ctx, fmt.Sprintf("remove %s?", ui.Plural(len(backups), "backup")), "say --yes to remove them"); err == nil {
		err = app.removeBackups(ctx, v.File(), backups)
	}
	if err != nil || !app.flags.json {
		return err
	}
	return app.JSON(views)
}

// offerAllBackups offers to remove the backups, which open with what the vault
// itself opens with no more.
func (app *App) offerAllBackups(ctx context.Context, f *vault.File, with string) error {
	backups, err := f.Backups()
	if err != nil {
		return err
	}
	return app.offerBackups(ctx, f, backups, "open", with)
}

// offerBackups offers to remove backups that still do what the two words say.
func (app *App) offerBackups(ctx context.Context, f *vault.File, backups []vault.Backup, do, what string) error {
	if len(backups) == 1 {
		do += "s"
	}
	still := fmt.Sprintf("%s still %s %s", ui.Plural(len(backups), "backup"), do, what)
	if len(backups) == 0 {
		return nil
	}
	err := app.Confirm(ctx, still+"; remove them?", "")
	if _, unasked := errors.AsType[*ui.UsageError](err); unasked || errors.Is(err, ui.ErrDeclined) {
		app.Warnf("%s; 'npmotp backup prune' removes them", still)
		return nil
	}
	if err != nil {
		return err
	}
	return app.removeBackups(ctx, f, backups)
}

func (app *App) removeBackups(ctx context.Context, f *vault.File, backups []vault.Backup) error {
	removed, err := f.RemoveBackups(ctx, backups)
	if err == nil {
		app.Sayf("removed %s", ui.Plural(removed, "backup"))
	}
	return err
}
