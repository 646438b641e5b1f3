//go:build linux || darwin

package agent_test

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"npmotp/internal/agent"
)

// folder returns a folder with a short path, which a socket address can hold
// on every system.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "npmotp-") //nolint:usetesting // t.TempDir has long paths
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// start serves at e, and returns what ends it and tells why it ended.
func start(t *testing.T, e agent.Endpoint, s agent.Source) (stop func() error) {
	t.Helper()
	l, err := agent.Listen(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	end := make(chan error, 1)
	go func() {
		reason := agent.Run(ctx, l, agent.Config{Source: s, Limits: agent.Limits{For: time.Hour}, Wall: time.Now, InMemory: func() bool { return false }})
		if err := l.Release(); err != nil {
			reason = err
		}
		end <- reason
	}()
	return sync.OnceValue(func() error { cancel(); return <-end })
}

func dial(t *testing.T, e agent.Endpoint) *agent.Client {
	t.Helper()
	c, err := agent.Dial(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestSocket(t *testing.T) {
	e := agent.EndpointOf(filepath.Join(folder(t), "run"), "/vault")
	if _, err := agent.Dial(t.Context(), e); !errors.Is(err, agent.ErrNone) {
		t.Errorf("without a folder: %v", err)
	}
	stop := start(t, e, &source{})
	for name, mode := range map[string]os.FileMode{"": os.ModeDir | 0o700, e.Name + ".sock": os.ModeSocket | 0o600, e.Name + ".lock": 0o600} {
		if info, err := os.Lstat(filepath.Join(e.Folder, name)); err != nil || info.Mode() != mode {
			t.Errorf("%q has mode %v (%v), want %v", name, info.Mode(), err, mode)
		}
	}
	c := dial(t, e)
	if _, err := c.Code("npm", false); err != nil {
		t.Error(err)
	}
	status, err := c.Status()
	if err != nil || len(status.Given) != 1 || status.Given[0].PID != os.Getpid() || status.Given[0].Command == "" || status.Given[0].Parent == "" {
		t.Errorf("%+v, %v", status, err)
	}
	if err := stop(); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, err := os.Lstat(filepath.Join(e.Folder, e.Name+".sock")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket is left: %v", err)
	}
}

// One vault has one agent, others have theirs.
func TestOneAgent(t *testing.T) {
	dir := folder(t)
	e := agent.EndpointOf(dir, "/vault")
	start(t, e, &source{})
	if _, err := agent.Listen(t.Context(), e); !errors.Is(err, agent.ErrRunning) {
		t.Errorf("a second agent: %v", err)
	}
	if _, err := dial(t, e).Code("npm", false); err != nil {
		t.Errorf("the second attempt broke the first agent: %v", err)
	}
	other := agent.EndpointOf(dir, "/other")
	if _, err := agent.Dial(t.Context(), other); !errors.Is(err, agent.ErrNone) {
		t.Errorf("the agent of another vault: %v", err)
	}
	start(t, other, &source{})
	if err := dial(t, e).Lock(); err != nil {
		t.Error(err)
	}
	if _, err := dial(t, other).Code("npm", false); err != nil {
		t.Error(err)
	}
	start(t, e, &source{}) // once the one before has let go
}

// What a killed agent left behind is no agent, and in nobody's way.
func TestStaleSocket(t *testing.T) {
	e := agent.EndpointOf(folder(t), "/vault")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(e.Folder, e.Name+".sock")})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := agent.Dial(t.Context(), e); !errors.Is(err, agent.ErrNone) {
		t.Errorf("a stale socket: %v", err)
	}
	start(t, e, &source{})
	if _, err := dial(t, e).Code("npm", false); err != nil {
		t.Error(err)
	}
}

// A socket that somebody put in the place of the agent's is left alone.
func TestLostSocket(t *testing.T) {
	e := agent.EndpointOf(folder(t), "/vault")
	socket := filepath.Join(e.Folder, e.Name+".sock")
	stop := start(t, e, &source{})
	if err := os.Remove(socket); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(socket, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_ = stop()
	if _, err := os.Lstat(socket); err != nil {
		t.Errorf("it was removed: %v", err)
	}
}

func TestFolders(t *testing.T) {
	dir := folder(t)
	open := filepath.Join(dir, "open")
	if err := os.Mkdir(open, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(open, 0o755); err != nil { // an agent sets the umask
		t.Fatal(err)
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink(open, link); err != nil {
		t.Fatal(err)
	}
	e := agent.EndpointOf(open, "/vault")
	if _, err := agent.Dial(t.Context(), e); !errors.Is(err, agent.ErrNone) {
		t.Errorf("an empty folder: %v", err)
	}
	if err := os.WriteFile(filepath.Join(open, e.Name+".sock"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, d := range []string{open, link} {
		if _, err := agent.Dial(t.Context(), agent.EndpointOf(d, "/vault")); err == nil || errors.Is(err, agent.ErrNone) {
			t.Errorf("a client trusts %s: %v", d, err)
		}
	}
	if _, err := agent.Listen(t.Context(), agent.EndpointOf(link, "/vault")); err == nil {
		t.Error("an agent serves behind a symbolic link")
	}
	start(t, e, &source{})
	if info, err := os.Stat(open); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder has mode %v, %v", info.Mode(), err)
	}
	long := agent.EndpointOf(filepath.Join(dir, strings.Repeat("x", 100)), "/vault")
	if _, err := agent.Listen(t.Context(), long); err == nil || !strings.Contains(err.Error(), "XDG_RUNTIME_DIR") {
		t.Errorf("a path that is too long: %v", err)
	}
	if _, err := agent.Dial(t.Context(), long); !errors.Is(err, agent.ErrNone) {
		t.Errorf("a client at a path that is too long: %v", err)
	}
}

// The runtime folder counts when it is the user's own.
func TestFolder(t *testing.T) {
	dir := folder(t)
	if got := agent.Folder(dir, "/state"); got != filepath.Join(dir, "npmotp") {
		t.Error(got)
	}
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	for _, runtime := range []string{dir, "", "relative", filepath.Join(dir, "missing"), os.DevNull} {
		if got := agent.Folder(runtime, "/state"); got != "/state" {
			t.Errorf("%q gives %q", runtime, got)
		}
	}
}

// 64 clients at once, each with many connections: none is refused.
func TestClientsAtOnce(t *testing.T) {
	e := agent.EndpointOf(folder(t), "/vault")
	start(t, e, &source{})
	const clients, rounds = 64, 50
	var wait sync.WaitGroup
	for range clients {
		wait.Go(func() {
			for range rounds {
				c, err := agent.Dial(t.Context(), e)
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := c.Code("npm", false); err != nil {
					t.Error(err)
				}
				_ = c.Close()
			}
		})
	}
	wait.Wait()
	if s, err := dial(t, e).Status(); err != nil || s.Codes != clients*rounds {
		t.Errorf("%d codes, %v", s.Codes, err)
	}
}
