package vault

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"npmotp/internal/atomicfile"
)

// A memory is a folder outside the vault's that holds, for each vault path, the
// id and the highest generation seen there. A sync service or a thief that puts
// an older file back is noticed by it; one that can write here too is not.
// The zero memory remembers nothing.
type memory struct{ dir string }

type memoryRecord struct {
	V          int    `json:"v"`
	Path       string `json:"path"`
	VaultID    string `json:"vault_id"`
	Generation uint64 `json:"generation"`
}

func (m memory) file(path string) (string, error) {
	resolved, err := atomicfile.Resolve(path)
	if err != nil {
		return "", err
	}
	abs, err := filepath.Abs(resolved)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(abs))
	return filepath.Join(m.dir, "seen-"+hex.EncodeToString(sum[:8])+".json"), nil
}

// read returns what is remembered of path; the zero record when nothing is.
func (m memory) read(path string) (r memoryRecord, err error) {
	if m.dir == "" {
		return r, nil
	}
	name, err := m.file(path)
	if err != nil {
		return r, err
	}
	data, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	if err != nil {
		return r, err
	}
	if err := json.Unmarshal(data, &r); err != nil {
		return r, fmt.Errorf("%s: %w", name, err)
	}
	return r, nil
}

// generation returns the highest generation seen of a vault at path.
func (m memory) generation(path, vaultID string) (uint64, error) {
	r, err := m.read(path)
	if err != nil || r.VaultID != vaultID {
		return 0, err
	}
	return r.Generation, nil
}

// checkRead is check for what was read without the lock, from a file. Where the file has been replaced since, by a save that is in the memory
// already, nothing is wrong: what was read was the newest then.
func (f *File) checkRead(c *Contents, from *container) error {
	err := f.memory.check(f.path, c)
	if errors.Is(err, ErrRolledBack) {
		if now, readErr := hashFile(f.path); readErr == nil && now != from.hash() {
			return nil
		}
	}
	return err
}

// check returns an error that wraps [ErrRolledBack] when c is another vault or
// an older generation than was seen at path before.
func (m memory) check(path string, c *Contents) error {
	r, err := m.read(path)
	if err != nil {
		return err
	}
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

func (m memory) remember(path string, c *Contents) error {
	if m.dir == "" {
		return nil
	}
	name, err := m.file(path)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(m.dir, 0o700); err != nil {
		return err
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	data, err := json.Marshal(memoryRecord{V: 1, Path: abs, VaultID: c.VaultID, Generation: c.Generation})
	if err != nil {
		return err
	}
	return atomicfile.Writer{Path: name}.Replace(append(data, '\n'))
}

// remember notes a save. The save itself has succeeded: a failure here is told
// and is no error.
func (f *File) remember(c *Contents) {
	if err := f.memory.remember(f.path, c); err != nil {
		f.options.Warn(fmt.Errorf("the vault is saved, but its generation could not be noted: %w", err))
	}
}
