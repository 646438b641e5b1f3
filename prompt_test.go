//go:build linux || darwin

package main_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"

	"npmotp/internal/npmregistry"
	"npmotp/internal/npmregistry/npmtest"
)

// TestPromptNPM publishes with every npm, answered at its own prompt. The
// package's script takes long enough for the code to change; it sees none, and
// no file of npm's holds one.
func TestPromptNPM(t *testing.T) {
	if testing.Short() {
		t.Skip("runs every npm there is")
	}
	for _, n := range npmtest.NPMs(t) {
		t.Run(n.String(), func(t *testing.T) {
			m := newMaintainer(t, n)
			const script = `env > seen; npm config get otp >> seen`
			text := fmt.Sprintf(`{"name":%q,"version":"1.0.0","scripts":{"prepublishOnly":%q}}`, pkgName, script)
			if err := os.WriteFile(filepath.Join(m.dir, "package.json"), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			screen, err := m.atTerminal(t, "exec", "--via", "prompt", n.Path, "publish")
			if p, _ := m.registry.Package(pkgName); err != nil || len(p.Versions) != 1 {
				t.Fatalf("%v, and the package is %+v\n%s", err, p, screen)
			}
			codes := m.codes()
			if len(codes) != 1 {
				t.Fatalf("%d codes were sent", len(codes))
			}
			if strings.Contains(screen, codes[0]) {
				t.Errorf("the screen shows the code:\n%s", screen)
			}
			for _, dir := range []string{m.home, m.dir} {
				for _, file := range filesWith(t, dir, codes[0]) {
					t.Errorf("%s holds the code", file)
				}
			}
			seen, err := os.ReadFile(filepath.Join(m.dir, "seen"))
			if err != nil || len(seen) == 0 {
				t.Errorf("the script did not run: %v", err)
			}
		})
	}
}

// codes returns the codes that the registry was sent, each once.
func (m *maintainer) codes() []string {
	var codes []string
	for _, q := range m.registry.Requests() {
		if q.OTP != "" && !slices.Contains(codes, q.OTP) {
			codes = append(codes, q.OTP)
		}
	}
	return codes
}

// atTerminal runs npmotp on a pseudo-terminal and returns what it showed.
func (m *maintainer) atTerminal(t *testing.T, args ...string) (string, error) {
	t.Helper()
	cmd := npmotp(t, m.home, args...)
	var own []string
	for _, kv := range cmd.Env {
		if strings.HasPrefix(kv, "NPMOTP_") {
			own = append(own, kv)
		}
	}
	cmd.Env = slices.Concat(m.env, own, []string{"TEST_NOW=" + m.clock().Format(time.RFC3339)})
	cmd.Dir = m.dir
	terminal, err := pty.Start(cmd)
	if err != nil {
		t.Skip("no pseudo-terminal here:", err)
	}
	defer func() { _ = terminal.Close() }()
	if err := terminal.SetReadDeadline(time.Now().Add(40 * time.Second)); err != nil {
		t.Fatal(err)
	}
	var screen bytes.Buffer
	_, err = screen.ReadFrom(terminal)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("no end:\n%s", screen.String())
	}
	err = cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return screen.String(), err
}

