package main_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

const typedSecret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"

// npmotp returns a command that runs this test binary as npmotp, with a home
// of its own.
func npmotp(t *testing.T, home string, args ...string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe)
	cmd.Args = append([]string{"npmotp"}, args...)
	cmd.Env = append(os.Environ(), "HOME="+home, "AppData="+home, "XDG_DATA_HOME=", "XDG_STATE_HOME=", "XDG_RUNTIME_DIR=",
		"NPMOTP_VAULT="+filepath.Join(home, "vault.npmotp"), "NPMOTP_PASSPHRASE=hunter2")
	return cmd
}

// npmotpIn returns npmotp in a folder, with an environment that has nothing of this
// process's but what is npmotp's own.
func npmotpIn(t *testing.T, home, dir string, env []string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := npmotp(t, home, args...)
	others := func(kv string) bool { return !strings.HasPrefix(kv, "NPMOTP_") }
	cmd.Env, cmd.Dir = append(env, slices.DeleteFunc(cmd.Env, others)...), dir
	return cmd
}

// run runs npmotp with input and returns its standard output.
func run(t *testing.T, home, input string, args ...string) string {
	t.Helper()
	cmd := npmotp(t, home, args...)
	cmd.Stdin = strings.NewReader(input)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("npmotp %s: %v\n%s", strings.Join(args, " "), err, stderr.String())
	}
	return string(out)
}

// Eight processes that add 25 accounts each, the vault not yet there, lose none.
func TestProcessesAddAtOnce(t *testing.T) {
	const processes, each = 8, 25
	home := t.TempDir()
	var wait sync.WaitGroup
	failures := make(chan string, processes*each)
	for p := range processes {
		wait.Go(func() {
			for i := range each {
				cmd := npmotp(t, home, "add", fmt.Sprintf("account-%d-%d", p, i))
				cmd.Stdin = strings.NewReader(typedSecret)
				if out, err := cmd.CombinedOutput(); err != nil {
					failures <- fmt.Sprintf("%v: %s", err, out)
				}
			}
		})
	}
	wait.Wait()
	close(failures)
	for f := range failures {
		t.Error(f)
	}
	if n := strings.Count(run(t, home, "", "list", "--json"), `"name"`); n != processes*each {
		t.Errorf("%d accounts, want %d", n, processes*each)
	}
}

func TestProcessesUseAtOnce(t *testing.T) {
	home := t.TempDir()
	run(t, home, typedSecret, "add", "npm")
	var codes strings.Builder
	for i := range 6 {
		fmt.Fprintf(&codes, "%016x\n", 0xabc0+i)
	}
	run(t, home, codes.String(), "recovery", "add", "npm")
	var wait sync.WaitGroup
	got := make(chan string, 6)
	for range 6 {
		wait.Go(func() {
			out, err := npmotp(t, home, "recovery", "use", "npm").Output()
			if err != nil {
				t.Error(err)
			}
			got <- string(out)
		})
	}
	wait.Wait()
	close(got)
	seen := map[string]bool{}
	for code := range got {
		if seen[code] || len(code) != 17 {
			t.Errorf("%q came twice or is no code", code)
		}
		seen[code] = true
	}
}

// Whatever the command prints, the passphrase, secrets and recovery codes are
// not in it unless it is asked for them.
func TestNothingLeaks(t *testing.T) {
	home := t.TempDir()
	const code = "7a036304a7e14ea57a33424afd8374114abc2a40705d790f45a8092885178851"
	run(t, home, typedSecret, "add", "npm")
	run(t, home, code, "recovery", "add", "npm")
	for _, args := range [][]string{
		{"list"}, {"list", "--json"}, {"show"}, {"show", "--json"}, {"recovery", "list"}, {"recovery", "list", "--json"},
		{"check"}, {"check", "--json"}, {"code", "nobody"}, {"rename", "nobody", "x"}, {"edit", "--level", "x"}, {"restore"},
		{"recovery", "mark", "npm", "1", "x"}, {"exec", "--dry-run", "npm", "publish"}, {"code", "--digits"}, {"--vault", home, "code"},
	} {
		cmd := npmotp(t, home, args...)
		out, err := cmd.CombinedOutput()
		for _, hidden := range []string{"hunter2", typedSecret, strings.ToLower(typedSecret), code, code[:20]} {
			if bytes.Contains(out, []byte(hidden)) {
				t.Errorf("%s (%v) prints a secret:\n%s", strings.Join(args, " "), err, out)
			}
		}
		if len(out) == 0 {
			t.Errorf("%s printed nothing", strings.Join(args, " "))
		}
	}
}
