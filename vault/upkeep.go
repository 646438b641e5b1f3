package vault

import (
	"context"

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

// Leftovers returns the temporary files of saves that were killed.
func (f *File) Leftovers() ([]string, error) { return atomicfile.Leftovers(f.path) }

// RemoveLeftovers removes what [File.Leftovers] returns, while nobody saves.
func (f *File) RemoveLeftovers(ctx context.Context) error {
	unlock, err := f.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	return removeLeftovers(f.path)
}

// Resolved returns the path of the vault without symbolic links.
func (f *File) Resolved() (string, error) { return atomicfile.Resolve(f.path) }
