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
	terminal uint64   // the device that the program's side is
	program  int
	ours     []int // the session's own processes, and the program's
	// idle are processes that could not read the terminal, by the processor time that
	// they had then: who has not run since has not got hold of it. The kernel brings
	// that time up to date when a process goes to sleep, and at each tick before.
	idle   map[int]int64
	coarse bool // the system counts that time too coarsely to tell by
}

// watch begins before there is a terminal, so that what sleeps from here on needs
// no look however much it has open.
func (g *guard) watch() {
	before := processorTime(os.Getpid())
	g.idle = map[int]int64{}
	pids, _ := processes()
	for _, pid := range pids {
		g.idle[pid] = processorTime(pid)
	}
	g.coarse = processorTime(os.Getpid()) == before
}

// of says which terminal it is, by its two sides.
func (g *guard) of(master, slave *os.File) error {
	var st syscall.Stat_t
	err := syscall.Fstat(fdOf(slave), &st)
	g.master, g.terminal = master, st.Rdev
	return err
}

// sleeps tells whether a process has not run since it was known not to have the
// terminal. To the nanosecond, the time is no other process's with that number.
func (g *guard) sleeps(pid int) bool {
	then := g.idle[pid]
	return !g.coarse && then != 0 && then == processorTime(pid)
}

// processorTime returns the nanoseconds that all threads of a process have run for,
// 0 where that cannot be told (clock_getcpuclockid(3)).
func processorTime(pid int) int64 {
	const whole = 2 // CPUCLOCK_SCHED, of a process
	var t unix.Timespec
	if unix.ClockGettime(^int32(pid)<<3|whole, &t) != nil { //nolint:gosec // a process has 22 bits
		return 0
	}
	return t.Nano()
}

// processes returns the numbers of all processes.
func processes() (pids []int, err error) {
	entries, err := os.ReadDir("/proc")
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids, err
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
	const looks = 16
	seen := map[int]process{}
	for range looks {
		if sure = g.look(seen); sure {
			break
		}
	}
	for pid, p := range seen {
		if p.state == 0 || g.isOurs(pid) {
			continue
		}
		if p.holds || g.descends(pid, seen) {
			found = append(found, Process{pid, p.name})
		} else {
			g.idle[pid] = p.ran
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
				line = append([]Process{asks[i]}, line...)
			}
		}
		lines = append(lines, line)
	}
	return lines
}

// A process is what a look saw of one; nothing where it had ended.
type process struct {
	procStat
	holds bool  // the terminal, and is none of ours
	ran   int64 // how long, before the look
}

// look adds the processes that are not in seen yet, and tells whether they are all
// there and none of them has ended already. What descends from one that has is left to the next
// look: it has another parent as soon as the last thread of its own has ended.
func (g *guard) look(seen map[int]process) (complete bool) {
	pids, err := processes()
	complete = err == nil
	for _, pid := range pids {
		if _, known := seen[pid]; known {
			continue
		}
		if g.sleeps(pid) {
			seen[pid] = process{procStat: procStat{state: 'S'}, ran: g.idle[pid]}
			continue
		}
		ran := processorTime(pid)
		p, found := stat(pid)
		if !found || p.ended() {
			seen[pid], complete = process{}, false
			continue
		}
		holds := !g.isOurs(pid) && (p.terminal == g.terminal || hasOpen(pid, g.terminal))
		seen[pid] = process{p, holds, ran}
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
	return complete && len(orphans) == 0
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
			break
		}
		if parent != os.Getpid() && g.isOurs(parent) {
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

// stat tells what there is of a process, if there is one.
func stat(pid int) (p procStat, found bool) {
	text, _ := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	// The name may have any character in it, parentheses included.
	open, end := bytes.IndexByte(text, '('), bytes.LastIndexByte(text, ')')
	fields := strings.Fields(string(text[end+1:]))
	if open < 0 || end < open || len(fields) < 18 {
		return procStat{}, false
	}
	p = procStat{name: string(text[open+1 : end]), state: fields[0][0]}
	p.parent, _ = strconv.Atoi(fields[1])
	p.group, _ = strconv.Atoi(fields[2])
	p.threads, _ = strconv.Atoi(fields[17])
	// The number is a C int that holds the device in the kernel's old coding.
	device, _ := strconv.ParseInt(fields[4], 10, 64)
	dev := uint32(device) //nolint:gosec // two's complement, as printed
	p.terminal = unix.Mkdev(dev>>8&0xfff, dev&0xff|dev>>12&0xfff00)
	return p, true
}

// hasOpen tells whether a process has the terminal open. Of another user's
// process it cannot tell; such a process is not a script of this program.
func hasOpen(pid int, terminal uint64) bool {
	dir := filepath.Join("/proc", strconv.Itoa(pid), "fd")
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		var st syscall.Stat_t
		if syscall.Stat(filepath.Join(dir, e.Name()), &st) == nil && st.Rdev == terminal && st.Mode&syscall.S_IFMT == syscall.S_IFCHR {
			return true
		}
	}
	return false
}

// inFront tells whether a process has the terminal's foreground.
func (g *guard) inFront(pid int) bool {
	// The program's side answers this only to the processes of its session.
	front, err := unix.IoctlGetInt(fdOf(g.master), unix.TIOCGPGRP)
	p, found := stat(pid)
	return err == nil && found && front == p.group
}

// ownTerminal is the device of /dev/tty, which is to each process its own.
var ownTerminal = unix.Mkdev(5, 0) //nolint:gochecknoglobals // a constant

// reads tells whether a thread of a process is in a read of the terminal. Of a
// process of another user, such as sudo, it tells only whether it may be.
func (g *guard) reads(pid int) (reads, sure bool) {
	// Of one that has ended there is no state and no thread.
	p, _ := stat(pid)
	tasks := filepath.Join("/proc", strconv.Itoa(pid), "task")
	entries, _ := os.ReadDir(tasks)
	sure = true
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(tasks, e.Name(), "syscall"))
		if errors.Is(err, fs.ErrPermission) {
			sure = false
			continue
		}
		call := strings.Fields(string(text)) // the number of what it waits in, if it does, and the arguments
		if len(call) < 2 || call[0] != strconv.Itoa(unix.SYS_READ) && call[0] != strconv.Itoa(unix.SYS_READV) {
			continue
		}
		fd, err := strconv.ParseUint(call[1], 0, 32)
		var st syscall.Stat_t
		if err == nil && syscall.Stat(filepath.Join("/proc", strconv.Itoa(pid), "fd", strconv.FormatUint(fd, 10)), &st) == nil &&
			(st.Rdev == g.terminal || st.Rdev == ownTerminal && p.terminal == g.terminal) {
			return true, true
		}
	}
	return !sure && p.state == 'S' && p.terminal == g.terminal, sure
}
