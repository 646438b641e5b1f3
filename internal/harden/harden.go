// Package harden closes a process to others of the same user: it cannot be
// traced, its memory and environment cannot be read, and it leaves no core file.
//
// It is no defence against root. On Windows it does nothing: there, any process
// of the user may read another.
package harden
