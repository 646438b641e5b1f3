package config_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"npmotp/internal/npm/config"
	"npmotp/internal/npmregistry"
	"npmotp/internal/npmregistry/npmtest"
)

// letters name the registries that a layout can send npm to.
const letters = "ABC"

// code is what the commands carry, so that each request that it reaches shows.
const code = "123456"

// A stage is a layout on disk with the registries that it names.
type stage struct {
	npmtest.NPM
	root       string
	env        []string
	registries map[rune]*npmregistry.Server
}

// packages are in each registry before a command runs.
var packages = []string{"thing", "@acme/thing", "left", "@acme/left"}

func newStage(t *testing.T, n npmtest.NPM, l layout) *stage {
	t.Helper()
	s := &stage{NPM: n, registries: map[rune]*npmregistry.Server{}}
	var err error
	// npm sees its folder without symbolic links, and so do the files' names.
	if s.root, err = filepath.EvalSymlinks(t.TempDir()); err != nil {
		t.Fatal(err)
	}
	tokens := ""
	for _, letter := range letters {
		r, err := npmregistry.Start(npmregistry.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := r.Close(); err != nil {
				t.Error(err)
			}
		})
		r.AddUser("alice", "wonderland", "alice@example.com")
		r.AddUser("bob", "builder", "bob@example.com")
		for _, name := range packages {
			release(t, r, name)
		}
		ask(t, r, http.MethodPut, "/-/org/acme/team", map[string]any{"name": "devs"})
		s.registries[letter] = r
		tokens += "//" + r.Host() + "/:_authToken=" + r.Token("alice") + "\n"
	}
	files := map[string]string{"home/.npmrc": ""}
	maps.Copy(files, l.files)
	for name, text := range files {
		if filepath.Base(name) == ".npmrc" && strings.HasPrefix(name, "home/") {
			text = tokens + text
		}
		s.write(t, name, text)
	}
	if err := os.MkdirAll(filepath.Join(s.root, l.folder()), 0o700); err != nil {
		t.Fatal(err)
	}
	home := filepath.Join(s.root, "home")
	s.env = slices.DeleteFunc(n.Env(t, home, "", ""), func(kv string) bool {
		return strings.HasPrefix(kv, "npm_config_userconfig=") || l.prefix && strings.HasPrefix(kv, "npm_config_globalconfig=")
	})
	// Nothing may leave this machine, should npm go to its default registry.
	s.env = append(s.env, "HTTPS_PROXY=http://127.0.0.1:9", "https_proxy=http://127.0.0.1:9", "NO_PROXY=127.0.0.1",
		"no_proxy=127.0.0.1", "npm_config_fetch_retries=0")
	for _, kv := range l.env {
		s.env = append(s.env, s.fill(kv))
	}
	return s
}

// fill puts addresses and the root into a text of a layout.
func (s *stage) fill(text string) string {
	for letter, r := range s.registries {
		text = strings.ReplaceAll(text, "{"+string(letter)+"}", r.URL())
		text = strings.ReplaceAll(text, "{"+strings.ToLower(string(letter))+"}", r.Host())
	}
	return strings.ReplaceAll(text, "{root}", s.root)
}

