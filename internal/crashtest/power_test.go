//go:build crash && linux

package crashtest_test

import (
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"
)

// A powered is a bench on a disk that loses power. Nothing but what a program syncs
// reaches it: the journal does not begin anew within ten minutes, and no order of
// data and names is kept that nobody asks for. The folder of the state lies on
// another disk: to sync one writes the journal for all of it, and hides what else was
// not synced.
type powered struct {
	*bench
	template, image string // the disk as it was, and in use
	state           string // the folder of the state as it was
}

func newPowered(t *testing.T) *powered {
	t.Helper()
	outer, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	call(t, "mount", "-t", "tmpfs", "-o", "size=128m", "tmpfs", outer)
	t.Cleanup(func() { unmount(t, outer) })
	p := &powered{
		bench:    &bench{dir: filepath.Join(outer, "disk"), log: filepath.Join(outer, "log")},
		template: filepath.Join(outer, "template"), image: filepath.Join(outer, "image"),
		state: filepath.Join(outer, "state-template"),
	}
	p.world = world{dir: filepath.Join(p.dir, "world"), state: filepath.Join(outer, "state"), exe: program(t, outer)}
	if err := os.Mkdir(p.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(p.image, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(p.image, 12<<20); err != nil {
		t.Fatal(err)
	}
	call(t, "mkfs.ext4", "-q", "-F", p.image)
	p.on(t)
	if err := os.Mkdir(p.world.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	p.world.build(t)
	unmount(t, p.dir)
	call(t, "cp", p.image, p.template)
	copyTree(t, p.world.state, p.state)
	return p
}

// on mounts the disk as it is.
func (p *powered) on(t *testing.T) {
	t.Helper()
	call(t, "mount", "-t", "ext4", "-o", "loop,commit=600,data=writeback,noauto_da_alloc", p.image, p.dir)
}

// cut takes the power away and gives it back.
func (p *powered) cut(t *testing.T) {
	t.Helper()
	// FS_IOC_SHUTDOWN and EXT4_GOING_FLAGS_NOLOGFLUSH of fs/ext4/ext4.h: what is in
	// memory does not reach the disk any more, nor does the journal.
	const shutdown, noLogFlush = 0x8004587d, 2
	d, err := os.Open(p.dir)
	if err != nil {
		t.Fatal(err)
	}
	err = unix.IoctlSetPointerInt(int(d.Fd()), shutdown, noLogFlush)
	_ = d.Close()
	if err != nil {
		t.Fatalf("cutting the power: %v", err)
	}
	unmount(t, p.dir)
	p.on(t)
}

// fresh mounts the disk as it was, and unmounts it at the end of do.
func (p *powered) fresh(t *testing.T, do func()) {
	t.Helper()
	call(t, "cp", p.template, p.image)
	copyTree(t, p.state, p.world.state)
	p.on(t)
	defer unmount(t, p.dir)
	do()
}

// The power is cut at each system call of each command, and right after its end.
func TestPowerCuts(t *testing.T) {
	needs(t, "strace", "cp", "mkfs.ext4")
	var tried, cuts atomic.Int64
	t.Run("all", func(t *testing.T) {
		for n, c := range commands() {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				p := newPowered(t)
				var o outlook
				var sites []site
				p.fresh(t, func() { o, sites = p.undisturbed(t, c) })
				p.fresh(t, func() {
					r := c.do(t, p.world)
					p.cut(t)
					p.world.check(t, c, o, r, func() {})
				})
				for i, at := range sites {
					if !whole() && (i+n)%stride != 0 {
						continue
					}
					tried.Add(1)
					p.fresh(t, func() {
						r, _ := p.trace(t, c, fmt.Sprintf("%s:signal=KILL:when=%d", at.name, at.nth))
						p.cut(t)
						if r.status != -1 {
							return
						}
						cuts.Add(1)
						t.Run(fmt.Sprintf("%s %d", at.name, at.nth), func(t *testing.T) { p.world.check(t, c, o, r, func() {}) })
					})
				}
			})
		}
	})
	t.Logf("the power was cut at %d of %d calls", cuts.Load(), tried.Load())
	if cuts.Load() < tried.Load()*95/100 || tried.Load() == 0 {
		t.Error("what was looked at is not what was asked for")
	}
}
