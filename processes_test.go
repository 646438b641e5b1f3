package main_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"npmotp/internal/npmregistry/npmtest"
	"npmotp/internal/secret"
	"npmotp/otpgen"
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

// Sixteen processes at once that run 30 commands each, of all that write: each has its
// effect or says that the vault is busy, nothing has it twice, and nobody is told that
// the vault was wound back. A sample does a third of it.
func TestProcessesMixAtOnce(t *testing.T) {
	processes, rounds := 8, 2
	if os.Getenv(npmtest.WholeVariable) == "1" {
		processes, rounds = 16, 3
	}
	home := t.TempDir()
	run(t, home, typedSecret, "add", "hot", "--type", "hotp")
	run(t, home, typedSecret, "add", "npm")
	var codes strings.Builder
	for i := range 2 * processes * rounds {
		fmt.Fprintf(&codes, "%016x\n", 0xabc0+i)
	}
	run(t, home, codes.String(), "recovery", "add", "npm")
	before := generation(t, home)

	var mu sync.Mutex
	counted, recovery, saves, busy := map[string]int{}, map[string]int{}, 0, 0
	// do runs a command until the vault is not busy, and returns what it printed.
	do := func(input string, args ...string) string {
		for {
			cmd := npmotp(t, home, args...)
			var stderr strings.Builder
			cmd.Stdin, cmd.Stderr = strings.NewReader(input), &stderr
			out, err := cmd.Output()
			mu.Lock()
			again := err != nil && cmd.ProcessState.ExitCode() == 5 && strings.Contains(stderr.String(), "busy")
			if again {
				busy++
			}
			mu.Unlock()
			if again {
				continue
			}
			if err != nil || strings.Contains(stderr.String(), "was replaced") {
				t.Errorf("npmotp %s: %v\n%s", strings.Join(args, " "), err, stderr.String())
			}
			return string(out)
		}
	}
	note := func(in map[string]int, what string) {
		mu.Lock()
		defer mu.Unlock()
		in[strings.TrimSpace(what)]++
	}
	var wait sync.WaitGroup
	for p := range processes {
		wait.Go(func() {
			for r := range rounds {
				kept, gone := fmt.Sprintf("kept-%d-%d", p, r), fmt.Sprintf("gone-%d-%d", p, r)
				do(typedSecret, "add", kept+"-first")
				note(counted, do("", "code", "hot"))
				do(typedSecret, "add", gone)
				note(recovery, do("", "recovery", "use", "npm"))
				do("", "rename", kept+"-first", kept)
				do("", "list")
				do("", "remove", gone, "--yes")
				note(counted, do("", "code", "hot"))
				do("", "edit", kept, "--username", kept)
				note(recovery, do("", "recovery", "use", "npm"))
				mu.Lock()
				saves += 9 // all but the list
				mu.Unlock()
			}
		})
	}
	wait.Wait()
	t.Logf("%d commands of %d processes, %d times busy", 10*processes*rounds, processes, busy)

	if got := generation(t, home) - before; got != saves {
		t.Errorf("%d saves made %d generations", saves, got)
	}
	var accounts []struct {
		Name, Username string
		Counter        int
	}
	if err := json.Unmarshal([]byte(run(t, home, "", "list", "--json")), &accounts); err != nil {
		t.Fatal(err)
	}
	want := 2 * processes * rounds // of what is used once
	if n := len(accounts); n != 2+processes*rounds {
		t.Errorf("%d accounts are left, want %d", n, 2+processes*rounds)
	}
	for _, a := range accounts {
		if name, kept := strings.CutPrefix(a.Name, "kept-"); kept && (a.Username != a.Name || strings.HasSuffix(name, "first")) {
			t.Errorf("an edit is lost: %+v", a)
		}
		if a.Name == "hot" && a.Counter != 1+want {
			t.Errorf("the counter is %d, want %d", a.Counter, 1+want)
		}
	}
	key, err := otpgen.NewKey(secret.New(typedSecret))
	if err != nil {
		t.Fatal(err)
	}
	key.Kind, key.Counter = otpgen.HOTP, 1 // add used the first, to show that it works
	for range want {
		code, next, err := key.HOTP()
		if err != nil {
			t.Fatal(err)
		}
		// Two counters may give the same six digits.
		if counted[code.Value.Reveal()]--; counted[code.Value.Reveal()] < 0 {
			t.Errorf("the code of counter %d was given to nobody", key.Counter)
		}
		key = next
	}
	for i := range want {
		if code := fmt.Sprintf("%016x", 0xabc0+i); recovery[code] != 1 {
			t.Errorf("recovery code %d was given %d times", i+1, recovery[code])
		}
	}
	if left := strings.Count(run(t, home, "", "recovery", "list", "npm", "--json"), `"unused"`); left != 0 {
		t.Errorf("%d recovery codes are unused", left)
	}
}

// generation returns how often a vault was saved.
func generation(t *testing.T, home string) int {
	t.Helper()
	var checked struct{ Generation int }
	if err := json.Unmarshal([]byte(run(t, home, "", "check", "--json")), &checked); err != nil {
		t.Fatal(err)
	}
	return checked.Generation
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
