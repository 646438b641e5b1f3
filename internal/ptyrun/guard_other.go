//go:build darwin || freebsd || netbsd || openbsd || dragonfly

package ptyrun

import "os"

// A guard tells whether the program is alone on its terminal and reads there.
// Here it cannot: the system does not show which process has a terminal open.
type guard struct {
	program int
	ours    []int
}

func (g *guard) watch()                                    {}
func (g *guard) of(_, _ *os.File) error                    { return nil }
func (g *guard) knows() bool                               { return false }
func (g *guard) strangers() ([]Process, [][]Process, bool) { return nil, nil, true }
func (g *guard) inFront(int) bool                          { return true }
func (g *guard) reads(int) (reads, sure bool)              { return true, true }

func tampered(int) string { return "" }
func bytesRead(int) int64 { return -1 }
