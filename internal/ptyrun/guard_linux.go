package ptyrun

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// A guard tells whether the program is alone on its terminal and reads there.
//
// Everything it goes by is the kernel's word: a process's own name, arguments
// and environment are its to change.
type guard struct {
	master   *os.File // this side of the terminal
	terminal *os.File // the program's side
	program  int
	ours     []int // the session's own processes
}

// knows tells that this system has answers.
func (g *guard) knows() bool { return true }

// strangers returns the processes besides the program that could read what is
// typed now: those that descend from it, have the terminal for their
// controlling one, or have it open, whatever session they are in. The lines lead
// from the program, or from where one is cut off from it, to each of those that
// have started no other.
//
// A process that ends while it looks may have left another behind, so it looks
// again, for new processes and for orphans, until none ended meanwhile. It is
// not sure when that goes on.
//
// A process that flees by forking does not escape a look: its children have
// larger numbers, and /proc lists the numbers in order, so one of them is
// listed, and found to be there, or to have just ended.
func (g *guard) strangers() (found []Process, lines [][]Process, sure bool) {
	var terminal syscall.Stat_t
	if syscall.Fstat(fdOf(g.terminal), &terminal) != nil {
		return nil, nil, false
	}
	const looks = 16
	seen := map[int]process{}
	for range looks {
		complete, err := look(seen, &terminal)
		if err != nil {
			return nil, nil, false
		}
		if complete {
			sure = true
			break
		}
	}
	for pid, p := range seen {
		if p.state == 0 || pid == g.program || g.isOurs(pid) {
			continue
		}
		if p.holds || g.descends(pid, seen) {
			found = append(found, Process{pid, p.name})
		}
	}
	return found, g.lines(found, seen), sure
}

func (g *guard) lines(found []Process, seen map[int]process) (lines [][]Process) {
	asks := append([]Process{{g.program, seen[g.program].name}}, found...)
	for _, p := range asks {
		if slices.ContainsFunc(asks, func(other Process) bool { return seen[other.PID].parent == p.PID }) {
			continue
		}
		line := []Process{p}
		for i := 0; i >= 0; {
			above := seen[line[0].PID].parent
			if i = slices.IndexFunc(asks, func(other Process) bool { return other.PID == above }); i >= 0 {
				line = slices.Insert(line, 0, asks[i])
			}
		}
		lines = append(lines, line)
	}
	return lines
}

// A process is what a look saw of one; nothing where it had ended.
type process struct {
	procStat
	holds bool // the terminal
}

// look adds the processes that are not in seen yet, and tells whether none of
// them has ended already. What descends from one that has is left to the next
// look: it has another parent as soon as the last thread of its own has ended.
func look(seen map[int]process, terminal *syscall.Stat_t) (complete bool, err error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return false, err
	}
	complete = true
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if _, known := seen[pid]; known || err != nil {
			continue
		}
		p, err := stat(pid)
		if err != nil || p.ended() {
			seen[pid], complete = process{}, false
			continue
		}
		seen[pid] = process{p, p.terminal == terminal.Rdev || hasOpen(pid, terminal)}
	}
	var orphans []int
	for pid, p := range seen {
		for range len(seen) {
			above, known := seen[p.parent]
			if !known {
				break
			}
			if above.state == 0 {
				orphans = append(orphans, pid)
				break
			}
			p = above
		}
	}
	for _, pid := range orphans {
		delete(seen, pid)
	}
	return complete && len(orphans) == 0, nil
}

func (g *guard) isOurs(pid int) bool {
	return slices.Contains(g.ours, pid)
}

// descends tells whether a process comes from the program or, by way of its
// monitor that adopts orphans, once did.
func (g *guard) descends(pid int, seen map[int]process) bool {
	for range len(seen) {
		parent := seen[pid].parent
		if parent == 0 {
			return false
		}
		if parent == g.program || parent != os.Getpid() && g.isOurs(parent) {
			return true
		}
		pid = parent
	}
	return false
}

