//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package ptyrun

import (
	"errors"
	"os"
	"strings"

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

// launch has the monitor start the program.
func (r *run) launch() error {
	words := append(append([]string{r.Path}, r.Argv...), r.Environ...)
	first := order{Words: []byte(strings.Join(words, "\x00")), Argc: len(r.Argv)}
	if r.keys != nil {
		first.Before, first.Raw = &r.keys.before, r.keys.mode(r.keys.before)
	} else if r.window != nil {
		first.Before, first.Raw = &r.window.before, r.window.mode(r.window.before)
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
