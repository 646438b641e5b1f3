//go:build linux || darwin

package main_test

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"npmotp/internal/npmregistry"
	"npmotp/internal/npmregistry/npmtest"
)

// TestEnrolDialogues has every dialogue with every npm, or as usual with one in three.
func TestEnrolDialogues(t *testing.T) {
	if testing.Short() {
		t.Skip("runs every npm there is")
	}
	// Two at a time: an npm keeps a processor busy.
	slots := make(chan struct{}, 2)
	dialogues := enrolDialogues()
	for k, n := range npmtest.NPMs(t) {
		t.Run(n.String(), func(t *testing.T) {
			t.Parallel()
			for i, name := range slices.Sorted(maps.Keys(dialogues)) {
				if !npmtest.Sampled(i + k) {
					continue
				}
				dialogue := dialogues[name]
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					slots <- struct{}{}
					defer func() { <-slots }()
					dialogue(t, n)
				})
			}
		})
	}
}

func enrolDialogues() map[string]func(*testing.T, npmtest.NPM) {
	return map[string]func(*testing.T, npmtest.NPM){
		"both levels":            enrolsBothLevels,
		"shown":                  enrolsShown,
		"wrong password":         enrolsWrongPassword,
		"on already":             enrolsOnAlready,
		"on with another secret": enrolsStranger,
		"level":                  enrolsLevel,
		"code refused once":      enrolsLater,
		"code refused":           enrolsRefused,
		"logged out":             enrolsLoggedOut,
		"no second factor":       enrolsNowhere,
		"closed":                 enrolsClosed,
		"no secret":              enrolsNoSecret,
		"ctrl-c":                 enrolsInterrupted,
		"killed before the code": enrolsKilled,
		"killed after it is on":  enrolsKilledLate,
		"disable":                disables,
		"disable what is off":    disablesOff,
		"codes for elsewhere":    enrolsForElsewhere,
		"recover":                recovers,
		"recover in two runs":    recoversInTwo,
		"recover by short codes": recoversShort,
		"disable by a code":      disablesByCode,
	}
}

// enrol turns the second factor on.
func (m *enrollee) enrol(t *testing.T, args ...string) *conversation {
	t.Helper()
	c := m.converse(t, append([]string{"enroll"}, args...)...)
	c.waitFor("npm password:", enrolPassword)
	if status := c.end(); status != 0 {
		t.Fatalf("status %d:\n%s", status, c.screen)
	}
	return c
}

// agrees fails the test unless the vault has what the registry has.
func (m *enrollee) agrees(t *testing.T, level string, screens ...string) {
	t.Helper()
	mode, secret := m.registry.TFA("ada")
	accounts, said := m.stored(t)
	if mode != level || len(accounts) == 0 {
		t.Fatalf("the level is %q, and the vault has %d accounts\n%s", mode, len(accounts), screens)
	}
	a := accounts[0]
	for _, other := range accounts {
		if other.State == "" && other.ArchivedAt == "" {
			a = other
		}
	}
	if a.Secret != secret || a.Level != level || a.State != "" || a.Username != "ada" {
		t.Errorf("the vault has another secret or level, in %q (%s)\n%s", a.Name, a.Level, screens)
	}
	if said != "" {
		t.Errorf("list says %q", said)
	}
	m.hidden(t, strings.Join(screens, ""), append(m.registry.RecoveryCodes("ada"), secret)...)
}

func enrolsBothLevels(t *testing.T, n npmtest.NPM) {
	t.Helper()
	for _, level := range []string{npmregistry.AuthOnly, npmregistry.AuthAndWrites} {
		m := newEnrollee(t, n, npmregistry.Options{})
		c := m.enrol(t, "--level", level)
		c.has("5 recovery codes stored", "the secret is stored")
		m.agrees(t, level, c.screen)
		if accounts, _ := m.stored(t); accounts[0].RecoveryCodes != 5 {
			t.Errorf("%d recovery codes are stored", accounts[0].RecoveryCodes)
		}
	}
}

