package agent

import (
	"fmt"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// peerOf asks the kernel who is at the other end of the socket (unix(4),
// LOCAL_PEERCRED and LOCAL_PEERPID).
func peerOf(fd int) (uid, pid int, err error) {
	cred, err := unix.GetsockoptXucred(fd, unix.SOL_LOCAL, unix.LOCAL_PEERCRED)
	if err != nil {
		return 0, 0, fmt.Errorf("asking who is at the other end: %w", err)
	}
	// Only the user decides; the process is for the record.
	pid, err = unix.GetsockoptInt(fd, unix.SOL_LOCAL, unix.LOCAL_PEERPID)
	if err != nil {
		pid = 0
	}
	return int(cred.Uid), pid, nil
}

// commandOf returns the name of a process and the number of its parent.
func commandOf(pid int) (name string, parent int) {
	info, err := unix.SysctlKinfoProc("kern.proc.pid", pid)
	if err != nil {
		return "", 0
	}
	return unix.ByteSliceToString(info.Proc.P_comm[:]), int(info.Eproc.Ppid)
}

// inheritNothing keeps what this process was started with, beside its streams,
// from those it starts: an agent that holds a pipe of a script open would have
// that wait for its end.
func inheritNothing() {
	entries, err := os.ReadDir("/dev/fd")
	if err != nil {
		return
	}
	for _, e := range entries {
		if fd, err := strconv.Atoi(e.Name()); err == nil && fd > 2 {
			unix.CloseOnExec(fd)
		}
	}
}

// sleptSoFar returns how long the machine has slept since it was started:
// CLOCK_MONOTONIC_RAW goes on in a sleep and CLOCK_UPTIME_RAW does not
// (clock_gettime(3)).
func sleptSoFar() time.Duration {
	return clock(unix.CLOCK_MONOTONIC_RAW) - clock(unix.CLOCK_UPTIME_RAW)
}
