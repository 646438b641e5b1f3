//go:build linux

package harden_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"npmotp/internal/harden"
)

func TestProcess(t *testing.T) {
	var before, closed, after unix.Rlimit
	get := func(l *unix.Rlimit) {
		t.Helper()
		if err := unix.Getrlimit(unix.RLIMIT_CORE, l); err != nil {
			t.Fatal(err)
		}
	}
	get(&before)
	reopen, err := harden.Process()
	if err != nil {
		t.Fatal(err)
	}
	get(&closed)
	reopen()
	get(&after)
	if closed.Cur != 0 || closed.Max != before.Max || after != before {
		t.Errorf("the limit on core files was %+v, then %+v, then %+v", before, closed, after)
	}
	if dumpable, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0); err != nil || dumpable != 0 {
		t.Errorf("dumpable is %d, %v", dumpable, err)
	}
}

// The system says how much is locked: the heap, which is at least 4 MiB.
func TestLock(t *testing.T) {
	if err := harden.Lock(); errors.Is(err, unix.ENOMEM) || errors.Is(err, unix.EPERM) {
		t.Skip("the limit on locked memory is too low here:", err)
	} else if err != nil {
		t.Fatal(err)
	}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "VmLck:")
	if fields := strings.Fields(rest); len(fields) == 0 || len(fields[0]) < 4 {
		t.Errorf("locked: %.20q kB", rest)
	}
	if err := harden.Lock(); err != nil {
		t.Errorf("again: %v", err)
	}
}
