package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// The most that is read of a file. npm has no limit; nobody's files are that
// large.
const (
	rcLimit       = 1 << 20
	manifestLimit = 4 << 20
)

var (
	errTooLarge   = errors.New("the file is too large")
	errNotRegular = errors.New("this is not a regular file")
)

// readFile returns the text of a file of at most limit bytes, and whether there
// is one. What is there and cannot be read is an error: npm goes on without it,
// but may read it a moment later.
func readFile(name string, limit int64) (text string, found bool, err error) {
	info, err := os.Stat(name)
	if missing(err) {
		return "", false, nil
	}
	if err != nil {
		return "", false, err
	}
	if !info.Mode().IsRegular() {
		// Opening a pipe would wait for its other end.
		if null, err := os.Stat(os.DevNull); err == nil && os.SameFile(info, null) {
			return "", true, nil
		}
		return "", false, fmt.Errorf("%s: %w", name, errNotRegular)
	}
	f, err := os.Open(name)
	if err != nil {
		return "", false, err
	}
	defer f.Close() //nolint:errcheck // it was only read
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return "", false, err
	}
	if int64(len(data)) > limit {
		return "", false, fmt.Errorf("%s: %w", name, errTooLarge)
	}
	return string(data), true, nil
}

// missing reports whether err says that there is no such file.
func missing(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}

func isFile(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.Mode().IsRegular()
}

func isDir(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}
