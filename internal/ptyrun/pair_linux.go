package ptyrun

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// errOpened says that the two ends of a new terminal were not this process's alone.
var errOpened = errors.New("another process opened it in the same moment")

// tries is how often a terminal is made anew that somebody else has opened.
const tries = 5

// late is the time in which the lock turns away who was past the look at the
// permissions when they were taken away.
const late = time.Millisecond

// openPair returns the two ends of a new pseudo-terminal, which nobody else has
// opened and, unless it is shared, nobody but root can open any more. A program of
// the same user may wait for new ones under /dev/pts: this one has no permissions
// there from before it is unlocked until it is exclusive.
func openPair(shared bool) (master, slave *os.File, err error) {
	for range tries {
		if master, slave, err = openOnce(shared); !errors.Is(err, errOpened) {
			break
		}
	}
	return master, slave, err
}

func openOnce(shared bool) (master, slave *os.File, err error) {
	master, err = os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, nil, err
	}
	defer func() {
		if err != nil {
			_ = master.Close()
		}
	}()
	fd := fdOf(master)
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		return nil, nil, os.NewSyscallError("TIOCGPTN", err)
	}
	name := filepath.Join("/dev/pts", strconv.Itoa(number))
	before, err := os.Stat(name)
	if err != nil {
		return nil, nil, err
	}
	closed := !shared && os.Chmod(name, 0) == nil
	if closed {
		time.Sleep(late)
	}
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		return nil, nil, os.NewSyscallError("TIOCSPTLCK", err)
	}
	if slave, err = peer(fd, name); errors.Is(err, errors.ErrUnsupported) {
		if closed {
			_ = os.Chmod(name, before.Mode().Perm())
		}
		closed = false
		slave, err = os.OpenFile(name, os.O_RDWR|unix.O_NOCTTY, 0)
	}
	if err != nil {
		return nil, nil, err
	}
	defer func() {
		if err != nil {
			_ = slave.Close()
		}
	}()
	if shared {
		return master, slave, nil
	}
	if err := unix.IoctlSetInt(fdOf(slave), unix.TIOCEXCL, 0); err != nil {
		return nil, nil, os.NewSyscallError("TIOCEXCL", err)
	}
	if !closed {
		return master, slave, nil
	}
	after, err := os.Stat(name)
	if err == nil && after.Mode().Perm() != 0 {
		err = errOpened
	}
	return master, slave, errors.Join(err, os.Chmod(name, before.Mode().Perm()))
}

// peer opens the other end of a terminal, whatever its permissions are. Where the
// kernel cannot, as before 4.13, the error is [errors.ErrUnsupported].
func peer(fd int, name string) (*os.File, error) {
	other, _, errno := syscall.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.TIOCGPTPEER, unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC)
	if errno == 0 {
		return os.NewFile(other, name), nil
	}
	if errno == unix.ENOTTY || errno == unix.EINVAL {
		return nil, errors.ErrUnsupported
	}
	return nil, os.NewSyscallError("TIOCGPTPEER", errno)
}
