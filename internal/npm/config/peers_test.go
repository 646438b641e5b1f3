package config_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"npmotp/internal/npm/config"
	"npmotp/internal/npmregistry/npmtest"
)

// A peerCall is a tool and how it publishes.
type peerCall struct {
	install string // how the folder of the tool begins
	program string
	tool    string // the name that queries have
	command string
}

func peerCalls() []peerCall {
	return []peerCall{
		{"pnpm_10", "pnpm", "pnpm", "publish --no-git-checks --otp=" + code},
		{"pnpm_12", "pnpm", "pnpm", "publish --no-git-checks --otp=" + code},
		{"yarn_1", "yarn", "yarn", "publish --non-interactive --new-version=1.0.0 --no-git-tag-version --otp=" + code},
		{"_yarnpkg_cli", "yarn", "yarn npm", "npm publish --otp=" + code},
		{"bun_1", "bun", "bun", "publish --auth-type=legacy --otp=" + code},
		{"_changesets_cli", "changeset", "changeset", "publish --otp=" + code},
		{"lerna_8", "lerna", "lerna", "publish from-package --yes --no-verify-access --otp=" + code},
	}
}

// peerLayouts have the registry in the places that several tools read.
func peerLayouts() []layout {
	plain, scoped := pkg("thing", ""), pkg("@acme/thing", "")
	return []layout{
		{name: "user", files: map[string]string{"project/package.json": plain, "home/.npmrc": "registry={A}/"}},
		{name: "project", files: map[string]string{"project/package.json": plain, "project/.npmrc": "registry={B}/", "home/.npmrc": "registry={A}/"}},
		{name: "scope of the project", files: map[string]string{"project/package.json": scoped, "project/.npmrc": "@acme:registry={B}/", "home/.npmrc": "registry={A}/"}},
		{name: "variable", env: []string{"npm_config_registry={C}/"}, files: map[string]string{"project/package.json": plain, "project/.npmrc": "registry={B}/"}},
		{name: "publishConfig", files: map[string]string{"project/package.json": pkg("thing", `,"publishConfig": {"registry": "{C}/"}`), "project/.npmrc": "registry={B}/"}},
		{name: "scope in publishConfig", files: map[string]string{"project/package.json": pkg("@acme/thing", `,"publishConfig": {"@acme:registry": "{C}/"}`), "project/.npmrc": "registry={B}/"}},
		{name: "command line", command: " --registry={A}/", files: map[string]string{"project/package.json": plain, "project/.npmrc": "registry={B}/"}},
		{name: "command line and publishConfig", command: " --registry={A}/", files: map[string]string{"project/package.json": pkg("thing", `,"publishConfig": {"registry": "{C}/"}`), "project/.npmrc": "registry={B}/"}},
	}
}

// TestPeersGoWhereTargetsSay runs the tools beside npm, and wants the code in no
// registry that Targets does not name.
func TestPeersGoWhereTargetsSay(t *testing.T) {
	dir := npmtest.Tools(t)
	for k, p := range peerCalls() {
		found, err := filepath.Glob(filepath.Join(dir, p.install+"*", "node_modules", ".bin", p.program))
		if err != nil || len(found) != 1 {
			t.Errorf("%s is there %d times in %s", p.install, len(found), dir)
			continue
		}
		for i, l := range peerLayouts() {
			if !npmtest.Sampled(i + k) {
				continue
			}
			t.Run(p.install+"/"+l.name, func(t *testing.T) { testPeer(t, found[0], p, l) })
		}
	}
}

// A command of a peer that publishes nothing talks to the registry of its folder,
// with a package.json or without.
func TestPeersWithoutAPackage(t *testing.T) {
	for _, line := range []string{"pnpm run release", "bun release", "yarn release", "vlt run x"} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, ".npmrc"), []byte("registry=https://a.example/\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		words := strings.Fields(line)
		list, err := config.Targets(config.Query{Tool: words[0], Subcommand: words[1], Argv: words, Dir: dir, Home: t.TempDir()})
		if err != nil || !slices.ContainsFunc(list, func(t config.Target) bool { return t.Registry == "https://a.example/" }) {
			t.Errorf("%s: %v, %v", line, list, err)
		}
	}
}

