package vault

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"npmotp/internal/atomicfile"
	"npmotp/internal/filelock"
)

// syncTries is how often a sync begins anew because the copy was written by
// somebody else in the meantime.
const syncTries = 20

// A Synced tells what [Vault.Sync] did.
type Synced struct {
	Created bool     // the copy was not there
	Here    []Change // in the vault
	There   []Change // in the copy
}

// Sync makes the vault and its copy at path the same: what either has, both
// have afterwards. A copy that is not there is created. What conflicts, copies
// that a sync engine put aside, have is merged too.
//
// The copy can be written at any time by an engine that knows no locks. So the
// vault is written first, and has everything that was in the copy; and what the
// new copy took the place of is looked at again: if that is not what was
// merged, the sync begins anew with it.
func (v *Vault) Sync(ctx context.Context, path string, conflicts []*Copy, ask Asker) (*Synced, error) {
	unlock, err := v.file.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	resolved, err := atomicfile.Resolve(path)
	if err != nil {
		return nil, err
	}
	if err := leadsSomewhere(path); err != nil {
		return nil, err
	}
	unlockCopy, err := lockFile(ctx, resolved, (*filelock.Lock).Remove)
	if err != nil {
		return nil, err
	}
	defer unlockCopy()
	v.file.memory.folder.Wrote(resolved)
	if err := atomicfile.RemoveLeftovers(resolved); err != nil {
		v.file.options.Warn(err)
	}
	s := &syncing{vault: v, path: resolved, more: conflicts, ask: ask}
	for range syncTries {
		done, err := s.try(ctx)
		if err != nil {
			return nil, err
		}
		if done {
			return &s.result, nil
		}
	}
	return nil, fmt.Errorf("%w: something keeps writing %s", ErrBusy, path)
}

// leadsSomewhere refuses a link without a target: to create that is to write where
// whoever made the link wanted.
func leadsSomewhere(path string) error {
	info, err := os.Lstat(path)
	if err != nil || info.Mode()&fs.ModeSymlink == 0 {
		return nil //nolint:nilerr // a copy that is not there is created
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %s is a link that leads nowhere", ErrFormat, path)
	}
	return nil
}

// A syncing is a sync under way.
type syncing struct {
	vault  *Vault
	path   string  // of the copy
	more   []*Copy // to be merged beside it
	ask    Asker
	result Synced
}

// try goes once through it, and reports whether nobody was in between.
func (s *syncing) try(ctx context.Context) (done bool, err error) {
	own, err := s.vault.own()
	if err != nil {
		return false, err
	}
	there, err := s.read(ctx)
	if err != nil {
		return false, err
	}
	all := append([]*Copy{own}, s.more...)
	if there != nil {
		all = append(all, there)
	}
	j, err := mergeCopies(all)
	if err != nil {
		return false, err
	}
	r, err := s.vault.file.memory.read(s.vault.file.path)
	if err != nil {
		return false, err
	}
	if r.VaultID != "" && (r.VaultID != own.contents.VaultID || r.Generation > j.generation) {
		return false, r.check(s.vault.file.path, own.contents)
	}
	data, err := s.data(j, own, there)
	if err != nil {
		return false, err
	}
	if string(data) != string(own.file.data) {
		s.result.Here = append(s.result.Here, j.changes(own)...)
		if err := s.vault.take(j, own, data); err != nil {
			return false, err
		}
	}
	if there == nil {
		s.result.Created = true
		err := atomicfile.Writer{Path: s.path, Verify: s.vault.writer("", nil).Verify, Fail: s.vault.file.options.Fail}.Create(data)
		if errors.Is(err, fs.ErrExist) {
			s.result.Created = false
			return false, nil // somebody was first
		}
		return err == nil, err
	}
	if string(data) == string(there.file.data) {
		return true, nil
	}
	s.result.There = append(s.result.There, j.changes(there)...)
	return s.replace(ctx, there, data)
}

// read opens the copy; it returns nil when there is none.
func (s *syncing) read(ctx context.Context) (*Copy, error) {
	data, err := readRegular(s.path)
	if errors.Is(err, ErrNoVault) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return s.vault.openCopy(ctx, s.path, data, s.ask)
}

// data returns the bytes that both files are to have: those of one of them
// where it has everything already, so that the same contents are one file on
// all laptops, and a new file else.
func (s *syncing) data(j *joint, own, there *Copy) ([]byte, error) {
	// The copy first: of two files with the same contents it is the one that
	// other laptops have.
	for _, c := range []*Copy{there, own} {
		if c == nil || c.contents.Generation < j.generation {
			continue
		}
		same, err := j.holds(c)
		if err != nil {
			return nil, err
		}
		if same {
			j.contents, j.vault = c.contents, c.vault
			return c.file.data, nil
		}
	}
	return j.seal(s.vault.file, own.file)
}

// replace writes the copy. The file that it takes the place of stays reachable
// until it was compared with the one that was merged.
func (s *syncing) replace(ctx context.Context, there *Copy, data []byte) (done bool, err error) {
	kept := atomicfile.Temporary(s.path)
	defer func() { _ = os.Remove(kept) }()
	err = atomicfile.Writer{Path: s.path, Keep: kept, Verify: s.vault.writer("", nil).Verify, Fail: s.vault.file.options.Fail}.Replace(data)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil // the copy was removed just now
	}
	if err != nil {
		return false, fmt.Errorf("writing the copy: %w", err)
	}
	replaced, err := readRegular(kept)
	if err != nil {
		return false, err
	}
	if string(replaced) == string(there.file.data) {
		return true, nil
	}
	late, err := s.vault.openCopy(ctx, s.path, replaced, s.ask)
	if err != nil {
		return false, err
	}
	s.more = append(s.more, late)
	return false, nil
}

// Adopt makes a copy of the copy at path the vault of this machine, which has
// none yet.
func (f *File) Adopt(ctx context.Context, path string, by Opener) (*Vault, error) {
	data, err := readRegular(path)
	if err != nil {
		return nil, err
	}
	c, err := parseContainer(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if err := f.agree(ctx, path, c.slots, nil, notInVault); err != nil {
		return nil, err
	}
	v, contents, err := f.open(ctx, path, c, by)
	if err != nil {
		return nil, err
	}
	if err := f.memory.check(f.path, contents); err != nil {
		return nil, err
	}
	if err := v.create(ctx, data, contents); err != nil {
		return nil, err
	}
	return v, nil
}
