// Package atomicfile replaces a file so that a reader, or the next start after
// a crash or a power cut, finds the old contents or the new ones, never less.
//
// It promises nothing on file systems that ignore fsync, and it does not lock:
// two writers at a time are the caller's to keep apart. Each removes what killed
// ones left beside the same file.
package atomicfile

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// mode is the permission of every file written here: they hold secrets.
const mode fs.FileMode = 0o600

// A Step is one operation of a write that can fail.
type Step string

// The steps of a write, in their order.
const (
	StepCreate   Step = "create"
	StepWrite    Step = "write"
	StepSync     Step = "sync"
	StepClose    Step = "close"
	StepReadBack Step = "read back"
	StepVerify   Step = "verify"
	StepKeep     Step = "keep"
	StepRename   Step = "rename"
	StepSyncDir  Step = "sync folder"
)

// A Writer replaces one file.
type Writer struct {
	// Path is the file to replace. A symbolic link is followed, and stays.
	Path string
	// Verify, if set, is given the bytes read back from the disk before they
	// take the place of the old ones; its error leaves the old file alone.
	Verify func(onDisk []byte) error
	// Keep, if set, is where the old file stays reachable as a backup. A file
	// that is there already is left as it is.
	Keep string
	// Fail, if set, is asked before each step and its error is returned as the
	// step's own. It lets tests stop a write at every step.
	Fail func(Step) error
}

// Create writes data to a file that must not exist yet. The error wraps
// [fs.ErrExist] when it does.
func (w Writer) Create(data []byte) error {
	return w.resolved(data, create)
}

// create gives tmp the name path, if nothing has it. What calls it removes tmp.
func create(tmp, path string) error {
	// link(2) refuses to replace a file, which rename(2) does not.
	err := os.Link(tmp, path)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	// FAT and some network file systems have no hard links.
	if _, statErr := os.Lstat(path); statErr == nil {
		return &fs.PathError{Op: "create", Path: path, Err: fs.ErrExist}
	}
	return os.Rename(tmp, path)
}

// Replace writes data in place of what the file holds. The error of a step
// before the rename leaves the old file as it was.
func (w Writer) Replace(data []byte) error {
	return w.resolved(data, os.Rename)
}

func (w Writer) resolved(data []byte, publish func(tmp, path string) error) error {
	path, err := Resolve(w.Path)
	if err != nil {
		return err
	}
	return w.write(path, data, publish)
}

// write follows no link at path.
func (w Writer) write(path string, data []byte, publish func(tmp, path string) error) error {
	_ = RemoveLeftovers(path) // what cannot be removed keeps nobody from writing
	tmp, err := w.temporary(path, data)
	if tmp != "" {
		defer func() { _ = os.Remove(tmp) }()
	}
	if err != nil {
		return err
	}
	if err := w.readBack(tmp, data); err != nil {
		return err
	}
	if w.Keep != "" {
		if err := w.step(StepKeep, func() error { return keep(path, w.Keep) }); err != nil {
			return fmt.Errorf("keeping the old file: %w", err)
		}
	}
	if err := w.step(StepRename, func() error { return publish(tmp, path) }); err != nil {
		return err
	}
	// Without this the rename can be lost in a power cut although the caller
	// has already shown what the file holds.
	return w.step(StepSyncDir, func() error { return syncDir(filepath.Dir(path)) })
}

// temporary writes data to a new file beside path, synced, and returns its
// name. The name is not empty when there is something to remove.
func (w Writer) temporary(path string, data []byte) (tmp string, err error) {
	var f *os.File
	err = w.step(StepCreate, func() (err error) {
		f, err = os.OpenFile(Temporary(path), os.O_RDWR|os.O_CREATE|os.O_EXCL, mode)
		return err
	})
	if f == nil {
		return "", err
	}
	tmp = f.Name()
	closed := false
	defer func() {
		if !closed {
			_ = f.Close()
		}
	}()
	if err != nil {
		return tmp, err
	}
	if err := w.step(StepWrite, func() error { _, err := f.Write(data); return err }); err != nil {
		return tmp, err
	}
	if err := w.step(StepSync, f.Sync); err != nil {
		return tmp, err
	}
	closed = true
	// Network file systems report a full disk or quota no earlier than here.
	return tmp, w.step(StepClose, f.Close)
}

func (w Writer) readBack(tmp string, data []byte) error {
	var onDisk []byte
	err := w.step(StepReadBack, func() (err error) {
		onDisk, err = os.ReadFile(tmp)
		return err
	})
	if err != nil {
		return err
	}
	if string(onDisk) != string(data) {
		return fmt.Errorf("%s: what was read back differs from what was written", tmp)
	}
	if w.Verify == nil {
		return nil
	}
	return w.step(StepVerify, func() error { return w.Verify(onDisk) })
}