func (s *stage) write(t *testing.T, name, text string) {
	t.Helper()
	name = filepath.Join(s.root, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if strings.HasSuffix(name, ".tgz") {
		text = tarball(t, s.fill(text))
	}
	if err := os.WriteFile(name, []byte(s.fill(text)), 0o600); err != nil {
		t.Fatal(err)
	}
}

// query returns the layout's command as package config is asked about it.
func (s *stage) query(l layout) config.Query {
	argv := []string{s.Path}
	for a := range strings.FieldsSeq(l.command) {
		argv = append(argv, s.fill(strings.ReplaceAll(a, "+", " ")))
	}
	return config.Query{
		Tool: "npm", Subcommand: l.subcommand(), Argv: argv,
		Dir: filepath.Join(s.root, l.folder()), Environ: s.env,
	}
}

// letterOf returns the letter of an address.
func (s *stage) letterOf(address string) string {
	for letter, r := range s.registries {
		if strings.HasPrefix(address, r.URL()+"/") {
			return string(letter)
		}
	}
	return address
}

// reached returns the registries that the command's code reached, and those
// that the command changed.
func (s *stage) reached() (all, changed []string) {
	for _, letter := range letters {
		for _, r := range s.registries[letter].Requests() {
			if r.Method != http.MethodGet && r.OTP == code {
				changed = append(changed, string(letter))
			}
			if r.OTP == code {
				all = append(all, string(letter))
			}
		}
	}
	return slices.Compact(all), slices.Compact(changed)
}

// said returns what Targets says, in the terms of reached.
func (s *stage) said(targets []config.Target) (all, changed []string) {
	for _, t := range targets {
		letter := s.letterOf(t.Registry)
		all = append(all, letter)
		if !t.Reads {
			changed = append(changed, letter)
		}
	}
	slices.Sort(all)
	slices.Sort(changed)
	return slices.Compact(all), slices.Compact(changed)
}

// TestNPMGoesWhereTargetsSay runs npm in each layout with a code on its command
// line, and wants the code in the registries that Targets names, and in no
// other.
func TestNPMGoesWhereTargetsSay(t *testing.T) {
	// Two at a time: an npm keeps a processor busy.
	slots := make(chan struct{}, 2)
	for k, n := range npmtest.Every(t) {
		t.Run(n.String(), func(t *testing.T) {
			t.Parallel()
			slots <- struct{}{}
			defer func() { <-slots }()
			for i, l := range layouts() {
				if !l.runsIn(n.Major) || !npmtest.Sampled(i+k) {
					continue
				}
				t.Run(l.name, func(t *testing.T) { testLayout(t, n, l) })
			}
		})
	}
}

func testLayout(t *testing.T, n npmtest.NPM, l layout) {
	t.Helper()
	s := newStage(t, n, l)
	q := s.query(l)
	targets, err := config.Targets(q)
	if l.fails {
		if _, ok := errors.AsType[*config.UnknownError](err); !ok {
			t.Errorf("Targets says %v and %v, want an UnknownError", targets, err)
		}
		return
	}
	if err != nil && !known(n) {
		t.Skip("npm's version is not known exactly, and Targets says so: ", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, n.Path, append(q.Argv[1:len(q.Argv):len(q.Argv)], "--otp="+code)...)
	cmd.Dir, cmd.Env = q.Dir, q.Environ
	run := combined
	if strings.Contains("login adduser", l.subcommand()) {
		run = converse
	}
	out, err := run(t, cmd)
	if err != nil {
		t.Errorf("npm: %v", err)
	}
	all, changed := s.reached()
	saidAll, saidChanged := s.said(targets)
	if l.reads {
		saidChanged = nil
	}
	if !equal(n, all, saidAll) || !equal(n, changed, saidChanged) {
		t.Errorf("the code reached %q and changed %q, but Targets says %q and %q", all, changed, saidAll, saidChanged)
	}
	if want := s.fill(l.source); want != "" && (len(targets) == 0 || targets[0].Source.String() != want) {
		t.Errorf("the first target is %v, want it from %q", targets, want)
	}
	if t.Failed() {
		t.Logf("%q\n%s", q.Argv, out)
	}
}

// equal compares what happened with what Targets says. For a version that lies
// between those that the package knows, it may say more.
func equal(n npmtest.NPM, did, said []string) bool {
	if known(n) {
		return slices.Equal(did, said)
	}
	for _, letter := range did {
		if !slices.Contains(said, letter) {
			return false
		}
	}
	return true
}

// known reports whether the package knows a version itself, and not only the
// ones before and after it.
func known(n npmtest.NPM) bool {
	return slices.ContainsFunc([]string{"6.14.", "8.19.", "10.9.", "11.21.", "12."}, func(v string) bool {
		return strings.HasPrefix(n.Version, v)
	})
}

// ask sends a registry a request of alice's.
func ask(t *testing.T, r *npmregistry.Server, method, path string, body any) {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, r.URL()+path, bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+r.Token("alice"))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil || resp.StatusCode != http.StatusCreated {
		t.Fatalf("%s: %s, %v", path, resp.Status, err)
	}
}

// release puts a package into a registry.
func release(t *testing.T, r *npmregistry.Server, name string) {
	t.Helper()
	const version = "0.0.1"
	file := name[strings.LastIndexByte(name, '/')+1:] + "-" + version + ".tgz"
	ask(t, r, http.MethodPut, "/"+strings.ReplaceAll(name, "/", "%2f"), map[string]any{
		"_id": name, "name": name, "dist-tags": map[string]any{"latest": version},
		"versions": map[string]any{version: map[string]any{
			"name": name, "version": version, "dist": map[string]any{"tarball": r.URL() + "/" + name + "/-/" + file},
		}},
		"_attachments": map[string]any{file: map[string]any{"data": base64.StdEncoding.EncodeToString([]byte("tarball"))}},
	})
}
