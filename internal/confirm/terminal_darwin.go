package confirm

import "golang.org/x/sys/unix"

const getTermios = unix.TIOCGETA

// flushInput forgets what was typed and not read (tty(4), TIOCFLUSH; FREAD of
// sys/fcntl.h).
func flushInput(fd int) error {
	const fread = 1
	return unix.IoctlSetPointerInt(fd, unix.TIOCFLUSH, fread)
}
