//go:build linux || darwin

package main_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/pquerna/otp/totp"

	"npmotp/internal/npmregistry"
	"npmotp/internal/npmregistry/npmtest"
)

const enrolPassword = "lovelace"

// An enrollee has an npm and an account without a second factor at a registry.
type enrollee struct {
	npm      npmtest.NPM
	registry *npmregistry.Server
	home     string
	env      []string
	clock    *npmtest.Clock
}

func newEnrollee(t *testing.T, n npmtest.NPM, o npmregistry.Options) *enrollee {
	t.Helper()
	clock := npmtest.NewClock(time.Date(2026, 3, 4, 5, 6, 0, 0, time.UTC))
	o.Now = clock.Now
	registry, err := npmregistry.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := registry.Close(); err != nil {
			t.Error(err)
		}
	})
	registry.AddUser("ada", enrolPassword, "ada@example.com")
	m := &enrollee{npm: n, registry: registry, home: t.TempDir(), clock: clock}
	m.env = n.Env(t, m.home, registry.URL(), registry.Token("ada"))
	for i, kv := range m.env {
		if path, ok := strings.CutPrefix(kv, "PATH="); ok {
			m.env[i] = "PATH=" + filepath.Dir(n.Path) + string(filepath.ListSeparator) + path
		}
	}
	return m
}

// A conversation is npmotp on a pseudo-terminal.
type conversation struct {
	t      *testing.T
	cmd    *exec.Cmd
	tty    *os.File
	chunks chan string
	screen string
	seen   int // what was waited for
}

func (m *enrollee) command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	return npmotpIn(t, m.home, m.home, append(slices.Clone(m.env), "TEST_NOW="+m.clock.Now().Format(time.RFC3339)), args...)
}

func (m *enrollee) converse(t *testing.T, args ...string) *conversation {
	t.Helper()
	return converse(t, m.command(t, args...))
}

// converse starts a command on a pseudo-terminal.
func converse(t *testing.T, cmd *exec.Cmd) *conversation {
	t.Helper()
	tty, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 50, Cols: 100})
	if err != nil {
		t.Skip("no pseudo-terminal here:", err)
	}
	c := &conversation{t: t, cmd: cmd, tty: tty, chunks: make(chan string)}
	go c.read()
	t.Cleanup(func() {
		_ = tty.Close()
		for range c.chunks {
		}
	})
	return c
}

func (c *conversation) read() {
	defer close(c.chunks)
	buf := make([]byte, 4096)
	for {
		n, err := c.tty.Read(buf)
		if n > 0 {
			c.chunks <- string(buf[:n])
		}
		if err != nil {
			return
		}
	}
}

// waitFor waits until text is on the screen, after what was waited for before,
// and types the answer.
func (c *conversation) waitFor(text, answer string) {
	c.t.Helper()
	deadline := time.After(time.Minute)
	for !strings.Contains(c.screen[c.seen:], text) {
		select {
		case chunk, ok := <-c.chunks:
			if !ok {
				c.t.Fatalf("it ended before %q:\n%s", text, c.screen)
			}
			c.screen += chunk
		case <-deadline:
			c.t.Fatalf("it does not say %q:\n%s", text, c.screen)
		}
	}
	c.seen += strings.Index(c.screen[c.seen:], text) + len(text)
	if answer != "" {
		c.keys(answer + "\r")
	}
}

func (c *conversation) keys(text string) {
	c.t.Helper()
	if _, err := c.tty.WriteString(text); err != nil {
		c.t.Fatal(err)
	}
}

// end waits for the end and returns the exit status.
func (c *conversation) end() int {
	c.t.Helper()
	deadline := time.After(time.Minute)
	for open := true; open; {
		select {
		case chunk, ok := <-c.chunks:
			c.screen += chunk
			open = ok
		case <-deadline:
			c.t.Fatalf("it does not end:\n%s", c.screen)
		}
	}
	err := c.cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		c.t.Fatal(err)
	}
	return c.cmd.ProcessState.ExitCode()
}

func (c *conversation) has(texts ...string) {
	c.t.Helper()
	for _, text := range texts {
		if !strings.Contains(c.screen, text) {
			c.t.Errorf("the screen lacks %q:\n%s", text, c.screen)
		}
	}
}

// A storedAccount is what the vault has of an account.
type storedAccount struct {
	Name, Registry, Username, Level, State string
	Secret                                 string
	ArchivedAt                             string `json:"archived_at"`
	RecoveryCodes                          int    `json:"recovery_codes"`
}

// stored returns the accounts of the vault, archived ones too, with their
// secrets, and what npmotp said about them.
func (m *enrollee) stored(t *testing.T) (accounts []storedAccount, said string) {
	t.Helper()
	cmd := m.command(t, "list", "--all", "--json")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("list: %v\n%s", err, stderr.String())
	}
	if err := json.Unmarshal(out, &accounts); err != nil {
		t.Fatal(err)
	}
	for i, a := range accounts {
		out, err := m.command(t, "show", a.Name, "--reveal", "--json").Output()
		if err != nil {
			t.Fatalf("show: %v", err)
		}
		if err := json.Unmarshal(out, &accounts[i]); err != nil {
			t.Fatal(err)
		}
	}
	return accounts, stderr.String()
}

// hidden fails the test when a secret is on the screen or in a file.
func (m *enrollee) hidden(t *testing.T, screen string, secrets ...string) {
	t.Helper()
	for _, s := range secrets {
		if s == "" {
			t.Error("there is no secret to look for")
			continue
		}
		if strings.Contains(strings.ToLower(screen), strings.ToLower(s)) {
			t.Errorf("the screen shows a secret:\n%s", screen)
		}
		for _, file := range filesWith(t, m.home, s) {
			t.Errorf("%s holds a secret", file)
		}
	}
}

// codeAt returns the code of a secret.
func codeAt(t *testing.T, secret string, at time.Time) string {
	t.Helper()
	code, err := totp.GenerateCode(secret, at)
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// replies goes on until the end, and types an answer each time its question comes.
func (c *conversation) replies(answers map[string]string) int {
	c.t.Helper()
	deadline := time.After(time.Minute)
	for {
		select {
		case chunk, ok := <-c.chunks:
			if !ok {
				return c.end()
			}
			c.screen += chunk
		case <-deadline:
			c.t.Fatalf("it does not end:\n%s", c.screen)
		}
		for question, answer := range answers {
			if i := strings.Index(c.screen[c.seen:], question); i >= 0 {
				c.seen += i + len(question)
				c.keys(answer + "\r")
			}
		}
	}
}
