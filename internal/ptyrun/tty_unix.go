//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package ptyrun

import (
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// fdOf returns the descriptor of f. Unlike f.Fd it leaves f in its mode.
func fdOf(f *os.File) int {
	fd := -1
	if f == nil {
		return fd
	}
	if c, err := f.SyscallConn(); err == nil {
		_ = c.Control(func(n uintptr) { fd = int(n) })
	}
	return fd
}

func isTerminal(f *os.File) bool {
	if f == nil {
		return false
	}
	_, err := unix.IoctlGetTermios(fdOf(f), getTermios)
	return err == nil
}

// raw returns the mode in which every key is passed on as it is, as cfmakeraw
// of termios(3) has it.
func raw(t unix.Termios) *unix.Termios {
	t.Iflag &^= unix.IGNBRK | unix.BRKINT | unix.PARMRK | unix.ISTRIP | unix.INLCR | unix.IGNCR | unix.ICRNL | unix.IXON
	t.Oflag &^= unix.OPOST
	t.Lflag &^= unix.ECHO | unix.ECHONL | unix.ICANON | unix.ISIG | unix.IEXTEN
	t.Cflag &^= unix.CSIZE | unix.PARENB
	t.Cflag |= unix.CS8
	t.Cc[unix.VMIN], t.Cc[unix.VTIME] = 1, 0
	return &t
}

// forStream returns the mode for input that is no terminal's: nothing in it is
// a key but the end of file, and it shows nowhere.
func forStream(t unix.Termios) *unix.Termios {
	t.Iflag &^= unix.ICRNL | unix.INLCR | unix.IGNCR | unix.ISTRIP | unix.IXON
	t.Lflag &^= unix.ECHO | unix.ISIG
	for _, key := range []int{unix.VERASE, unix.VKILL, unix.VEOL, unix.VEOL2, unix.VWERASE, unix.VREPRINT} {
		t.Cc[key] = disabled
	}
	return &t
}

// shown returns the mode in which output is passed on as it is; the program's
// own terminal has made it up already.
func shown(t unix.Termios) *unix.Termios {
	t.Oflag &^= unix.OPOST
	return &t
}

// A userTerminal is a terminal of the user's, and the mode it has for the
// program.
type userTerminal struct {
	fd     int
	before unix.Termios
	mode   func(unix.Termios) *unix.Termios
	raw    bool // it is in that mode
}

// openTerminal returns f as a user's terminal, nil when it is none.
func openTerminal(f *os.File, mode func(unix.Termios) *unix.Termios) *userTerminal {
	if f == nil {
		return nil
	}
	fd := fdOf(f)
	before, err := unix.IoctlGetTermios(fd, getTermios)
	if err != nil {
		return nil
	}
	return &userTerminal{fd: fd, before: *before, mode: mode}
}

// foreground tells whether keys are meant for this process.
func (t *userTerminal) foreground() bool {
	if t == nil {
		return false
	}
	pgrp, err := unix.IoctlGetInt(t.fd, unix.TIOCGPGRP)
	// A terminal that is not the controlling one has no say in this.
	return err != nil || pgrp == unix.Getpgrp()
}

// setRaw gives the terminal to the program. In the background it does nothing:
// the terminal is another's.
func (t *userTerminal) setRaw() {
	if t == nil || t.raw || !t.foreground() {
		return
	}
	if now, err := unix.IoctlGetTermios(t.fd, getTermios); err == nil {
		t.before = *now
	}
	t.raw = unix.IoctlSetTermios(t.fd, setTermios, t.mode(t.before)) == nil
}

// restore gives the terminal back as it was.
func (t *userTerminal) restore() {
	if t == nil || !t.raw {
		return
	}
	if t.foreground() {
		_ = unix.IoctlSetTermios(t.fd, setTermios, &t.before)
	}
	t.raw = false
}

// readable waits for input on any of the descriptors, at most for the time
// given when it is not negative, and tells which have some or have ended.
func readable(wait time.Duration, fds ...int) ([]bool, error) {
	polls := make([]unix.PollFd, len(fds))
	for i, fd := range fds {
		polls[i] = unix.PollFd{Fd: int32(fd), Events: unix.POLLIN} //nolint:gosec // a descriptor
	}
	ms := -1
	if wait >= 0 {
		ms = int(wait.Milliseconds())
	}
	for {
		_, err := unix.Poll(polls, ms)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return nil, err
		}
		ready := make([]bool, len(fds))
		for i := range polls {
			ready[i] = polls[i].Revents != 0
		}
		return ready, nil
	}
}
