package vault

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"

	"npmotp/internal/atomicfile"
)

// keptBackups is how many generations before the present one stay.
const keptBackups = 10

// A Backup is an older generation of a vault, a complete vault file.
type Backup struct {
	Path       string
	Generation uint64
	vault      string // the beginning of the vault's id
}

func (f *File) backupDir() (dir, base string, err error) {
	path, err := atomicfile.Resolve(f.path)
	if err != nil {
		return "", "", err
	}
	return filepath.Join(filepath.Dir(path), "backups"), filepath.Base(path), nil
}

// backupPath names the backup of a generation of a vault. The hash keeps apart
// two files of one generation, which diverged copies have.
func (f *File) backupPath(vaultID string, generation uint64, hash string) (string, error) {
	dir, base, err := f.backupDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, fmt.Sprintf("%s.%d-%s-%.8s", base, generation, shortID(vaultID), hash)), nil
}

func shortID(vaultID string) string { return fmt.Sprintf("%.8s", vaultID) }

// Backups returns the backups that lie beside the vault, newest first.
func (f *File) Backups() ([]Backup, error) {
	dir, base, err := f.backupDir()
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var found []Backup
	for _, e := range entries {
		suffix, ok := strings.CutPrefix(e.Name(), base+".")
		parts := strings.Split(suffix, "-")
		if !ok || len(parts) != 3 || !e.Type().IsRegular() {
			continue
		}
		generation, err := strconv.ParseUint(parts[0], 10, 64)
		if err != nil {
			continue
		}
		found = append(found, Backup{Path: filepath.Join(dir, e.Name()), Generation: generation, vault: parts[1]})
	}
	sort.SliceStable(found, func(i, j int) bool { return found[i].Generation > found[j].Generation })
	return found, nil
}

// pruneBackups removes all but the newest backups of one vault. Those of
// another vault in the same place may be the only copies left of it.
func (f *File) pruneBackups(vaultID string) error {
	found, err := f.Backups()
	seen := 0
	for _, b := range found {
		if b.vault != shortID(vaultID) {
			continue
		}
		if seen++; seen > keptBackups {
			err = errors.Join(err, os.Remove(b.Path))
		}
	}
	return err
}

// RemoveBackups deletes backups and returns how many there were.
func (f *File) RemoveBackups(ctx context.Context, backups []Backup) (int, error) {
	unlock, err := f.lock(ctx)
	if err != nil {
		return 0, err
	}
	defer unlock()
	n := 0
	for _, b := range backups {
		switch err := os.Remove(b.Path); {
		case err == nil:
			n++
		case !errors.Is(err, fs.ErrNotExist):
			return n, err
		}
	}
	return n, nil
}

// BackupsOfForgotten returns the backups that hold a key or a recovery code that the
// vault holds no more, because it was moved to another laptop, removed or replaced.
// Of those that open with an earlier passphrase this cannot be seen; they count as
// such. Those of another vault in the same place, and damaged ones, do not.
func (v *Vault) BackupsOfForgotten(context.Context) ([]Backup, error) {
	_, present, err := v.present()
	if err != nil {
		return nil, err
	}
	backups, err := v.file.Backups()
	if err != nil {
		return nil, err
	}
	here := present.secrets()
	return slices.DeleteFunc(backups, func(b Backup) bool {
		return b.vault != shortID(present.VaultID) || !v.holdsOthers(b, here)
	}), nil
}

// holdsOthers reports whether a backup holds secrets that are not among those here,
// or cannot be looked into.
func (v *Vault) holdsOthers(b Backup, here map[string]bool) bool {
	c, err := readContainer(b.Path)
	if err != nil {
		return false
	}
	contents, err := v.decode(c)
	if err != nil {
		return errors.Is(err, ErrOtherIdentity)
	}
	for s := range contents.secrets() {
		if !here[s] {
			return true
		}
	}
	return false
}

// secrets returns the keys and recovery codes of all accounts.
func (c *Contents) secrets() map[string]bool {
	all := map[string]bool{}
	for i := range c.Accounts {
		a := &c.Accounts[i]
		if a.Key != nil {
			all["key "+a.Key.Secret.Reveal()] = true
		}
		for j := range a.RecoveryCodes {
			all["code "+a.RecoveryCodes[j].Code.Reveal()] = true
		}
	}
	return all
}
