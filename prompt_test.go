//go:build linux || darwin

package main_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"

	"npmotp/internal/npmregistry"
	"npmotp/internal/npmregistry/npmtest"
)

// TestLongBuildNPM publishes with every npm a package whose script takes 95 s, by
// the clock of the registry. The code is typed at npm's prompt, of the time after
// the script; the script sees none, and no file of npm's holds one.
func TestLongBuildNPM(t *testing.T) {
	if testing.Short() {
		t.Skip("runs every npm there is")
	}
	for _, n := range npmtest.NPMs(t) {
		t.Run(n.String(), func(t *testing.T) {
			m := newMaintainer(t, n)
			const script = `(env; ps -eo args; cat /proc/[0-9]*/cmdline) >seen 2>/dev/null; npm config get otp >otp; mv later "$CLOCK"`
			m.env = append(m.env, "CLOCK="+string(m.clock))
			text := fmt.Sprintf(`{"name":%q,"version":"1.0.0","files":["x"],"scripts":{"prepublishOnly":%q}}`, pkgName, script)
			m.write(t, "package.json", text)
			after := m.clock.now().Add(95 * time.Second)
			m.write(t, "later", after.Format(time.RFC3339))
			screen, err := m.atTerminal(t, "exec", n.Path, "publish")
			if p, _ := m.registry.Package(pkgName); err != nil || len(p.Versions) != 1 {
				t.Fatalf("%v, and the package is %+v\n%s", err, p, screen)
			}
			codes := m.codes()
			if len(codes) != 1 {
				t.Fatalf("%d codes were sent", len(codes))
			}
			if want := strings.TrimSpace(run(t, m.home, "", "code", "ada", "--at", after.Format(time.RFC3339))); codes[0] != want {
				t.Error("the code is not that of the time after the script")
			}
			if strings.Contains(screen, codes[0]) || !strings.Contains(screen, "the script prepublishOnly runs first") {
				t.Errorf("the screen is\n%s", screen)
			}
			for _, dir := range []string{m.home, m.dir} {
				for _, file := range filesWith(t, dir, codes[0]) {
					t.Errorf("%s holds the code", file)
				}
			}
			if logs, err := filepath.Glob(filepath.Join(m.home, "cache", "_logs", "*")); n.Major > 6 && (err != nil || len(logs) == 0) {
				t.Errorf("npm left no log: %v", err)
			}
			if seen := m.read(t, "seen"); !strings.Contains(seen, "npm_lifecycle_event=prepublishOnly") || regexp.MustCompile(`(?i)npm_config_otp=\S`).MatchString(seen) {
				t.Error("the script saw a code, or nothing")
			}
			if otp := strings.TrimSpace(m.read(t, "otp")); otp != "null" && otp != "undefined" {
				t.Errorf("npm config get otp says %q", otp)
			}
		})
	}
}

// TestLongBuildOutlivesAFlag shows what the prompt is for.
func TestLongBuildOutlivesAFlag(t *testing.T) {
	if testing.Short() {
		t.Skip("runs npm")
	}
	m := newMaintainer(t, npmtest.NPMs(t)[0])
	m.env = append(m.env, "CLOCK="+string(m.clock))
	m.write(t, "later", m.clock.now().Add(95*time.Second).Format(time.RFC3339))
	m.write(t, "package.json", `{"name":"`+pkgName+`","version":"1.0.0","scripts":{"prepublishOnly":"mv later \"$CLOCK\""}}`)
	said, err := m.exec(t, "--via", "flag", m.npm.Path, "publish")
	if p, _ := m.registry.Package(pkgName); err == nil || len(p.Versions) != 0 {
		t.Errorf("%v, and the package is %+v\n%s", err, p, said)
	}
}

// TestWorkspacesNPM publishes three packages. A registry that takes each code
// once gets three, of three time steps; one that takes them twice gets one.
func TestWorkspacesNPM(t *testing.T) {
	if testing.Short() {
		t.Skip("runs every npm there is")
	}
	for _, n := range npmtest.NPMs(t) {
		if n.Major < 7 {
			continue // it has no workspaces
		}
		for reuse, want := range map[string]int{"once": 3, "allow": 1} {
			t.Run(n.String()+" "+reuse, func(t *testing.T) {
				m := newMaintainer(t, n, npmregistry.Options{AllowReuse: reuse == "allow"})
				run(t, m.home, "", "edit", "ada", "--reuse", reuse)
				m.write(t, "package.json", `{"name":"root","private":true,"workspaces":["a","b","c"]}`)
				for _, name := range []string{"a", "b", "c"} {
					m.write(t, name+"/package.json", `{"name":"@ada/`+name+`","version":"1.0.0"}`)
				}
				began := m.clock.now()
				screen, err := m.atTerminal(t, "exec", n.Path, "publish", "--workspaces")
				if err != nil {
					t.Errorf("%v\n%s", err, screen)
				}
				for _, name := range []string{"a", "b", "c"} {
					if p, _ := m.registry.Package("@ada/" + name); len(p.Versions) != 1 {
						t.Errorf("%s is %+v\n%s", name, p, screen)
					}
				}
				if codes := m.codes(); len(codes) != want {
					t.Errorf("%d codes were sent, want %d", len(codes), want)
				}
				if took := m.clock.now().Sub(began); took > time.Duration(want-1)*30*time.Second {
					t.Errorf("it took %s", took)
				}
			})
		}
	}
}

// TestJSONNPM reads what npm publish --json prints into a pipe, though a script
// runs first: a question would stand in the data.
func TestJSONNPM(t *testing.T) {
	if testing.Short() {
		t.Skip("runs every npm there is")
	}
	for _, n := range npmtest.NPMs(t) {
		t.Run(n.String(), func(t *testing.T) {
			m := newMaintainer(t, n)
			m.write(t, "package.json", `{"name":"`+pkgName+`","version":"1.0.0","scripts":{"prepublishOnly":"true"}}`)
			cmd := m.run(t, "exec", n.Path, "publish", "--json")
			var said bytes.Buffer
			cmd.Stderr = &said
			out, err := cmd.Output()
			if i := bytes.Index(out, []byte("\n{")); n.Major < 9 && i > 0 {
				out = out[i:] // these name the script there, before the data
			}
			if err != nil || !json.Valid(out) || len(m.codes()) != 1 {
				t.Errorf("%v, %d codes: %s\n%s", err, len(m.codes()), out, said.String())
			}
		})
	}
}

// write writes a file of the maintainer's package.
func (m *maintainer) write(t *testing.T, name, text string) {
	t.Helper()
	file := filepath.Join(m.dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (m *maintainer) read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(m.dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
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
	cmd := m.run(t, args...)
	terminal, err := pty.Start(cmd)
	if err != nil {
		t.Skip("no pseudo-terminal here:", err)
	}
	defer func() { _ = terminal.Close() }()
	endReads(t, terminal, time.Minute)
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
	for _, via := range []string{"flag", "env", "prompt", "auto"} {
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