func enrolsShown(t *testing.T, n npmtest.NPM) {
	t.Helper()
	m := newEnrollee(t, n, npmregistry.Options{})
	c := m.enrol(t, "--show", "work")
	_, secret := m.registry.TFA("ada")
	c.has("Or enter code: "+secret, "Scan into your authenticator app:")
	c.has(m.registry.RecoveryCodes("ada")...)
	if accounts, _ := m.stored(t); len(accounts) != 1 || accounts[0].Name != "work" || accounts[0].RecoveryCodes != 5 {
		t.Errorf("the vault has %d accounts, or not %q", len(accounts), "work")
	}
}

func enrolsWrongPassword(t *testing.T, n npmtest.NPM) {
	t.Helper()
	m := newEnrollee(t, n, npmregistry.Options{})
	c := m.converse(t, "enroll")
	c.waitFor("npm password:", "wrong")
	if status := c.end(); status != 1 {
		t.Errorf("status %d", status)
	}
	c.has("npm's password was not taken", "hint: npm asks for the password")
	if accounts, _ := m.stored(t); len(accounts) != 0 {
		t.Errorf("the vault has %d accounts", len(accounts))
	}
	m.enrol(t)
	m.agrees(t, npmregistry.AuthAndWrites)
}

// answers goes on until the end, and types npm's password where it asks.
func (c *conversation) answers() int {
	c.t.Helper()
	seen := len(c.screen)
	for chunk := range c.chunks {
		c.screen += chunk
		if i := strings.Index(c.screen[seen:], "npm password:"); i >= 0 {
			seen += i + 1
			c.keys(enrolPassword + "\r")
		}
	}
	return c.end()
}

func enrolsOnAlready(t *testing.T, n npmtest.NPM) {
	t.Helper()
	m := newEnrollee(t, n, npmregistry.Options{})
	m.enrol(t)
	m.clock.Move(time.Minute)
	c := m.converse(t, "enroll")
	if status := c.answers(); status != 0 {
		t.Errorf("status %d", status)
	}
	if !strings.Contains(c.screen, "is on already") && !strings.Contains(c.screen, "at the level auth-and-writes now") {
		t.Errorf("it does not say that it is on:\n%s", c.screen)
	}
	m.agrees(t, npmregistry.AuthAndWrites, c.screen)
}

func enrolsStranger(t *testing.T, n npmtest.NPM) {
	t.Helper()
	m := newEnrollee(t, n, npmregistry.Options{AllowReuse: true})
	m.registry.SetTFA("ada", typedSecret, npmregistry.AuthAndWrites, nil)
	c := m.converse(t, "enroll")
	if n.Major < 11 {
		c.waitFor("npm password:", enrolPassword)
	}
	if n.Major == 8 || n.Major == 10 {
		c.waitFor("Enter one-time password:", codeAt(t, typedSecret, m.clock.Now()))
	}
	if status := c.end(); status != 1 {
		t.Errorf("status %d", status)
	}
	c.has("with a secret that the vault does not have", "keep it on")
	if accounts, _ := m.stored(t); len(accounts) != 0 {
		t.Errorf("the vault has %d accounts", len(accounts))
	}
}

func enrolsLevel(t *testing.T, n npmtest.NPM) {
	t.Helper()
	m := newEnrollee(t, n, npmregistry.Options{})
	m.enrol(t)
	m.clock.Move(time.Minute)
	c := m.converse(t, "enroll", "--level", "auth-only")
	c.waitFor("npm password:", enrolPassword)
	status := c.end()
	if n.Major == 6 {
		if status != 1 {
			t.Errorf("status %d", status)
		}
		c.has("npm 6 cannot change the level", "npm 8 or later")
		m.agrees(t, npmregistry.AuthAndWrites, c.screen)
		return
	}
	if status != 0 {
		t.Errorf("status %d", status)
	}
	c.has("at the level auth-only now")
	m.agrees(t, npmregistry.AuthOnly, c.screen)
}

func enrolsLater(t *testing.T, n npmtest.NPM) {
	t.Helper()
	m := newEnrollee(t, n, npmregistry.Options{})
	c := m.converse(t, "enroll")
	m.clock.Move(10 * time.Minute) // the registry's clock; npmotp has its own by now
	c.waitFor("npm password:", enrolPassword)
	c.waitFor("npm runs once more", "")
	m.clock.Move(-10*time.Minute + 30*time.Second)
	c.waitFor("npm password:", enrolPassword)
	if status := c.end(); status != 0 {
		t.Errorf("status %d:\n%s", status, c.screen)
	}
	m.agrees(t, npmregistry.AuthAndWrites, c.screen)
	if accounts, _ := m.stored(t); len(accounts) != 1 {
		t.Errorf("the vault has %d accounts", len(accounts))
	}
}

