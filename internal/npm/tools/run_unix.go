//go:build unix

package tools

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// Run looks up argv[0] in the PATH of environ and replaces this process by it,
// so it returns only when that failed, with an [*ExitError]. The command
// inherits what this process was given: standard streams, folder, terminal.
func Run(ctx context.Context, argv, environ []string) error {
	if err := context.Cause(ctx); err != nil {
		return &ExitError{statusNotTried, err}
	}
	if len(argv) == 0 {
		return &ExitError{statusNotTried, ErrNoCommand}
	}
	path, err := Find(argv[0], environ)
	if err != nil {
		return err
	}
	err = syscall.Exec(path, argv, environ) //nolint:gosec // running what the user typed is the purpose
	if errors.Is(err, syscall.ENOEXEC) {
		// A script without a #! line, such as pnpm 12 installs: execvp(3) and
		// every shell hand it to the shell.
		err = syscall.Exec("/bin/sh", append([]string{"sh", path}, argv[1:]...), environ) //nolint:gosec // the same command
	}
	if errors.Is(err, fs.ErrNotExist) {
		return &ExitError{statusNotFound, fmt.Errorf("%s: its interpreter is not there", path)}
	}
	return &ExitError{statusNotExecutable, fmt.Errorf("%s: %w", path, err)}
}

// Find finds name as execvp(3) does, with two differences: folders of PATH
// that are not absolute are passed over, as they are by os/exec, and a file
// that does not execute is told from none.
func Find(name string, environ []string) (string, error) {
	if strings.ContainsRune(name, '/') {
		return name, executable(name)
	}
	path := ""
	for _, kv := range environ {
		if value, ok := strings.CutPrefix(kv, "PATH="); ok {
			path = value
		}
	}
	var denied error
	for _, dir := range filepath.SplitList(path) {
		if !filepath.IsAbs(dir) {
			continue
		}
		file := filepath.Join(dir, name)
		err := executable(file)
		if err == nil {
			return file, nil
		}
		if exit := (*ExitError)(nil); errors.As(err, &exit) && exit.Status == statusNotExecutable && denied == nil {
			denied = err
		}
	}
	if denied != nil {
		return "", denied
	}
	return "", &ExitError{statusNotFound, fmt.Errorf("%q is in no folder of PATH", name)}
}

// executable reports why file cannot be run, with the status for it.
func executable(file string) error {
	info, err := os.Stat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return &ExitError{statusNotFound, fmt.Errorf("%q is not there", file)}
	case err != nil:
		return &ExitError{statusNotExecutable, err}
	case info.IsDir():
		return &ExitError{statusNotExecutable, fmt.Errorf("%q is a folder", file)}
	case info.Mode()&0o111 == 0:
		return &ExitError{statusNotExecutable, fmt.Errorf("%q is not executable", file)}
	}
	return nil
}
