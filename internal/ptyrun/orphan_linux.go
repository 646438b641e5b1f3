package ptyrun

import (
	"os"

	"golang.org/x/sys/unix"
)

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
		p, err := stat(pid)
		if err != nil {
			return true
		}
		if p.group != unix.Getpgrp() {
			return false
		}
		pid = p.parent
	}
	return true
}
