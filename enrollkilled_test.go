//go:build linux

package main_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"npmotp/internal/npmregistry"
	"npmotp/internal/npmregistry/npmtest"
)

// hook has npm tell who it is, and that it is about to print recovery codes. It
// kills npmotp before the line of them that "kill-before" numbers, or at npm's end.
const hook = `
const fs = require('fs'), path = require('path'), file = name => path.join(process.env.HOME, name)
fs.appendFileSync(file('npm-pid'), process.pid + '\n')
const write = process.stdout.write
let line = -1
const kill = () => {
  const [pid, before] = fs.readFileSync(file('kill-before'), 'utf8').split(' ').map(Number)
  if (line === before) process.kill(pid, 'SIGKILL')
}
process.stdout.write = function (text, ...rest) {
  if (String(text).includes('recovery codes')) line = 0
  if (line < 0) return write.call(this, text, ...rest)
  kill()
  line++
  fs.writeFileSync(file('npm-printed'), '')
  return write.call(this, text, ...rest)
}
process.on('exit', kill)
`

// TestEnrolKilledAnywhere kills npmotp thirty times, or as usual ten, at moments that
// are spread over an enrolment. What is on disk then lets the user go on.
func TestEnrolKilledAnywhere(t *testing.T) {
	if testing.Short() {
		t.Skip("enrols many times")
	}
	npms := npmtest.NPMs(t)
	n := npms[len(npms)-1]
	k := &killing{}
	whole := k.measure(t, n)
	const byTime, afterSecret, printing = 12, 10, 8
	lines := 0
	t.Run("kills", func(t *testing.T) { // most of their time they wait
		for i := range byTime {
			if !npmtest.Sampled(i + 2) { // not at once
				continue
			}
			k.run(t, n, fmt.Sprintf("%d of %d of the time", i, byTime), func(_ *enrollee, c *conversation) {
				time.AfterFunc(whole*time.Duration(i)/byTime, func() { _ = c.cmd.Process.Kill() })
			})
		}
		for i := range afterSecret {
			if !npmtest.Sampled(i) {
				continue
			}
			k.run(t, n, fmt.Sprintf("after the secret, %d", i), func(_ *enrollee, c *conversation) {
				c.waitFor("the secret is stored", "")
				time.AfterFunc(time.Duration(i)*whole/(2*afterSecret), func() { _ = c.cmd.Process.Kill() })
			})
		}
		for i := range printing {
			if !npmtest.Sampled(i) {
				continue
			}
			lines++
			k.run(t, n, fmt.Sprintf("before line %d of the codes", i), func(m *enrollee, c *conversation) {
				m.write(t, "kill-before", fmt.Sprintf("%d %d", c.cmd.Process.Pid, i))
			})
		}
	})
	t.Logf("an enrolment takes %s after the password; of %d killed ones %d were on at the registry, %d had their codes printed by npm, %d lack them",
		whole, k.runs, k.on, k.printed, k.missing)
	if k.on < lines || k.printed < lines-1 || k.on == k.runs {
		t.Errorf("the kills were not spread")
	}
}

// A killing counts what became of enrolments that were killed.
type killing struct {
	sync.Mutex
	runs, on, printed, missing int
}

func (k *killing) begin(t *testing.T, n npmtest.NPM) (*enrollee, *conversation) {
	t.Helper()
	m := newEnrollee(t, n, npmregistry.Options{})
	script := filepath.Join(t.TempDir(), "hook.js")
	if err := os.WriteFile(script, []byte(hook), 0o600); err != nil {
		t.Fatal(err)
	}
	m.env = append(m.env, "NODE_OPTIONS=--require="+script)
	m.write(t, "kill-before", "0 -2")
	c := m.converse(t, "enroll")
	c.waitFor("npm password:", "")
	return m, c
}

