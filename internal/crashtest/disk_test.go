//go:build crash && linux

package crashtest_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// A disk is a way in which a disk takes nothing more. It returns what lies between
// the shell and the command, and how to undo it.
type disk struct {
	name string
	fail func(t *testing.T, b *bench) (wrap []string, over func())
}

func disks() []disk {
	list := []disk{{"that cannot be written", func(t *testing.T, b *bench) ([]string, func()) {
		t.Helper()
		remount(t, b.dir, unix.MS_RDONLY)
		return nil, func() { remount(t, b.dir, 0) }
	}}}
	// A vault has 14 KiB, and a page is what a disk in memory gives.
	for pages := range 9 {
		list = append(list, disk{fmt.Sprintf("with %d KiB left", 4*pages), func(t *testing.T, b *bench) ([]string, func()) {
			t.Helper()
			return nil, b.fill(t, int64(4096*pages))
		}})
	}
	for _, blocks := range []int{0, 1, 8, 16, 27, 28, 29, 200} {
		list = append(list, disk{fmt.Sprintf("for files of %d bytes", 512*blocks), func(*testing.T, *bench) ([]string, func()) {
			return []string{"sh", "-c", fmt.Sprintf(`ulimit -f %d; exec "$@"`, blocks), "sh"}, func() {}
		}})
	}
	return list
}

// fill leaves so many bytes of the file system.
func (b *bench) fill(t *testing.T, left int64) (over func()) {
	t.Helper()
	name := filepath.Join(b.dir, "filler")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	size, block := int64(0), bytes.Repeat([]byte{1}, 4096)
	for {
		n, err := f.Write(block)
		size += int64(n)
		if errors.Is(err, syscall.ENOSPC) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Truncate(size - left); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
}

// Each command meets a disk that takes less than it has to write.
func TestDisks(t *testing.T) {
	needs(t, "mount", "cp")
	for _, c := range commands() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			o := b.world.outlook(t, c, func() run { return c.do(t, b.world) })
			failed, succeeded := 0, 0
			for _, d := range disks() {
				b.reset(t)
				t.Run(d.name, func(t *testing.T) {
					wrap, over := d.fail(t, b)
					done := false
					defer func() {
						if !done {
							over()
						}
					}()
					r := c.do(t, b.world, wrap...)
					if r.status == 0 {
						succeeded++
					} else {
						failed++
					}
					if r.status != 0 && (r.status != 1 || strings.Contains(r.said, "goroutine ")) {
						t.Errorf("status %d: %s", r.status, r.said)
					}
					b.world.check(t, c, o, r, func() { over(); done = true })
				})
			}
			if failed < 3 {
				t.Errorf("%d of %d disks were too small", failed, failed+succeeded)
			}
		})
	}
}
