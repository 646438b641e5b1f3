//go:build linux

package main_test

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"npmotp/internal/npmregistry/npmtest"
	"npmotp/internal/npmregistry/verdaccio"
)

// A guest has an npm and an account at a Verdaccio, a registry that nobody here
// wrote: what npmotp and the other tests' registry take for granted is put to it.
//
// Where 9.0.0-next-9.31 is itself at fault, the test says so.
type guest struct {
	npm      npmtest.NPM
	registry *verdaccio.Registry
	token    string
	home     string
	dir      string
	env      []string
	clock    fileClock // of the registry and of npmotp
}

func newGuest(t *testing.T, n npmtest.NPM) *guest {
	t.Helper()
	g := &guest{npm: n, home: t.TempDir(), dir: t.TempDir(), clock: fileClock(filepath.Join(t.TempDir(), "clock"))}
	g.clock.set(time.Date(2026, 3, 4, 5, 6, 0, 0, time.UTC))
	g.registry = verdaccio.Start(t, string(g.clock))
	g.token = g.registry.AddUser(t, "ada", enrolPassword)
	g.registry.AddUser(t, "bob", "bobs-own")
	g.env = n.Env(t, g.home, g.registry.URL, g.token)
	for i, kv := range g.env {
		if path, ok := strings.CutPrefix(kv, "PATH="); ok {
			g.env[i] = "PATH=" + filepath.Dir(n.Path) + string(filepath.ListSeparator) + path
		}
	}
	return g
}

// command returns npmotp in the guest's folder and environment.
func (g *guest) command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	return npmotpIn(t, g.home, g.dir, append(slices.Clone(g.env), "TEST_CLOCK="+string(g.clock)), args...)
}

// talk runs npmotp on a terminal, types the answers where npm asks, and returns
// the exit status.
func (g *guest) talk(t *testing.T, args ...string) (*conversation, int) {
	t.Helper()
	c := converse(t, g.command(t, args...))
	return c, c.replies(map[string]string{
		"npm password:": enrolPassword, "Current password:": enrolPassword, "New password:": enrolPassword, "Again:": enrolPassword,
		"Username:": "ada", "Password:": enrolPassword, "Email: (this IS public)": "ada@example.com", "[y/N]": "y",
	})
}

// A visit is a command that a guest has npmotp run, and what the registry has then.
type visit struct {
	name  string // in the table
	since int    // the first npm that has it
	args  func(t *testing.T, g *guest) []string
	done  func(t *testing.T, g *guest) bool
}

// words returns arguments that are the same for all.
func words(text string) func(*testing.T, *guest) []string {
	return func(*testing.T, *guest) []string { return strings.Fields(text) }
}

// publishing returns arguments that need a version of the package.
func publishing(version string, args ...string) func(*testing.T, *guest) []string {
	return func(t *testing.T, g *guest) []string {
		t.Helper()
		writeManifest(t, g.dir, version)
		return args
	}
}

// has returns whether the registry has a version.
func has(version string) func(*testing.T, *guest) bool {
	return func(t *testing.T, g *guest) bool {
		t.Helper()
		_, ok := g.registry.Package(t, pkgName).Versions[version]
		return ok
	}
}

// tagged returns whether a tag stands at a version, "" for none.
func tagged(tag, version string) func(*testing.T, *guest) bool {
	return func(t *testing.T, g *guest) bool {
		t.Helper()
		return g.registry.Package(t, pkgName).Tags[tag] == version
	}
}

// owned returns whether the package has so many owners.
func owned(owners int) func(*testing.T, *guest) bool {
	return func(t *testing.T, g *guest) bool {
		t.Helper()
		return len(g.registry.Package(t, pkgName).Maintainers) == owners
	}
}

// tokens returns whether the user has so many tokens that npm created.
func tokens(n int) func(*testing.T, *guest) bool {
	return func(t *testing.T, g *guest) bool { t.Helper(); return len(g.registry.Tokens(t, g.token)) == n }
}

// staged returns whether so many versions are staged.
func staged(n int) func(*testing.T, *guest) bool {
	return func(t *testing.T, g *guest) bool { t.Helper(); return len(g.registry.Staged(t, g.token)) == n }
}

// ofStaged returns arguments that end with the id of what is staged.
func ofStaged(args ...string) func(*testing.T, *guest) []string {
	return func(t *testing.T, g *guest) []string {
		t.Helper()
		if s := g.registry.Staged(t, g.token); len(s) == 1 {
			return append(args, s[0].ID)
		}
		t.Fatal("not one version is staged")
		return nil
	}
}

