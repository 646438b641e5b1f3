package vault

import (
	"context"
	"errors"
	"fmt"
)

// Restore puts a backup in the place of the vault file, also when that is
// damaged or gone, as a new generation. What stood there stays among the
// backups. The backup is opened by one of its own slots, which are those of the
// vault from then on.
func (f *File) Restore(ctx context.Context, b Backup, by Opener) (*Vault, error) {
	c, err := readContainer(b.Path)
	if err != nil {
		return nil, err
	}
	v, contents, err := f.open(ctx, b.Path, c, by)
	if err != nil {
		return nil, err
	}
	unlock, err := f.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	keep, err := f.replacedPath()
	if err != nil {
		return nil, err
	}
	seen, err := f.memory.read(f.path)
	if err != nil {
		return nil, err
	}
	contents.Parent = c.hash()
	if seen.VaultID == contents.VaultID {
		contents.Generation = max(contents.Generation, seen.Generation)
	}
	contents.Generation++
	if _, present, err := v.present(); err == nil {
		contents.revive(present)
	}
	plain, err := contents.encodeChange(headHash(c.head), f.options.Clock())
	if err != nil {
		return nil, err
	}
	data, err := v.sealBody(c.head, plain)
	if err != nil {
		return nil, err
	}
	if err := v.writer(keep, plain).Replace(data); err != nil {
		return nil, fmt.Errorf("restoring the vault: %w", err)
	}
	f.remember(contents, data)
	return v, nil
}

// revive makes what c has and a later generation has removed new: by its old id
// it would be removed again by the next merge with a copy that has the tombstone.
func (c *Contents) revive(later *Contents) {
	for _, t := range later.Tombstones {
		if !c.Buried(t.ID) {
			c.Tombstones = append(c.Tombstones, t)
		}
	}
	c.stored = nil
}

// replacedPath names where the present file is kept when a backup takes its
// place, or "" when there is none.
func (f *File) replacedPath() (string, error) {
	hash, err := hashFile(f.path)
	if errors.Is(err, ErrNoVault) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return f.backupPath("replaced", 0, hash)
}

// Accept makes the present file the newest one known, although this machine
// has seen a newer generation or another vault in its place.
func (v *Vault) Accept() error {
	c, contents, err := v.present()
	if err != nil {
		return err
	}
	return v.file.memory.remember(v.file.path, contents, c.slots, true)
}

// hashFile returns the hexadecimal SHA-256 of a file that need not be a vault.
func hashFile(path string) (string, error) {
	data, err := readRegular(path)
	if err != nil {
		return "", err
	}
	return hashOf(data), nil
}
