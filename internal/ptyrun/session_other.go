//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package ptyrun

import "context"

// Supported tells whether a [Session] can run on this system.
const Supported = false

// A Stage is none here.
type Stage struct{}

// Prepare returns [ErrUnsupported].
func (s *Session) Prepare() (*Stage, error) { return nil, ErrUnsupported }

// Close does nothing.
func (t *Stage) Close() {}

// Run returns [ErrUnsupported].
func (s *Session) Run(context.Context) (Result, error) { return Result{}, ErrUnsupported }

// Monitor does nothing here, as no session starts it.
func Monitor() int { return 2 }

// Witness does nothing here, as no session starts it.
func Witness(func(order []byte) (func(p []byte), error)) int { return 2 }