// A procStat is what /proc/PID/stat says (proc_pid_stat(5)).
type procStat struct {
	name     string
	state    byte
	parent   int
	group    int
	terminal uint64
	threads  int
}

// ended tells that nothing of the process runs: its first thread alone may have
// ended.
func (p procStat) ended() bool {
	return (p.state == 'Z' || p.state == 'X') && p.threads <= 1
}

func stat(pid int) (procStat, error) {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return procStat{}, err
	}
	// The name may have any character in it, parentheses included.
	open, end := bytes.IndexByte(text, '('), bytes.LastIndexByte(text, ')')
	if open < 0 || end < open {
		return procStat{}, syscall.EINVAL
	}
	fields := strings.Fields(string(text[end+1:]))
	if len(fields) < 18 {
		return procStat{}, syscall.EINVAL
	}
	p := procStat{name: string(text[open+1 : end]), state: fields[0][0]}
	p.parent, _ = strconv.Atoi(fields[1])
	p.group, _ = strconv.Atoi(fields[2])
	p.threads, _ = strconv.Atoi(fields[17])
	// The number is a C int that holds the device in the kernel's old coding.
	device, _ := strconv.ParseInt(fields[4], 10, 64)
	dev := uint32(device) //nolint:gosec // two's complement, as printed
	p.terminal = unix.Mkdev(dev>>8&0xfff, dev&0xff|dev>>12&0xfff00)
	return p, nil
}

// hasOpen tells whether a process has the terminal open. Of another user's
// process it cannot tell; such a process is not a script of this program.
func hasOpen(pid int, terminal *syscall.Stat_t) bool {
	dir := filepath.Join("/proc", strconv.Itoa(pid), "fd")
	entries, err := os.ReadDir(dir)
	if err != nil {
		return false
	}
	for _, e := range entries {
		var st syscall.Stat_t
		if syscall.Stat(filepath.Join(dir, e.Name()), &st) == nil && st.Rdev == terminal.Rdev && st.Mode&syscall.S_IFMT == syscall.S_IFCHR {
			return true
		}
	}
	return false
}

// inFront tells whether a process has the terminal's foreground.
func (g *guard) inFront(pid int) bool {
	// The program's side answers this only to the processes of its session.
	front, err := unix.IoctlGetInt(fdOf(g.master), unix.TIOCGPGRP)
	p, statErr := stat(pid)
	return err == nil && statErr == nil && front == p.group
}

// ownTerminal is the device of /dev/tty, which is to each process its own.
var ownTerminal = unix.Mkdev(5, 0) //nolint:gochecknoglobals // a constant

// reads tells whether a thread of a process is in a read of the terminal. Of a
// process of another user, such as sudo, it tells only whether it may be.
func (g *guard) reads(pid int) (reads, sure bool) {
	var terminal syscall.Stat_t
	p, err := stat(pid)
	if err != nil || syscall.Fstat(fdOf(g.terminal), &terminal) != nil {
		return false, true
	}
	tasks := filepath.Join("/proc", strconv.Itoa(pid), "task")
	entries, err := os.ReadDir(tasks)
	if err != nil {
		return false, true
	}
	sure = true
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(tasks, e.Name(), "syscall"))
		if errors.Is(err, fs.ErrPermission) {
			sure = false
			continue
		}
		fields := strings.Fields(string(text))
		if err != nil || len(fields) < 2 {
			continue
		}
		number, err := strconv.Atoi(fields[0])
		if err != nil || number != unix.SYS_READ && number != unix.SYS_READV {
			continue
		}
		fd, err := strconv.ParseUint(strings.TrimPrefix(fields[1], "0x"), 16, 32)
		if err != nil {
			continue
		}
		var st syscall.Stat_t
		if syscall.Stat(filepath.Join("/proc", strconv.Itoa(pid), "fd", strconv.FormatUint(fd, 10)), &st) == nil &&
			(st.Rdev == terminal.Rdev || st.Rdev == ownTerminal && p.terminal == terminal.Rdev) {
			return true, true
		}
	}
	return !sure && p.state == 'S' && p.terminal == terminal.Rdev, sure
}