func enrolsRefused(t *testing.T, n npmtest.NPM) {
	t.Helper()
	m := newEnrollee(t, n, npmregistry.Options{})
	c := m.converse(t, "enroll")
	m.clock.Move(10 * time.Minute)
	c.waitFor("npm password:", enrolPassword)
	c.waitFor("npm password:", enrolPassword)
	if status := c.end(); status != 1 {
		t.Errorf("status %d", status)
	}
	c.has("neither of two codes", "the clock", `stays in the vault as "ada"`)
	accounts, said := m.stored(t)
	_, secret := m.registry.TFA("ada")
	if len(accounts) != 1 || accounts[0].State != "pending" || accounts[0].Secret != secret {
		t.Errorf("the vault has %d accounts, or another secret", len(accounts))
	}
	if !strings.Contains(said, `the enrolment of "ada" did not come to its end; 'npmotp enroll ada'`) {
		t.Errorf("list says %q", said)
	}
	m.hidden(t, c.screen, secret)
	m.enrol(t)
	m.agrees(t, npmregistry.AuthAndWrites)
}

func enrolsLoggedOut(t *testing.T, n npmtest.NPM) {
	t.Helper()
	for _, web := range []bool{false, true} {
		m := newEnrollee(t, n, npmregistry.Options{WebLogin: web})
		rc := "registry=" + m.registry.URL() + "/\n"
		if err := os.WriteFile(filepath.Join(m.home, ".npmrc"), []byte(rc), 0o600); err != nil {
			t.Fatal(err)
		}
		c := m.converse(t, "enroll")
		if status := c.answers(); status != 1 {
			t.Errorf("status %d", status)
		}
		c.has("npm is not logged in to "+m.registry.URL(), "'npm login'")
	}
}

// elsewhere has npm talk to a registry of its own.
func (m *enrollee) elsewhere(t *testing.T, answer http.HandlerFunc) {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	m.npm.Env(t, m.home, server.URL, "token-of-ada")
}

func enrolsNowhere(t *testing.T, n npmtest.NPM) {
	t.Helper()
	m := newEnrollee(t, n, npmregistry.Options{})
	m.elsewhere(t, http.NotFound)
	c := m.converse(t, "enroll")
	if status := c.answers(); status != 1 {
		t.Errorf("status %d", status)
	}
	c.has("was not turned on", "404 Not Found", "ask whoever runs the registry")
}

func enrolsClosed(t *testing.T, n npmtest.NPM) {
	t.Helper()
	m := newEnrollee(t, n, npmregistry.Options{})
	m.elsewhere(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.Method != http.MethodGet {
			w.WriteHeader(http.StatusForbidden)
			_, _ = fmt.Fprint(w, `{"error":"TOTP enrollment is closed"}`)
			return
		}
		_, _ = fmt.Fprint(w, `{"name":"ada","tfa":false}`)
	})
	c := m.converse(t, "enroll")
	c.waitFor("npm password:", enrolPassword)
	if status := c.end(); status != 1 {
		t.Errorf("status %d", status)
	}
	c.has("was not turned on", "403 Forbidden", "TOTP enrollment is closed")
}

func enrolsNoSecret(t *testing.T, n npmtest.NPM) {
	t.Helper()
	m := newEnrollee(t, n, npmregistry.Options{})
	m.elsewhere(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.Method == http.MethodGet {
			_, _ = fmt.Fprint(w, `{"name":"ada","tfa":false}`)
			return
		}
		_, _ = fmt.Fprint(w, `{"name":"ada","tfa":"later: OTPAUTH://totp/ada?secret=`+typedSecret+`"}`)
	})
	c := m.converse(t, "enroll")
	c.waitFor("npm password:", enrolPassword)
	if status := c.end(); status != 1 {
		t.Errorf("status %d", status)
	}
	c.has("was not turned on", "Expected otpauth URL")
	if strings.Contains(c.screen, typedSecret) {
		t.Errorf("the screen shows the secret:\n%s", c.screen)
	}
}

