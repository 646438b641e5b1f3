//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package ptyrun

import (
	"encoding/json"
	"errors"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// prepare gives the pseudo-terminal the user's mode and size.
func (r *run) prepare() error {
	fd := fdOf(r.slave)
	if err := errors.Join(r.guard.of(r.master, r.slave), unix.SetNonblock(fd, false)); err != nil {
		return err
	}
	mode, err := unix.IoctlGetTermios(fd, getTermios)
	if err != nil {
		return err
	}
	if r.keys != nil {
		mode = &r.keys.before
	} else {
		mode = forStream(*mode)
	}
	if err := unix.IoctlSetTermios(fd, setNow, mode); err != nil {
		return err
	}
	r.matcher = NewMatcher(r.Prompts, 0, 0)
	r.resize()
	return nil
}

// resize passes the size of the user's terminal on. Without one it is that of
// an ordinary window.
func (r *run) resize() {
	size := unix.Winsize{Row: 24, Col: 80}
	for _, f := range []*os.File{r.Stdout, r.Stdin, r.Stderr} {
		if f == nil {
			continue
		}
		if got, err := unix.IoctlGetWinsize(fdOf(f), unix.TIOCGWINSZ); err == nil && got.Col > 0 && got.Row > 0 {
			size = *got
			break
		}
	}
	_ = unix.IoctlSetWinsize(fdOf(r.master), unix.TIOCSWINSZ, &size)
	r.matcher.resize(int(size.Col), int(size.Row))
}

// launch starts the monitor, and through it the program.
func (r *run) launch() error {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		return err
	}
	unix.CloseOnExec(pair[0])
	unix.CloseOnExec(pair[1])
	if err := unix.SetNonblock(pair[0], true); err != nil {
		return err
	}
	defer func() { _ = unix.Close(pair[1]) }()
	r.control = os.NewFile(uintptr(pair[0]), "control")
	r.orders = json.NewEncoder(r.control)
	stderr := r.slave
	if r.Stderr != nil && !isTerminal(r.Stderr) && !sameFile(r.Stderr, r.Stdout) {
		stderr = r.Stderr
	}
	first := order{Path: r.Path, Argv: r.Argv, Environ: r.Environ}
	files := []uintptr{uintptr(fdOf(r.slave)), uintptr(fdOf(r.slave)), uintptr(fdOf(stderr)), uintptr(pair[1])}
	switch {
	case r.keys != nil:
		files = append(files, uintptr(r.keys.fd))
		first.Before, first.Raw = &r.keys.before, r.keys.mode(r.keys.before)
	case r.window != nil:
		files = append(files, uintptr(r.window.fd))
		first.Before, first.Raw = &r.window.before, r.window.mode(r.window.before)
	}
	// Unlike that of os, this one does not start a process first to see what the system can do.
	r.monitor, err = syscall.ForkExec(r.Helper[0], r.Helper, &syscall.ProcAttr{ //nolint:gosec // this program itself
		Env: r.Environ, Files: files, Sys: &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: 0},
	})
	if err != nil {
		return os.NewSyscallError("fork", err)
	}
	return r.orders.Encode(first)
}

func sameFile(a, b *os.File) bool {
	if a == nil || b == nil {
		return a == b
	}
	x, errX := a.Stat()
	y, errY := b.Stat()
	return errX == nil && errY == nil && os.SameFile(x, y)
}