func (w Writer) step(s Step, do func() error) error {
	if w.Fail != nil {
		if err := w.Fail(s); err != nil {
			return err
		}
	}
	return do()
}

// Resolve follows symbolic links from path to the file that is to be replaced,
// which need not exist.
func Resolve(path string) (string, error) {
	for range 40 {
		dir, base := filepath.Split(path) // which, unlike Dir, does not clean
		if dir == "" {
			dir = "."
		}
		// Of the folder first: "link/.." is the parent of where link leads, and
		// to join the words would make it the folder that link is in.
		dir, err := filepath.EvalSymlinks(dir)
		if errors.Is(err, fs.ErrNotExist) {
			return path, nil // it is going to be made
		}
		if err != nil {
			return "", err
		}
		path = filepath.Join(dir, base)
		info, err := os.Lstat(path)
		if errors.Is(err, fs.ErrNotExist) {
			return path, nil
		}
		if err != nil {
			return "", err
		}
		if info.Mode()&fs.ModeSymlink == 0 {
			return path, nil
		}
		target, err := os.Readlink(path)
		if err != nil {
			return "", err
		}
		if !filepath.IsAbs(target) {
			target = dir + string(filepath.Separator) + target
		}
		path = target
	}
	return "", &fs.PathError{Op: "resolve", Path: path, Err: errors.New("too many symbolic links")}
}

// The name of a temporary file ends with these, and random bytes in hexadecimal.
const (
	tempInfix   = ".tmp-"
	randomBytes = 8
)

// tempPrefix returns what the names of the temporary files of path begin with.
func tempPrefix(path string) string { return "." + filepath.Base(path) + tempInfix }

// Temporary returns a new name that [Leftovers] finds, beside path: rename works
// only within one file system.
func Temporary(path string) string {
	var random [randomBytes]byte
	_, _ = rand.Read(random[:]) // never fails, see crypto/rand
	// Unlike Dir, Split does not clean: see Resolve.
	dir, _ := filepath.Split(path)
	return dir + tempPrefix(path) + hex.EncodeToString(random[:])
}

// Leftovers returns the temporary files that writes of path left behind when
// they were killed. They may be removed while nobody writes path.
func Leftovers(path string) ([]string, error) {
	path, err := Resolve(path)
	if err != nil {
		return nil, err
	}
	return leftovers(filepath.Dir(path), func(beginning string) bool { return beginning == tempPrefix(path) })
}

// LeftoversIn returns those of all files in a folder that holds nothing else than
// files written here.
func LeftoversIn(dir string) ([]string, error) {
	return leftovers(dir, func(beginning string) bool {
		return strings.HasPrefix(beginning, ".") && strings.HasSuffix(beginning, tempInfix)
	})
}

// leftovers returns the temporary files whose names but for the random end are
// what is asked for.
func leftovers(dir string, is func(beginning string) bool) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var found []string
	for _, e := range entries {
		at := max(0, len(e.Name())-2*randomBytes)
		if _, err := hex.DecodeString(e.Name()[at:]); err == nil && is(e.Name()[:at]) && e.Type().IsRegular() {
			found = append(found, filepath.Join(dir, e.Name()))
		}
	}
	return found, nil
}

// RemoveLeftovers removes what [Leftovers] returns.
func RemoveLeftovers(path string) error { return Remove(Leftovers(path)) }

// Remove removes the files that a search found; err is what went wrong in that.
func Remove(paths []string, err error) error {
	for _, path := range paths {
		err = errors.Join(err, os.Remove(path))
	}
	return err
}

// Mkdir makes a folder, mode 0700, that is still there after a power cut. The
// error wraps [fs.ErrExist] when there is something of that name.
func Mkdir(dir string) error {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	return syncDir(filepath.Dir(dir))
}

// keep makes the file at path reachable as backup too, synced.
func keep(path, backup string) error {
	dir := filepath.Dir(backup)
	if err := Mkdir(dir); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	err := os.Link(path, backup)
	switch {
	case err == nil || errors.Is(err, fs.ErrExist):
	case errors.Is(err, fs.ErrNotExist):
		return err
	default: // no hard links here
		if err := copyFile(path, backup); err != nil {
			return err
		}
	}
	return syncDir(dir)
}

// copyFile copies a file by way of a temporary one, so that no part of a copy
// ever has the name of the whole.
func copyFile(from, to string) error {
	if _, err := os.Lstat(to); err == nil {
		return nil
	}
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	tmp, err := Writer{}.temporary(to, data)
	if err == nil {
		err = os.Rename(tmp, to)
	}
	if err != nil && tmp != "" {
		_ = os.Remove(tmp)
	}
	return err
}