// filesWith returns the files below dir that hold text.
func filesWith(t *testing.T, dir, text string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(name)
		if bytes.Contains(data, []byte(text)) {
			found = append(found, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// A code that goes nowhere: publishConfig redirects, in every way of passing.
func TestRedirectedRegistryGetsNoCode(t *testing.T) {
	if testing.Short() {
		t.Skip("runs npm")
	}
	n := npmtest.NPMs(t)[0]
	m, evil := newMaintainer(t, n), newMaintainer(t, n)
	text := fmt.Sprintf(`{"name":%q,"version":"1.0.0","publishConfig":{"registry":%q}}`, pkgName, evil.registry.URL())
	if err := os.WriteFile(filepath.Join(m.dir, "package.json"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, via := range []string{"flag", "env", "prompt"} {
		screen, err := m.atTerminal(t, "exec", "-a", "ada", "--via", via, n.Path, "publish")
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != 125 || !strings.Contains(screen, "publishConfig") {
			t.Errorf("--via %s: %v\n%s", via, err, screen)
		}
	}
	if codes := evil.codes(); len(codes) > 0 {
		t.Errorf("the other registry was sent %d codes", len(codes))
	}
}

// TestRecoveryNPM publishes with every npm, answered with a recovery code. npm
// sends the codes of 64 digits; for those of 48 and 16 it asks for ever.
func TestRecoveryNPM(t *testing.T) {
	if testing.Short() {
		t.Skip("runs every npm there is")
	}
	for _, n := range npmtest.NPMs(t) {
		for _, length := range []int{64, 48, 16} {
			t.Run(fmt.Sprint(n, " ", length), func(t *testing.T) {
				m := newMaintainer(t, n)
				codes := []string{strings.Repeat("0af1", length/4), strings.Repeat("1af0", length/4)}
				m.registry.SetTFA("ada", typedSecret, npmregistry.AuthAndWrites, codes)
				run(t, m.home, strings.Join(codes, "\n")+"\n", "recovery", "add", "ada")
				m.manifest(t, "1.0.0")
				screen, err := m.atTerminal(t, "exec", "--recovery", n.Path, "publish")
				p, _ := m.registry.Package(pkgName)
				list := run(t, m.home, "", "recovery", "list", "ada", "--json")
				state, done := "used", 1
				if length != 64 {
					state, done = "reserved", 0
				}
				if len(p.Versions) != done || (err == nil) != (done == 1) {
					t.Errorf("%v, and the package is %+v\n%s", err, p, screen)
				}
				if strings.Count(list, `"`+state+`"`) != 1 || strings.Count(list, `"unused"`) != 1 {
					t.Errorf("the codes are %s", list)
				}
				if strings.Contains(screen, codes[0]) {
					t.Errorf("the screen shows the code:\n%s", screen)
				}
				for _, file := range filesWith(t, m.home, codes[0]) {
					t.Errorf("%s holds the code", file)
				}
			})
		}
	}
}

// TestUpdateCheckGetsNoCode has the registry of the package's scope differ from
// the default one, where npm would look for a newer npm and send the code.
func TestUpdateCheckGetsNoCode(t *testing.T) {
	if testing.Short() {
		t.Skip("runs every npm there is")
	}
	for _, n := range npmtest.NPMs(t) {
		t.Run(n.String(), func(t *testing.T) {
			m, other := newMaintainer(t, n), newMaintainer(t, n)
			rc := fmt.Sprintf("registry=%s/\n@ada:registry=%s/\n//%s/:_authToken=%s\n",
				other.registry.URL(), m.registry.URL(), m.registry.Host(), m.registry.Token("ada"))
			if err := os.WriteFile(filepath.Join(m.home, ".npmrc"), []byte(rc), 0o600); err != nil {
				t.Fatal(err)
			}
			m.env = slices.DeleteFunc(m.env, func(kv string) bool { return strings.HasPrefix(kv, "npm_config_update_notifier") })
			for i, via := range []string{"flag", "env", "prompt"} {
				m.manifest(t, fmt.Sprintf("1.0.%d", i))
				m.step()
				if screen, err := m.atTerminal(t, "exec", "--via", via, n.Path, "publish"); err != nil {
					t.Errorf("--via %s: %v\n%s", via, err, screen)
				}
			}
			if codes := other.codes(); len(codes) > 0 {
				t.Errorf("the default registry was sent %d codes", len(codes))
			}
			if p, _ := m.registry.Package(pkgName); len(p.Versions) != 3 {
				t.Errorf("the package is %+v", p)
			}
		})
	}
}

// TestRefusedNPM sends a code that was used already, with a flag and in the
// environment. npm asks then, and the answer is a later code.
func TestRefusedNPM(t *testing.T) {
	if testing.Short() {
		t.Skip("runs every npm there is")
	}
	for _, n := range npmtest.NPMs(t) {
		t.Run(n.String(), func(t *testing.T) {
			m := newMaintainer(t, n)
			m.manifest(t, "1.0.0")
			if screen, err := m.atTerminal(t, "exec", n.Path, "publish"); err != nil {
				t.Fatalf("%v\n%s", err, screen)
			}
			for i, via := range []string{"flag", "env"} {
				// npmotp forgets that the code was used, and so is its account
				// one whose registry takes codes twice.
				run(t, m.home, "", "edit", "ada", "--reuse", "allow")
				m.manifest(t, fmt.Sprintf("1.1.%d", i))
				before := len(m.codes())
				screen, err := m.atTerminal(t, "exec", "--via", via, n.Path, "publish")
				if err != nil || len(m.codes()) != before+1 {
					t.Errorf("--via %s: %v, and the codes are %q\n%s", via, err, m.codes(), screen)
				}
				m.step()
			}
			if p, _ := m.registry.Package(pkgName); len(p.Versions) != 3 {
				t.Errorf("the package is %+v", p)
			}
		})
	}
}
