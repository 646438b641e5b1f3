package vault

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"npmotp/internal/atomicfile"
)

// CopyTo writes a copy of the vault file, synced and read back from the disk.
// It needs no passphrase, and copies nothing that does not have the form of a
// vault. The error wraps [ErrExists] when there is a file at path and replace
// is not set; it is never the vault itself that is replaced.
func (f *File) CopyTo(path string, replace bool) (size int, err error) {
	data, err := readRegular(f.path)
	if err != nil {
		return 0, err
	}
	if _, err := parseContainer(data); err != nil {
		return 0, err
	}
	f.memory.folder.Wrote(path)
	w := atomicfile.Writer{Path: path, Fail: f.options.Fail}
	if !replace {
		err = w.Create(data)
		if errors.Is(err, fs.ErrExist) {
			return 0, fmt.Errorf("%w: %s", ErrExists, path)
		}
		return len(data), err
	}
	own, err := os.Stat(f.path)
	if there, missing := os.Stat(path); missing == nil && (err != nil || os.SameFile(own, there) || !there.Mode().IsRegular()) {
		return 0, fmt.Errorf("%w: %s is the vault itself, or no file", ErrExists, path)
	}
	return len(data), w.Replace(data)
}
