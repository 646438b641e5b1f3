package filelock

import (
	"os"

	"golang.org/x/sys/windows"
)

// lock takes one byte far behind the text of the holder: Windows keeps others
// from reading what is locked.
func lock(f *os.File) error {
	where := windows.Overlapped{OffsetHigh: 1 << 30}
	return windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK, 0, 1, 0, &where)
}
