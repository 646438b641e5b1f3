//go:build !windows

package filelock

import (
	"errors"
	"os"
	"syscall"
)

// noFollow keeps an open from following a link.
const noFollow = syscall.O_NOFOLLOW

// lock waits for the lock.
func lock(f *os.File) error { return flock(f, syscall.LOCK_EX) }

// tryLock takes the lock if it is free.
func tryLock(f *os.File) (free bool, err error) {
	err = flock(f, syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}

func flock(f *os.File, how int) error {
	for {
		err := syscall.Flock(int(f.Fd()), how)
		if !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}