func enrolsInterrupted(t *testing.T, n npmtest.NPM) {
	t.Helper()
	m := newEnrollee(t, n, npmregistry.Options{})
	c := m.converse(t, "enroll")
	c.waitFor("npm password:", "")
	c.keys("\x03")
	if status := c.end(); status != 130 && status != 1 {
		t.Errorf("status %d", status)
	}
	if accounts, _ := m.stored(t); len(accounts) != 0 {
		t.Errorf("the vault has %d accounts", len(accounts))
	}
	// From the password on nothing is interrupted until the codes are stored.
	c = m.converse(t, "enroll")
	c.waitFor("npm password:", enrolPassword)
	c.waitFor("******", "")
	c.keys("\x03")
	if status := c.end(); status != 0 {
		t.Errorf("status %d:\n%s", status, c.screen)
	}
	m.agrees(t, npmregistry.AuthAndWrites, c.screen)
}

// kill ends npmotp as nothing can be done against.
func (c *conversation) kill() {
	c.t.Helper()
	if err := c.cmd.Process.Signal(syscall.SIGKILL); err != nil {
		c.t.Log(err)
	}
	c.end()
}

func enrolsKilled(t *testing.T, n npmtest.NPM) {
	t.Helper()
	m := newEnrollee(t, n, npmregistry.Options{})
	c := m.converse(t, "enroll", "work")
	c.waitFor("npm password:", enrolPassword)
	c.waitFor("the secret is stored", "")
	c.kill()
	accounts, said := m.stored(t)
	if _, secret := m.registry.TFA("ada"); len(accounts) != 1 || accounts[0].Secret != secret {
		t.Errorf("the vault has %d accounts, or another secret", len(accounts))
	}
	if len(accounts) == 1 && accounts[0].State == "pending" && !strings.Contains(said, "'npmotp enroll work'") {
		t.Errorf("list says %q", said)
	}
}

func enrolsKilledLate(t *testing.T, n npmtest.NPM) {
	t.Helper()
	m := newEnrollee(t, n, npmregistry.Options{})
	c := m.converse(t, "enroll")
	m.clock.Move(10 * time.Minute)
	c.waitFor("npm password:", enrolPassword)
	c.waitFor("npm runs once more", "")
	c.kill()
	// As if the registry had taken the password before the end.
	_, secret := m.registry.TFA("ada")
	m.registry.SetTFA("ada", secret, npmregistry.AuthAndWrites, nil)
	c = m.converse(t, "enroll")
	if status := c.answers(); status != 0 {
		t.Errorf("status %d", status)
	}
	c.has("the registry had turned two-factor authentication on", "its recovery codes were never stored", "'npmotp recovery add ada'")
	accounts, said := m.stored(t)
	if len(accounts) != 1 || accounts[0].State != "" || said != "" {
		t.Errorf("the vault has %d accounts, or one that is pending", len(accounts))
	}
	m.hidden(t, c.screen, secret)
}

func disables(t *testing.T, n npmtest.NPM) {
	t.Helper()
	m := newEnrollee(t, n, npmregistry.Options{})
	m.enrol(t)
	m.clock.Move(time.Minute)
	c := m.converse(t, "disable", "--yes")
	c.waitFor("npm password:", "wrong")
	if n.Major == 6 {
		c.waitFor("Enter one-time password:", "")
	}
	if status := c.end(); status != 1 {
		t.Errorf("status %d", status)
	}
	c.has("was not turned off: npm's password was not taken", "may not")
	m.clock.Move(time.Minute)
	c = m.converse(t, "disable")
	c.waitFor("[y/N]", "y")
	c.waitFor("npm password:", enrolPassword)
	if status := c.end(); status != 0 {
		t.Errorf("status %d:\n%s", status, c.screen)
	}
	if mode, _ := m.registry.TFA("ada"); mode != "" {
		t.Errorf("the level is %q", mode)
	}
	accounts, _ := m.stored(t)
	if len(accounts) != 1 || accounts[0].Name != "ada until 2026-03-04" || accounts[0].ArchivedAt == "" {
		t.Errorf("the vault has %+v", accounts)
	}
	if out, err := m.command(t, "list", "--json").Output(); err != nil || strings.TrimSpace(string(out)) != "[]" {
		t.Errorf("%v, list has %s", err, out)
	}
	m.enrol(t)
	m.agrees(t, npmregistry.AuthAndWrites)
}