// visits returns the commands, in an order in which each finds what it needs.
func visits() []visit {
	return []visit{
		{"publish", 0, publishing("1.0.0", "publish"), has("1.0.0")},
		{"publish --tag", 0, publishing("1.1.0", "publish", "--tag", "next"), tagged("next", "1.1.0")},
		{"dist-tag add", 0, words("dist-tag add " + pkgName + "@1.0.0 old"), tagged("old", "1.0.0")},
		{"dist-tag rm", 0, words("dist-tag rm " + pkgName + " old"), tagged("old", "")},
		{"deprecate", 0, words("deprecate " + pkgName + "@1.0.0 old"), deprecated("old")},
		{"owner add", 0, words("owner add bob " + pkgName), owned(2)},
		{"owner rm", 0, words("owner rm bob " + pkgName), owned(1)},
		{"stage publish", stages, publishing("2.0.0", "stage", "publish"), staged(1)},
		{"stage approve", stages, ofStaged("stage", "approve"), has("2.0.0")},
		{"stage publish", stages, publishing("2.1.0", "stage", "publish"), staged(1)},
		{"stage reject", stages, ofStaged("stage", "reject"), staged(0)},
		{"token create", 0, words("token create --name ci"), tokens(1)},
		{"token list", 0, words("token list"), tokens(1)},
		{"token revoke", 0, func(t *testing.T, g *guest) []string {
			t.Helper()
			return append([]string{"token", "revoke"}, g.registry.Tokens(t, g.token)...)
		}, tokens(0)},
		{"profile set password", 0, words("profile set password"), nil},
		{"login", 0, words("login"), nil},
		{"unpublish a version", 0, words("unpublish --force " + pkgName + "@1.1.0"), tagged("next", "")},
		{"unpublish", 0, words("unpublish --force " + pkgName), func(t *testing.T, g *guest) bool {
			t.Helper()
			return len(g.registry.Package(t, pkgName).Versions) == 0
		}},
	}
}

// deprecated returns whether the first version has a notice.
func deprecated(notice string) func(*testing.T, *guest) bool {
	return func(t *testing.T, g *guest) bool {
		t.Helper()
		return g.registry.Package(t, pkgName).Versions["1.0.0"].Deprecated == notice
	}
}

// TestVerdaccio has every npm turn the second factor on at Verdaccio, do all that
// needs a code there, get back in with recovery codes, and turn it off. It wants
// what doc/exec.md says of that; UPDATE=1 writes it there.
func TestVerdaccio(t *testing.T) {
	npms := pinned(t)
	var mu sync.Mutex
	columns := map[string]map[string]string{}
	t.Run("npm", func(t *testing.T) {
		for _, n := range npms {
			t.Run(n.String(), func(t *testing.T) {
				t.Parallel()
				outcomes := newGuest(t, n).tour(t)
				mu.Lock()
				defer mu.Unlock()
				columns[n.Version] = outcomes
			})
		}
	})
	if t.Failed() || len(columns) < len(npms) {
		return
	}
	var b strings.Builder
	b.WriteString("| command |")
	for _, n := range npms {
		fmt.Fprintf(&b, " npm %s |", n)
	}
	b.WriteString("\n| --- |" + strings.Repeat(" --- |", len(npms)) + "\n")
	var rows []string
	for _, v := range visits() {
		if row := "exec npm " + v.name; !slices.Contains(rows, row) {
			rows = append(rows, row)
		}
	}
	for _, row := range slices.Concat([]string{"enroll"}, rows, []string{"recover", "disable"}) {
		fmt.Fprintf(&b, "| %s |", row)
		for _, n := range npms {
			fmt.Fprintf(&b, " %s |", columns[n.Version][row])
		}
		b.WriteString("\n")
	}
	compareTable(t, "visits", b.String())
}

