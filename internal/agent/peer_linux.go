package agent

import (
	"cmp"
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

// lookAt returns what the system knows of a process (proc_pid_stat(5)). It is an
// error if there is none. The name and the arguments are what the process says of
// itself.
func lookAt(pid int) (process, error) {
	folder := "/proc/" + strconv.Itoa(pid)
	data, err := os.ReadFile(folder + "/stat")
	if err != nil {
		return process{}, err
	}
	// The name stands in parentheses and may hold some itself.
	_, rest, _ := strings.Cut(string(data), "(")
	i := strings.LastIndex(rest, ")")
	if i < 0 {
		return process{}, errNoProcess
	}
	// From the third field, the state, to the twenty-second, when it was started.
	fields := strings.Fields(rest[i+1:])
	if len(fields) < 20 {
		return process{}, errNoProcess
	}
	number := func(field int) int { n, _ := strconv.Atoi(fields[field-3]); return n }
	p := process{
		pid: pid, name: rest[:i], parent: number(4), group: number(5), session: number(6), foreground: number(8), started: fields[22-3],
	}
	if n := uint32(number(7)); n != 0 { //nolint:gosec // 32 bits of a device number
		p.tty = unix.Mkdev(n>>8&0xfff, n&0xff|n>>12&0xfff00)
	}
	return p, nil
}

// commandLine returns the arguments of a process, or its name where it has none.
func (p process) commandLine() string {
	data, _ := os.ReadFile("/proc/" + strconv.Itoa(p.pid) + "/cmdline")
	return cmp.Or(strings.Join(strings.Split(strings.TrimRight(string(data), "\x00"), "\x00"), " "), p.name)
}

// folder returns the working folder of a process, or "" where it cannot be read, as
// that of a process that is closed to tracing: npmotp is one.
func (p process) folder() string {
	dir, _ := os.Readlink("/proc/" + strconv.Itoa(p.pid) + "/cwd")
	return dir
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
