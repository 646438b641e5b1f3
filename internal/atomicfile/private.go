package atomicfile

import (
	"errors"
	"io/fs"
	"os"
)

// ErrNotRegular says that what has the name is not a regular file.
var ErrNotRegular = errors.New("not a regular file")

// Free reports whether [Private] may write a file of that name. The error wraps
// [fs.ErrExist] if there is one and it is not to be replaced, and [ErrNotRegular]
// if there is a link, a folder or a device.
func Free(path string, replace bool) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return &fs.PathError{Op: "create", Path: path, Err: ErrNotRegular}
	case !replace:
		return &fs.PathError{Op: "create", Path: path, Err: fs.ErrExist}
	}
	return nil
}

// Private writes data to a file for its owner alone, synced. A new one is created
// by this process and no other, through no link, and is not left half written. It
// refuses what [Free] does.
func Private(path string, data []byte, replace bool) error {
	// Of a killed run that has to be refused now, because the file is there.
	_ = RemoveLeftovers(path)
	if err := Free(path, replace); err != nil {
		return err
	}
	publish := create
	if replace {
		publish = os.Rename
	}
	return Writer{}.write(path, data, publish) // a link that is put there meanwhile is not followed
}
