package ptyrun

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Seen tells that this system shows which program asks, and what it was started with.
const Seen = true

// Argv returns the command line that the process shows, which is its own to
// change; nil where it cannot be had.
func (p Process) Argv() []string { return p.words("cmdline") }

// Environ returns the environment that the process was started with, as
// [os.Environ] has one; nil where it cannot be had.
func (p Process) Environ() []string { return p.words("environ") }

// Dir returns the folder that the process is in, "" where that cannot be told.
func (p Process) Dir() string { return p.link("cwd") }

// File returns the file that the process executes, "" where that cannot be told.
func (p Process) File() string { return p.link("exe") }

// Size returns how many bytes the command line had with which the process was
// started, whatever it shows by now; 0 where that cannot be had.
func (p Process) Size() int {
	text, _ := os.ReadFile(filepath.Join("/proc", strconv.Itoa(p.PID), "stat"))
	const begin, end = 48 - 3, 49 - 3 // of proc_pid_stat(5), behind the name
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	if len(fields) <= end {
		return 0
	}
	from, _ := strconv.Atoi(fields[begin])
	to, _ := strconv.Atoi(fields[end])
	return to - from
}

func (p Process) words(name string) []string {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(p.PID), name))
	if err != nil || len(text) == 0 {
		return nil
	}
	return strings.Split(strings.TrimSuffix(string(text), "\x00"), "\x00")
}

func (p Process) link(name string) string {
	target, err := os.Readlink(filepath.Join("/proc", strconv.Itoa(p.PID), name))
	if err != nil {
		return ""
	}
	return target
}

// tampered says how a process that is to read an answer is in another's hands,
// "" when nothing shows.
func tampered(pid int) string {
	who := fmt.Sprintf("process %d, which asks, ", pid)
	const name = "TracerPid:"
	// Who traces this process too has all that it could get there.
	if tracer := field(pid, "status", name); tracer != "" && tracer != "0" && tracer != field(os.Getpid(), "status", name) {
		return who + "is traced by process " + tracer
	}
	if listens(pid) {
		return who + "listens for connections, as one with a debugger does"
	}
	return ""
}

// listens tells whether a process has a socket that takes connections.
func listens(pid int) bool {
	folder := filepath.Join("/proc", strconv.Itoa(pid))
	entries, err := os.ReadDir(filepath.Join(folder, "fd"))
	if err != nil {
		return false
	}
	var sockets []string
	for _, e := range entries {
		name, err := os.Readlink(filepath.Join(folder, "fd", e.Name()))
		if inode, ok := strings.CutPrefix(name, "socket:["); ok && err == nil {
			sockets = append(sockets, strings.TrimSuffix(inode, "]"))
		}
	}
	if sockets == nil {
		return false
	}
	const listening, state, inode = "0A", 3, 9 // in a line of proc_pid_net(5)
	for _, name := range []string{"tcp", "tcp6"} {
		text, err := os.ReadFile(filepath.Join(folder, "net", name))
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(text)) {
			f := strings.Fields(line)
			if len(f) > inode && f[state] == listening && slices.Contains(sockets, f[inode]) {
				return true
			}
		}
	}
	return false
}

// bytesRead returns how much a process has read by now, -1 where the system does
// not tell.
func bytesRead(pid int) int64 {
	n, err := strconv.ParseInt(field(pid, "io", "rchar:"), 10, 64)
	if err != nil {
		return -1
	}
	return n
}

// field returns what stands behind a name in a file of /proc/PID.
func field(pid int, file, name string) string {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), file))
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, name); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
