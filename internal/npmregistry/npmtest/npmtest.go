// Package npmtest finds the npm programs that tests drive, and runs them so
// that they see nothing of the machine's own npm settings.
package npmtest

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// DirVariable names the folder that .ci/install-npm filled.
const DirVariable = "NPMOTP_TEST_NPMS"

// WholeVariable makes the tests that drive every npm and tool through large tables
// run all of them, which takes an hour. Without it they run a sample.
const WholeVariable = "NPMOTP_TEST_WHOLE"

// Sampled reports whether the i-th case of a large table is part of what runs: one
// in three, or all of them.
func Sampled(i int) bool { return i%3 == 0 || os.Getenv(WholeVariable) == "1" }

// An NPM is one installed npm.
type NPM struct {
	Version string // such as 11.21.2
	Major   int
	Path    string // the program
}

// String returns the version, to name a subtest with.
func (n NPM) String() string { return n.Version }

// NPMs returns npm from PATH and those under the folder that
// NPMOTP_TEST_NPMS names, the oldest first and each version once. Without any
// it skips the test, or fails it where CI=true promises one.
func NPMs(t testing.TB) []NPM {
	t.Helper()
	var found []NPM
	if path, err := exec.LookPath("npm"); err == nil {
		found = append(found, probe(t, path))
	}
	if dir := os.Getenv(DirVariable); dir != "" {
		name := "npm"
		if runtime.GOOS == "windows" {
			name = "npm.cmd"
		}
		paths, err := filepath.Glob(filepath.Join(dir, "*", "node_modules", ".bin", name))
		if err != nil || len(paths) == 0 {
			t.Fatalf("%s names a folder without any npm: run .ci/install-npm", DirVariable)
		}
		for _, path := range paths {
			found = append(found, probe(t, path))
		}
	}
	if len(found) == 0 {
		const reason = "there is no npm in PATH and " + DirVariable + " is not set"
		if os.Getenv("CI") == "true" {
			t.Fatal(reason)
		}
		t.Skip(reason)
	}
	slices.SortStableFunc(found, func(a, b NPM) int { return a.Major - b.Major })
	return slices.CompactFunc(found, func(a, b NPM) bool { return a.Version == b.Version })
}

// ToolsVariable names the folder that .ci/install-tools filled.
const ToolsVariable = "NPMOTP_TEST_TOOLS"

// Every returns the versions under the folder that NPMOTP_TEST_NPMS names, for
// tests that take long. It skips the test where the variable is not set, and in
// short runs, but fails it where CI=true promises the versions.
func Every(t testing.TB) []NPM {
	t.Helper()
	promised(t, DirVariable, ".ci/install-npm")
	return NPMs(t)
}

// Tools returns the folder of the tools beside npm, or skips or fails as
// [Every] does.
func Tools(t testing.TB) string {
	t.Helper()
	return promised(t, ToolsVariable, ".ci/install-tools")
}

// VerdaccioVariable names the folder that .ci/install-verdaccio filled.
const VerdaccioVariable = "NPMOTP_TEST_VERDACCIO"

// Verdaccio returns the folder of Verdaccio, or skips or fails as [Every] does.
func Verdaccio(t testing.TB) string {
	t.Helper()
	return promised(t, VerdaccioVariable, ".ci/install-verdaccio")
}

func promised(t testing.TB, variable, script string) string {
	t.Helper()
	dir, reason := os.Getenv(variable), variable+" names no folder that "+script+" filled"
	switch {
	case testing.Short():
		t.Skip("takes long")
	case dir == "" && os.Getenv("CI") == "true":
		t.Fatal(reason)
	case dir == "":
		t.Skip(reason)
	}
	return dir
}

// probe asks an npm for its version.
func probe(t testing.TB, path string) NPM {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), path, "--version")
	cmd.Dir = t.TempDir()
	cmd.Env = NPM{}.Env(t, cmd.Dir, "", "")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s --version: %v", path, err)
	}
	version := strings.TrimSpace(string(out))
	major, _, _ := strings.Cut(version, ".")
	n, err := strconv.Atoi(major)
	if err != nil {
		t.Fatalf("%s --version says %q", path, version)
	}
	return NPM{Version: version, Major: n, Path: path}
}

// Env returns the whole environment for a run of this npm with its home in the
// folder home. With a url it writes home/.npmrc, which names the registry there
// and, unless it is empty, the token.
//
// The environment holds PATH and what the system needs to start programs, and
// no other variable of this process: npm reads npm_config_ variables, and takes
// a CI service's variables for leave to ask that service for credentials.
func (n NPM) Env(t testing.TB, home, url, token string) []string {
	t.Helper()
	env := []string{
		"HOME=" + home,
		"USERPROFILE=" + home,
		"TERM=xterm",
		"npm_config_cache=" + filepath.Join(home, "cache"),
		"npm_config_userconfig=" + filepath.Join(home, ".npmrc"),
		"npm_config_globalconfig=" + filepath.Join(home, "global-npmrc"),
		"npm_config_update_notifier=false",
		"npm_config_fund=false",
		"npm_config_audit=false",
	}
	switch {
	case n.Major < 7:
		// As root npm 6 runs a package's scripts as another user.
		env = append(env, "npm_config_unsafe_perm=true")
	case n.Major >= 8:
		env = append(env, "npm_config_auth_type=legacy", "npm_config_browser=false")
	}
	for _, name := range []string{"PATH", "GOCOVERDIR", "SYSTEMROOT", "COMSPEC", "PATHEXT", "TEMP", "TMP"} {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	if url != "" {
		rc := "registry=" + url + "/\n"
		if token != "" {
			rc += strings.TrimPrefix(url, "http:") + "/:_authToken=" + token + "\n"
		}
		if err := os.WriteFile(filepath.Join(home, ".npmrc"), []byte(rc), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return env
}
