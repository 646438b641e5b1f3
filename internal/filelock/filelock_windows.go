package filelock

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// noFollow is for systems where a link can be made by anybody.
const noFollow = 0

// lock waits for the lock.
func lock(f *os.File) error { return lockFile(f, windows.LOCKFILE_EXCLUSIVE_LOCK) }

// tryLock takes the lock if it is free.
func tryLock(f *os.File) (free bool, err error) {
	err = lockFile(f, windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY)
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return false, nil
	}
	return err == nil, err
}

// lockFile locks one byte far behind the text of the holder: Windows keeps
// others from reading what is locked.
func lockFile(f *os.File, flags uint32) error {
	where := windows.Overlapped{OffsetHigh: 1 << 30}
	return windows.LockFileEx(windows.Handle(f.Fd()), flags, 0, 1, 0, &where)
}
