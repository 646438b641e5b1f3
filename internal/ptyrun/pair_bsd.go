//go:build darwin || freebsd || netbsd || openbsd || dragonfly

package ptyrun

import (
	"os"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// openPair returns the two ends of a new pseudo-terminal, which, unless it is
// shared, nobody but root can open any more.
func openPair(shared bool) (master, slave *os.File, err error) {
	if master, slave, err = pty.Open(); err != nil || shared {
		return master, slave, err
	}
	if err = unix.IoctlSetInt(fdOf(slave), unix.TIOCEXCL, 0); err != nil {
		_, _ = master.Close(), slave.Close()
	}
	return master, slave, err
}
