package atomicfile_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// These tests look at the system calls themselves: a step that no longer did
// what its name says would pass every test that stops at steps.

// fileCalls are the system calls of a write.
const fileCalls = "openat,write,pwrite64,fsync,fdatasync,close,read,mkdir,mkdirat,link,linkat," +
	"rename,renameat,renameat2,unlink,unlinkat"

// trace runs a writer under strace, with more of its options, and returns the
// writer's status and the lines of the log.
func trace(t *testing.T, writer *exec.Cmd, options ...string) (status int, lines []string) {
	t.Helper()
	strace, err := exec.LookPath("strace")
	if err != nil {
		skipUnlessCI(t, "there is no strace in PATH")
	}
	log := filepath.Join(t.TempDir(), "log")
	args := append([]string{"-f", "-qq", "-y", "-s", "0", "-o", log, "-e", "trace=" + fileCalls}, options...)
	cmd := exec.CommandContext(t.Context(), strace, append(args, "--", writer.Path)...)
	cmd.Env = writer.Env
	status = exitStatus(t, cmd)
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	return status, strings.Split(string(text), "\n")
}

var callPattern = regexp.MustCompile(`^(\d+) +(\w+)\(`)

// story returns the calls that change something under dir, as "call names".
func story(lines []string, dir string) []string {
	random := regexp.MustCompile(`\.file\.tmp-[0-9a-f]{16}`)
	names := regexp.MustCompile(regexp.QuoteMeta(dir) + `[\w./-]*`)
	var calls []string
	for _, line := range lines {
		m := callPattern.FindStringSubmatch(line)
		if m == nil || !strings.Contains(line, dir) {
			continue
		}
		call := m[2]
		switch {
		case call == "close" || call == "read":
			continue
		case call == "openat" && !strings.Contains(line, "O_CREAT"):
			continue
		case call == "openat":
			line, _, _ = strings.Cut(line, " = ") // the new descriptor repeats the name
		}
		told := strings.TrimSuffix(strings.TrimSuffix(call, "at2"), "at")
		for _, name := range names.FindAllString(line, -1) {
			name = strings.TrimPrefix(strings.TrimPrefix(name, dir), "/")
			told += " " + random.ReplaceAllString("./"+name, "TMP")
		}
		calls = append(calls, told)
	}
	// os.Remove of a name that is gone asks twice.
	return slices.Compact(calls)
}

func TestOrderOfSystemCalls(t *testing.T) {
	dir, path := oldFile(t)
	status, lines := trace(t, child(t, "replace", path, filepath.Join(dir, "old", "1")))
	if status != 0 {
		t.Fatalf("the writer ended with %d", status)
	}
	want := []string{
		"open ./TMP",
		"write ./TMP",
		"fsync ./TMP", // before any name leads to it
		"mkdir ./old",
		"fsync ./",
		"link ./file ./old/1",
		"fsync ./old",
		"rename ./TMP ./file",
		"fsync ./", // before the caller is told
		"unlink ./TMP",
	}
	if got := story(lines, dir); !slices.Equal(got, want) {
		t.Errorf("the calls of Replace are\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}

	dir = t.TempDir()
	status, lines = trace(t, child(t, "create", filepath.Join(dir, "file"), ""))
	if status != 0 {
		t.Fatalf("the writer ended with %d", status)
	}
	want = []string{
		"open ./TMP",
		"write ./TMP",
		"fsync ./TMP",
		"link ./TMP ./file", // refuses what exists
		"fsync ./",
		"unlink ./TMP",
	}
	if got := story(lines, dir); !slices.Equal(got, want) {
		t.Errorf("the calls of Create are\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// A call is one system call of a write: the nth of its name on its thread,
// which is how strace counts.
type call struct {
	name string
	nth  int
}

// callsUnder returns the calls of a traced write that name dir.
func callsUnder(lines []string, dir string) []call {
	count := map[string]int{}
	var calls []call
	for _, line := range lines {
		m := callPattern.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		count[m[0]]++
		if strings.Contains(line, dir) {
			calls = append(calls, call{m[2], count[m[0]]})
		}
	}
	return calls
}

// Every system call of a write is made to fail, and the process is killed at
// every one. The file holds the old contents or the new ones, the new ones if
// the writer said so, and the backup is whole if there is one.
func TestFaultAtEachSystemCall(t *testing.T) {
	for _, fault := range []string{"error=EIO", "error=ENOSPC", "error=EINTR", "signal=KILL"} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			dir, path := oldFile(t)
			_, lines := trace(t, child(t, "replace", path, filepath.Join(dir, "old", "1")))
			calls := callsUnder(lines, dir)
			hits := 0
			for _, c := range calls {
				if faultAt(t, fault, c) {
					hits++
				}
			}
			// A few may miss when the runtime starts with other calls.
			if len(calls) < 15 || hits < len(calls)-3 {
				t.Errorf("%d of %d calls met their fault", hits, len(calls))
			}
		})
	}
}

// faultAt runs a write with a fault at c, and reports whether c met it.
func faultAt(t *testing.T, fault string, c call) bool {
	t.Helper()
	dir, path := oldFile(t)
	backup := filepath.Join(dir, "old", "1")
	status, lines := trace(t, child(t, "replace", path, backup),
		"-e", fmt.Sprintf("inject=%s:%s:when=%d", c.name, fault, c.nth))

	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v: %v", c, err)
	}
	if got := string(text); got != oldText && got != newText || status == 0 && got != newText {
		t.Errorf("%v: the writer ended with %d and the file holds %q\n%s", c, status, got, strings.Join(lines, "\n"))
	}
	clean(t, path)
	if _, err := os.Stat(backup); err == nil {
		wantText(t, backup, oldText)
	} else if string(text) == newText {
		t.Errorf("%v: the file was replaced, and no backup was kept", c)
	}
	return status == -1 || slices.ContainsFunc(lines, func(line string) bool {
		return strings.Contains(line, dir) && strings.Contains(line, "(INJECTED)")
	})
}

// FAT and some network file systems have no hard links.
func TestWithoutHardLinks(t *testing.T) {
	noLinks := []string{"-e", "inject=link,linkat:error=EPERM"}
	dir := t.TempDir()
	path, backup := filepath.Join(dir, "file"), filepath.Join(dir, "old", "1")
	if status, _ := trace(t, child(t, "create", path, ""), noLinks...); status != 0 {
		t.Fatalf("Create ended with %d", status)
	}
	wantText(t, path, newText)
	wantPrivate(t, path)

	put(t, path, oldText, 0o644)
	if status, _ := trace(t, child(t, "create", path, ""), noLinks...); status != statusFailed {
		t.Errorf("Create over a file ended with %d, want %d", status, statusFailed)
	}
	wantText(t, path, oldText)

	for range 2 { // the second finds the backup there, and leaves it
		if status, _ := trace(t, child(t, "replace", path, backup), noLinks...); status != 0 {
			t.Fatalf("Replace ended with %d", status)
		}
		wantText(t, path, newText)
		wantText(t, backup, oldText)
		wantPrivate(t, backup)
	}
	wantNames(t, dir, "file", "old")
}
