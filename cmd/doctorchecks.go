package cmd

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"npmotp/internal/doctor"
	"npmotp/internal/ui"
	"npmotp/vault"
)

// An examination is what doctor looks at.
type examination struct {
	app      *App
	file     *vault.File
	places   doctor.Places
	warnings []error // of the vault, while it is read
}

func (app *App) newExamination() (*examination, error) {
	x := &examination{app: app}
	var err error
	options := app.vaultOptions()
	options.Warn = func(err error) { x.warnings = append(x.warnings, err) }
	x.file, err = app.fileWith(options)
	if err != nil {
		return nil, err
	}
	resolved, err := x.file.Resolved()
	if err == nil {
		resolved, err = filepath.Abs(resolved)
	}
	if err != nil {
		return nil, err
	}
	dir := filepath.Dir(resolved)
	x.places = doctor.Places{
		Path: x.file.Path(), Resolved: resolved, Header: "npmotp-vault ",
		Private: sameFolder(dir, dataDir(app.Getenv)),
	}
	// Where they cannot be listed, there are none or the vault cannot be read.
	backups, _ := x.file.Backups()
	for _, b := range backups {
		x.places.Others = append(x.places.Others, b.Path)
	}
	if state := stateDir(app.Getenv); state != "" {
		x.places.Own = append(x.places.Own, state)
	}
	return x, nil
}

// sameFolder reports whether two paths lead to one folder.
func sameFolder(a, b string) bool {
	first, err := os.Stat(a)
	if err != nil {
		return false
	}
	second, err := os.Stat(b)
	return err == nil && os.SameFile(first, second)
}

// findings runs all checks that can be run.
func (x *examination) findings(ctx context.Context) ([]doctor.Finding, error) {
	there := x.vault()
	all := []doctor.Finding{there}
	leftovers, err := x.file.Leftovers()
	all = append(all, x.places.Modes()...)
	all = append(all, x.places.Owners()...)
	all = append(all, x.places.Links()...)
	all = append(all, doctor.Leftovers(leftovers, err, func() error { return x.file.RemoveLeftovers(ctx) })...)
	all = append(all, x.places.Copies(func(path string) string {
		return "npmotp merge " + ui.Quote(path)
	})...)
	dir, err := x.app.Dir()
	if err != nil {
		dir = ""
	}
	npm := doctor.NPM{Getenv: x.app.Getenv, Environ: x.app.Environ(), Dir: dir}
	all = append(all, npm.Logs()...)
	all = append(all, npm.Settings()...)
	all = append(all, npm.Variables()...)
	all = append(all, doctor.Swap()...)
	all = append(all, doctor.Clock(x.app.Now(), x.witnesses())...)
	if !there.OK {
		return all, nil
	}
	all = append(all, x.workFactor())
	v, err := x.app.openToLook(ctx, x.file)
	if err != nil {
		return nil, err
	}
	if v == nil {
		x.app.Sayf("without the passphrase these were left out: contents, rollback, backups, recovery-codes, same-laptop")
		return all, nil
	}
	return append(all, x.opened(ctx, v)...), nil
}

// vault tells whether there is a vault at all.
func (x *examination) vault() doctor.Finding {
	f := doctor.Finding{Check: "vault", OK: true, What: "the vault is " + x.places.Resolved}
	if err := x.file.Probe(); err != nil {
		_, f.Mend = outcome(err)
		f.OK, f.What = false, err.Error()
	}
	return f
}

// workFactor tells how much a guess at the passphrase costs.
func (x *examination) workFactor() doctor.Finding {
	f := doctor.Finding{Check: "work-factor"}
	factor, err := x.file.WorkFactor()
	switch {
	case err != nil:
		_, f.Mend = outcome(err)
		f.What = err.Error()
	case factor == 0:
		f.OK, f.What = true, "the vault opens with no passphrase that could be guessed"
	case factor < weakWorkFactor:
		f.What = fmt.Sprintf("the work factor is %d, which makes a stolen vault cheap to guess", factor)
		f.Mend = fmt.Sprintf("npmotp passwd (writes it with %d)", vault.DefaultWorkFactor)
	default:
		f.OK, f.What = true, fmt.Sprintf("the work factor is %d", factor)
	}
	return f
}

// witnesses are times that cannot lie ahead.
func (x *examination) witnesses() []doctor.Witness {
	var w []doctor.Witness
	if info, err := os.Stat(x.places.Resolved); err == nil {
		w = append(w, doctor.Witness{At: info.ModTime(), What: "the vault was saved"})
	}
	if info, err := os.Stat(x.app.Self); err == nil {
		w = append(w, doctor.Witness{At: info.ModTime(), What: "this program was installed"})
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if at, err := time.Parse(time.RFC3339, s.Value); err == nil && s.Key == "vcs.time" {
				w = append(w, doctor.Witness{At: at, What: "this program was written"})
			}
		}
	}
	return w
}

// opened looks at what the passphrase opens.
func (x *examination) opened(ctx context.Context, v *vault.Vault) []doctor.Finding {
	contents, err := v.Contents(ctx)
	var report *vault.Report
	if err == nil {
		report, err = v.Check(ctx, x.app.Now())
	}
	if err != nil {
		_, mend := outcome(err)
		return []doctor.Finding{{Check: "contents", What: err.Error(), Mend: mend}}
	}
	all := []doctor.Finding{{Check: "contents", OK: true, What: ui.Plural(len(contents.Accounts), "account") + " can be read"}}
	all = append(all, x.rollback()...)
	all = append(all, doctor.Backups(report)...)
	return append(all, doctor.RecoveryCodes(contents)...)
}

// rollback tells what the vault warned of as it was read.
func (x *examination) rollback() []doctor.Finding {
	var found []doctor.Finding
	for _, err := range x.warnings {
		_, mend := outcome(err)
		found = append(found, doctor.Finding{Check: "rollback", What: err.Error(), Mend: mend})
	}
	if len(found) == 0 {
		found = []doctor.Finding{{Check: "rollback", OK: true, What: "the vault is no older than the last one seen here"}}
	}
	return found
}
