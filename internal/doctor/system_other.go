//go:build !linux

package doctor

// synchronized is not known on this system.
func synchronized() (yes, known bool) { return false, false }

// swap looks at nothing: macOS encrypts what it swaps, and whether Windows does
// cannot be asked for without rights of its administrator.
func swap() []Finding { return nil }