func disablesOff(t *testing.T, n npmtest.NPM) {
	t.Helper()
	m := newEnrollee(t, n, npmregistry.Options{})
	m.enrol(t)
	m.registry.SetTFA("ada", "", "", nil)
	c := m.converse(t, "disable", "ada", "--yes")
	if status := c.answers(); status != 0 {
		t.Errorf("status %d", status)
	}
	c.has("is off at", "archived")
	for command, status := range map[string]int{"list": 0, "code": 3} {
		cmd := m.command(t, command)
		out, _ := cmd.CombinedOutput()
		if got := cmd.ProcessState.ExitCode(); got != status || !bytes.Contains(out, []byte("all accounts are archived")) || !bytes.Contains(out, []byte("'npmotp list --all' shows them")) {
			t.Errorf("%s with archived accounts only: status %d:\n%s", command, got, out)
		}
	}
}

// The recovery codes go to another laptop, and never are in this vault.
func enrolsForElsewhere(t *testing.T, n npmtest.NPM) {
	t.Helper()
	m, other := newEnrollee(t, n, npmregistry.Options{}), t.TempDir()
	run(t, other, typedSecret, "add", "mine")
	run(t, m.home, typedSecret, "add", "other", "--registry", "https://npm.example.org/")
	run(t, m.home, "", "device", "add", "B", strings.TrimSpace(run(t, other, "", "device", "id")), "--yes")
	c := m.enrol(t, "--recovery-to", "B")
	c.has("5 recovery codes sealed for \"B\"", "'npmotp receive recovery-codes-for-B.age'")
	m.hidden(t, c.screen, m.registry.RecoveryCodes("ada")...)
	accounts, said := m.stored(t)
	if len(accounts) != 2 || accounts[1].RecoveryCodes != 0 || accounts[1].State != "" || said != "" {
		t.Errorf("the vault has %d accounts, or recovery codes; list says %q", len(accounts), said)
	}
	run(t, other, "", "receive", "--yes", filepath.Join(m.home, "recovery-codes-for-B.age"))
	if list := run(t, other, "", "recovery", "list", "ada", "--json"); strings.Count(list, `"unused"`) != 5 {
		t.Errorf("the other laptop has\n%s", list)
	}
	again := m.converse(t, "enroll", "--recovery-to", "B")
	if status := again.end(); status != 1 {
		t.Errorf("status %d", status)
	}
	again.has("is there already", "-o FILE")
}

// logout takes npm's token away.
func (m *enrollee) logout(t *testing.T) {
	t.Helper()
	m.npm.Env(t, m.home, m.registry.URL(), "")
}

func (c *conversation) loginAs(n npmtest.NPM) {
	c.t.Helper()
	c.waitFor("Username:", "ada")
	c.waitFor("Password:", enrolPassword)
	if n.Major < 9 {
		c.waitFor("Email:", "ada@example.com")
	}
}

func recovers(t *testing.T, n npmtest.NPM) {
	t.Helper()
	m := newEnrollee(t, n, npmregistry.Options{})
	first := m.enrol(t)
	codes := m.registry.RecoveryCodes("ada")
	m.logout(t)
	m.clock.Move(time.Minute)
	c := m.converse(t, "recover")
	c.waitFor("[y/N]", "y")
	c.loginAs(n)
	c.waitFor("[y/N]", "y")
	c.waitFor("npm password:", enrolPassword)
	c.waitFor("[y/N]", "y")
	c.waitFor("npm password:", enrolPassword)
	if status := c.end(); status != 0 {
		t.Errorf("status %d:\n%s", status, c.screen)
	}
	c.has("step 1 of 3", "step 2 of 3", "step 3 of 3", "may not", "instead,", "5 recovery codes stored",
		"recovery code number 1 of \"ada\" is used (npm login)", "recovery code number 2 of \"ada\" is used (npm profile disable-2fa)")
	m.agrees(t, npmregistry.AuthAndWrites, first.screen, c.screen)
	m.hidden(t, c.screen, codes...)
}

