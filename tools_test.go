//go:build linux

package main_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"

	"npmotp/internal/npmregistry"
	"npmotp/internal/npmregistry/npmtest"
)

// A toolCall is a tool and how it publishes the package in the folder.
type toolCall struct {
	name, folder, pkg string
	argv              []string
	files             map[string]string
	before            string // runs in the folder first
	npm               *npmtest.NPM
	yes               bool // the user said yes beforehand
}

const gitRepository = `git init -q -b main . && git config user.email ada@example.com && git config user.name ada &&
git add -A && git commit -qm first && git init -q --bare "$HOME/origin.git" &&
git remote add origin "$HOME/origin.git" && git push -q -u origin main`

func toolCalls(t *testing.T) []toolCall {
	t.Helper()
	var calls []toolCall
	for _, n := range pinned(t) {
		calls = append(calls, toolCall{name: "npm " + n.Version, argv: []string{"npm", "publish"}, npm: &n})
	}
	return append(calls,
		toolCall{folder: "pnpm_10", pkg: "pnpm", argv: []string{"pnpm", "publish", "--no-git-checks"}},
		toolCall{folder: "pnpm_12", pkg: "pnpm", argv: []string{"pnpm", "publish", "--no-git-checks"}},
		toolCall{folder: "yarn_1", pkg: "yarn", argv: []string{"yarn", "publish", "--non-interactive"}},
		toolCall{name: "yarn berry", folder: "_yarnpkg_cli-dist_4", pkg: "@yarnpkg/cli-dist", argv: []string{"yarn", "npm", "publish"}, before: "yarn install"},
		toolCall{folder: "bun_1", pkg: "bun", argv: []string{"bun", "publish"}},
		toolCall{folder: "lerna_8", pkg: "lerna", argv: []string{"lerna", "publish", "from-package", "--yes"}, before: gitRepository,
			files: map[string]string{"lerna.json": `{"version":"1.0.0","packages":["."]}`}},
		toolCall{name: "changesets", folder: "_changesets_cli_2", pkg: "@changesets/cli", argv: []string{"changeset", "publish"}, before: gitRepository,
			files: map[string]string{".changeset/config.json": `{"access":"restricted","baseBranch":"main"}`}},
		toolCall{folder: "release-it_19", pkg: "release-it", argv: []string{"release-it", "--ci=false", "--no-git", "--increment=patch"}, before: gitRepository},
		toolCall{folder: "np_10", pkg: "np", argv: []string{"np", "--yolo"}, before: gitRepository},
	)
}

// TestYesAnswersWhatAToolStarts: which registry the npm that a tool starts talks to
// is seen by its title, so a yes that was said beforehand answers its question.
func TestYesAnswersWhatAToolStarts(t *testing.T) {
	dir := npmtest.Tools(t)
	for _, c := range toolCalls(t) {
		if !slices.Contains([]string{"pnpm_10", "_changesets_cli_2", "release-it_19"}, c.folder) {
			continue
		}
		t.Run(c.argv[0], func(t *testing.T) {
			t.Parallel()
			c.yes = true
			if got, seen := c.publish(t, dir, "prompt", npmregistry.Options{AllowReuse: true}); got != "published" || seen {
				t.Errorf("%s; seen by scripts: %t", got, seen)
			}
		})
	}
}

// pinned returns the npms that .ci/install-npm installed, without that of PATH.
func pinned(t *testing.T) []npmtest.NPM {
	t.Helper()
	return slices.DeleteFunc(npmtest.Every(t), func(n npmtest.NPM) bool { return !strings.Contains(n.Path, os.Getenv(npmtest.DirVariable)) })
}

