package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"npmotp/internal/npmregistry"
	"npmotp/internal/npmregistry/npmtest"
)

// TestRealNPM runs the six commands that npm's manual shows with --otp through
// "npmotp exec", with every npm there is, against a registry that demands
// codes: without one they are refused, and with npmotp in front they are done.
func TestRealNPM(t *testing.T) {
	if testing.Short() {
		t.Skip("runs every npm there is")
	}
	// An npm keeps a processor busy.
	slots := make(chan struct{}, max(2, runtime.NumCPU()))
	for _, n := range npmtest.NPMs(t) {
		t.Run(n.String(), func(t *testing.T) {
			t.Parallel()
			slots <- struct{}{}
			defer func() { <-slots }()
			newMaintainer(t, n).manual(t)
		})
	}
}

// A maintainer has an npm, an account at a registry, and its secret in a vault.
type maintainer struct {
	npm      npmtest.NPM
	registry *npmregistry.Server
	home     string
	dir      string
	env      []string
	clock    fileClock // of the registry and of npmotp
}

const pkgName = "@ada/thing"

// newMaintainer starts a registry with options, but for its clock.
func newMaintainer(t *testing.T, n npmtest.NPM, o ...npmregistry.Options) *maintainer {
	t.Helper()
	m := &maintainer{npm: n, home: t.TempDir(), dir: t.TempDir(), clock: fileClock(filepath.Join(t.TempDir(), "clock"))}
	m.clock.set(time.Date(2026, 3, 4, 5, 6, 0, 0, time.UTC))
	options := append(o, npmregistry.Options{})[0]
	options.Now = m.clock.now
	registry, err := npmregistry.Start(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := registry.Close(); err != nil {
			t.Error(err)
		}
	})
	m.registry = registry
	registry.AddUser("ada", "lovelace", "ada@example.com")
	registry.AddUser("bob", "bobs-own", "bob@example.com")
	registry.SetTFA("ada", typedSecret, npmregistry.AuthAndWrites, nil)
	m.env = n.Env(t, m.home, registry.URL(), registry.Token("ada"))
	run(t, m.home, typedSecret, "add", "ada", "--username", "ada", "--registry", registry.URL())
	return m
}

// step moves the clock on by one time step: the registry takes no code twice.
func (m *maintainer) step() { m.clock.set(m.clock.now().Add(30 * time.Second)) }

// run returns npmotp in the maintainer's folder and environment.
func (m *maintainer) run(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	return npmotpIn(t, m.home, m.dir, append(slices.Clone(m.env), "TEST_CLOCK="+string(m.clock)), args...)
}

func (m *maintainer) manifest(t *testing.T, version string) {
	t.Helper()
	writeManifest(t, m.dir, version)
}

// writeManifest puts a version of the package into a folder.
func writeManifest(t *testing.T, dir, version string) {
	t.Helper()
	text := `{"name":"` + pkgName + `","version":"` + version + `"}`
	if err := os.WriteFile(filepath.Join(dir, "package.json"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// exec runs npm through npmotp.
func (m *maintainer) exec(t *testing.T, args ...string) (string, error) {
	t.Helper()
	out, err := m.run(t, append([]string{"exec"}, args...)...).CombinedOutput()
	return string(out), err
}

// manual goes through the commands of npm's manual.
func (m *maintainer) manual(t *testing.T) {
	t.Helper()
	access := []string{"access", "set", "status=public", pkgName}
	if m.npm.Major < 9 {
		access = []string{"access", "public", pkgName}
	}
	for _, s := range []struct {
		args []string
		via  string
		done func(npmregistry.Package) bool
	}{
		{[]string{"publish"}, "flag", func(p npmregistry.Package) bool { return len(p.Versions) == 1 }},
		{[]string{"owner", "add", "bob", pkgName}, "flag", func(p npmregistry.Package) bool { return len(p.Owners) == 2 }},
		{[]string{"owner", "rm", "bob", pkgName}, "env", func(p npmregistry.Package) bool { return len(p.Owners) == 1 }},
		{[]string{"dist-tag", "add", pkgName + "@1.0.0", "next"}, "flag", func(p npmregistry.Package) bool { return p.Tags["next"] == "1.0.0" }},
		{access, "env", func(p npmregistry.Package) bool { return p.Public }},
		{[]string{"unpublish", "--force", pkgName}, "flag", func(p npmregistry.Package) bool { return len(p.Versions) == 0 }},
	} {
		m.manifest(t, "1.0.0")
		bare := exec.CommandContext(t.Context(), m.npm.Path, s.args...)
		bare.Env, bare.Dir = m.env, m.dir
		out, err := bare.CombinedOutput()
		if p, _ := m.registry.Package(pkgName); err == nil || s.done(p) {
			t.Errorf("npm %v without a code: %v, and the package is %+v\n%s", s.args, err, p, out)
		}
		m.step()
		said, err := m.exec(t, append([]string{"--via", s.via, "--", m.npm.Path}, s.args...)...)
		if p, _ := m.registry.Package(pkgName); err != nil || !s.done(p) {
			t.Errorf("npmotp exec npm %v: %v, and the package is %+v\n%s", s.args, err, p, said)
		}
	}
	if said, err := m.exec(t, m.npm.Path, "view", pkgName); err == nil || strings.Contains(said, "npmotp") {
		t.Errorf("npm view of what is not there: %v\n%s", err, said)
	}
	for _, q := range m.registry.Requests() {
		if q.Method == "GET" && q.Command == "view" && q.OTP != "" {
			t.Errorf("a code went with npm view: %+v", q)
		}
	}
}
