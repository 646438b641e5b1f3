package main_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"npmotp/internal/agent"
)

// 64 clients at once, each request over a connection of its own: the agent
// refuses none, and needs no more memory for many than for few.
func TestAgentStaysSmall(t *testing.T) {
	if testing.Short() {
		t.Skip("short runs are those with the race detector, whose own memory grows")
	}
	a := newAgentTest(t)
	pid := a.unlock()
	path, err := filepath.EvalSymlinks(filepath.Join(a.home, "vault.npmotp"))
	if err != nil {
		t.Fatal(err)
	}
	endpoint := agent.EndpointOf(filepath.Join(a.runtime, "npmotp"), path)
	const clients, rounds, more = 64, 20, 4 << 10 // KiB
	flood := func() {
		var wait sync.WaitGroup
		for range clients {
			wait.Go(func() {
				for range rounds {
					c, err := agent.Dial(t.Context(), endpoint)
					if err != nil {
						t.Error(err)
						return
					}
					if code, err := c.Code("ada", true); err != nil || code.Value.Len() != 6 {
						t.Error(err)
					}
					_ = c.Close()
				}
			})
		}
		wait.Wait()
	}
	flood()
	before := resident(t, pid)
	for range 3 {
		flood()
	}
	if after := resident(t, pid); after > before+more {
		t.Errorf("the agent grew from %d KiB to %d", before, after)
	}
}

// resident returns how much memory a process has, in KiB.
func resident(t *testing.T, pid int) int {
	t.Helper()
	status, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		t.Fatalf("no memory in %s", status)
	}
	size, err := strconv.Atoi(fields[0])
	if err != nil {
		t.Fatal(err)
	}
	return size
}
