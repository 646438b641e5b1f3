//go:build linux || darwin

package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"npmotp/internal/npmregistry"
	"npmotp/internal/npmregistry/npmtest"
)

// TestRecoveryNPM publishes with every npm, answered with a recovery code. npm
// takes those of 64 digits where it asks; those of 48 and 16 go along, to what starts
// no scripts.
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
				if typed := length == 64; (len(p.Versions) == 1) != typed || (err == nil) != typed {
					t.Errorf("%v, and the package is %+v\n%s", err, p, screen)
				}
				if length != 64 {
					more, err := m.atTerminal(t, "exec", "--recovery", n.Path, "profile", "set", "fullname", "Ada")
					if screen += more; err != nil {
						t.Errorf("%v\n%s", err, screen)
					}
				}
				list := run(t, m.home, "", "recovery", "list", "ada", "--json")
				if strings.Count(list, `"used"`) != 1 || strings.Count(list, `"unused"`) != 1 || len(m.registry.RecoveryCodes("ada")) != 1 {
					t.Errorf("the codes are %s, of which the registry has %d\n%s", list, len(m.registry.RecoveryCodes("ada")), screen)
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

// TestLoginNPM logs in by name, password and code at a registry that would rather
// open a page in the browser, and makes and revokes a token there.
func TestLoginNPM(t *testing.T) {
	if testing.Short() {
		t.Skip("runs every npm there is")
	}
	for _, n := range npmtest.NPMs(t) {
		t.Run(n.String(), func(t *testing.T) {
			// npm 8 and older go to the page whatever they are told.
			m := newMaintainer(t, n, npmregistry.Options{WebLogin: n.Major > 8})
			m.env = slices.DeleteFunc(m.env, func(kv string) bool { return strings.HasPrefix(kv, "npm_config_auth_type") })
			n.Env(t, m.home, m.registry.URL(), "")
			answers := map[string]string{
				"Username:": "ada", "Password:": "lovelace", "Email: (this IS public)": "ada@example.com", "npm password:": "lovelace",
			}
			talk := func(args ...string) {
				t.Helper()
				before := len(m.codes())
				c := converse(t, m.run(t, append([]string{"exec", n.Path}, args...)...))
				if status := c.replies(answers); status != 0 || len(m.codes()) != before+1 {
					t.Errorf("npm %s: status %d, and %d codes\n%s", args[0], status, len(m.codes())-before, c.screen)
				}
			}
			talk("login")
			if pages := m.registry.Approve("ada"); pages > 0 {
				t.Errorf("npm opened %d pages", pages)
			}
			if out, err := n.Run(t, m.dir, m.env, "whoami"); err != nil || !strings.Contains(out, "ada") {
				t.Errorf("npm whoami: %v\n%s", err, out)
			}
			keys := func() (keys []string) {
				t.Helper()
				out, err := m.exec(t, n.Path, "token", "list", "--parseable")
				if err != nil || len(m.codes()) > 2 {
					t.Fatalf("npm token list: %v\n%s", err, out)
				}
				for line := range strings.Lines(out) {
					key, _, _ := strings.Cut(line, "\t")
					keys = append(keys, key)
				}
				return keys
			}
			before := keys()
			talk("token", "create", "--name", "ci", "--packages-all", "--packages-and-scopes-permission", "read-only")
			created := slices.DeleteFunc(keys(), func(key string) bool { return slices.Contains(before, key) })
			talk(append([]string{"token", "revoke"}, created...)...)
			if n.Major < stages {
				return
			}
			m.manifest(t, "1.0.0")
			talk("publish")
			talk("trust", "list", pkgName)
		})
	}
}

// stages is the first npm whose last release has staged publishing.
const stages = 11
