package vault

import (
	"context"
	"errors"
	"path/filepath"
	"strings"

	"npmotp/internal/agefile"
	"npmotp/internal/atomicfile"
)

// WorkFactor returns the smallest scrypt work factor that a passphrase slot
// asks for, the base-2 logarithm of the rounds, or 0 where there is no such
// slot. It needs no passphrase: the header of a slot is not secret.
func (f *File) WorkFactor() (int, error) {
	c, err := f.read()
	if err != nil {
		return 0, err
	}
	least := 0
	for _, s := range c.slots {
		if s.kind != slotPassphrase {
			continue
		}
		factor, err := agefile.WorkFactor(s.armored)
		if err != nil {
			return 0, err
		}
		if least == 0 || factor < least {
			least = factor
		}
	}
	return least, nil
}

// Leftovers returns the temporary files of killed runs: of the vault, its backups,
// the memory, and what was written for other laptops and the printer.
func (f *File) Leftovers() ([]string, error) {
	own, err := f.ownLeftovers()
	if err != nil {
		return nil, err
	}
	others, err := f.memory.folder.Leftovers()
	return append(own, others...), err
}

func (f *File) ownLeftovers() ([]string, error) {
	found, err := atomicfile.Leftovers(f.path)
	if err != nil {
		return nil, err
	}
	dir, base, err := f.backupDir()
	if err != nil {
		return nil, err
	}
	backups, err := atomicfile.LeftoversIn(dir)
	for _, path := range backups {
		if strings.HasPrefix(filepath.Base(path), "."+base+".") {
			found = append(found, path)
		}
	}
	return found, err
}

// RemoveLeftovers removes what [File.Leftovers] returns, while nobody saves.
func (f *File) RemoveLeftovers(ctx context.Context) error {
	unlock, err := f.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	return errors.Join(f.removeOwnLeftovers(), f.memory.folder.RemoveLeftovers(ctx))
}

// removeOwnLeftovers removes those of the vault and its backups. The lock is held.
func (f *File) removeOwnLeftovers() error { return atomicfile.Remove(f.ownLeftovers()) }

// Resolved returns the path of the vault without symbolic links.
func (f *File) Resolved() (string, error) { return atomicfile.Resolve(f.path) }
