//go:build linux || darwin

package ptyrun_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"npmotp/internal/npmregistry"
	"npmotp/internal/npmregistry/npmtest"

	"github.com/pquerna/otp/totp"
)

// totpKey is RFC 6238's, in base32.
const totpKey = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"

// A trial is one npm, its registry that demands codes, and a folder for
// alice's package.
type trial struct {
	npmtest.NPM
	*npmregistry.Server
	clock *npmtest.Clock
	home  string
	dir   string
	env   []string

	mu    sync.Mutex
	codes []string // that were asked for
	asked []string
}

func newTrial(t *testing.T, n npmtest.NPM) *trial {
	t.Helper()
	c := npmtest.NewClock(time.Now())
	s, err := npmregistry.Start(npmregistry.Options{Now: c.Now})
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
func (r *trial) manifest(t *testing.T, script, command string) {
	t.Helper()
	r.file(t, "package.json", fmt.Sprintf(`{"name":"@alice/thing","version":"1.0.0","scripts":{%q:%q}}`, script, command))
}

// answer moves the clock to the next step and returns the code of that.
func (r *trial) answer(question string) string {
	code, err := totp.GenerateCode(totpKey, r.clock.Move(30*time.Second))
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

// npms returns every npm there is.
func npms(t *testing.T) []npmtest.NPM {
	t.Helper()
	if testing.Short() {
		t.Skip("runs every npm there is")
	}
	return npmtest.NPMs(t)
}

func TestNPMPublishes(t *testing.T) {
	for _, n := range npms(t) {
		t.Run(n.String(), func(t *testing.T) {
			r := newTrial(t, n)
			r.manifest(t, "prepublishOnly", "echo built")
			p := sit(t, start{dir: r.dir, env: r.env, answer: r.answer}, n.Path, "publish")
			screen := p.end(0)
			r.published(t, "@alice/thing", 1)
			r.shownNowhere(t, screen)
			if !strings.Contains(screen, "[answers: 1]") || !strings.Contains(screen, "******") {
				t.Errorf("the screen is %q", screen)
			}
		})
	}
}

// TestNPMWithoutATerminal is a cron job's or a CI service's way: no terminal,
// and /dev/null for input.
func TestNPMWithoutATerminal(t *testing.T) {
	for _, n := range npms(t) {
		t.Run(n.String(), func(t *testing.T) {
			r := newTrial(t, n)
			r.manifest(t, "prepublishOnly", "cat; echo built")
			screen := sit(t, start{dir: r.dir, env: r.env, answer: r.answer, alone: true}, n.Path, "publish").end(0)
			r.published(t, "@alice/thing", 1)
			r.shownNowhere(t, screen)
		})
	}
}

// TestNPMAfterALongBuild has a script that takes longer than a code lives, on
// the registry's clock, and looks for the code everywhere.
func TestNPMAfterALongBuild(t *testing.T) {
	for _, n := range npms(t) {
		t.Run(n.String(), func(t *testing.T) {
			r := newTrial(t, n)
			seen := filepath.Join(t.TempDir(), "seen")
			r.file(t, "look.sh", "(env; npm config get otp; ps -eo args; cat /proc/[0-9]*/cmdline) >"+seen+" 2>/dev/null; echo built; read go\n")
			r.manifest(t, "prepublishOnly", "sh look.sh")
			p := sit(t, start{dir: r.dir, env: r.env, answer: r.answer}, n.Path, "publish")
			p.expect("built\r\n")
			r.clock.Move(95 * time.Second)
			p.press("go\r")
			screen := p.end(0)
			r.published(t, "@alice/thing", 1)
			r.shownNowhere(t, screen)
			if len(r.codes) != 1 {
				t.Errorf("%d codes were asked for", len(r.codes))
			}
			places := []string{seen}
			logs, err := filepath.Glob(filepath.Join(r.home, "cache", "_logs", "*"))
			if err != nil || len(logs) == 0 {
				t.Errorf("npm left no log: %v", err)
			}
			for _, place := range append(places, logs...) {
				text, err := os.ReadFile(place)
				if err != nil || len(text) == 0 {
					t.Errorf("%s: %d bytes, %v", place, len(text), err)
				}
				if strings.Contains(string(text), r.codes[0]) {
					t.Errorf("%s has the code", place)
				}
			}
		})
	}
}

// TestNPMWorkspaces publishes three packages to a registry that takes a code
// once: npm asks thrice.
func TestNPMWorkspaces(t *testing.T) {
	for _, n := range npms(t) {
		t.Run(n.String(), func(t *testing.T) {
			if n.Major < 7 {
				t.Skip("this npm has no workspaces")
			}
			r := newTrial(t, n)
			r.file(t, "package.json", `{"name":"root","private":true,"workspaces":["a","b","c"]}`)
			for _, name := range []string{"a", "b", "c"} {
				r.file(t, name+"/package.json", `{"name":"@alice/`+name+`","version":"1.0.0"}`)
			}
			screen := sit(t, start{dir: r.dir, env: r.env, answer: r.answer}, n.Path, "publish", "--workspaces").end(0)
			for _, name := range []string{"a", "b", "c"} {
				r.published(t, "@alice/"+name, 1)
			}
			r.shownNowhere(t, screen)
			want := []string{"Enter OTP:|0|false", "Enter OTP:|1|false", "Enter OTP:|2|false"}
			if !slices.Equal(r.asked, want) {
				t.Errorf("the questions are %q", r.asked)
			}
		})
	}
}

// TestNPMRecoveryCodes types codes of the three lengths that npm's registry has
// given out. npm takes only the longest, and asks for ever after the others.
func TestNPMRecoveryCodes(t *testing.T) {
	for _, n := range npms(t) {
		t.Run(n.String(), func(t *testing.T) {
			for _, length := range []int{16, 48, 64} {
				t.Run(fmt.Sprint(length), func(t *testing.T) {
					r := newTrial(t, n)
					code := strings.Repeat("0af1", length/4)
					r.SetTFA("alice", totpKey, npmregistry.AuthAndWrites, []string{code})
					r.manifest(t, "prepublishOnly", "echo built")
					p := sit(t, start{dir: r.dir, env: r.env, options: "max=1", answer: func(string) string { return code }}, n.Path, "publish")
					var screen string
					if length == 64 {
						screen = p.end(0)
						r.published(t, "@alice/thing", 1)
					} else {
						p.expect("[error: the program asks again]")
						screen = p.end(anyFailure)
					}
					if strings.Contains(screen, "0af1") {
						t.Errorf("the screen shows the code:\n%q", screen)
					}
					if !strings.Contains(screen, "[answers: 1]") {
						t.Errorf("the screen is %q", screen)
					}
				})
			}
		})
	}
}
