//go:build linux || darwin

package ptyrun_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"npmotp/internal/npmregistry"
	"npmotp/internal/npmregistry/npmtest"

	"github.com/pquerna/otp/totp"
)

// A clock is a registry's, and moves only when it is told to.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// totpKey is RFC 6238's, in base32.
const totpKey = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"

// A trial is one npm, its registry that demands codes, and a folder for
// alice's package.
type trial struct {
	npmtest.NPM
	*npmregistry.Server
	clock *clock
	home  string
	dir   string
	env   []string

	mu    sync.Mutex
	codes []string // that were asked for
	asked []string
}

func newTrial(t *testing.T, n npmtest.NPM) *trial {
	t.Helper()
	c := &clock{at: time.Now()}
	s, err := npmregistry.Start(npmregistry.Options{Now: c.now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	s.AddUser("alice", "correct-horse", "alice@example.com")
	s.SetTFA("alice", totpKey, npmregistry.AuthAndWrites, nil)
	home := t.TempDir()
	return &trial{NPM: n, Server: s, clock: c, home: home, dir: t.TempDir(), env: n.Env(t, home, s.URL(), s.Token("alice"))}
}

// file writes a file of the package.
func (r *trial) file(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join(r.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
}

// manifest writes a package.json with a script.
func (r *trial) manifest(t *testing.T, version, script, command string) {
	t.Helper()
	r.file(t, "package.json", fmt.Sprintf(`{"name":"@alice/thing","version":%q,"scripts":{%q:%q}}`, version, script, command))
}

// answer moves the clock to the next step and returns the code of that.
func (r *trial) answer(question string) string {
	r.clock.move(30 * time.Second)
	code, err := totp.GenerateCode(totpKey, r.clock.now())
	if err != nil {
		return "fail"
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.codes, r.asked = append(r.codes, code), append(r.asked, question)
	return code
}

func (r *trial) published(t *testing.T, name string, versions int) {
	t.Helper()
	if p, _ := r.Package(name); len(p.Versions) != versions {
		t.Errorf("%s has %d versions, want %d", name, len(p.Versions), versions)
	}
}

// shownNowhere checks that no code is on the screen.
func (r *trial) shownNowhere(t *testing.T, screen string) {
	t.Helper()
	for _, code := range r.codes {
		if strings.Contains(screen, code) {
			t.Errorf("the screen shows a code:\n%q", screen)
		}
	}
}

// eachNPM runs a test with every npm.
func eachNPM(t *testing.T, test func(t *testing.T, n npmtest.NPM)) {
	t.Helper()
	if testing.Short() {
		t.Skip("runs every npm there is")
	}
	for _, n := range npmtest.NPMs(t) {
		t.Run(n.String(), func(t *testing.T) { test(t, n) })
	}
}

func TestNPMPublishes(t *testing.T) {
	eachNPM(t, func(t *testing.T, n npmtest.NPM) {
		r := newTrial(t, n)
		r.manifest(t, "1.0.0", "prepublishOnly", "echo built")
		p := sit(t, start{dir: r.dir, env: r.env, answer: r.answer}, n.Path, "publish")
		screen := p.end(0)
		r.published(t, "@alice/thing", 1)
		r.shownNowhere(t, screen)
		if !strings.Contains(screen, "[answers: 1]") || !strings.Contains(screen, "******") {
			t.Errorf("the screen is %q", screen)
		}
	})
}