func (m *enrollee) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(m.home, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// measure returns how long an enrolment takes that is not killed.
func (k *killing) measure(t *testing.T, n npmtest.NPM) time.Duration {
	t.Helper()
	m, c := k.begin(t, n)
	began := time.Now()
	c.keys(enrolPassword + "\r")
	if status := c.end(); status != 0 {
		t.Fatalf("status %d:\n%s", status, c.screen)
	}
	whole := time.Since(began)
	t.Logf("the recovery codes were on disk %s after npm began to print them", m.between(t, "npm-printed", "vault.npmotp"))
	return whole
}

// run has one enrolment killed, looks at what is there, and goes on with it.
func (k *killing) run(t *testing.T, n npmtest.NPM, when string, kill func(*enrollee, *conversation)) {
	t.Helper()
	k.runs++
	t.Run(when, func(t *testing.T) {
		t.Parallel()
		k.kill(t, n, when, kill)
	})
}

func (k *killing) kill(t *testing.T, n npmtest.NPM, when string, kill func(*enrollee, *conversation)) {
	t.Helper()
	m, c := k.begin(t, n)
	c.keys(enrolPassword + "\r")
	kill(m, c)
	c.end()
	m.npmEnded(t)
	mode, secret := m.registry.TFA("ada")
	_, err := os.Stat(filepath.Join(m.home, "npm-printed"))
	printed := err == nil
	var codes int
	// What goes on without the one that was killed may have a save to make.
	for deadline := time.Now().Add(10 * time.Second); ; {
		if codes = m.codesOf(t, secret, mode != "", when); !printed || codes == 5 || time.Now().After(deadline) {
			break
		}
	}
	k.count(mode != "", printed, mode != "" && codes != 5)
	if mode != "" && codes != 5 {
		if printed {
			t.Errorf("killed %s: npm had printed the recovery codes, and %d are in the vault", when, codes)
		}
	}
	if secret != "" {
		m.hidden(t, c.screen, append(m.registry.RecoveryCodes("ada"), secret)...)
	}
	m.clock.Move(time.Minute)
	again := m.converse(t, "enroll")
	if status := again.answers(); status != 0 {
		t.Errorf("killed %s: the next run ends with %d:\n%s", when, status, again.screen)
	}
	if mode != "" && codes != 5 {
		again.has("its recovery codes were never stored")
	}
	m.agrees(t, npmregistry.AuthAndWrites, again.screen)
}

// count notes what became of one.
func (k *killing) count(on, printed, missing bool) {
	k.Lock()
	defer k.Unlock()
	for is, n := range map[*int]bool{&k.on: on, &k.printed: printed, &k.missing: missing} {
		if n {
			*is++
		}
	}
}

// codesOf returns how many recovery codes the vault has, of the account that
// must be there when the second factor is on.
func (m *enrollee) codesOf(t *testing.T, secret string, on bool, when string) int {
	t.Helper()
	accounts, said := m.stored(t)
	if len(accounts) == 1 && (accounts[0].State == "pending") != strings.Contains(said, "'npmotp enroll ada'") {
		t.Errorf("killed %s: the account is %q, and list says %q", when, accounts[0].State, said)
	}
	switch {
	case len(accounts) == 1 && accounts[0].Secret == secret:
		return accounts[0].RecoveryCodes
	case on:
		t.Errorf("killed %s: two-factor authentication is on, and its secret is not in the vault", when)
	}
	return 0
}

// between returns the time between the writing of two files.
func (m *enrollee) between(t *testing.T, first, second string) time.Duration {
	t.Helper()
	var times []time.Time
	for _, name := range []string{first, second} {
		info, err := os.Stat(filepath.Join(m.home, name))
		if err != nil {
			t.Fatal(err)
		}
		times = append(times, info.ModTime())
	}
	return times[1].Sub(times[0])
}

// npmEnded waits until every npm that was started has ended.
func (m *enrollee) npmEnded(t *testing.T) {
	t.Helper()
	pids, err := os.ReadFile(filepath.Join(m.home, "npm-pid"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(pids)) {
		pid, err := strconv.Atoi(strings.TrimSpace(line))
		if err != nil {
			t.Fatal(err)
		}
		for deadline := time.Now().Add(time.Minute); !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH); {
			if time.Now().After(deadline) {
				t.Fatal(fmt.Errorf("npm, process %d, does not end", pid))
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
}
