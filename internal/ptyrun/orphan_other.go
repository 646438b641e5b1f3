//go:build darwin || freebsd || netbsd || openbsd || dragonfly

package ptyrun

import (
	"os"

	"golang.org/x/sys/unix"
)

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
