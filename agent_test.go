//go:build linux || darwin

package main_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// An agentTest is a vault with the accounts ada and hot, and a runtime folder
// with a path short enough for a socket.
type agentTest struct {
	t             *testing.T
	home, runtime string
	env           []string // further variables
}

func newAgentTest(t *testing.T) *agentTest {
	t.Helper()
	runtime := shortFolder(t)
	a := &agentTest{t: t, home: t.TempDir(), runtime: runtime}
	t.Cleanup(func() {
		// The context of the test has ended by now.
		lock := a.command("lock")
		lock = &exec.Cmd{Path: lock.Path, Args: lock.Args, Env: lock.Env}
		if out, err := lock.CombinedOutput(); err != nil {
			t.Errorf("lock: %v: %s", err, out)
		}
	})
	run(t, a.home, typedSecret, "add", "ada")
	run(t, a.home, typedSecret, "add", "hot", "--type", "hotp")
	return a
}

// command returns a command that is given no passphrase.
func (a *agentTest) command(args ...string) *exec.Cmd {
	cmd := npmotp(a.t, a.home, append([]string{"--no-input"}, args...)...)
	cmd.Env = append(cmd.Env, "NPMOTP_PASSPHRASE=", "XDG_RUNTIME_DIR="+a.runtime, "TEST_NOW=2026-03-04T05:06:07Z")
	cmd.Env = append(cmd.Env, a.env...)
	return cmd
}

// ask runs npmotp without a passphrase.
func (a *agentTest) ask(args ...string) (stdout, stderr string, status int) {
	a.t.Helper()
	return a.do(a.command(args...))
}

func (a *agentTest) do(cmd *exec.Cmd) (stdout, stderr string, status int) {
	a.t.Helper()
	var out, problems bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problems
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		a.t.Fatal(err)
	}
	return out.String(), problems.String(), cmd.ProcessState.ExitCode()
}

// unlock starts an agent, which ends by itself should the test not end it, and
// returns its process.
func (a *agentTest) unlock() int {
	a.t.Helper()
	cmd := a.command("unlock", "--for", "2m")
	cmd.Env = append(cmd.Env, "NPMOTP_PASSPHRASE=hunter2")
	if _, problems, status := a.do(cmd); status != 0 {
		a.t.Fatalf("unlock: status %d, %s", status, problems)
	}
	return a.pid()
}

func (a *agentTest) pid() int {
	a.t.Helper()
	out, problems, status := a.ask("status", "--json")
	var s struct{ PID int }
	if err := json.Unmarshal([]byte(out), &s); err != nil || status != 0 || s.PID == 0 {
		a.t.Fatalf("status: %d, %v\n%s%s", status, err, out, problems)
	}
	return s.PID
}

// wantGone fails unless the process ends soon.
func (a *agentTest) wantGone(pid int) {
	a.t.Helper()
	for end := time.Now().Add(20 * time.Second); syscall.Kill(pid, 0) == nil; {
		if zombie(pid) {
			return
		}
		if time.Now().After(end) {
			a.t.Fatalf("the agent %d is still there", pid)
		}
		a.ask("version")
	}
}

// zombie reports whether a process has ended and its parent, who is whoever
// takes orphans here, does not care.
func zombie(pid int) bool {
	out, err := exec.Command("ps", "-o", "stat=", "-p", strconv.Itoa(pid)).Output()
	return err != nil || strings.HasPrefix(strings.TrimSpace(string(out)), "Z")
}

func (a *agentTest) wantLocked() {
	a.t.Helper()
	if out, problems, status := a.ask("code", "ada"); status != 4 || out != "" || !strings.Contains(problems, "npmotp unlock") {
		a.t.Errorf("code without an agent: status %d, %q, %s", status, out, problems)
	}
	if _, _, status := a.ask("status"); status != 4 {
		a.t.Errorf("status without an agent: %d", status)
	}
}

func (a *agentTest) wantCode() {
	a.t.Helper()
	if out, problems, status := a.ask("code", "ada"); status != 0 || len(out) != 7 {
		a.t.Errorf("code: status %d, %q, %s", status, out, problems)
	}
}

func TestAgentEndsBySignals(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGHUP, syscall.SIGINT, syscall.SIGKILL} {
		t.Run(signal.String(), func(t *testing.T) {
			a := newAgentTest(t)
			pid := a.unlock()
			a.wantCode()
			if err := syscall.Kill(pid, signal); err != nil {
				t.Fatal(err)
			}
			a.wantGone(pid)
			a.wantLocked() // also behind the socket that a kill leaves
			a.unlock()
			a.wantCode()
		})
	}
}

func TestAgentUnlockedTwice(t *testing.T) {
	a := newAgentTest(t)
	first := a.unlock()
	if second := a.unlock(); second == first {
		t.Error("the second unlock changed nothing")
	}
	a.wantGone(first)
	a.wantCode()
	// A wrong passphrase leaves the agent alone.
	cmd := a.command("unlock")
	cmd.Env = append(cmd.Env, "NPMOTP_PASSPHRASE=hunter3")
	if _, _, status := a.do(cmd); status != 4 {
		t.Errorf("a wrong passphrase: status %d", status)
	}
	a.wantCode()
}

