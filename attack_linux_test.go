package main_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// attackVariable makes the test binary try to get at a process and a socket,
// written as PID:SOCKET, and print what it could do, one word on each line.
const attackVariable = "TEST_ATTACK"

func attack(target string) int {
	if dirs, ok := strings.CutPrefix(target, searchPrefix); ok {
		return search(filepath.SplitList(dirs))
	}
	process, socket, _ := strings.Cut(target, ":")
	pid, err := strconv.Atoi(process)
	if err != nil {
		return 1
	}
	if data, err := os.ReadFile("/proc/" + process + "/environ"); err == nil && len(data) > 0 {
		fmt.Println("environ")
	}
	if f, err := os.OpenFile("/proc/"+process+"/mem", os.O_RDWR, 0); err == nil {
		_ = f.Close()
		fmt.Println("mem")
	}
	if entries, err := os.ReadDir("/proc/" + process + "/fd"); err == nil && len(entries) > 0 {
		fmt.Println("fd")
	}
	runtime.LockOSThread() // who attaches is a thread
	if err := syscall.PtraceAttach(pid); err == nil {
		fmt.Println("ptrace")
		_, _ = syscall.Wait4(pid, nil, 0, nil)
		_ = syscall.PtraceDetach(pid)
	}
	if conn, err := net.Dial("unix", socket); err == nil {
		fmt.Println("connect")
		// It may have been let into the queue and be turned away by the agent.
		if _, err := conn.Write([]byte("\x00\x00\x00\x23" + `{"v":1,"op":"code","account":"ada"}`)); err == nil {
			if n, err := conn.Read(make([]byte, 100)); err == nil && n > 0 {
				fmt.Println("answer")
			}
		}
	}
	return 0
}

const (
	owner    = 65534 // nobody
	stranger = 65533
)

// as makes cmd run as another user.
func as(cmd *exec.Cmd, uid uint32) *exec.Cmd {
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
	return cmd
}

// needRoot skips a test that becomes other users.
func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() == 0 {
		return
	}
	if os.Getenv("NPMOTP_CI_RUN") != "" {
		t.Fatal("this test needs root, which .ci/run is to be started with")
	}
	t.Skip("this test becomes two other users, for which it needs root")
}

// A guarded is a vault and a copy of this program that belong to owner.
type guarded struct {
	*agentTest
	program string
}

