package ptyrun

import "golang.org/x/sys/unix"

const (
	getTermios = unix.TCGETS
	setTermios = unix.TCSETSW
	setNow     = unix.TCSETS
	flushInput = unix.TCFLSH
	inputQueue = unix.TCIFLUSH
	// disabled stands for no key (_POSIX_VDISABLE).
	disabled = 0
)

// flush throws away what a terminal has received and nobody has read.
func flush(fd int) { _ = unix.IoctlSetInt(fd, flushInput, inputQueue) }
