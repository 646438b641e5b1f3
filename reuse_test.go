//go:build linux || darwin

package main_test

import (
	"strings"
	"testing"

	"npmotp/internal/npmregistry"
	"npmotp/internal/npmregistry/npmtest"
)

// TestReuseIsLearned has five dist-tags added with the latest npm, at a registry
// that takes a code twice and at one that does not: by the account's own word
// first, and then by what was seen.
func TestReuseIsLearned(t *testing.T) {
	if testing.Short() {
		t.Skip("runs npm")
	}
	npms := npmtest.NPMs(t)
	n := npms[len(npms)-1]
	for name, o := range map[string]npmregistry.Options{"taken": {AllowReuse: true}, "refused": {}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMaintainer(t, n, o)
			m.manifest(t, "1.0.0")
			tag := func(tag string) {
				t.Helper()
				if screen, err := m.atTerminal(t, "exec", n.Path, "dist-tag", "add", pkgName+"@1.0.0", tag); err != nil {
					t.Errorf("%v\n%s", err, screen)
				}
			}
			if screen, err := m.atTerminal(t, "exec", n.Path, "publish"); err != nil {
				t.Fatalf("%v\n%s", err, screen)
			}
			run(t, m.home, "", "edit", "ada", "--reuse", "allow")
			tag("allowed")
			if view := run(t, m.home, "", "show", "ada", "--json"); !strings.Contains(view, `"reuse_seen": "`+name+`"`) {
				t.Errorf("show says %s", view)
			}
			run(t, m.home, "", "edit", "ada", "--reuse", "auto")
			begin, before := m.clock.now(), len(m.registry.Requests())
			for word := range strings.FieldsSeq("one two three four five") {
				tag(word)
			}
			if p, _ := m.registry.Package(pkgName); len(p.Tags) != 7 {
				t.Errorf("the package is %+v", p)
			}
			codes, sent := map[string]bool{}, 0
			for _, q := range m.registry.Requests()[before:] {
				if q.OTP != "" && q.Method != "GET" {
					codes[q.OTP] = true
					sent++
				}
			}
			waited := !m.clock.now().Equal(begin)
			if name == "taken" && (waited || len(codes) != 1) || name == "refused" && len(codes) != 5 {
				t.Errorf("%d codes, and it is %s later", len(codes), m.clock.now().Sub(begin))
			}
			if sent != 5 {
				t.Errorf("a code was sent %d times", sent)
			}
		})
	}
}
