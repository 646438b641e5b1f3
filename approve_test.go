//go:build linux

package main_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"npmotp/internal/npmregistry"
)

// A queue is a guest of Verdaccio with three packages that wait to be approved:
// top needs mid, and mid needs core. They are staged in the other order.
type queue struct {
	*guest
	ids map[string]string // by package
}

func newQueue(t *testing.T) *queue {
	t.Helper()
	npms := pinned(t)
	q := &queue{guest: newGuest(t, npms[len(npms)-1])}
	if _, status := q.talk(t, "enroll"); status != 0 {
		t.Fatal("no second factor")
	}
	q.step()
	q.write(t, "package.json", `{"name":"all","private":true,"workspaces":["core","mid","top"]}`)
	q.write(t, "top/package.json", `{"name":"@ada/top","version":"1.0.0","dependencies":{"@ada/mid":"1"}}`)
	q.write(t, "mid/package.json", `{"name":"@ada/mid","version":"1.0.0","peerDependencies":{"@ada/core":"1"}}`)
	q.write(t, "core/package.json", `{"name":"@ada/core","version":"1.0.0"}`)
	q.stage(t, "top", "mid", "core")
	return q
}

// step moves the clock to where a code is good that nobody was sent.
func (g *guest) step() { g.clock.set(g.clock.now().Add(time.Minute)) }

