//go:build !windows && !darwin

package clip

import (
	"os/exec"
	"slices"

	"github.com/atotto/clipboard"
)

// discreet returns the command line that copies text, which it reads, so that
// clipboard managers do not keep it, or that clears; nil where there is none.
// Managers are told by wl-copy from version 2.3 on. The library's programs have
// no word for it.
func (c Clipboard) discreet(text string) []string {
	switch {
	case c.Getenv("WAYLAND_DISPLAY") == "":
		return nil
	case text == "":
		return []string{"wl-copy", "--clear"}
	default:
		return []string{"wl-copy", "--sensitive"}
	}
}

// reachable reports whether the library has a program that leads to the clipboard
// of the user.
func (c Clipboard) reachable() bool {
	if c.Getenv("WAYLAND_DISPLAY") != "" || c.Getenv("DISPLAY") != "" {
		return !clipboard.Unsupported
	}
	// These need no display, and lead to the clipboard of this machine.
	return !c.remote() && slices.ContainsFunc([]string{"termux-clipboard-set", "clip.exe"}, func(name string) bool {
		_, err := exec.LookPath(name)
		return err == nil
	})
}
