package cmd

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"npmotp/internal/ui"
	"npmotp/vault"
)

func newRestoreCmd(app *App) *cobra.Command {
	var accept bool
	cmd := &cobra.Command{
		Use:   "restore [GENERATION]",
		Short: "Bring an older generation of the vault back",
		Long: `List the backups of the vault, or put the one of the given GENERATION in its
place, also when the vault is damaged or gone. What stood there is kept in the
folder "backups".

npmotp does not write to a vault that is older than one it has seen in the same
place, or another one: a sync service or a thief may have put it there. Where
that was you, --accept says so.`,
		Annotations: vaultStatuses(),
		Example:     "  npmotp restore\n  npmotp restore 17\n  npmotp restore --accept",
		Args:        argsBetween(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case accept && len(args) > 0:
				return ui.Usagef("--accept goes without a generation")
			case accept:
				return runAccept(cmd.Context(), app)
			case len(args) == 0:
				return runListBackups(app)
			}
			generation, err := strconv.ParseUint(args[0], 10, 64)
			if err != nil {
				return ui.Usagef("invalid generation %q; 'npmotp restore' lists them", args[0])
			}
			return runRestore(cmd.Context(), app, generation)
		},
	}
	cmd.Flags().BoolVar(&accept, "accept", false, "take the present file for the newest, though another was seen")
	return cmd
}

func runAccept(ctx context.Context, app *App) error {
	v, err := app.unlock(ctx)
	if err != nil {
		return err
	}
	if err := v.Accept(); err != nil {
		return err
	}
	app.Sayf("the vault is accepted as it is")
	return nil
}

// backupView is the JSON of a backup in the list.
type backupView struct {
	Generation uint64     `json:"generation"`
	SavedAt    *time.Time `json:"saved_at"`
	Path       string     `json:"path"`
}

func runListBackups(app *App) error {
	f, err := app.file()
	if err != nil {
		return err
	}
	backups, err := f.Backups()
	if err != nil {
		return err
	}
	views, rows, err := viewBackups(backups)
	if err != nil {
		return err
	}
	if app.flags.json {
		return app.JSON(views)
	}
	if len(rows) == 0 {
		app.Sayf("there are no backups yet; every change of the vault makes one")
		return nil
	}
	return app.Table("GENERATION SAVED FILE", rows)
}

// viewBackups returns backups for JSON, and as the rows of a table.
func viewBackups(backups []vault.Backup) (views []backupView, rows [][]string, err error) {
	views = []backupView{}
	for _, b := range backups {
		info, err := os.Stat(b.Path)
		if err != nil {
			return nil, nil, err
		}
		views = append(views, backupView{Generation: b.Generation, SavedAt: instant(info.ModTime()), Path: b.Path})
		rows = append(rows, []string{fmt.Sprint(b.Generation), info.ModTime().Format(time.DateTime), b.Path})
	}
	return views, rows, nil
}

func runRestore(ctx context.Context, app *App, generation uint64) error {
	f, err := app.file()
	if err != nil {
		return err
	}
	backups, err := f.Backups()
	if err != nil {
		return err
	}
	var found []vault.Backup
	for _, b := range backups {
		if b.Generation == generation {
			found = append(found, b)
		}
	}
	if len(found) == 0 {
		return fmt.Errorf("%w: %d", vault.ErrNoGeneration, generation)
	}
	if len(found) > 1 {
		return ui.WithHint(&vault.AmbiguousError{Query: fmt.Sprint(generation), Matches: []string{found[0].Path, found[1].Path}},
			"look into one with --vault FILE, and move the other away")
	}
	by, _, err := app.opener(ctx, "Passphrase of that generation: ", func() (bool, error) { return true, nil })
	if err != nil {
		return err
	}
	if err := app.Confirm(ctx, fmt.Sprintf("put generation %d in the place of the vault?", generation), "say --yes to restore it"); err != nil {
		return err
	}
	if _, err := f.Restore(ctx, found[0], by); err != nil {
		return err
	}
	app.Sayf("generation %d is back", generation)
	return nil
}
