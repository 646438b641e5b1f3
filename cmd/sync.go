package cmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"npmotp/internal/secret"
	"npmotp/internal/ui"
	"npmotp/vault"
)

type syncOptions struct {
	dir, copyPassphrase string
}

func newSyncCmd(app *App) *cobra.Command {
	var o syncOptions
	cmd := &cobra.Command{
		Use:   "sync DIR",
		Short: "Keep the vault and a copy in a folder the same",
		Long: `Make the vault and its copy in the folder DIR the same: what either has, both
have afterwards. The folder is one that a sync service, a memory stick or git
carries to another laptop, where "npmotp sync" does the same with the vault
there. The first time the copy is created; on a laptop without a vault, the
vault is made from the copy.

Copies that the service has put aside as conflicts are merged too, and may be
removed afterwards. The rules are those of 'npmotp merge'. The copy is
encrypted like the vault, and opens with the same passphrase.`,
		Annotations: vaultStatuses(),
		Example:     "  npmotp sync ~/Sync\n  npmotp sync ~/Sync --yes",
		Args:        argsBetween(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.dir = args[0]
			return runSync(cmd.Context(), app, o)
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveFilterDirs
		},
	}
	copyPassphraseFlag(cmd, &o.copyPassphrase)
	return cmd
}

// syncView is the JSON of a sync.
type syncView struct {
	Copy    string       `json:"copy"`
	Created bool         `json:"created"`
	Vault   []changeView `json:"vault"` // changes in the vault
	There   []changeView `json:"there"` // changes in the copy
}

func runSync(ctx context.Context, app *App, o syncOptions) error {
	f, err := app.file()
	if err != nil {
		return err
	}
	path, err := copyPath(f.Path(), o.dir)
	if err != nil {
		return err
	}
	v, err := app.unlockOrAdopt(ctx, f, path)
	if err != nil {
		return err
	}
	found, err := vault.ConflictCopies(path)
	if err != nil {
		return err
	}
	conflicts, err := app.openCopies(ctx, v, found, false, o.copyPassphrase)
	if err != nil {
		return err
	}
	done, err := v.Sync(ctx, path, conflicts, func(ctx context.Context, name string) (secret.Text, error) {
		return app.copyPassphrase(ctx, name, o.copyPassphrase)
	})
	if errors.Is(err, vault.ErrOtherVault) {
		return ui.WithHint(err, "give this vault a folder of its own, or move that file away")
	}
	if errors.Is(err, vault.ErrPassphrase) {
		return hintCopyPassphrase(err)
	}
	if errors.Is(err, vault.ErrFormat) {
		return ui.WithHint(err, "the service may still be writing it; if it stays so, move the file away and sync again")
	}
	if err != nil {
		return err
	}
	if err := app.printSynced(path, done); err != nil {
		return err
	}
	return app.removeCopies(ctx, conflicts, found)
}

// copyPath returns the path of the copy in dir.
func copyPath(own, dir string) (string, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return "", ui.WithHint(err, "make the folder first, where the sync service finds it")
	}
	if !info.IsDir() {
		return "", ui.Usagef("%s is not a folder: name the one that the copy is in", dir)
	}
	path := filepath.Join(dir, filepath.Base(own))
	if samePlace(own, path) {
		return "", &ui.UsageError{
			Msg:  path + " is the vault itself",
			Hint: "a vault that lies in a synced folder needs no copy there; 'npmotp merge' joins the conflict copies beside it",
		}
	}
	return path, nil
}

// unlockOrAdopt opens the vault; where there is none, it is made from the copy.
func (app *App) unlockOrAdopt(ctx context.Context, f *vault.File, path string) (*vault.Vault, error) {
	if exists, err := f.Exists(); err != nil || exists {
		if err != nil {
			return nil, err
		}
		return app.unlockFile(ctx, f)
	}
	file := vault.At(path, vault.Options{})
	if err := file.Probe(); err != nil {
		if errors.Is(err, vault.ErrNoVault) {
			return nil, fmt.Errorf("%w: neither %s nor %s", vault.ErrNoVault, f.Path(), path)
		}
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	by, _, err := app.opener(ctx, "Passphrase of the copy: ", file.PassphraseOpens)
	if err != nil {
		return nil, err
	}
	v, err := f.Adopt(ctx, path, by)
	if err != nil {
		return nil, err
	}
	app.Sayf("made the vault %s from %s", f.Path(), path)
	return v, nil
}

func (app *App) printSynced(path string, s *vault.Synced) error {
	if app.flags.json {
		return app.JSON(syncView{Copy: path, Created: s.Created, Vault: viewChanges(s.Here), There: viewChanges(s.There)})
	}
	for _, side := range []struct {
		name, from string
		changes    []vault.Change
	}{{"here", "copy", s.Here}, {"copy", "vault", s.There}} {
		for _, line := range changeLines(side.changes, side.from) {
			if _, err := fmt.Fprintln(app.Out, side.name+": "+line); err != nil {
				return err
			}
		}
	}
	switch {
	case s.Created:
		app.Sayf("created the copy %s", path)
	case len(s.Here)+len(s.There) == 0:
		app.Sayf("the vault and the copy are the same")
	default:
		app.Sayf("the vault and the copy are the same now")
	}
	return nil
}
