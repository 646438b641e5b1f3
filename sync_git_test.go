package main_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// need returns the path of a program that a test drives. Without it the test
// is skipped, or fails where CI=true promises it.
func need(t *testing.T, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err == nil {
		return path
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is not installed", program)
	}
	t.Skipf("%s is not installed", program)
	return ""
}

// A clone is one laptop: a home with a vault, and a clone of a repository that
// carries its copy.
type clone struct {
	home, dir string
	env       []string // more of it
}

// git runs git in the clone, apart from the machine's own settings.
func (c clone) git(t *testing.T, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", args...)
	cmd.Dir = c.dir
	cmd.Env = append(npmotp(t, c.home).Env, "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=ada", "GIT_AUTHOR_EMAIL=ada@example.org", "GIT_COMMITTER_NAME=ada", "GIT_COMMITTER_EMAIL=ada@example.org")
	cmd.Env = append(cmd.Env, c.env...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (c clone) mustGit(t *testing.T, args ...string) {
	t.Helper()
	if out, err := c.git(t, args...); err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

func (c clone) commit(t *testing.T) {
	t.Helper()
	run(t, c.home, "", "sync", c.dir)
	c.mustGit(t, "add", "-A")
	c.mustGit(t, "commit", "-m", "vault")
}

// driver makes npmotp the merge driver, as the help says.
func (c clone) driver(t *testing.T) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(t.TempDir(), "npmotp")
	if err := os.Symlink(exe, program); err != nil {
		t.Skip("no symbolic links here:", err)
	}
	c.mustGit(t, "config", "merge.npmotp.driver", "'"+program+"' merge --driver %O %A %B")
}

// Two clones commit different changes of the copy. The merge driver joins
// them, and both laptops end with one vault.
func TestSyncGit(t *testing.T) {
	need(t, "git")
	if runtime.GOOS == "windows" {
		t.Skip("the driver's name is quoted for a POSIX shell")
	}
	origin := filepath.Join(t.TempDir(), "origin.git")
	a := clone{home: t.TempDir(), dir: filepath.Join(t.TempDir(), "a")}
	b := clone{home: t.TempDir(), dir: filepath.Join(t.TempDir(), "b")}
	here := clone{home: t.TempDir(), dir: "."}
	here.mustGit(t, "init", "--bare", "-b", "main", origin)
	here.mustGit(t, "clone", origin, a.dir)
	a.mustGit(t, "checkout", "-B", "main")
	if err := os.WriteFile(filepath.Join(a.dir, ".gitattributes"), []byte("vault.npmotp merge=npmotp -text\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, a.home, typedSecret, "add", "npm")
	run(t, a.home, "0123456789abcdef\nfedcba9876543210\n", "recovery", "add", "npm")
	a.commit(t)
	a.mustGit(t, "push", "origin", "main")
	here.mustGit(t, "clone", origin, b.dir)
	run(t, b.home, "", "sync", b.dir)
	a.driver(t)
	b.driver(t)

	run(t, a.home, typedSecret, "add", "from-a")
	run(t, a.home, "", "recovery", "use", "npm")
	a.commit(t)
	a.mustGit(t, "push", "origin", "main")
	run(t, b.home, typedSecret, "add", "from-b")
	run(t, b.home, "", "edit", "npm", "--username", "bob")
	b.commit(t)

	// A driver that cannot unlock is a conflict, and our file stays whole.
	ours := readFile(t, filepath.Join(b.dir, "vault.npmotp"))
	b.mustGit(t, "fetch", "origin")
	locked := b
	locked.env = []string{"NPMOTP_PASSPHRASE=wrong"}
	out, err := locked.git(t, "merge", "origin/main")
	if err == nil || !strings.Contains(out, "CONFLICT") || !strings.Contains(out, "wrong passphrase") {
		t.Errorf("%v\n%s", err, out)
	}
	if !bytes.Equal(readFile(t, filepath.Join(b.dir, "vault.npmotp")), ours) {
		t.Error("our file was changed")
	}
	b.mustGit(t, "merge", "--abort")

	b.mustGit(t, "pull", "--no-rebase", "--no-edit", "origin", "main")
	if out, err := b.git(t, "status", "--porcelain"); err != nil || out != "" {
		t.Errorf("left in the clone: %v\n%s", err, out)
	}
	run(t, b.home, "", "sync", b.dir)
	if out, _ := b.git(t, "status", "--porcelain"); out != "" {
		b.commit(t)
	}
	b.mustGit(t, "push", "origin", "main")
	a.mustGit(t, "pull", "--no-rebase", "--no-edit", "origin", "main")
	run(t, a.home, "", "sync", a.dir)

	list := run(t, a.home, "", "list")
	for _, want := range []string{"npm ", "from-a", "from-b", "bob"} {
		if !strings.Contains(list, want) {
			t.Errorf("%q is missing:\n%s", want, list)
		}
	}
	if other := run(t, b.home, "", "list"); other != list {
		t.Errorf("the laptops differ:\n%s\n%s", list, other)
	}
	if code := run(t, b.home, "", "recovery", "use", "npm"); code != "fedcba9876543210\n" {
		t.Errorf("laptop b offers %q", code)
	}
	if !bytes.Equal(readFile(t, filepath.Join(a.dir, "vault.npmotp")), readFile(t, filepath.Join(a.home, "vault.npmotp"))) {
		t.Error("the vault and its copy differ")
	}
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// The lines of doc/sync.md, on two laptops with a git that nobody has set up: both
// change the vault, and then nobody does.
func TestSyncGitAsDocumented(t *testing.T) {
	need(t, "git")
	if runtime.GOOS == "windows" {
		t.Skip("the lines are for a POSIX shell")
	}
	page, err := os.ReadFile(filepath.Join("doc", "sync.md"))
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for line := range strings.Lines(string(page)) {
		if line, ok := strings.CutPrefix(line, "$ cd ~/vault-copy && "); ok {
			lines = append(lines, "cd ~/vault-copy && "+line)
		}
	}
	if len(lines) != 4 {
		t.Fatalf("the page has the lines %q", lines)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	if err := os.Symlink(exe, filepath.Join(bin, "npmotp")); err != nil {
		t.Skip("no symbolic links here:", err)
	}
	origin := filepath.Join(t.TempDir(), "origin.git")
	laptop := func() clone {
		home := t.TempDir()
		return clone{home: home, dir: filepath.Join(home, "vault-copy"), env: []string{"PATH=" + bin + ":" + os.Getenv("PATH")}}
	}
	a, b := laptop(), laptop()
	in := func(c clone, lines ...string) {
		t.Helper()
		for _, line := range lines {
			// By an alias of git's, in the environment that the clone has.
			if out, err := c.git(t, "-c", "alias.line=!"+line, "line"); err != nil {
				t.Fatalf("%s: %v\n%s", line, err, out)
			}
		}
	}
	here := clone{home: t.TempDir(), dir: "."}
	here.mustGit(t, "init", "--bare", "-b", "main", origin)
	here.mustGit(t, "clone", origin, a.dir)
	a.mustGit(t, "checkout", "-B", "main")
	a.mustGit(t, "commit", "--allow-empty", "-m", "first")
	a.mustGit(t, "push", "-u", "origin", "main")
	run(t, a.home, typedSecret, "add", "npm")
	in(a, lines...)
	here.mustGit(t, "clone", origin, b.dir)
	in(b, lines[1:]...) // .gitattributes came with the clone
	for range 2 {
		in(a, lines[2:]...)
		in(b, lines[2:]...)
	}
	run(t, a.home, typedSecret, "add", "from-a")
	run(t, b.home, typedSecret, "add", "from-b")
	in(a, lines[2:]...)
	in(b, lines[2:]...)
	in(a, lines[2:]...)
	list := run(t, a.home, "", "list")
	if other := run(t, b.home, "", "list"); other != list || !strings.Contains(list, "from-a") || !strings.Contains(list, "from-b") {
		t.Errorf("the laptops have\n%s\n%s", list, other)
	}
}
