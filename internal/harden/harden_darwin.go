package harden

import (
	"errors"

	"golang.org/x/sys/unix"
)

// undumpable refuses debuggers (ptrace(2), PT_DENY_ATTACH).
func undumpable() error { return unix.PtraceDenyAttach() }

// ErrSwappable says that parts of the memory may be swapped.
var ErrSwappable = errors.New("the memory may be swapped")

// Lock returns [ErrSwappable]: macOS encrypts what it swaps, with a key that it
// forgets when the machine is turned off.
func Lock() error { return ErrSwappable }