// What other processes write is seen, and so is that the key is another one.
func TestAgentSeesChanges(t *testing.T) {
	a := newAgentTest(t)
	pid := a.unlock()
	if out, _, _ := a.ask("list"); strings.Contains(out, "eve") {
		t.Error(out)
	}
	run(t, a.home, typedSecret, "add", "eve")
	if out, problems, _ := a.ask("list"); !strings.Contains(out, "eve") {
		t.Errorf("a new account is not seen:\n%s%s", out, problems)
	}
	run(t, a.home, "", "rename", "ada", "ida")
	if _, _, status := a.ask("code", "ada"); status != 3 {
		t.Errorf("an old name: status %d", status)
	}
	vault := filepath.Join(a.home, "vault.npmotp")
	if err := os.Rename(vault, vault+".away"); err != nil {
		t.Fatal(err)
	}
	if out, problems, status := a.ask("code", "ida"); status != 5 || out != "" {
		t.Errorf("without a vault: status %d, %q, %s", status, out, problems)
	}
	if err := os.Rename(vault+".away", vault); err != nil {
		t.Fatal(err)
	}
	if pid != a.pid() {
		t.Error("the agent is another one")
	}

	fresh := filepath.Join(t.TempDir(), "passphrase")
	if err := os.WriteFile(fresh, []byte("correct horse\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, a.home, "", "--yes", "passwd", "--new-passphrase-file", fresh)
	if out, problems, status := a.ask("code", "ida"); status != 4 || out != "" || !strings.Contains(problems, "has locked itself") && !a.ended(pid) {
		t.Errorf("after a new passphrase: status %d, %q, %s", status, out, problems)
	}
	a.wantGone(pid)
}

// ended reports whether the agent was faster than the question.
func (a *agentTest) ended(pid int) bool { return syscall.Kill(pid, 0) != nil || zombie(pid) }

// A generation put back is told with each answer.
func TestAgentSeesRollback(t *testing.T) {
	a := newAgentTest(t)
	vault := filepath.Join(a.home, "vault.npmotp")
	old, err := os.ReadFile(vault)
	if err != nil {
		t.Fatal(err)
	}
	run(t, a.home, typedSecret, "add", "eve")
	a.unlock()
	if err := os.WriteFile(vault, old, 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if out, problems, status := a.ask("code", "ada"); status != 0 || len(out) != 7 || !strings.Contains(problems, "warning: the vault was replaced") {
			t.Errorf("status %d, %q, %s", status, out, problems)
		}
	}
	if out, _, status := a.ask("code", "hot"); status != 5 || out != "" {
		t.Errorf("a counter of an old vault was used: status %d, %q", status, out)
	}
}

// The time of an agent is over by whichever clock says so first, and a clock that is
// set back does not lengthen it.
func TestAgentWhoseClockIsSet(t *testing.T) {
	a := newAgentTest(t)
	clock := fileClock(filepath.Join(t.TempDir(), "clock"))
	begin := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	clock.set(begin)
	a.env = []string{"TEST_CLOCK=" + string(clock)}
	pid := a.unlock() // for two minutes
	for _, ahead := range []time.Duration{0, -time.Hour, 119 * time.Second, -365 * 24 * time.Hour} {
		clock.set(begin.Add(ahead))
		a.wantCode()
	}
	clock.set(begin.Add(2 * time.Minute))
	a.wantGone(pid)
	clock.set(begin)
	a.wantLocked()
}

// All names of a vault lead to its agent, and no other vault's does.
func TestAgentByPath(t *testing.T) {
	a := newAgentTest(t)
	a.unlock()
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(filepath.Join(a.home, "vault.npmotp"), link); err != nil {
		t.Fatal(err)
	}
	if _, problems, status := a.ask("--vault", link, "code", "ada"); status != 0 {
		t.Errorf("by a symbolic link: status %d, %s", status, problems)
	}
	relative := a.command("--vault", "vault.npmotp", "code", "ada")
	relative.Dir = a.home
	if _, problems, status := a.do(relative); status != 0 {
		t.Errorf("by a relative path: status %d, %s", status, problems)
	}
	other := filepath.Join(t.TempDir(), "other.npmotp")
	run(t, a.home, "", "--vault", other, "init")
	if _, _, status := a.ask("--vault", other, "code"); status != 4 {
		t.Errorf("another vault: status %d", status)
	}
}

// A counter moves on the disk before its password is given, and each is given
// once, however many ask.
func TestAgentCounts(t *testing.T) {
	a := newAgentTest(t)
	a.unlock()
	const asks = 8
	got := make(chan string, asks)
	for range asks {
		go func() {
			out, _ := a.command("code", "hot").Output()
			got <- string(out)
		}()
	}
	seen := map[string]bool{}
	for range asks {
		if code := <-got; len(code) != 7 || seen[code] {
			t.Errorf("%q came twice or is no code", code)
		} else {
			seen[code] = true
		}
	}
	// The first one was used by add, to show that it works.
	var accounts []struct {
		Name    string
		Counter int
	}
	if err := json.Unmarshal([]byte(run(t, a.home, "", "list", "--json")), &accounts); err != nil {
		t.Fatal(err)
	}
	for _, account := range accounts {
		if account.Name == "hot" && account.Counter < asks {
			t.Errorf("the counter on the disk is %d", account.Counter)
		}
	}
}

// The streams of unlock close when it ends: a pipe to it does not wait for the
// agent. Its environment has no passphrase.
func TestAgentKeepsNothingOpen(t *testing.T) {
	a := newAgentTest(t)
	cmd := a.command("unlock", "--for", "2m")
	cmd.Env = append(cmd.Env, "NPMOTP_PASSPHRASE=hunter2")
	r, w, err := os.Pipe() // a stream that a script opened for something else
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	cmd.ExtraFiles = []*os.File{w}
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "unlocked for 2 min") {
		t.Errorf("%v: %s", err, out)
	}
	_ = w.Close()
	if err := r.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, r); err != nil {
		t.Errorf("the agent holds a stream open: %v", err)
	}
	if environ, err := os.ReadFile("/proc/" + strconv.Itoa(a.pid()) + "/environ"); err == nil && bytes.Contains(environ, []byte("PASSPHRASE=hunter2")) {
		t.Error("the agent has the passphrase in its environment")
	}
}
