package agent

import (
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// peerOf asks the kernel who is at the other end of the socket (socket(7),
// SO_PEERCRED). The answer was fixed when the connection was made.
func peerOf(fd int) (uid, pid int, err error) {
	cred, err := unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err != nil {
		return 0, 0, fmt.Errorf("asking who is at the other end: %w", err)
	}
	return int(cred.Uid), int(cred.Pid), nil
}

// commandOf returns the name of a process and the number of its parent
// (proc_pid_stat(5)). The name is what the process says of itself.
func commandOf(pid int) (name string, parent int) {
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return "", 0
	}
	// The name stands in parentheses and may hold some itself.
	_, rest, _ := strings.Cut(string(data), "(")
	i := strings.LastIndex(rest, ")")
	if i < 0 {
		return "", 0
	}
	fields := strings.Fields(rest[i+1:])
	if len(fields) > 1 {
		parent, _ = strconv.Atoi(fields[1])
	}
	return rest[:i], parent
}

// inheritNothing keeps what this process was started with, beside its streams,
// from those it starts: an agent that holds a pipe of a script open would have
// that wait for its end. Kernels before 5.11 do not know how.
func inheritNothing() {
	_ = unix.CloseRange(3, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC)
}

// sleptSoFar returns how long the machine has slept since it was started:
// CLOCK_BOOTTIME goes on in a suspend and CLOCK_MONOTONIC does not.
func sleptSoFar() time.Duration {
	return clock(unix.CLOCK_BOOTTIME) - clock(unix.CLOCK_MONOTONIC)
}
