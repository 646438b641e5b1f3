//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package ptyrun

import (
	"fmt"
	"os"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"
)

// A Stage is a terminal, and the monitor that will start a program on it.
type Stage struct {
	master, slave *os.File
	guard         guard
	keys          *userTerminal // where the user types, if at a terminal
	window        *userTerminal // where output shows, if that is not it
	control       *os.File
	monitor       int // a process
}

// Prepare makes the stage of a session whose streams, helper and environment are
// known, and nothing else yet: what leads to the program goes on while the monitor
// comes up.
func (s *Session) Prepare() (*Stage, error) {
	t := &Stage{keys: openTerminal(s.Stdin, raw)}
	user := s.Stdin
	if t.keys == nil {
		t.window, user = openTerminal(s.Stdout, shown), s.Stdout
	}
	t.guard.watch()
	var err error
	if t.master, t.slave, err = openPair(s.Shared); err != nil {
		return nil, fmt.Errorf("open a pseudo-terminal: %w", err)
	}
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		return nil, err
	}
	unix.CloseOnExec(pair[0])
	unix.CloseOnExec(pair[1])
	_ = unix.SetNonblock(pair[0], true)
	t.control = os.NewFile(uintptr(pair[0]), "control")
	stderr := t.slave
	if s.Stderr != nil && !isTerminal(s.Stderr) && !sameFile(s.Stderr, s.Stdout) {
		stderr = s.Stderr
	}
	slave := uintptr(fdOf(t.slave))
	files := []uintptr{slave, slave, uintptr(fdOf(stderr)), uintptr(pair[1])}
	if t.keys != nil || t.window != nil {
		files = append(files, uintptr(fdOf(user)))
	}
	// The monitor waits, for which one thread of Go's at a time is enough; its program
	// gets an environment of its own. Unlike that of os, this function does not start
	// a process first to see what the system can do.
	t.monitor, err = syscall.ForkExec(s.Helper[0], s.Helper, &syscall.ProcAttr{ //nolint:gosec // this program itself
		Env: append(slices.Clone(s.Environ), "GOMAXPROCS=1"), Files: files, Sys: &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: 0},
	})
	_ = syscall.Close(pair[1])
	if err != nil {
		return nil, os.NewSyscallError("fork", err)
	}
	return t, nil
}

// Close takes back a stage that no session had; nil does nothing.
func (t *Stage) Close() {
	if t != nil {
		_ = unix.Kill(t.monitor, unix.SIGKILL)
		t.leave()
	}
}

// leave has the monitor end, and waits for it.
func (t *Stage) leave() {
	_ = t.control.Close()
	_, _ = syscall.Wait4(t.monitor, nil, 0, nil)
	_ = t.master.Close()
	_ = t.slave.Close()
}
