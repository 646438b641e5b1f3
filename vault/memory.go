package vault

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"

	"npmotp/internal/atomicfile"
	"npmotp/internal/statefile"
)

// A memory is a folder outside the vault's that holds, for each vault path, the
// id and the highest generation seen there with its slots, whether it was saved here
// or only read. A sync service or a thief that puts an older file back is noticed by it;
// one that can write here too is not. The zero memory remembers nothing.
type memory struct{ folder statefile.Folder }

type memoryRecord struct {
	V          int    `json:"v"`
	Path       string `json:"path"`
	VaultID    string `json:"vault_id"`
	Generation uint64 `json:"generation"`
	// Slots are those of the file; nothing is known of them where an earlier version
	// noted it.
	Slots workFactors `json:"slots,omitempty"`
}

// names returns the absolute path of the vault at path, and the name of its file
// in the memory.
func names(path string) (abs, name string, err error) {
	if abs, err = atomicfile.Resolve(path); err != nil {
		return "", "", err
	}
	if abs, err = filepath.Abs(abs); err != nil {
		return "", "", err
	}
	sum := sha256.Sum256([]byte(abs))
	return abs, "seen-" + hex.EncodeToString(sum[:8]) + ".json", nil
}

// read returns what is remembered of path; the zero record when nothing is, or
// when it cannot be understood: it is put aside as soon as something is noted.
func (m memory) read(path string) (r memoryRecord, err error) {
	_, name, err := names(path)
	if err != nil {
		return r, err
	}
	r, err = statefile.Read[memoryRecord](m.folder, name)
	if errors.Is(err, statefile.ErrDamaged) {
		err = nil
	}
	return r, err
}

// check returns an error that wraps [ErrRolledBack] when c is another vault or
// an older generation than was seen at path before.
func (r memoryRecord) check(path string, c *Contents) error {
	switch {
	case r.VaultID == "":
		return nil
	case r.VaultID != c.VaultID:
		return fmt.Errorf("%w: %s is another vault than the one last seen there", ErrRolledBack, path)
	case c.Generation < r.Generation:
		return fmt.Errorf("%w: %s is generation %d, and generation %d was seen there", ErrRolledBack, path, c.Generation, r.Generation)
	}
	return nil
}

// check is that of what is remembered of path.
func (m memory) check(path string, c *Contents) error {
	r, err := m.read(path)
	if err != nil {
		return err
	}
	return r.check(path, c)
}

// remember makes c the newest that was seen at path if it is no older than what is
// remembered, or in any case.
func (m memory) remember(path string, c *Contents, slots []slot, anyCase bool) error {
	abs, name, err := names(path)
	if err != nil {
		return err
	}
	return statefile.Change(context.Background(), m.folder, name, func(r *memoryRecord) error {
		if anyCase || r.check(path, c) == nil {
			*r = memoryRecord{V: 1, Path: abs, VaultID: c.VaultID, Generation: c.Generation, Slots: workFactorsOf(slots)}
		}
		return nil
	})
}

// remember notes a save of c as data. The save itself has succeeded: a failure here is told
// and is no error.
func (f *File) remember(c *Contents, data []byte) {
	slots, _, err := cutSlots(data)
	if err == nil {
		err = f.memory.remember(f.path, c, slots, true)
	}
	if err != nil {
		f.options.Warn(fmt.Errorf("the vault is saved, but its generation could not be noted: %w", err))
	}
}

// wasRead compares what was read without the lock, from a file, with the memory,
// and notes what is newer: by another laptop, which a sync service brought here.
//
// Where the file has been replaced since, by a save that is in the memory already,
// nothing is wrong: what was read was the newest then. Who reads has got what he
// asked for: that it cannot be noted, in a folder that cannot be written, is said
// by the next save.
func (f *File) wasRead(c *Contents, from *container) {
	r, err := f.memory.read(f.path)
	if err == nil {
		err = r.check(f.path, c)
	}
	if err == nil && (r.Slots == nil || r.Generation < c.Generation) {
		if err = f.memory.remember(f.path, c, from.slots, false); !errors.Is(err, statefile.ErrDamaged) {
			err = nil
		}
	}
	if errors.Is(err, ErrRolledBack) {
		if now, readErr := hashFile(f.path); readErr == nil && now != from.hash() {
			return
		}
	}
	if err != nil {
		f.options.Warn(err)
	}
}
