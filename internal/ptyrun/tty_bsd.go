//go:build darwin || freebsd || netbsd || openbsd || dragonfly

package ptyrun

import "golang.org/x/sys/unix"

const (
	getTermios = unix.TIOCGETA
	setTermios = unix.TIOCSETAW
	setNow     = unix.TIOCSETA
	// disabled stands for no key (_POSIX_VDISABLE).
	disabled = 0xff
)

// flush throws away what a terminal has received and nobody has read.
func flush(fd int) {
	const read = 1 // FREAD of sys/fcntl.h
	_ = unix.IoctlSetPointerInt(fd, unix.TIOCFLUSH, read)
}
