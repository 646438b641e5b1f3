//go:build linux

package ptyrun_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"npmotp/internal/npmregistry/npmtest"
)

// A peer is a tool beside npm and what has it publish.
type peer struct {
	folder string
	argv   []string
	files  map[string]string
	// before runs in the package's folder first.
	before string
	// says and keys are a question of the tool's own, and its answer.
	says, keys string
	// confirms tells that another program asks, so the user decides.
	confirms bool
}

const gitRepository = `git init -q -b main . && git config user.email alice@example.com && git config user.name alice &&
git add -A && git commit -qm first && git init -q --bare "$HOME/origin.git" &&
git remote add origin "$HOME/origin.git" && git push -q -u origin main`

func peers() []peer {
	return []peer{
		{folder: "pnpm_10", argv: []string{"pnpm", "publish", "--no-git-checks"}, confirms: true},
		{folder: "pnpm_12", argv: []string{"pnpm", "publish", "--no-git-checks"}},
		{folder: "yarn_1", argv: []string{"yarn", "publish", "--non-interactive"}},
		{folder: "_yarnpkg_cli-dist_4", argv: []string{"yarn", "npm", "publish"}, files: map[string]string{"yarn.lock": ""}, before: "yarn install"},
		{folder: "bun_1", argv: []string{"bun", "publish"}},
		{folder: "_changesets_cli_2", argv: []string{"changeset", "publish"}, confirms: true, before: gitRepository,
			files: map[string]string{".changeset/config.json": `{"access":"restricted","baseBranch":"main"}`}},
		{folder: "lerna_8", argv: []string{"lerna", "publish", "from-package", "--yes"}, before: gitRepository,
			files: map[string]string{"lerna.json": `{"version":"1.0.0","packages":["."]}`}},
		{folder: "release-it_19", argv: []string{"release-it", "--ci=false", "--no-git", "--increment=patch"}, confirms: true,
			before: gitRepository, says: "to npm?", keys: "\r"},
		{argv: []string{"npx", "npm", "publish"}, confirms: true},
		{argv: []string{"npm", "run", "release"}, confirms: true},
	}
}

// TestPeers publishes with the tools beside npm, as planned by package tools.
func TestPeers(t *testing.T) {
	dir := npmtest.Tools(t)
	all := npmtest.NPMs(t)
	for _, p := range peers() {
		t.Run(strings.Join(append([]string{p.folder}, p.argv[0]), " "), func(t *testing.T) {
			r := newTrial(t, all[len(all)-1])
			p.publish(t, r, dir)
		})
	}
}

func (p peer) publish(t *testing.T, r *trial, dir string) {
	t.Helper()
	r.manifest(t, "release", "npm publish")
	for name, text := range p.files {
		r.file(t, name, text)
	}
	bin := filepath.Join(dir, p.folder, "node_modules", ".bin")
	for i, kv := range r.env {
		if path, ok := strings.CutPrefix(kv, "PATH="); ok && p.folder != "" {
			r.env[i] = "PATH=" + bin + string(os.PathListSeparator) + path
		}
	}
	r.env = append(r.env, "YARN_UNSAFE_HTTP_WHITELIST=127.0.0.1", "YARN_NPM_REGISTRY_SERVER="+r.URL(),
		"YARN_NPM_AUTH_TOKEN="+r.Token("alice"), "YARN_ENABLE_TELEMETRY=0", "npm_config_registry="+r.URL())
	if p.before != "" {
		cmd := exec.CommandContext(t.Context(), "sh", "-c", p.before)
		cmd.Dir, cmd.Env = r.dir, r.env
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	argv := slices.Clone(p.argv)
	if p.folder != "" {
		argv[0] = filepath.Join(bin, argv[0])
	}
	person := sit(t, start{dir: r.dir, env: r.env, answer: r.answer, options: "plan agree"}, argv...)
	if p.says != "" {
		person.expect(p.says)
		person.press(p.keys)
	}
	screen := person.end(0)
	published, _ := r.Package("@alice/thing")
	if len(published.Versions) != 1 {
		t.Errorf("the package is %+v", published)
	}
	r.shownNowhere(t, screen)
	if asked := strings.Contains(screen, "[confirm:"); asked != p.confirms {
		t.Errorf("the user was asked: %t\n%q", asked, screen)
	}
	if len(r.codes) != 1 {
		t.Errorf("the questions are %q", r.asked)
	}
}