func (g *guest) write(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join(g.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// stage stages packages, a minute after each other.
func (q *queue) stage(t *testing.T, folders ...string) {
	t.Helper()
	for _, folder := range folders {
		if out, err := q.npm.Run(t, filepath.Join(q.dir, folder), q.env, "stage", "publish"); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		q.step()
	}
	q.ids = map[string]string{}
	for _, s := range q.registry.Staged(t, q.token) {
		q.ids[s.PackageName] = s.ID
	}
}

// approve runs npmotp without a terminal.
func (q *queue) approve(t *testing.T, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	cmd := q.command(t, append([]string{"approve"}, args...)...)
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	_ = cmd.Run()
	return out.String(), said.String(), cmd.ProcessState.ExitCode()
}

// left returns the packages that wait, sorted.
func (q *queue) left(t *testing.T) string {
	t.Helper()
	var names []string
	for _, s := range q.registry.Staged(t, q.token) {
		names = append(names, s.PackageName)
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

// inOrder reports whether texts follow each other in s.
func inOrder(s string, texts ...string) bool {
	for _, text := range texts {
		_, rest, ok := strings.Cut(s, text)
		if !ok {
			return false
		}
		s = rest
	}
	return true
}

// Three packages are ticked in a list at a terminal, after a look at one.
func TestApproveAtTerminal(t *testing.T) {
	t.Parallel()
	q := newQueue(t)
	// The list is left, and nothing has happened; so it is after Ctrl-C.
	for key, want := range map[string]int{"q": 0, "\x03": 130} {
		c := converse(t, q.command(t, "approve"))
		c.waitFor("space ticks", "")
		c.keys("a")
		c.waitFor("enter approves 3", "")
		c.keys(key)
		if status := c.end(); status != want || q.left(t) != "@ada/core @ada/mid @ada/top" {
			t.Errorf("status %d, and %q is left:\n%s", status, q.left(t), c.screen)
		}
	}
	begin := q.clock.now()
	c := converse(t, q.command(t, "approve"))
	c.waitFor("npmotp: 3 packages are staged", "")
	c.keys("v")
	c.waitFor("nothing is published as @ada/top yet", "")
	c.keys("q")
	c.waitFor("space ticks", "")
	c.keys(" \x1b[B")
	c.waitFor("enter approves 1", "")
	c.keys(" ")
	c.waitFor("enter approves 2", "")
	c.keys("a")
	c.waitFor("enter approves 3", "")
	c.keys("\r")
	if status := c.end(); status != 0 || q.left(t) != "" {
		t.Fatalf("status %d, and %q is left:\n%s", status, q.left(t), c.screen)
	}
	if !inOrder(c.screen, "approved @ada/core@1.0.0", "approved @ada/mid@1.0.0", "approved @ada/top@1.0.0") {
		t.Errorf("the order is another one:\n%s", c.screen)
	}
	for _, name := range []string{"core", "mid", "top"} {
		if p := q.registry.Package(t, "@ada/"+name); len(p.Versions) != 1 {
			t.Errorf("%s has %d versions", name, len(p.Versions))
		}
	}
	const most = 4 * 30 * time.Second // two steps are waited for, and two more may be
	if took := q.clock.now().Sub(begin); took > most {
		t.Errorf("it took %s", took)
	}
	if !strings.HasSuffix(strings.TrimSpace(c.screen), q.ids["@ada/top"]) {
		t.Errorf("the screen does not come back:\n%q", c.screen)
	}

	// What changes against the published version.
	q.write(t, "core/package.json", `{"name":"@ada/core","version":"1.1.0","description":"better"}`)
	q.stage(t, "core")
	out, said, status := q.approve(t, "@ada/core", "--diff")
	if status != 0 || !inOrder(out, "what changes against @ada/core@1.0.0:", `-  "version": "1.0.0"`, `+  "version": "1.1.0"`) && !strings.Contains(out, "+{") {
		t.Errorf("status %d: %s\n%s", status, out, said)
	}
	if q.left(t) != "@ada/core" {
		t.Errorf("%q is left after a look", q.left(t))
	}
}

func TestApproveWithoutTerminal(t *testing.T) {
	t.Parallel()
	q := newQueue(t)
	if out, said, status := q.approve(t); status != 2 || out != "" || !strings.Contains(said, "npmotp approve ID... --yes") {
		t.Errorf("status %d: %s%s", status, out, said)
	}
	out, said, status := q.approve(t, "--json")
	var list []struct{ ID, Package, Version, Tag, Shasum string }
	if err := json.Unmarshal([]byte(out), &list); err != nil || status != 0 || len(list) != 3 || list[0].Package != "@ada/top" || list[0].Tag != "latest" || list[0].ID != q.ids["@ada/top"] {
		t.Fatalf("status %d, %v: %s%s", status, err, out, said)
	}
	if out, said, status := q.approve(t, "--all", "--dry-run"); status != 0 || !inOrder(out, "npm_config_otp=****** npm stage approve "+q.ids["@ada/core"], q.ids["@ada/mid"], q.ids["@ada/top"]) {
		t.Errorf("status %d: %s%s", status, out, said)
	}
	if _, said, status := q.approve(t, q.ids["@ada/core"]); status != 2 || !strings.Contains(said, "--yes") {
		t.Errorf("status %d without a confirmation: %s", status, said)
	}
	if out, said, status = q.approve(t, q.ids["@ada/top"][:8], "@ada/core@1.0.0", q.ids["@ada/mid"], "--yes"); status != 0 {
		t.Fatalf("status %d: %s%s", status, out, said)
	}
	if !inOrder(out, "approved @ada/core@1.0.0 "+q.ids["@ada/core"]+"\n", "approved @ada/mid", "approved @ada/top") || q.left(t) != "" {
		t.Errorf("%q is left:\n%s", q.left(t), out)
	}
	// Run again, it says that they are gone.
	if out, said, status := q.approve(t, q.ids["@ada/top"], "--yes"); status != 3 || !strings.HasPrefix(out, "gone "+q.ids["@ada/top"]) {
		t.Errorf("status %d: %s%s", status, out, said)
	}
	if out, said, status := q.approve(t, "--all", "--yes"); status != 0 || out != "" || !strings.Contains(said, "nothing is staged") {
		t.Errorf("status %d: %s%s", status, out, said)
	}
	q.takesFiveCodes(t)
}

// takesFiveCodes adds five dist-tags: at a registry that takes a code once they are
// five codes, and the account is not locked, which it is after five failures.
func (q *queue) takesFiveCodes(t *testing.T) {
	t.Helper()
	begin := q.clock.now()
	for tag := range strings.FieldsSeq("one two three four five") {
		c := converse(t, q.command(t, "exec", "npm", "dist-tag", "add", "@ada/core@1.0.0", tag))
		if status := c.end(); status != 0 {
			t.Errorf("%s: status %d\n%s", tag, status, c.screen)
		}
	}
	if p := q.registry.Package(t, "@ada/core"); len(p.Tags) != 6 {
		t.Errorf("the tags are %v", p.Tags)
	}
	if took := q.clock.now().Sub(begin); took < 2*time.Minute {
		t.Errorf("five steps took %s", took)
	}
	if log := q.registry.Log(t); strings.Contains(log, "locked") {
		t.Errorf("the account was locked")
	}
}

// What is deleted while the list is looked at fails, and what needs it is left.
func TestApproveLeavesWhatNeedsAFailedOne(t *testing.T) {
	t.Parallel()
	q := newQueue(t)
	c := converse(t, q.command(t, "approve"))
	c.waitFor("space ticks", "")
	out, said, status := q.approve(t, "--reject", "@ada/mid", "--yes", "--json")
	if status != 0 || strings.Count(out, `"outcome": "rejected"`) != 1 || q.left(t) != "@ada/core @ada/top" {
		t.Fatalf("status %d, and %q is left: %s%s", status, q.left(t), out, said)
	}
	c.keys("a\r")
	if status := c.end(); status != 1 || !inOrder(c.screen, "approved @ada/core@1.0.0", "failed @ada/mid@1.0.0", "left @ada/top@1.0.0", "it depends on @ada/mid", "2 of 3 packages not approved") {
		t.Errorf("status %d:\n%s", status, c.screen)
	}
	if q.left(t) != "@ada/top" {
		t.Errorf("%q is left", q.left(t))
	}
}

// Ctrl-C after the first leaves two, which the next run approves.
func TestApproveInterrupted(t *testing.T) {
	t.Parallel()
	q := newQueue(t)
	// The real clock, so that it waits for the second code.
	q.clock.set(time.Now().UTC())
	cmd := q.command(t, "approve", "--all", "--yes")
	cmd.Env = slices.DeleteFunc(cmd.Env, func(kv string) bool { return strings.HasPrefix(kv, "TEST_CLOCK=") })
	said, both, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = both, both
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = both.Close()
	screen, stopped := "", false
	for buf := make([]byte, 1024); ; {
		n, err := said.Read(buf)
		screen += string(buf[:n])
		if err != nil {
			break
		}
		if !stopped && inOrder(screen, "approved @ada/core", "the next code begins in") {
			stopped = true
			if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = cmd.Wait()
	if status := cmd.ProcessState.ExitCode(); status != 130 || q.left(t) != "@ada/mid @ada/top" || !strings.Contains(screen, "not approved: 2 packages") {
		t.Errorf("status %d, and %q is left:\n%s", status, q.left(t), screen)
	}
	if out, said, status := q.approve(t, "--all", "--yes"); status != 0 || q.left(t) != "" || strings.Count(out, "approved") != 2 {
		t.Errorf("status %d, and %q is left:\n%s%s", status, q.left(t), out, said)
	}
}

// Where the registry takes a code twice nothing is waited for.
func TestApproveWhereReuseIsAllowed(t *testing.T) {
	t.Parallel()
	npms := pinned(t)
	n := npms[len(npms)-1]
	m := newMaintainer(t, n, npmregistry.Options{AllowReuse: true})
	run(t, m.home, "", "edit", "ada", "--reuse", "allow")
	for i, kv := range m.env {
		if path, ok := strings.CutPrefix(kv, "PATH="); ok {
			m.env[i] = "PATH=" + filepath.Dir(n.Path) + string(filepath.ListSeparator) + path
		}
	}
	for _, version := range []string{"1.0.0", "1.1.0", "1.2.0"} {
		m.manifest(t, version)
		if out, err := n.Run(t, m.dir, m.env, "stage", "publish"); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	begin := m.clock.now()
	out, err := m.run(t, "approve", "--all", "--yes").CombinedOutput()
	if p, _ := m.registry.Package(pkgName); err != nil || len(p.Versions) != 3 || strings.Count(string(out), "approved @ada/thing") != 3 {
		t.Errorf("%v, and the package is %+v\n%s", err, p, out)
	}
	if codes := m.codes(); len(codes) != 1 || !m.clock.now().Equal(begin) {
		t.Errorf("%d codes, and it is %s later", len(codes), m.clock.now().Sub(begin))
	}
}