func newGuarded(t *testing.T) *guarded {
	t.Helper()
	needRoot(t)
	root := shortFolder(t)
	a := &agentTest{t: t, home: filepath.Join(root, "home"), runtime: filepath.Join(root, "run")}
	g := &guarded{a, filepath.Join(root, "npmotp")}
	for _, dir := range []string{a.home, a.runtime} {
		if err := errors.Join(os.Mkdir(dir, 0o700), os.Chown(dir, owner, owner)); err != nil {
			t.Fatal(err)
		}
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(copyFile(g.program, exe), os.Chmod(g.program, 0o755), os.Chmod(root, 0o755)); err != nil {
		t.Fatal(err)
	}
	for _, cmd := range []*exec.Cmd{g.command("add", "ada"), g.command("unlock", "--for", "2m")} {
		cmd.Stdin = strings.NewReader(typedSecret)
		cmd.Env = append(cmd.Env, "NPMOTP_PASSPHRASE=hunter2")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	return g
}

// command runs npmotp as owner, on the real clock.
func (g *guarded) command(args ...string) *exec.Cmd {
	cmd := g.agentTest.command(args...)
	cmd.Path, cmd.Dir = g.program, "/"
	cmd.Env = append(cmd.Env, "TEST_NOW=")
	return as(cmd, owner)
}

func (g *guarded) agent() int {
	g.t.Helper()
	out, err := g.command("status", "--json").Output()
	if err != nil {
		g.t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(out), `"pid": `)
	digits, _, _ := strings.Cut(rest, ",")
	pid, err := strconv.Atoi(digits)
	if err != nil {
		g.t.Fatalf("no process in %s", out)
	}
	return pid
}

// could returns what a user can do to a process and to the agent's socket.
func (g *guarded) could(uid uint32, pid int) []string {
	g.t.Helper()
	sockets, err := filepath.Glob(filepath.Join(g.runtime, "npmotp", "*.sock"))
	if err != nil || len(sockets) != 1 {
		g.t.Fatalf("sockets: %q, %v", sockets, err)
	}
	cmd := as(exec.CommandContext(g.t.Context(), g.program), uid)
	cmd.Env = []string{attackVariable + "=" + strconv.Itoa(pid) + ":" + sockets[0], "GOCOVERDIR=" + os.Getenv("GOCOVERDIR")}
	cmd.Dir = "/"
	out, err := cmd.CombinedOutput()
	if err != nil {
		g.t.Fatalf("%v: %s", err, out)
	}
	return strings.Fields(string(out))
}

// Other users get at nothing; the same user gets codes, by asking, and no more.
func TestAgentIsGuarded(t *testing.T) {
	g := newGuarded(t)
	pid := g.agent()
	defer func() { _ = g.command("lock").Run() }()

	// A process that does nothing about it shows that the attack works.
	victim := as(exec.CommandContext(t.Context(), "sh", "-c", "echo begun; read end"), owner)
	victim.Env, victim.Dir = []string{"A=B"}, "/"
	end, err := victim.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = end.Close() }()
	begun, err := victim.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := bufio.NewReader(begun).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = victim.Process.Kill(); _ = victim.Wait() }()
	if got := g.could(owner, victim.Process.Pid); !slices.Contains(got, "environ") || !slices.Contains(got, "mem") {
		t.Errorf("of an unguarded process the same user could %q: the attack is none", got)
	}

	if got := g.could(stranger, pid); len(got) > 0 {
		t.Errorf("another user could %q", got)
	}
	if got := g.could(owner, pid); !slices.Equal(got, []string{"connect", "answer"}) {
		t.Errorf("the same user could %q", got)
	}
	// With the folders opened, the agent itself turns strangers away.
	for _, dir := range []string{g.runtime, filepath.Join(g.runtime, "npmotp")} {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	sockets, err := filepath.Glob(filepath.Join(g.runtime, "npmotp", "*.sock"))
	if err != nil || len(sockets) != 1 {
		t.Fatal(sockets, err)
	}
	if err := os.Chmod(sockets[0], 0o666); err != nil {
		t.Fatal(err)
	}
	if got := g.could(stranger, pid); !slices.Equal(got, []string{"connect"}) {
		t.Errorf("behind open folders another user could %q", got)
	}
	if limits, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/limits"); err != nil || !bytes.Contains(limits, []byte("Max core file size        0 ")) {
		t.Errorf("the agent may leave a core file: %v\n%s", err, limits)
	}
}

// So with a process that waits with a code in its memory, asked of the
// agent or of the vault.
func TestClientIsGuarded(t *testing.T) {
	g := newGuarded(t)
	defer func() { _ = g.command("lock").Run() }()
	for _, passphrase := range []string{"", "hunter2"} {
		// A code with all its time left is always the next one.
		cmd := g.command("code", "ada", "--min-remaining", "30s")
		if passphrase != "" {
			file := filepath.Join(g.home, "passphrase")
			if err := errors.Join(os.WriteFile(file, []byte(passphrase), 0o600), os.Chown(file, owner, owner)); err != nil {
				t.Fatal(err)
			}
			cmd.Args = append(cmd.Args, "--passphrase-file", file)
		}
		stderr, err := cmd.StderrPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		line, err := bufio.NewReader(stderr).ReadString('\n')
		if err != nil || !strings.Contains(line, "waiting for the next one") {
			t.Errorf("it says %q, %v", line, err)
		}
		for _, uid := range []uint32{stranger, owner} {
			got := g.could(uid, cmd.Process.Pid)
			got = slices.DeleteFunc(got, func(s string) bool { return s == "connect" || s == "answer" })
			if len(got) > 0 {
				t.Errorf("user %d could %q", uid, got)
			}
		}
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
}

// What exec runs may leave core files: it is the user's own.
func TestCommandsAreNotGuarded(t *testing.T) {
	home := t.TempDir()
	run(t, home, typedSecret, "add", "ada")
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_CORE, &before); err != nil {
		t.Fatal(err)
	}
	given := syscall.Rlimit{Cur: min(before.Max, 512<<10), Max: before.Max}
	if err := syscall.Setrlimit(syscall.RLIMIT_CORE, &given); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = syscall.Setrlimit(syscall.RLIMIT_CORE, &before) }()
	out := run(t, home, "", "exec", "--env", "CODE", "--", "sh", "-c", "ulimit -S -c; echo ${CODE:+given}")
	want := strconv.FormatUint(given.Cur/512, 10)
	if fields := strings.Fields(out); len(fields) != 2 || fields[0] != want || fields[1] != "given" {
		t.Errorf("the command sees %q, want %s and a code", fields, want)
	}
}