// The first run ends after the login; the second finds that out.
// shortCodes gives the account recovery codes that npm does not take at its prompt,
// and the vault nothing but these.
func (m *enrollee) shortCodes(t *testing.T) []string {
	t.Helper()
	codes := []string{"0af10af10af10af1", "1af01af01af01af0", "2af02af02af02af0"}
	m.registry.SetTFA("ada", typedSecret, npmregistry.AuthAndWrites, codes)
	run(t, m.home, strings.Join(codes, "\n")+"\n", "recovery", "add", "ada", "--yes")
	run(t, m.home, "", "edit", "ada", "--registry", m.registry.URL(), "--username", "ada")
	return codes
}

func recoversShort(t *testing.T, n npmtest.NPM) {
	t.Helper()
	m := newEnrollee(t, n, npmregistry.Options{})
	codes := m.shortCodes(t)
	m.logout(t)
	c := m.converse(t, "recover", "--yes")
	c.loginAs(n)
	c.waitFor("npm password:", enrolPassword)
	c.waitFor("npm password:", enrolPassword)
	if status := c.end(); status != 0 {
		t.Errorf("status %d:\n%s", status, c.screen)
	}
	c.has("recovery code number 1 of \"ada\" is used (npm login)", "recovery code number 2 of \"ada\" is used (npm profile disable-2fa)")
	if mode, _ := m.registry.TFA("ada"); mode != npmregistry.AuthAndWrites || len(m.registry.RecoveryCodes("ada")) != 5 {
		t.Errorf("the level is %q", mode)
	}
	m.hidden(t, c.screen, codes...)
}

// disablesByCode has an account that holds nothing but recovery codes, of which the
// registry does not take the first.
func disablesByCode(t *testing.T, n npmtest.NPM) {
	t.Helper()
	m := newEnrollee(t, n, npmregistry.Options{})
	codes := m.shortCodes(t)
	m.registry.SetTFA("ada", typedSecret, npmregistry.AuthAndWrites, codes[1:])
	c := m.converse(t, "disable", "--yes")
	c.waitFor("npm password:", enrolPassword)
	if status := c.end(); status != 1 {
		t.Errorf("status %d:\n%s", status, c.screen)
	}
	c.has("the registry did not take the code; recovery code number 1 was sent, and stays reserved")
	c = m.converse(t, "disable")
	c.waitFor("turn two-factor authentication off for \"ada\", with a recovery code? [y/N]", "y")
	c.waitFor("npm password:", enrolPassword)
	if status := c.end(); status != 0 {
		t.Errorf("status %d:\n%s", status, c.screen)
	}
	c.has("recovery code number 2 of \"ada\" is used (npm profile disable-2fa)")
	if mode, _ := m.registry.TFA("ada"); mode != "" {
		t.Errorf("the level is %q", mode)
	}
	m.hidden(t, c.screen, codes...)
}

func recoversInTwo(t *testing.T, n npmtest.NPM) {
	t.Helper()
	m := newEnrollee(t, n, npmregistry.Options{})
	m.enrol(t)
	m.logout(t)
	m.clock.Move(time.Minute)
	c := m.converse(t, "recover", "ada")
	c.waitFor("[y/N]", "y")
	c.loginAs(n)
	c.waitFor("step 2 of 3", "")
	c.kill()
	c = m.converse(t, "recover", "ada")
	c.waitFor("step 2 of 3", "")
	c.waitFor("[y/N]", "y")
	c.waitFor("npm password:", enrolPassword)
	c.waitFor("step 3 of 3", "")
	c.kill()
	c = m.converse(t, "recover", "ada")
	c.waitFor("step 3 of 3", "")
	c.waitFor("[y/N]", "y")
	c.waitFor("npm password:", enrolPassword)
	if status := c.end(); status != 0 {
		t.Errorf("status %d:\n%s", status, c.screen)
	}
	c.has("step 2 of 3 is done")
	m.agrees(t, npmregistry.AuthAndWrites, c.screen)
}