// TestToolTable runs every tool in every way against four kinds of registry, and
// wants what doc/exec.md says of them. UPDATE=1 writes it there.
func TestToolTable(t *testing.T) {
	dir := npmtest.Tools(t)
	calls := toolCalls(t)
	ways := []string{"flag", "env", "prompt"}
	var mu sync.Mutex
	cells := map[string]string{}
	t.Run("run", func(t *testing.T) {
		slots := make(chan struct{}, max(2, runtime.NumCPU()))
		for i, c := range calls {
			for j, via := range ways {
				for kind := range 4 {
					if !npmtest.Sampled(i + j + kind) {
						continue
					}
					o := npmregistry.Options{WebLogin: kind > 1, AllowReuse: kind%2 == 1}
					name := fmt.Sprint(c.argv[0], " ", c.folder, c.name, " ", via, " ", kind)
					t.Run(name, func(t *testing.T) {
						t.Parallel()
						slots <- struct{}{}
						defer func() { <-slots }()
						result, seen := c.publish(t, dir, via, o)
						mu.Lock()
						defer mu.Unlock()
						cells[fmt.Sprint(c.title(t, dir), via, kind)] = result
						if seen {
							cells[fmt.Sprint(c.title(t, dir), via, "seen")] = "yes"
						}
					})
				}
			}
		}
	})
	if t.Failed() {
		return
	}
	documented := tableCells(t)
	var b strings.Builder
	b.WriteString("| tool | way | classic, once | classic, reuse | web, once | web, reuse | scripts see it |\n| --- | --- | --- | --- | --- | --- | --- |\n")
	for _, c := range calls {
		title := c.title(t, dir)
		for _, via := range ways {
			fmt.Fprintf(&b, "| %s | %s |", title, via)
			old := documented[title+" "+via]
			for kind := range 4 {
				fmt.Fprintf(&b, " %s |", cmp.Or(cells[fmt.Sprint(title, via, kind)], old[kind]))
			}
			seen := cmp.Or(cells[fmt.Sprint(title, via, "seen")], "no")
			if !npmtest.Sampled(1) && seen == "no" {
				seen = old[4] // it may show in what was left out
			}
			fmt.Fprintf(&b, " %s |\n", seen)
		}
	}
	compareTable(t, "table", b.String())
}

// tableCells returns the cells of the table of doc/exec.md, by the tool and the way.
func tableCells(t *testing.T) map[string][5]string {
	t.Helper()
	text, err := os.ReadFile("doc/exec.md")
	if err != nil {
		t.Fatal(err)
	}
	cells := map[string][5]string{}
	for line := range strings.Lines(string(text)) {
		columns := strings.Split(strings.TrimSpace(line), " | ")
		if len(columns) == 7 {
			columns[0], columns[6] = strings.TrimPrefix(columns[0], "| "), strings.TrimSuffix(columns[6], " |")
			cells[columns[0]+" "+columns[1]] = [5]string(columns[2:])
		}
	}
	return cells
}

