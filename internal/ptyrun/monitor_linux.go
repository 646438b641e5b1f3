package ptyrun

import "golang.org/x/sys/unix"

// adoptOrphans makes this process the parent of every descendant whose own
// parent ends (prctl(2), PR_SET_CHILD_SUBREAPER).
func adoptOrphans() { _ = unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) }