func testPeer(t *testing.T, program string, p peerCall, l layout) {
	t.Helper()
	if p.tool == "yarn npm" {
		l = berryLayout(l)
	}
	s := newStage(t, npmtest.NPM{Major: 10, Path: program}, l)
	q := s.query(layout{command: p.command + l.command})
	q.Tool, q.Subcommand = p.tool, "publish"
	if out, err := exec.CommandContext(t.Context(), program, "--version").CombinedOutput(); err != nil {
		t.Skipf("it does not run here: %v\n%s", err, out)
	}
	prepare(t, s, p, q.Dir)
	if p.tool == "yarn npm" {
		install := exec.CommandContext(t.Context(), program, "install")
		install.Dir, install.Env = q.Dir, append(q.Environ, "YARN_ENABLE_TELEMETRY=0")
		if out, err := install.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	if p.tool == "yarn npm" {
		q.Argv = q.Argv[1:] // the tool is yarn npm
	}
	targets, err := config.Targets(q)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	args := strings.Fields(s.fill(p.command + l.command))
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir, cmd.Env = q.Dir, append(q.Environ, "YARN_ENABLE_TELEMETRY=0", "PATH="+filepath.Dir(program)+":"+os.Getenv("PATH"))
	out, runErr := cmd.CombinedOutput()
	all, _ := s.reached()
	said, _ := s.said(targets)
	t.Logf("%s: reached %q, Targets says %q %v", strings.Join(args, " "), all, said, targets)
	for _, letter := range all {
		if !strings.Contains(strings.Join(said, " "), letter) {
			t.Errorf("the code reached %q, and Targets says %v\n%s", all, targets, out)
		}
	}
	if len(all) == 0 {
		t.Logf("the code reached nothing: %v\n%s", runErr, out)
	}
}

// berryLayout writes the files of a layout as yarn 4 reads them.
func berryLayout(l layout) layout {
	files := map[string]string{"project/yarn.lock": ""}
	for name, text := range l.files {
		rc := strings.TrimSuffix(name, ".npmrc")
		if rc == name {
			files[name] = text
			continue
		}
		yml := "unsafeHttpWhitelist: [\"127.0.0.1\"]\nnpmAuthToken: x\n"
		key, value, _ := strings.Cut(text, "=")
		if scope, _, scoped := strings.Cut(key, ":"); scoped {
			yml += "npmScopes:\n  " + strings.TrimPrefix(scope, "@") + ":\n    npmRegistryServer: \"" + value + "\"\n"
		} else {
			yml += "npmPublishRegistry: \"" + value + "\"\n"
		}
		files[rc+".yarnrc.yml"] = yml
	}
	l.files = files
	return l
}

// prepare adds to a project what a tool wants to see there.
func prepare(t *testing.T, s *stage, p peerCall, dir string) {
	t.Helper()
	switch p.tool {
	case "changeset":
		s.write(t, "project/.changeset/config.json", `{"changelog": false, "commit": false, "access": "public", "baseBranch": "main"}`)
		s.write(t, "project/package-lock.json", `{"lockfileVersion": 3, "packages": {}}`)
	case "lerna":
		s.write(t, "project/lerna.json", `{"version": "independent", "packages": ["."]}`)
	}
	for _, args := range [][]string{
		{"init", "-q", "-b", "main"}, {"add", "-A"},
		{"-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-q", "-m", "x"},
	} {
		cmd := exec.CommandContext(t.Context(), "git", args...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %q: %v\n%s", args, err, out)
		}
	}
}

// The newer yarn may publish any package of the project, each with the settings of its
// own folder.
func TestEverywhere(t *testing.T) {
	root := `{"name":"root","private":true,"workspaces":["packages/*"]}`
	for name, tt := range map[string]struct {
		files map[string]string
		want  string // "" when it cannot be told
	}{
		"each with its own": {map[string]string{
			"project/packages/a/package.json": pkg("a", `,"publishConfig":{"registry":"https://a.example"}`), "project/packages/b/package.json": pkg("b", ""),
			"project/packages/b/.yarnrc.yml": "npmPublishRegistry: https://b.example", "project/packages/c/package.json": pkg("c", ""),
			"project/packages/d/package.json": pkg("d", `,"private":true,"publishConfig":{"registry":"https://d.example"}`),
		}, "https://a.example/ https://b.example/ https://registry.yarnpkg.com/"},
		"workspaces in one": {map[string]string{"project/packages/a/package.json": pkg("a", `,"workspaces":["b"]`), "project/packages/a/b/package.json": pkg("b", "")}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			tt.files["project/package.json"] = root
			q := project(t, tt.files)
			q.Tool, q.Subcommand, q.Argv, q.Everywhere = "yarn npm", "publish", []string{"npm", "publish"}, true
			targets, err := config.Targets(q)
			if got := strings.Join(registries(targets), " "); got != tt.want || (err != nil) != (tt.want == "") {
				t.Errorf("the targets are %v, %v, want %s", targets, err, tt.want)
			}
		})
	}
}
