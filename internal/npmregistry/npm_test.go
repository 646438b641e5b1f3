package npmregistry_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"npmotp/internal/npmregistry"
	"npmotp/internal/npmregistry/npmtest"

	"github.com/pquerna/otp/totp"
)

// next moves the clock of the registry on by one step and returns the code of secret then.
func (r *trial) next(t *testing.T, secret string) string {
	t.Helper()
	code, err := totp.GenerateCode(secret, r.clock.Move(30*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// trial is one npm, its registry, and a package of alice's.
type trial struct {
	npmtest.NPM
	*npmregistry.Server
	clock *npmtest.Clock
	dir   string
	env   []string
}

func newTrial(t *testing.T, n npmtest.NPM, opts npmregistry.Options) *trial {
	t.Helper()
	c := npmtest.NewClock(time.Now())
	opts.Now = c.Now
	s, err := npmregistry.Start(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	s.AddUser("alice", password, "alice@example.com")
	s.AddUser("bob", "bobs-own", "bob@example.com")
	return &trial{NPM: n, Server: s, clock: c, dir: t.TempDir(), env: n.Env(t, t.TempDir(), s.URL(), s.Token("alice"))}
}

func (r *trial) manifest(t *testing.T, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(r.dir, "package.json"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestNPM runs the commands that npm's manual says need a one-time password,
// without and with one, and npm's dialogue that enables the second factor.
func TestNPM(t *testing.T) {
	if testing.Short() {
		t.Skip("runs every npm there is")
	}
	// Two at a time: an npm keeps a processor busy.
	slots := make(chan struct{}, 2)
	for i, n := range npmtest.NPMs(t) {
		if !npmtest.Sampled(i) {
			continue
		}
		t.Run(n.String(), func(t *testing.T) {
			t.Parallel()
			slots <- struct{}{}
			defer func() { <-slots }()
			t.Run("commands", func(t *testing.T) { testCommands(t, n) })
			t.Run("organisation", func(t *testing.T) { testOrganisation(t, n) })
			t.Run("dialogues", func(t *testing.T) { testDialogues(t, n) })
			if n.Major >= 9 {
				t.Run("web", func(t *testing.T) { testWeb(t, n) })
			}

		})
	}
}

const pkgName = "@alice/thing"

// testCommands runs the manual's six commands, and deprecate.
func testCommands(t *testing.T, n npmtest.NPM) {
	t.Helper()
	r := newTrial(t, n, npmregistry.Options{})
	access := []string{"access", "set", "status=public", pkgName}
	if n.Major < 9 {
		access = []string{"access", "public", pkgName}
	}
	for _, step := range []struct {
		version string // to publish
		args    []string
		done    func(npmregistry.Package) bool
	}{
		{"1.0.0", []string{"publish"}, func(p npmregistry.Package) bool { return len(p.Versions) == 1 && !p.Public }},
		{"", []string{"owner", "add", "bob", pkgName}, func(p npmregistry.Package) bool { return len(p.Owners) == 2 }},
		{"", []string{"owner", "rm", "bob", pkgName}, func(p npmregistry.Package) bool { return len(p.Owners) == 1 }},
		{"", []string{"dist-tag", "add", pkgName + "@1.0.0", "next"}, func(p npmregistry.Package) bool { return p.Tags["next"] == "1.0.0" }},
		{"", access, func(p npmregistry.Package) bool { return p.Public }},
		{"1.0.1", []string{"publish"}, func(p npmregistry.Package) bool { return len(p.Versions) == 2 }},
		{"", []string{"deprecate", pkgName + "@1.0.0", "use 1.0.1"}, func(p npmregistry.Package) bool { return p.Deprecated["1.0.0"] != "" }},
		{"", []string{"unpublish", pkgName + "@1.0.1"}, func(p npmregistry.Package) bool { return slices.Equal(p.Versions, []string{"1.0.0"}) }},
		{"", []string{"unpublish", "--force", pkgName}, func(p npmregistry.Package) bool { return len(p.Versions) == 0 }},
	} {
		if step.version != "" {
			r.manifest(t, `{"name":"`+pkgName+`","version":"`+step.version+`"}`)
		}
		r.SetTFA("alice", secret, npmregistry.AuthAndWrites, nil)
		before, _ := r.Package(pkgName)
		out, err := r.Run(t, r.dir, r.env, step.args...)
		after, _ := r.Package(pkgName)
		if err == nil || !strings.Contains(out, "EOTP") && !strings.Contains(out, "OTP required for authentication") {
			t.Errorf("%q without a code: %v, want an error about it:\n%s", step.args, err, out)
		}
		if len(after.Versions) != len(before.Versions) || step.done(after) {
			t.Errorf("%q without a code changed the package to %+v", step.args, after)
		}
		out, err = r.Run(t, r.dir, r.env, append(step.args, "--otp="+r.next(t, secret))...)
		if after, _ = r.Package(pkgName); err != nil || !step.done(after) {
			t.Errorf("%q with a code: %v, and the package is %+v:\n%s", step.args, err, after, out)
		}
	}
}

// testOrganisation runs commands beyond those six that write, with a code.
func testOrganisation(t *testing.T, n npmtest.NPM) {
	t.Helper()
	r := newTrial(t, n, npmregistry.Options{})
	const name = "@acme/thing"
	r.manifest(t, `{"name":"`+name+`","version":"1.0.0"}`)
	r.SetTFA("alice", secret, npmregistry.AuthAndWrites, nil)
	for _, args := range [][]string{
		{"publish"},
		{"team", "create", "@acme:devs"},
		{"team", "add", "@acme:devs", "bob"},
		{"org", "set", "acme", "bob", "admin"},
		{"access", "grant", "read-only", "@acme:devs", name},
		{"profile", "set", "fullname", "Alice A"},
	} {
		if out, err := r.Run(t, r.dir, r.env, append(args, "--otp="+r.next(t, secret))...); err != nil {
			t.Errorf("%q: %v:\n%s", args, err, out)
		}
	}
	members, _ := r.Team("acme:devs")
	p, _ := r.Package(name)
	if !slices.Equal(members, []string{"bob"}) || p.Teams["acme:devs"] != "read-only" {
		t.Errorf("the team is %v, and the package is %+v", members, p)
	}
	for _, q := range r.Requests() {
		if q.Method != "GET" && !q.OTPAccepted {
			t.Errorf("%s %s did not take a code", q.Method, q.Path)
		}
	}
}
