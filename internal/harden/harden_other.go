//go:build !linux && !darwin

package harden

import "errors"

// ErrSwappable says that parts of the memory may be swapped.
var ErrSwappable = errors.New("the memory may be swapped")

// Process does nothing on this system.
func Process() (reopen func(), err error) { return func() {}, nil }

// Lock returns [ErrSwappable].
func Lock() error { return ErrSwappable }
