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
	return &cobra.Command{
		Use:   "backup PATH",
		Short: "Copy the vault to another place",
		Long: `Copy the vault file to PATH, a file or a folder, such as that of a stick. The
copy is as encrypted as the vault, is synced to the disk and read back before
the command ends, and needs no passphrase. A file that is there is replaced
after a question.

'npmotp --vault PATH' opens the copy; it can be put back in the place of the
vault, where 'npmotp restore --accept' has to say that it was you.`,
		Annotations: statuses(exitUsage, exitVault),
		Example:     "  npmotp backup /media/stick\n  npmotp backup ~/safe/vault.npmotp --yes",
		Args:        argsBetween(1, 1),
		RunE:        func(cmd *cobra.Command, args []string) error { return runBackup(cmd.Context(), app, args[0]) },
	}
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
