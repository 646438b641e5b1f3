package vault

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
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
	slices.SortFunc(found, func(a, b Backup) int {
		return cmp.Or(cmp.Compare(b.Generation, a.Generation), strings.Compare(a.Path, b.Path))
	})
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

// RemoveBackups deletes every backup and returns how many there were: after a
// new passphrase they still open with the old one.
func (f *File) RemoveBackups(ctx context.Context) (int, error) {
	unlock, err := f.lock(ctx)
	if err != nil {
		return 0, err
	}
	defer unlock()
	found, err := f.Backups()
	if err != nil {
		return 0, err
	}
	for i, b := range found {
		if err := os.Remove(b.Path); err != nil {
			return i, err
		}
	}
	return len(found), nil
}
