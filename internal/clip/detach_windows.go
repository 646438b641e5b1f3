package clip

import (
	"syscall"

	"golang.org/x/sys/windows"
)

// detached keeps the helper off the console of its parent.
func detached() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: windows.DETACHED_PROCESS | windows.CREATE_NEW_PROCESS_GROUP}
}
