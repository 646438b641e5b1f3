//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package ptyrun

import (
	"encoding/json"
	"errors"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// controlFD is the descriptor on which a monitor talks to its session.
	controlFD = 3
	// userFD is the user's terminal, where there is one.
	userFD = 4
)

// An order is what a session sends to its monitor: first what to run, then the
// signals for it.
type order struct {
	// Words are the path, the arguments and the environment, which need not be text.
	Words  []byte
	Argc   int
	Signal int
	// Before is the mode of the user's terminal, and Raw the one that it has
	// while the program runs; nil without one.
	Before, Raw *unix.Termios `json:",omitempty"`
}

// A report is what a monitor sends back.
type report struct {
	Started int // the program's process
	Errno   int // it could not be executed
	Stopped int // the signal that stopped it
	Ended   bool
	Status  int
}

// Monitor is the process between a [Session] and its program, and returns the
// exit status of that process. The session starts it as [Session.Helper].
//
// It leads the pseudo-terminal's session, so that the program's process group
// has a parent there: the system discards the stop signals of a group that has
// none (POSIX, "orphaned process group"), and Ctrl-Z would do nothing. On Linux
// it also is the parent of every process that loses its own, so that none
// leaves the program's tree.
func Monitor() int {
	const wrongUse = 2
	// Nothing that is run may talk to the session.
	syscall.CloseOnExec(controlFD)
	syscall.CloseOnExec(userFD)
	if _, err := unix.GetsockoptInt(controlFD, unix.SOL_SOCKET, unix.SO_TYPE); err != nil {
		return wrongUse
	}
	control := os.NewFile(controlFD, "control")
	in, out := json.NewDecoder(control), json.NewEncoder(control)
	var o order
	if in.Decode(&o) != nil {
		return wrongUse
	}
	adoptOrphans()
	catchSignals()
	m := monitor{out: out, before: o.Before, raw: o.Raw}
	if err := m.start(o); err != nil {
		var errno syscall.Errno
		errors.As(err, &errno)
		_ = out.Encode(report{Errno: int(errno)})
		return 0
	}
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		m.obey(in)
	}()
	m.wait()
	<-gone // it gives the terminal back first, or this process does
	return 0
}

type monitor struct {
	out         *json.Encoder
	before, raw *unix.Termios

	mu  sync.Mutex
	pid int // of the program, and its process group; 0 when it has ended
}

// start runs the program in the foreground of the terminal.
func (m *monitor) start(o order) error {
	words := strings.Split(string(o.Words), "\x00")
	path, argv, environ := words[0], words[1:1+o.Argc], words[1+o.Argc:]
	attr := &syscall.ProcAttr{
		Env:   environ,
		Files: []uintptr{0, 1, 2},
		// Before the program begins: a key that makes a signal is for it from the start.
		Sys: &syscall.SysProcAttr{Foreground: true, Ctty: 0},
	}
	pid, err := syscall.ForkExec(path, argv, attr) //nolint:gosec // running what the user typed is the purpose
	if errors.Is(err, syscall.ENOEXEC) {
		// As execvp(3) and every shell do with a script that has no #! line.
		argv := append([]string{"sh", path}, argv[1:]...)
		pid, err = syscall.ForkExec("/bin/sh", argv, attr) //nolint:gosec // the same command
	}
	if err != nil {
		return err
	}
	m.pid = pid
	return m.out.Encode(report{Started: pid})
}

// obey passes signals to the program's process group, and hangs up when the
// session is gone.
func (m *monitor) obey(in *json.Decoder) {
	for {
		var o order
		if in.Decode(&o) != nil {
			m.putBack()
			m.signal(unix.SIGHUP)
			m.signal(unix.SIGCONT) // a stopped program would not notice
			// npm 6 outlives a hang-up, and reads a terminal that is gone for ever.
			time.AfterFunc(alone, func() { m.signal(unix.SIGKILL) })
			return
		}
		m.signal(syscall.Signal(o.Signal))
	}
}

// putBack gives the user's terminal its mode again, where a session that was
// killed has left it as it was for the program.
func (m *monitor) putBack() {
	if m.before == nil {
		return
	}
	if now, err := unix.IoctlGetTermios(userFD, getTermios); err == nil && *now == *m.raw {
		_ = unix.IoctlSetTermios(userFD, setNow, m.before)
	}
}

func (m *monitor) signal(s syscall.Signal) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.pid != 0 {
		_ = unix.Kill(-m.pid, s)
	}
}

// catchSignals keeps this process alive when the terminal's keys or its end
// send it signals. They are caught and not ignored: an ignored signal would be
// ignored by the program too.
func catchSignals() {
	signal.Notify(make(chan os.Signal, 1), unix.SIGHUP, unix.SIGINT, unix.SIGQUIT, unix.SIGTERM,
		unix.SIGTSTP, unix.SIGTTIN, unix.SIGTTOU)
}

// wait reports what becomes of the program, until it ends.
func (m *monitor) wait() {
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, syscall.WUNTRACED, nil)
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if err != nil {
			return
		}
		if pid != m.pid {
			continue // an orphan
		}
		switch {
		case status.Stopped():
			m.stopped(status.StopSignal())
		case status.Signaled():
			m.ended(signalBase + int(status.Signal()))
			return
		case status.Exited():
			m.ended(status.ExitStatus())
			return
		}
	}
}

func (m *monitor) stopped(by syscall.Signal) {
	if by == syscall.SIGTTIN || by == syscall.SIGTTOU {
		if front, err := unix.IoctlGetInt(0, unix.TIOCGPGRP); err == nil && front == m.pid {
			_ = unix.Kill(-m.pid, unix.SIGCONT)
			return
		}
	}
	_ = m.out.Encode(report{Stopped: int(by)})
}

func (m *monitor) ended(status int) {
	m.mu.Lock()
	m.pid = 0
	m.mu.Unlock()
	_ = m.out.Encode(report{Ended: true, Status: status})
}
