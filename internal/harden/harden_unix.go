//go:build linux || darwin

package harden

import (
	"errors"

	"golang.org/x/sys/unix"
)

// Process closes the process. What it starts is not closed, but inherits that
// no core files are written, until reopen is called; closing itself stays.
//
// It is to be called before the first secret is in memory.
func Process() (reopen func(), err error) {
	err = undumpable()
	var before unix.Rlimit
	if limitErr := unix.Getrlimit(unix.RLIMIT_CORE, &before); limitErr != nil {
		return func() {}, errors.Join(err, limitErr)
	}
	if limitErr := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{Cur: 0, Max: before.Max}); limitErr != nil {
		return func() {}, errors.Join(err, limitErr)
	}
	return func() { _ = unix.Setrlimit(unix.RLIMIT_CORE, &before) }, err
}
