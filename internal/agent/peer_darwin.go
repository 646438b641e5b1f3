package agent

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"os"
	"strconv"
	"strings"
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

// lookAt returns what the system knows of a process. It is an error if there is
// none. The name is what the process says of itself.
func lookAt(pid int) (process, error) {
	info, err := unix.SysctlKinfoProc("kern.proc.pid", pid)
	if err != nil {
		return process{}, err
	}
	p := process{
		pid: pid, name: unix.ByteSliceToString(info.Proc.P_comm[:]), parent: int(info.Eproc.Ppid),
		group: int(info.Eproc.Pgid), foreground: int(info.Eproc.Tpgid),
		started: fmt.Sprint(info.Proc.P_starttime.Sec, ".", info.Proc.P_starttime.Usec),
	}
	if p.session, err = unix.Getsid(pid); err != nil {
		return process{}, err
	}
	if info.Eproc.Tdev != -1 { // NODEV
		p.tty = uint64(info.Eproc.Tdev)
	}
	return p, nil
}

// commandLine returns the arguments of a process, or its name where they cannot be
// had (sysctl(3), KERN_PROCARGS2: their number, the path of the program, zeros, and
// then each with a zero behind it).
func (p process) commandLine() string {
	data, err := unix.SysctlRaw("kern.procargs2", p.pid)
	if err != nil || len(data) < 4 {
		return p.name
	}
	n := int(binary.NativeEndian.Uint32(data))
	_, rest, _ := strings.Cut(string(data[4:]), "\x00")
	words := strings.Split(strings.TrimLeft(rest, "\x00"), "\x00")
	return cmp.Or(strings.Join(words[:max(0, min(n, len(words)))], " "), p.name)
}

// folder returns "": the system tells the working folder of another process to
// libraries of C only.
func (p process) folder() string { return "" }

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
