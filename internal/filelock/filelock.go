// Package filelock keeps processes of one machine apart with an advisory lock
// on a file.
//
// The lock ends with its process, however that ends. The lock file stays, unless
// it is removed by who holds it: who waited for a file that has lost its name
// meanwhile locks the new one, so that two processes never hold two files.
package filelock

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

// ErrNotLock says that something else than a lock file has its name.
var ErrNotLock = errors.New("it is not a lock file: move it away")

// A BusyError says that somebody else holds the lock.
type BusyError struct {
	Path   string
	Holder string // what the holder wrote about itself; may be empty
	Err    error  // why the wait ended
}

// Error implements error.
func (e *BusyError) Error() string {
	if e.Holder == "" {
		return fmt.Sprintf("%s is locked by another process", e.Path)
	}
	return fmt.Sprintf("%s is locked by %s", e.Path, e.Holder)
}

// Unwrap returns the reason the wait ended.
func (e *BusyError) Unwrap() error { return e.Err }

// A Lock is held until Release or the end of the process.
type Lock struct{ f *os.File }

// Acquire takes the lock of the file at path, creating it if need be, and waits
// for it until ctx is done; the error is then a [*BusyError]. The holder text
// is what others are told in theirs; it must hold no secret.
func Acquire(ctx context.Context, path, holder string) (*Lock, error) {
	for {
		f, err := open(path)
		if err != nil {
			return nil, err
		}
		if err := wait(ctx, f); err != nil {
			return nil, err
		}
		if named, err := isNamed(f); err != nil || !named {
			_ = f.Close()
			if err != nil {
				return nil, err
			}
			continue
		}
		// For people only: a failure to write it is no reason not to go on.
		_ = f.Truncate(0)
		_, _ = f.WriteAt([]byte(holder[:min(len(holder), maxHolder-1)]+"\n"), 0)
		return &Lock{f: f}, nil
	}
}

// maxHolder is the most that a lock file holds, in bytes. What is larger is no
// lock, and would be emptied.
const maxHolder = 200

// open opens the lock file, and nothing that somebody put in its place: a link
// leads to a file that is not ours to empty.
func open(path string) (*os.File, error) {
	refuse := func() (*os.File, error) {
		return nil, &os.PathError{Op: "lock", Path: path, Err: ErrNotLock}
	}
	if info, err := os.Lstat(path); err == nil && !info.Mode().IsRegular() {
		return refuse()
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|noFollow, 0o600)
	if err != nil {
		return nil, err
	}
	// Between the two looks it may have been exchanged.
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() || info.Size() > maxHolder {
		_ = f.Close()
		return refuse()
	}
	return f, nil
}

// isNamed reports whether f is still the file of its name.
func isNamed(f *os.File) (bool, error) {
	mine, err := f.Stat()
	if err != nil {
		return false, err
	}
	now, err := os.Lstat(f.Name())
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil && os.SameFile(mine, now), err
}

// wait returns with the lock of f, or with an error and f closed, now or later.
func wait(ctx context.Context, f *os.File) error {
	// A lock that is free is taken even when no time is left.
	if free, err := tryLock(f); free || err != nil {
		return closeOn(err, f)
	}
	got := make(chan error, 1)
	go func() { got <- lock(f) }()
	select {
	case err := <-got:
		return closeOn(err, f)
	case <-ctx.Done():
		busy := &BusyError{Path: f.Name(), Holder: readHolder(f.Name()), Err: context.Cause(ctx)}
		// The system call cannot be interrupted: let go of the lock when it
		// arrives after all.
		go func() {
			if closeOn(<-got, f) == nil {
				_ = f.Close()
			}
		}()
		return busy
	}
}

// closeOn closes f when there is an error, and says which file it was.
func closeOn(err error, f *os.File) error {
	if err == nil {
		return nil
	}
	_ = f.Close()
	return &os.PathError{Op: "lock", Path: f.Name(), Err: err}
}

// Release gives the lock up.
func (l *Lock) Release() error {
	_ = l.f.Truncate(0)
	return l.f.Close() // closing unlocks, on every system
}

// Remove gives the lock up and takes its file away, where the system lets it:
// in a folder that is carried to other machines, the file has no use.
func (l *Lock) Remove() error {
	_ = os.Remove(l.f.Name()) // Windows removes no open file; then it stays
	return l.Release()
}

func readHolder(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(io.LimitReader(f, maxHolder))
	if err != nil {
		return ""
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return -1
		}
		return r
	}, string(text))
}
