//go:build !windows

package clip

import "syscall"

// detached gives the helper a session of its own, so that the end of the
// terminal does not end it.
func detached() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }

// remote reports whether the user sits at another machine than this.
func (c Clipboard) remote() bool {
	return c.Getenv("SSH_CONNECTION") != "" || c.Getenv("SSH_TTY") != ""
}
