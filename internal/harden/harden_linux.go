package harden

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// undumpable makes /proc/PID belong to root and refuses ptrace (prctl(2),
// PR_SET_DUMPABLE). A new program in the process undoes it.
func undumpable() error { return unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0) }

// ErrSwappable says that parts of the memory may be swapped.
var ErrSwappable = errors.New("the memory may be swapped")

// Lock keeps the heap, as it is now, from being swapped, as far as the system
// allows (getrlimit(2), RLIMIT_MEMLOCK: 8 MiB on most). The error wraps
// [ErrSwappable] when that is not all of it.
//
// Go gives a program no say in where a value lives, and copies it at will. So
// the whole heap is locked, which the stacks of goroutines are part of, and not
// the value. What no value has lain in yet takes no memory, and is locked when one
// does (mlock2(2), MLOCK_ONFAULT; before Linux 4.4 all of it is taken at once). Lock
// is to be called again when the heap may have grown.
func Lock() error {
	maps, err := os.Open("/proc/self/maps")
	if err != nil {
		return fmt.Errorf("%w: %w", ErrSwappable, err)
	}
	defer func() { _ = maps.Close() }()
	lines := bufio.NewScanner(maps)
	here := uint64(reflect.ValueOf(lines).Pointer()) // in the heap
	found := false
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) < 5 || fields[1] != "rw-p" || fields[4] != "0" {
			continue // not private memory without a file
		}
		low, high, _ := strings.Cut(fields[0], "-")
		from, fromErr := strconv.ParseUint(low, 16, 64)
		to, toErr := strconv.ParseUint(high, 16, 64)
		if fromErr != nil || toErr != nil || max(from, here)-min(from, here) > near {
			continue
		}
		found = found || from <= here && here < to
		_, _, errno := unix.Syscall(unix.SYS_MLOCK2, uintptr(from), uintptr(to-from), unix.MLOCK_ONFAULT)
		if errno == unix.ENOSYS {
			_, _, errno = unix.Syscall(unix.SYS_MLOCK, uintptr(from), uintptr(to-from), 0)
		}
		if errno != 0 {
			return fmt.Errorf("%w: mlock: %w", ErrSwappable, errno)
		}
	}
	if err := lines.Err(); err != nil || !found {
		return fmt.Errorf("%w: the heap was not found", ErrSwappable)
	}
	return nil
}

// near is how far from one value another part of the heap is looked for. The
// runtime asks for one part after the other, in a region of its own (runtime,
// mallocinit); libraries and the kernel's mappings are terabytes away.
const near = 1 << 32
