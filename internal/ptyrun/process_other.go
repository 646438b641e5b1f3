//go:build !linux

package ptyrun

// Seen tells that this system does not show which program asks.
const Seen = false

// Argv returns nothing: here processes are not told from one another.
func (Process) Argv() []string { return nil }

// Environ returns nothing.
func (Process) Environ() []string { return nil }

// Dir returns nothing.
func (Process) Dir() string { return "" }

// File returns nothing.
func (Process) File() string { return "" }

// Size returns nothing.
func (Process) Size() int { return 0 }
