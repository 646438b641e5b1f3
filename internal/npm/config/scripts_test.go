package config_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"npmotp/internal/npm/config"
	"npmotp/internal/npmregistry/npmtest"
)

// noisy is a package.json each of whose scripts notes that it ran.
func noisy(name, more string) string {
	var lines []string
	for _, s := range []string{
		"prepublish", "prepublishOnly", "preprepublishOnly", "prepack", "prepare", "postpack", "publish", "postpublish",
		"preversion", "version", "preinstall", "install", "postinstall", "test", "dependencies",
	} {
		lines = append(lines, `"`+s+`": "echo `+name+":"+s+` >> {root}/ran"`)
	}
	return pkg(name, more+",\n\"scripts\": {\n"+strings.Join(lines, ",\n")+"\n}")
}

func scriptLayouts() []layout {
	with := func(project, user string) map[string]string {
		return map[string]string{"project/package.json": noisy("thing", ""), "project/.npmrc": project, "home/.npmrc": "registry={A}\n" + user}
	}
	workspaces := map[string]string{
		"project/package.json": noisy("root", `,"workspaces": ["packages/*"]`), "project/.npmrc": "registry={A}",
		"project/packages/one/package.json": noisy("one", ""), "project/packages/two/package.json": noisy("two", ""),
		"project/packages/own/package.json": noisy("own", `,"private": true`),
	}
	const since8 = "8 10 11 12"
	return []layout{
		{name: "all", command: "publish", files: with("", "")},
		{name: "ignored on the command line", command: "publish --ignore-scripts", files: with("", "")},
		{name: "not ignored on the command line", command: "publish --ignore-scripts=false", files: with("ignore-scripts=true", "")},
		{name: "ignored in a variable", command: "publish", env: []string{"NPM_CONFIG_IGNORE_SCRIPTS=true"}, files: with("", "")},
		{name: "not ignored in a variable", command: "publish", env: []string{"npm_config_ignore_scripts=false"}, files: with("ignore-scripts", "")},
		{name: "ignored by the project", command: "publish", files: with("ignore-scripts", "ignore-scripts=false")},
		{name: "ignored by the user", command: "publish", files: with("", "ignore-scripts = true\n")},
		{name: "ignored by the machine", command: "publish", env: []string{"npm_config_globalconfig={root}/npmrc"}, files: map[string]string{
			"project/package.json": noisy("thing", ""), "home/.npmrc": "registry={A}", "npmrc": "ignore-scripts=true",
		}},
		{name: "prepublish ignored", npms: "6", command: "publish --ignore-prepublish", files: with("", "")},
		{name: "all workspaces", npms: since8, command: "publish --workspaces", files: workspaces},
		{name: "one workspace", npms: since8, command: "publish", dir: "project/packages/two", files: workspaces},
		{name: "another folder", command: "publish ./packages/two", files: workspaces},
		{name: "tarball", command: "publish ./x.tgz", files: map[string]string{"project/x.tgz": noisy("thing", ""), "home/.npmrc": "registry={A}"}},
	}
}

// TestNPMRunsWhatScriptsSays publishes with every npm and compares the scripts
// that ran with those that Scripts named.
func TestNPMRunsWhatScriptsSays(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the scripts are for a shell")
	}
	slots := make(chan struct{}, 2)
	for _, n := range npmtest.Every(t) {
		t.Run(n.String(), func(t *testing.T) {
			t.Parallel()
			slots <- struct{}{}
			defer func() { <-slots }()
			for _, l := range scriptLayouts() {
				if l.runsIn(n.Major) {
					t.Run(l.name, func(t *testing.T) { testScripts(t, n, l) })
				}
			}
		})
	}
}

func testScripts(t *testing.T, n npmtest.NPM, l layout) {
	t.Helper()
	s := newStage(t, n, l)
	q := s.query(l)
	scripts, err := config.Scripts(q)
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	for _, script := range scripts {
		said = append(said, script.Package+":"+script.Name)
		line := lineOf(t, script.File, script.Line)
		if !strings.Contains(line, script.Package+":"+script.Name+" ") {
			t.Errorf("%s:%d is %q, not the script %s", script.File, script.Line, line, script.Name)
		}
	}
	cmd := exec.CommandContext(t.Context(), n.Path, q.Argv[1:]...)
	cmd.Dir, cmd.Env = q.Dir, q.Environ
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("npm: %v\n%s", err, out)
	}
	text, err := os.ReadFile(filepath.Join(s.root, "ran"))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	ran := strings.Fields(string(text))
	if known(n) {
		slices.Sort(ran)
		slices.Sort(said)
		if !slices.Equal(ran, said) {
			t.Errorf("%q ran %q, and Scripts says %q", l.command, ran, said)
		}
		return
	}
	for _, r := range ran {
		if !slices.Contains(said, r) {
			t.Errorf("%q ran %s, and Scripts says %q", l.command, r, said)
		}
	}
}

func lineOf(t *testing.T, file string, line int) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	if line < 1 || line > len(lines) {
		t.Fatalf("%s has no line %d", file, line)
	}
	return lines[line-1]
}
