package cmd

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"npmotp/internal/doctor"
	"npmotp/internal/ui"
	"npmotp/vault"
)

// checkView is the JSON of "check".
type checkView struct {
	Vault         string            `json:"vault"`
	Generation    uint64            `json:"generation"`
	Slots         []slotView        `json:"slots"`
	Accounts      int               `json:"accounts"`
	RecoveryCodes int               `json:"recovery_codes"` // unused ones
	Backups       []checkBackupView `json:"backups"`
	Leftovers     []string          `json:"leftovers"`
	OK            bool              `json:"ok"`
}

type checkBackupView struct {
	Path       string `json:"path"`
	Generation uint64 `json:"generation"`
	State      string `json:"state"` // "ok", "other passphrase", or what is wrong
}

func newCheckCmd(app *App) *cobra.Command {
	return &cobra.Command{
		Use:   "check",
		Short: "Verify the vault and its backups",
		Long: `Read the whole vault anew: its slots, its contents, the key of every account,
and the backups. A damaged vault ends with status 5; a damaged backup with 1.`,
		Annotations: vaultStatuses(),
		Example:     "  npmotp check\n  npmotp check --json",
		Args:        noArgs,
		RunE:        func(cmd *cobra.Command, _ []string) error { return runCheck(cmd.Context(), app) },
	}
}

func runCheck(ctx context.Context, app *App) error {
	f, err := app.file()
	if err != nil {
		return err
	}
	v, err := app.unlockFile(ctx, f)
	if err != nil {
		return err
	}
	report, err := v.Check(app.Now())
	if err != nil {
		return err
	}
	view := viewCheck(f.Path(), report)
	if app.flags.json {
		err = app.JSON(view)
	} else {
		err = app.printCheck(view)
	}
	if err == nil && !view.OK {
		return errors.New("a backup is damaged")
	}
	return err
}

func viewCheck(path string, r *vault.Report) checkView {
	view := checkView{
		Vault: path, Generation: r.Generation, Slots: []slotView{}, Accounts: r.Accounts,
		RecoveryCodes: r.RecoveryCodes, Backups: []checkBackupView{}, Leftovers: append([]string{}, r.Leftovers...), OK: true,
	}
	for _, s := range r.Slots {
		view.Slots = append(view.Slots, viewSlot(s))
	}
	for _, b := range r.Backups {
		state := "ok"
		switch {
		case errors.Is(b.Err, vault.ErrOtherPassphrase):
			state = "other passphrase"
		case b.Err != nil:
			state, view.OK = b.Err.Error(), false
		}
		view.Backups = append(view.Backups, checkBackupView{Path: b.Path, Generation: b.Generation, State: state})
	}
	return view
}

func (app *App) printCheck(v checkView) error {
	fields := [][2]string{
		{"vault", v.Vault},
		{"generation", strconv.FormatUint(v.Generation, 10)},
		{"contents", ui.Plural(v.Accounts, "account") + ", " + ui.Plural(v.RecoveryCodes, "unused recovery code")},
	}
	for _, s := range v.Slots {
		fields = append(fields, [2]string{"slot " + s.ID, s.text()})
	}
	for _, b := range v.Backups {
		fields = append(fields, [2]string{fmt.Sprintf("backup %d", b.Generation), b.State})
	}
	for _, l := range v.Leftovers {
		fields = append(fields, [2]string{"leftover", l})
	}
	if err := app.Fields(fields); err != nil {
		return err
	}
	for _, s := range v.Slots {
		if s.WorkFactor > 0 && s.WorkFactor < doctor.WeakWorkFactor {
			app.Warnf("the work factor %d makes a stolen vault cheaper to guess; 'npmotp passwd' writes it with %d", s.WorkFactor, vault.DefaultWorkFactor)
		}
	}
	app.warnClassic(v.Slots)
	app.Sayf("everything can be read")
	return nil
}
