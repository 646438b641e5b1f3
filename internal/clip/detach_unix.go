//go:build !windows

package clip

import "syscall"

// detached gives the helper a session of its own, so that the end of the
// terminal does not end it.
func detached() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }
