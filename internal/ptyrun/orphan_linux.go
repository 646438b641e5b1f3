package ptyrun

import (
	"os"
	"os/signal"
	"unsafe"

	"golang.org/x/sys/unix"
)

// stopJob stops this process and its group by SIGTSTP, so that whoever waits for
// it sees the signal of the key. Go's runtime keeps its handler once a signal was
// asked for (sigdisable of runtime/signal_unix.go), so the system is told; Ignore
// has the next Notify set the handler again.
func stopJob() {
	signal.Ignore(unix.SIGTSTP)
	const sizeOfSet = 8
	var byDefault [8]uintptr                                                                                                             // a struct sigaction with SIG_DFL
	_, _, err := unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(unix.SIGTSTP), uintptr(unsafe.Pointer(&byDefault)), 0, sizeOfSet, 0, 0) //nolint:gosec // the call wants a pointer
	_ = unix.Kill(0, unix.SIGTSTP)
	if err != 0 {
		_ = unix.Kill(os.Getpid(), unix.SIGSTOP)
	}
}

// orphaned tells whether the system discards stop signals to this process's
// group: no member of it, going up, has a parent in another group of the same
// session.
func orphaned() bool {
	session, err := unix.Getsid(0)
	if err != nil {
		return true
	}
	for pid := os.Getppid(); pid > 1; {
		s, err := unix.Getsid(pid)
		if err != nil || s != session {
			return true
		}
		p, found := stat(pid)
		if !found {
			return true
		}
		if p.group != unix.Getpgrp() {
			return false
		}
		pid = p.parent
	}
	return true
}