// tour runs the commands, and returns how each went.
func (g *guest) tour(t *testing.T) map[string]string {
	t.Helper()
	outcomes := map[string]string{}
	outcomes["enroll"] = g.run(t, func(t *testing.T, g *guest) bool {
		t.Helper()
		return g.registry.Level(t, g.token) == "auth-and-writes"
	}, "enroll")
	writeManifest(t, g.dir, "1.0.0")
	if out, err := g.npm.Run(t, g.dir, g.env, "publish"); err == nil || !strings.Contains(out, "EOTP") {
		t.Errorf("npm publish without a code: %v\n%s", err, out)
	}
	for _, v := range visits() {
		row := "exec npm " + v.name
		outcomes[row] = "-"
		if g.npm.Major >= v.since {
			outcomes[row] = g.run(t, v.done, append([]string{"exec", "npm"}, v.args(t, g)...)...)
		}
	}
	outcomes["recover"] = g.run(t, func(t *testing.T, g *guest) bool {
		t.Helper()
		return strings.Contains(g.registry.Log(t), "a recovery code was used by ada, 9 left") && g.registry.Level(t, g.token) == "auth-and-writes"
	}, "recover", "--yes")
	g.recoveries(t)
	outcomes["disable"] = g.run(t, func(t *testing.T, g *guest) bool {
		t.Helper()
		return g.registry.Level(t, g.token) == ""
	}, "disable")
	// Only for the second request of "unpublish a version" npm sends a code twice.
	if log := g.registry.Log(t); strings.Count(log, "rejected an invalid one-time password") != 1 || strings.Contains(log, "locked out") {
		t.Errorf("codes were refused:\n%s", log)
	}
	return outcomes
}

// recoveries uses ten recovery codes of 16 digits, which npm does not take at its
// prompt, for ten commands.
func (g *guest) recoveries(t *testing.T) {
	t.Helper()
	g.run(t, has("3.0.0"), append([]string{"exec", "npm"}, publishing("3.0.0", "publish")(t, g)...)...)
	tenth := visit{"deprecate", 0, func(*testing.T, *guest) []string { return []string{"deprecate", pkgName, ""} }, nil}
	if g.npm.Major >= stages {
		g.run(t, staged(1), append([]string{"exec", "npm"}, publishing("3.1.0", "stage", "publish")(t, g)...)...)
		tenth = visit{"stage", 0, ofStaged("stage", "approve"), has("3.1.0")}
	}
	for i, v := range []visit{
		{"dist-tag", 0, words("dist-tag add " + pkgName + "@3.0.0 old"), tagged("old", "3.0.0")},
		{"dist-tag", 0, words("dist-tag rm " + pkgName + " old"), tagged("old", "")},
		{"owner", 0, words("owner add bob " + pkgName), owned(2)},
		{"owner", 0, words("owner rm bob " + pkgName), owned(1)},
		{"deprecate", 0, words("deprecate " + pkgName + "@3.0.0 old"), nil},
		tenth,
		{"token", 0, words("token create --name ci"), tokens(1)},
		{"profile", 0, words("profile set password"), nil},
		{"login", 0, words("login"), nil},
		{"unpublish", 0, words("unpublish --force " + pkgName), func(t *testing.T, g *guest) bool {
			t.Helper()
			return len(g.registry.Package(t, pkgName).Versions) == 0
		}},
	} {
		before := strings.Count(g.registry.Log(t), "a recovery code was used by ada")
		g.run(t, v.done, append([]string{"exec", "--recovery", "--last", "npm"}, v.args(t, g)...)...)
		var list []struct{ State, Used_for string } //nolint:staticcheck // a field of the JSON
		if err := json.Unmarshal([]byte(run(t, g.home, "", "recovery", "list", "ada", "--json")), &list); err != nil {
			t.Fatal(err)
		}
		used := 0
		for _, code := range list {
			if code.State == "used" && strings.HasPrefix(code.Used_for, "exec npm ") {
				used++
			}
		}
		if taken := strings.Count(g.registry.Log(t), "a recovery code was used by ada") - before; used != i+1 || taken != 1 {
			t.Errorf("npm %s: the registry took %d codes, and %d are marked as used: %v", v.name, taken, used, list)
		}
	}
}

// run runs a command of npmotp's on a terminal, and says how it went and how many
// codes it took.
func (g *guest) run(t *testing.T, done func(*testing.T, *guest) bool, args ...string) string {
	t.Helper()
	before := g.clock.now()
	c, status := g.talk(t, args...)
	if status != 0 || done != nil && !done(t, g) {
		t.Errorf("npmotp %s: status %d, and it is not done\n%s", strings.Join(args, " "), status, c.screen)
		return "failed"
	}
	// A code is of the step after that of the one before, for which npmotp waits. The first
	// code of a new key, in enroll and recover, is not waited for.
	codes := g.clock.now().Sub(before) / (30 * time.Second)
	switch {
	case codes > 1:
		return "done, two codes"
	case codes == 0 && args[0] == "exec":
		return "done, no code"
	}
	return "done"
}
