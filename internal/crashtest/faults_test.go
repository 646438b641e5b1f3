//go:build crash && linux

package crashtest_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
)

// traced are the system calls that meet a fault.
const traced = "openat,read,write,pwrite64,fsync,fdatasync,close,rename,renameat,renameat2,link,linkat,unlink,unlinkat," +
	"ftruncate,flock,fchmod,fchmodat,mkdir,mkdirat"

// faults are what the calls meet.
var faults = []string{"signal=KILL", "error=EIO", "error=ENOSPC", "error=EDQUOT", "error=EROFS", "error=EINTR"}

// stride is which of the cases run where not all do. It has no divisor in common
// with the number of faults, so that each call meets another of them.
const stride = 11

// A site is one system call of a command: the nth of its name on its thread,
// which is how strace counts.
type site struct {
	name string
	nth  int
}

var callPattern = regexp.MustCompile(`^(\d+) +(\w+)\(`)

// A bench is where one test after the other uses a world of the same path: the
// memory of the vault and the notes of what was written know paths.
type bench struct {
	dir      string // where its file system is mounted
	world    world
	template string
	log      string
}

// newBench returns a bench on a file system in memory.
func newBench(t *testing.T) *bench {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	call(t, "mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", dir)
	t.Cleanup(func() { unmount(t, dir) })
	b := &bench{dir: dir, world: world{dir: filepath.Join(dir, "world"), state: filepath.Join(dir, "world", "state"), exe: program(t, dir)}, template: filepath.Join(dir, "template"), log: filepath.Join(dir, "log")}
	if err := os.Mkdir(b.world.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	b.world.build(t)
	copyTree(t, b.world.dir, b.template)
	return b
}

// program makes the test binary be called npmotp.
func program(t *testing.T, dir string) string {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, "npmotp")
	if err := os.Symlink(exe, name); err != nil {
		t.Fatal(err)
	}
	return name
}

func (b *bench) reset(t *testing.T) {
	t.Helper()
	copyTree(t, b.template, b.world.dir)
}

// trace runs a command under strace and returns the lines of the log.
func (b *bench) trace(t *testing.T, c command, inject ...string) (r run, lines []string) {
	t.Helper()
	wrap := []string{"strace", "-f", "-qq", "-y", "-s", "0", "-o", b.log, "-e", "trace=" + traced}
	for _, i := range inject {
		wrap = append(wrap, "-e", "inject="+i)
	}
	// Which is faster, and at whose stops no signal can be given.
	if !strings.Contains(strings.Join(inject, ""), "signal=") {
		wrap = append(wrap, "--seccomp-bpf")
	}
	r = c.do(t, b.world, append(wrap, "--")...)
	text, err := os.ReadFile(b.log)
	if err != nil {
		t.Fatal(err)
	}
	return r, strings.Split(string(text), "\n")
}

// calls returns the calls of a traced command that concern the world or what is
// printed.
func (b *bench) calls(lines []string) []site {
	count := map[string]int{}
	var calls []site
	for _, line := range lines {
		m := callPattern.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		count[m[0]]++
		if b.concerns(line) {
			calls = append(calls, site{m[2], count[m[0]]})
		}
	}
	return calls
}

func (b *bench) concerns(line string) bool {
	return strings.Contains(line, b.world.dir) || strings.Contains(line, b.world.state) || strings.Contains(line, " write(1<")
}

// undisturbed runs a command that meets no fault, and returns what it does and its
// calls.
func (b *bench) undisturbed(t *testing.T, c command) (o outlook, sites []site) {
	t.Helper()
	o = b.world.outlook(t, c, func() run {
		r, lines := b.trace(t, c)
		sites = b.calls(lines)
		return r
	})
	if names := b.world.leftovers(t); len(names) > 0 {
		t.Errorf("left over without a fault: %q", names)
	}
	return o, sites
}

// Each command meets each fault at each of its system calls.
func TestFaults(t *testing.T) {
	needs(t, "strace", "cp")
	var tried, met atomic.Int64
	t.Run("all", func(t *testing.T) {
		for n, c := range commands() {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				b := newBench(t)
				o, sites := b.undisturbed(t, c)
				i, hits, all := n, 0, 0
				for _, at := range sites {
					for _, fault := range faults {
						if i++; !whole() && i%stride != 0 {
							continue
						}
						all++
						if b.faultAt(t, c, o, at, fault) {
							hits++
						}
					}
				}
				t.Logf("%d calls, %d of %d faults met", len(sites), hits, all)
				tried.Add(int64(all))
				met.Add(int64(hits))
			})
		}
	})
	t.Logf("%d of %d faults met", met.Load(), tried.Load())
	if met.Load() < tried.Load()*98/100 || tried.Load() == 0 {
		t.Error("what was looked at is not what was asked for")
	}
}

// tries is how often a fault is tried that does not meet its call: which thread
// makes the call, and so its number there, is for the runtime to decide.
const tries = 3

// faultAt runs a command with a fault at a call, and reports whether it was met.
func (b *bench) faultAt(t *testing.T, c command, o outlook, at site, fault string) (met bool) {
	t.Helper()
	for range tries {
		b.reset(t)
		r, lines := b.trace(t, c, fmt.Sprintf("%s:%s:when=%d", at.name, fault, at.nth))
		met = r.status == -1 || slices.ContainsFunc(lines, func(line string) bool {
			return strings.Contains(line, "(INJECTED)") && b.concerns(line)
		})
		ok := t.Run(fmt.Sprintf("%s %d %s", at.name, at.nth, fault), func(t *testing.T) {
			b.world.check(t, c, o, r, func() {})
			if !t.Failed() {
				return
			}
			for _, line := range lines {
				if strings.Contains(line, "(INJECTED)") || strings.HasSuffix(line, " = ?") {
					t.Log(line)
				}
			}
		})
		if met || !ok {
			return met
		}
	}
	t.Logf("missed %v %s", at, fault)
	return false
}
