package confirm

import "golang.org/x/sys/unix"

const getTermios = unix.TCGETS

// flushInput forgets what was typed and not read (tcflush(3)).
func flushInput(fd int) error { return unix.IoctlSetInt(fd, unix.TCFLSH, unix.TCIFLUSH) }
