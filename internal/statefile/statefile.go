// Package statefile keeps small JSON files in the folder of the state, which
// several processes read and change.
//
// What is in them can be lost: a file that cannot be understood is put aside and
// begun anew, and keeps nobody from working. It promises nothing against those who
// can write the folder.
package statefile

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"npmotp/internal/atomicfile"
	"npmotp/internal/filelock"
)

// lockWait bounds the wait for other processes, which hold the lock for the time
// of a write.
const lockWait = 10 * time.Second

// ErrDamaged says that a file cannot be read or understood.
var ErrDamaged = errors.New("is damaged")

// version is the "v" of the files that have one.
const version = 1

// A VersionError says that a file was written by a later npmotp. It is not damaged,
// so it is neither put aside nor written.
type VersionError struct {
	Path string
	Got  int
}

// Error implements error.
func (e *VersionError) Error() string {
	return fmt.Sprintf("%s has format %d, and this npmotp reads formats up to %d", e.Path, e.Got, version)
}

// A Folder is the folder of the state. The zero Folder keeps nothing: all files
// are missing, and what is written is forgotten.
type Folder struct {
	Dir  string
	Warn func(error) // of what was put aside; may be nil
}

// Read returns what a file holds, or the zero value when there is none. The error
// wraps [ErrDamaged] where the next [Change] would put the file aside, and is a
// [*VersionError] where it would leave the file alone.
func Read[T any](f Folder, name string) (T, error) {
	v, _, err := read[T](f, name)
	return v, err
}

func read[T any](f Folder, name string) (v T, data []byte, err error) {
	if f.Dir == "" {
		return v, nil, nil
	}
	path := filepath.Join(f.Dir, name)
	data, err = os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return v, nil, nil
	}
	if err == nil {
		var head struct {
			V int `json:"v"`
		}
		if json.Unmarshal(data, &head) == nil && head.V > version {
			return v, nil, &VersionError{Path: path, Got: head.V}
		}
		err = json.Unmarshal(data, &v)
	}
	if err != nil {
		var none T
		return none, nil, fmt.Errorf("%s %w", path, ErrDamaged)
	}
	return v, data, nil
}

// Change hands fn what a file holds and stores what fn makes of it, on disk and
// synced, while no other process does. An error of fn is returned as it is and
// leaves the file alone.
func Change[T any](ctx context.Context, f Folder, name string, fn func(*T) error) error {
	if f.Dir == "" {
		return fn(new(T))
	}
	unlock, err := f.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	v, before, err := read[T](f, name)
	if errors.Is(err, ErrDamaged) {
		err = f.putAside(name, err)
	}
	if err != nil {
		return err
	}
	if err := fn(&v); err != nil {
		return err
	}
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if data = append(data, '\n'); bytes.Equal(data, before) {
		return nil
	}
	// Those of the other files, too: the lock is that of the folder.
	_ = atomicfile.Remove(atomicfile.LeftoversIn(f.Dir))
	return atomicfile.Writer{Path: filepath.Join(f.Dir, name)}.Replace(data)
}

// lock keeps other processes from changing files of the folder.
func (f Folder) lock(ctx context.Context) (unlock func(), err error) {
	if err := os.MkdirAll(f.Dir, 0o700); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, lockWait)
	defer cancel()
	l, err := filelock.Acquire(ctx, filepath.Join(f.Dir, "lock"), fmt.Sprintf("process %d", os.Getpid()))
	if err != nil {
		return nil, err
	}
	return func() { _ = l.Release() }, nil
}

// putAside renames a file that is of no use, in the place of one that was put
// aside before.
func (f Folder) putAside(name string, damage error) error {
	path := filepath.Join(f.Dir, name)
	aside := path + ".damaged"
	if err := os.Rename(path, aside); err != nil {
		return fmt.Errorf("%w, and cannot be moved away: %w", damage, err)
	}
	if f.Warn != nil {
		f.Warn(fmt.Errorf("%w: it is %s now, and begun anew", damage, filepath.Base(aside)))
	}
	return nil
}