// compareTable compares a table with the one between its marks in doc/exec.md.
func compareTable(t *testing.T, name, table string) {
	t.Helper()
	const file = "doc/exec.md"
	begin, end := "<!-- begin of the "+name+" -->\n", "<!-- end of the "+name+" -->\n"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), begin)
	old, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s has no place for the table", file)
	}
	if os.Getenv("UPDATE") == "1" {
		if err := os.WriteFile(file, []byte(before+begin+table+end+after), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if old != table {
		t.Errorf("%s says\n%s\nand the tools did\n%s", file, old, table)
	}
}

// title returns the tool with its version.
func (c toolCall) title(t *testing.T, dir string) string {
	t.Helper()
	if c.pkg == "" {
		return c.name
	}
	text, err := os.ReadFile(filepath.Join(dir, c.folder, "node_modules", filepath.FromSlash(c.pkg), "package.json"))
	if err != nil {
		t.Fatal(err)
	}
	var p struct{ Version string }
	if err := json.Unmarshal(text, &p); err != nil {
		t.Fatal(err)
	}
	return cmp.Or(c.name, c.pkg) + " " + p.Version
}

// publish publishes a package and says how that went, and whether a script of
// the package saw the code.
func (c toolCall) publish(t *testing.T, dir, via string, o npmregistry.Options) (result string, seen bool) {
	t.Helper()
	all := npmtest.Every(t)
	n := all[len(all)-1]
	bin := filepath.Join(dir, c.folder, "node_modules", ".bin")
	if c.npm != nil {
		n, bin = *c.npm, filepath.Dir(c.npm.Path)
	}
	m := newMaintainer(t, n, o)
	if o.AllowReuse {
		run(t, m.home, "", "edit", "ada", "--reuse", "allow")
	}
	// What the maintainer's own environment says of these is not the tool's.
	m.env = slices.DeleteFunc(m.env, func(kv string) bool {
		return strings.HasPrefix(kv, "npm_config_auth_type=") || strings.HasPrefix(kv, "PATH=")
	})
	m.env = append(m.env, "PATH="+bin+":"+filepath.Dir(n.Path)+":"+os.Getenv("PATH"), "YARN_ENABLE_TELEMETRY=0")
	// The environment, and the command lines of what the script descends from:
	// other tests send the same codes.
	const look = `(env; p=$$; while [ $p -gt 1 ]; do cat /proc/$p/cmdline; p=$(sed -n 's/^PPid:[^0-9]*//p' /proc/$p/status); done) >>seen 2>/dev/null; true`
	m.write(t, "package.json", fmt.Sprintf(`{"name":%q,"version":"1.0.0","files":["x"],"scripts":{"prepublishOnly":%q,"prepack":%q}}`, pkgName, look, look))
	m.write(t, ".gitignore", "seen\n")
	for name, text := range c.files {
		m.write(t, name, text)
	}
	if c.name == "yarn berry" {
		m.write(t, "yarn.lock", "")
		m.write(t, ".yarnrc.yml", fmt.Sprintf("npmRegistryServer: %q\nunsafeHttpWhitelist: [\"127.0.0.1\"]\nnpmAuthToken: %q\n", m.registry.URL(), m.registry.Token("ada")))
	}
	if c.name == "changesets" {
		// It takes the registry from here and publishConfig only.
		m.env = append(m.env, "npm_config_registry="+m.registry.URL())
	}
	if c.before != "" {
		cmd := exec.CommandContext(t.Context(), "sh", "-c", c.before)
		cmd.Dir, cmd.Env = m.dir, m.env
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	screen, after, status := c.drive(t, m, via)
	p, _ := m.registry.Package(pkgName)
	t.Logf("status %d, %+v\n%s", status, p, screen)
	for _, code := range m.codes() {
		seen = seen || len(filesWith(t, m.dir, code)) > 0
	}
	switch {
	case len(p.Versions) == 1:
		return "published" + after, seen
	case status == 2 && strings.Contains(screen, "no way to pass the one-time password"):
		return "no way", seen
	case status == hung:
		return "waits for a browser", seen
	}
	return "not published", seen
}

// hung is the status of a tool that had to be ended.
const hung = -1

// drive runs the call at a terminal, and answers what is not about the code
// as a user would. After tells of the answers that the table names.
func (c toolCall) drive(t *testing.T, m *maintainer, via string) (screen, after string, status int) {
	t.Helper()
	cmd := m.run(t, append([]string{"exec", "--via", via, fmt.Sprintf("--yes=%t", c.yes), "--"}, c.argv...)...)
	terminal, err := pty.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = terminal.Close() }()
	answers := []struct{ question, keys, note string }{
		{"; answer it", "y\r", ", after a yes"},
		{"open this url now?", "n\r", ", after a no to the browser"},
		{"to npm?", "\r", ""},
	}
	var text bytes.Buffer
	buf := make([]byte, 4096)
	// What ends a tool that waits for a browser.
	endReads(t, terminal, 40*time.Second)
	for {
		n, err := terminal.Read(buf)
		text.Write(buf[:n])
		for i, a := range answers {
			if a.question != "" && strings.Contains(text.String(), a.question) {
				after += a.note
				answers[i].question = ""
				_, _ = terminal.WriteString(a.keys)
			}
		}
		if errors.Is(err, os.ErrDeadlineExceeded) {
			_ = terminal.Close() // hangs up
			_ = cmd.Wait()
			return text.String(), after, hung
		}
		if err != nil {
			break
		}
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return text.String(), after, cmd.ProcessState.ExitCode()
}
