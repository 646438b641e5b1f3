//go:build linux

package main_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"npmotp/internal/npmregistry"
	"npmotp/internal/npmregistry/npmtest"
)

// hook has npm tell who it is, and that it is about to print recovery codes.
const hook = `
const fs = require('fs'), path = require('path'), home = process.env.HOME
fs.appendFileSync(path.join(home, 'npm-pid'), process.pid + '\n')
const write = process.stdout.write
process.stdout.write = function (text, ...rest) {
  if (String(text).includes('recovery codes')) fs.writeFileSync(path.join(home, 'npm-printed'), '')
  return write.call(this, text, ...rest)
}
`

// TestEnrolKilledAnywhere kills npmotp at moments that are spread over an
// enrolment. What is on disk then lets the user go on.
func TestEnrolKilledAnywhere(t *testing.T) {
	if testing.Short() {
		t.Skip("enrols thirty times")
	}
	const kills = 30
	npms := npmtest.NPMs(t)
	n := npms[len(npms)-1]
	whole := time.Duration(0)
	missing, enabled, printed := 0, 0, 0
	for i := range kills + 1 {
		m := newEnrollee(t, n, npmregistry.Options{})
		script := filepath.Join(t.TempDir(), "hook.js")
		if err := os.WriteFile(script, []byte(hook), 0o600); err != nil {
			t.Fatal(err)
		}
		m.env = append(m.env, "NODE_OPTIONS=--require="+script)
		c := m.converse(t, "enroll")
		c.waitFor("npm password:", enrolPassword)
		began := time.Now()
		if i == 0 { // the measure of the others
			if status := c.end(); status != 0 {
				t.Fatalf("status %d:\n%s", status, c.screen)
			}
			whole = time.Since(began)
			continue
		}
		timer := time.AfterFunc(whole*time.Duration(i)/kills, func() { _ = c.cmd.Process.Kill() })
		c.end()
		timer.Stop()
		m.npmEnded(t)
		mode, secret := m.registry.TFA("ada")
		accounts, said := m.stored(t)
		_, err := os.Stat(filepath.Join(m.home, "npm-printed"))
		if err == nil {
			printed++
		}
		if mode != "" {
			enabled++
			codes := 0
			if len(accounts) != 1 || accounts[0].Secret != secret {
				t.Errorf("kill %d: two-factor authentication is on, and its secret is not in the vault", i)
			} else {
				codes = accounts[0].RecoveryCodes
			}
			if codes != 5 {
				missing++
			}
			if codes != 5 && err == nil {
				t.Errorf("kill %d: npm had printed the recovery codes, and %d are in the vault", i, codes)
			}
		}
		if len(accounts) == 1 && (accounts[0].State == "pending") != strings.Contains(said, "'npmotp enroll ada'") {
			t.Errorf("kill %d: the account is %q, and list says %q", i, accounts[0].State, said)
		}
		if secret != "" {
			m.hidden(t, c.screen, append(m.registry.RecoveryCodes("ada"), secret)...)
		}
		m.clock.add(time.Minute)
		again := m.converse(t, "enroll")
		if status := again.answers(); status != 0 {
			t.Errorf("kill %d: the next run ends with %d:\n%s", i, status, again.screen)
		}
		m.agrees(t, npmregistry.AuthAndWrites, again.screen)
	}
	t.Logf("an enrolment takes %s after the password; of %d killed ones %d were on at the registry, %d had their codes printed by npm, %d lack them",
		whole, kills, enabled, printed, missing)
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
