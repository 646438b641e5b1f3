//go:build darwin || freebsd || netbsd || openbsd || dragonfly

package ptyrun

import (
	"os"
	"os/signal"

	"golang.org/x/sys/unix"
)

// stopJob stops this process and its group. Go's runtime keeps its handler once a
// signal was asked for, so what stops the others does not stop this process.
func stopJob() {
	signal.Reset(unix.SIGTSTP)
	_ = unix.Kill(0, unix.SIGTSTP)
	_ = unix.Kill(os.Getpid(), unix.SIGSTOP)
}

// orphaned tells whether the system discards stop signals to this process's
// group. It looks at this process's own parent only: a script between it and
// the shell has them discarded.
func orphaned() bool {
	parent := os.Getppid()
	session, err := unix.Getsid(0)
	theirs, parentErr := unix.Getsid(parent)
	group, groupErr := unix.Getpgid(parent)
	return err != nil || parentErr != nil || groupErr != nil || session != theirs || group == unix.Getpgrp()
}
