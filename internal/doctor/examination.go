package doctor

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"time"

	"npmotp/internal/ui"
	"npmotp/vault"
)

// WeakWorkFactor is where a warning begins: half of age's default.
const WeakWorkFactor = 17

// An Examination is what is looked at, and by what means.
type Examination struct {
	File    *vault.File // which warns by [Examination.Warn]
	DataDir string      // where the vault lies unless another is named
	State   string      // the folder of what is remembered of vaults; "" is none
	Program string      // the file of the program
	NPM     NPM
	Now     time.Time
	// Hint returns what an error's reader can do.
	Hint func(error) string
	// Open opens the vault, or returns nil where what it holds is left out.
	Open func(context.Context) (*vault.Vault, error)

	places   Places
	warnings []error
}

// Warn takes a warning about the vault, while it is read.
func (x *Examination) Warn(err error) { x.warnings = append(x.warnings, err) }

// Run makes all checks that can be made. Whole tells that the vault was opened.
func (x *Examination) Run(ctx context.Context) (all []Finding, whole bool, err error) {
	if err := x.locate(); err != nil {
		return nil, false, err
	}
	there := x.vault()
	left, err := x.File.Leftovers()
	all = slices.Concat(
		[]Finding{there},
		x.places.Modes(), x.places.owners(), x.places.links(),
		leftovers(left, err, func() error { return x.File.RemoveLeftovers(ctx) }),
		x.places.copies(),
		x.NPM.logs(x.Now), x.NPM.otpSettings(), x.NPM.variables(),
		swap(),
		Clock(x.Now, x.witnesses()),
	)
	if !there.OK {
		return all, true, nil
	}
	all = append(all, x.workFactor())
	v, err := x.Open(ctx)
	if err != nil || v == nil {
		return all, false, err
	}
	return append(all, x.opened(v)...), true, nil
}

// locate finds out where the files of the vault lie.
func (x *Examination) locate() error {
	resolved, err := x.File.Resolved()
	if err == nil {
		resolved, err = filepath.Abs(resolved)
	}
	if err != nil {
		return err
	}
	x.places = Places{
		Path: x.File.Path(), Resolved: resolved, Private: sameFolder(filepath.Dir(resolved), x.DataDir),
	}
	// Where they cannot be listed, there are none or the vault cannot be read.
	backups, _ := x.File.Backups()
	for _, b := range backups {
		x.places.Others = append(x.places.Others, b.Path)
	}
	if x.State != "" {
		x.places.Own = append(x.places.Own, x.State)
	}
	return nil
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

// failed is the finding that something about the vault is wrong.
func (x *Examination) failed(check string, err error) Finding {
	return Finding{Check: check, What: err.Error(), Mend: cmp.Or(x.Hint(err), "npmotp check; 'npmotp restore' brings back an earlier generation")}
}

// vault is the finding whether there is a vault at all.
func (x *Examination) vault() Finding {
	if err := x.File.Probe(); err != nil {
		return x.failed("vault", err)
	}
	return Finding{Check: "vault", OK: true, What: "the vault is " + x.places.Resolved}
}

// workFactor tells how much a guess at the passphrase costs.
func (x *Examination) workFactor() Finding {
	const check = "work-factor"
	factor, err := x.File.WorkFactor()
	switch {
	case err != nil:
		return x.failed(check, err)
	case factor == 0:
		return Finding{Check: check, OK: true, What: "the vault opens with no passphrase that could be guessed"}
	case factor < WeakWorkFactor:
		return Finding{
			Check: check, What: fmt.Sprintf("the work factor is %d, which makes a stolen vault cheap to guess", factor),
			Mend: fmt.Sprintf("npmotp passwd (writes it with %d)", vault.DefaultWorkFactor),
		}
	}
	return Finding{Check: check, OK: true, What: fmt.Sprintf("the work factor is %d", factor)}
}

// witnesses are times that cannot lie ahead.
func (x *Examination) witnesses() []Witness {
	var w []Witness
	if info, err := os.Stat(x.places.Resolved); err == nil {
		w = append(w, Witness{At: info.ModTime(), What: "the vault was saved"})
	}
	if info, err := os.Stat(x.Program); err == nil {
		w = append(w, Witness{At: info.ModTime(), What: "this program was installed"})
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if at, err := time.Parse(time.RFC3339, s.Value); err == nil && s.Key == "vcs.time" {
				w = append(w, Witness{At: at, What: "this program was written"})
			}
		}
	}
	return w
}

// opened looks at what the passphrase opens.
func (x *Examination) opened(v *vault.Vault) []Finding {
	contents, err := v.Contents()
	var report *vault.Report
	if err == nil {
		report, err = v.Check(x.Now)
	}
	if err != nil {
		return []Finding{x.failed("contents", err)}
	}
	readable := Finding{Check: "contents", OK: true, What: ui.Plural(len(contents.Accounts), "account") + " can be read"}
	return slices.Concat([]Finding{readable}, x.rollback(), backups(report), recoveryCodes(contents))
}

// rollback tells what the vault warned of as it was read.
func (x *Examination) rollback() []Finding {
	var found []Finding
	for _, err := range x.warnings {
		found = append(found, x.failed("rollback", err))
	}
	return or(found, "rollback", "the vault is no older than the last one seen here")
}
