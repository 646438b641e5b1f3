//go:build unix

package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"

	"npmotp/internal/npmregistry"
	"npmotp/internal/npmregistry/npmtest"
	"npmotp/packaging/project"
)

const (
	version = "v1.2.3"
	user    = "ada"
	// The secret is RFC 6238's.
	uri = "otpauth://totp/npm:ada?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=npm\n"
)

// released returns a folder with the packages of a release that has the real
// program for this system, and something that does not run for every other.
func released(t *testing.T) string {
	t.Helper()
	t.Setenv("SOURCE_DATE_EPOCH", "1767225600")
	out, stage := t.TempDir(), t.TempDir()
	r, err := project.FromCommand([]string{"npm", version, stage, out})
	if err != nil {
		t.Fatal(err)
	}
	here := project.Target{OS: runtime.GOOS, Arch: runtime.GOARCH}
	if !slices.Contains(project.Targets(), here) {
		t.Skipf("npmotp is not released for %s", here)
	}
	for _, target := range project.Targets() {
		if target != here {
			write(t, filepath.Join(r.Built(target), target.Program()), "of another system")
		}
		write(t, filepath.Join(r.Built(target), "THIRD-PARTY.txt"), "licences")
	}
	for _, name := range []string{"LICENSE", "README.md", "man/npmotp.1", "man/npmotp-code.1"} {
		write(t, filepath.Join(r.Common(), name), "of the release")
	}
	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-ldflags", "-X npmotp/cmd.release="+version,
		"-o", filepath.Join(r.Built(here), here.Program()), "npmotp")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if err := run([]string{"npm", version, stage, out}); err != nil {
		t.Fatal(err)
	}
	return out
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// A registry has the packages of a release, published with npm.
type registry struct {
	*npmregistry.Server
	npms []npmtest.NPM
}

// published starts a registry and publishes a release there, the packages of the
// systems first.
func published(t *testing.T) registry {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("the managers are installed on Linux")
	}
	npms := npmtest.Every(t)
	dir := released(t)
	// Packages of this day are too new for some.
	server, err := npmregistry.Start(npmregistry.Options{Now: func() time.Time { return time.Now().AddDate(0, -1, 0) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	server.AddUser(user, "correct-horse", user+"@example.com")
	r := registry{server, npms}
	npm := r.npms[len(r.npms)-1]
	home := t.TempDir()
	env := npm.Env(t, home, r.URL(), r.Token(user))
	files, err := filepath.Glob(filepath.Join(dir, "*.tgz"))
	if err != nil || len(files) != len(project.Targets())+1 {
		t.Fatalf("the packages are %q, %v", files, err)
	}
	slices.SortFunc(files, func(a, b string) int { return len(b) - len(a) })
	for _, file := range files {
		// Without provenance it cannot be published elsewhere than in GitHub's workflow.
		for _, flags := range [][]string{{"--dry-run"}, {"--provenance=false"}} {
			out, err := npm.Run(t, home, env, append([]string{"publish", file}, flags...)...)
			// What npm thinks of the version of Node is not about the package.
			out = strings.ReplaceAll(out, "npm warn cli ", "")
			if err != nil || strings.Contains(out, "npm warn ") {
				t.Fatalf("npm publish %s %s: %v\n%s", filepath.Base(file), flags, err, out)
			}
		}
	}
	return r
}

// A manager is a program that installs packages, and how it is told to.
type manager struct {
	name    string
	bin     string   // the folder of the program
	install []string // without scripts
	run     []string // what stands before npmotp
	files   map[string]string
	omit    []string // install, without optional dependencies
}

func (r registry) managers(t *testing.T) []manager {
	t.Helper()
	var all []manager
	for _, n := range r.npms {
		if n.Major < 10 {
			continue
		}
		all = append(all, manager{
			name: "npm " + n.Version, bin: filepath.Dir(n.Path),
			install: []string{"npm", "install", "--ignore-scripts", "npmotp"}, run: []string{"npx"},
			omit: []string{"npm", "install", "--ignore-scripts", "--omit=optional", "npmotp"},
		})
	}
	tools := npmtest.Tools(t)
	bin := func(folder string) string { return filepath.Join(tools, folder, "node_modules", ".bin") }
	return append(all,
		manager{
			name: "pnpm 12", bin: bin("pnpm_12"),
			install: []string{"pnpm", "add", "--ignore-scripts", "npmotp"}, run: []string{"pnpm", "exec"},
			omit: []string{"pnpm", "add", "--ignore-scripts", "--no-optional", "npmotp"},
		},
		manager{
			name: "yarn berry", bin: bin("_yarnpkg_cli-dist_4"),
			install: []string{"yarn", "add", "npmotp"}, run: []string{"yarn", "run"},
			files: map[string]string{"yarn.lock": "", ".yarnrc.yml": fmt.Sprintf(
				"npmRegistryServer: %q\nunsafeHttpWhitelist: [\"127.0.0.1\"]\nenableScripts: false\nenableTelemetry: false\n", r.URL())},
		},
		manager{
			name: "bun", bin: bin("bun_1"),
			install: []string{"bun", "add", "--ignore-scripts", "npmotp"}, run: []string{"bun", "run"},
			omit: []string{"bun", "add", "--ignore-scripts", "--omit=optional", "npmotp"},
		},
	)
}

// A workplace is a folder that a manager works in, with a home of its own.
type workplace struct {
	dir string
	env []string
}

func (m manager) workplace(t *testing.T, r registry) workplace {
	t.Helper()
	home := t.TempDir()
	w := workplace{dir: filepath.Join(home, "work")}
	w.env = slices.DeleteFunc(npmtest.NPM{Major: 12}.Env(t, home, r.URL(), ""), func(kv string) bool { return strings.HasPrefix(kv, "PATH=") })
	w.env = append(w.env, "PATH="+m.bin+":"+os.Getenv("PATH"),
		"NPMOTP_VAULT="+filepath.Join(home, "vault.npmotp"), "NPMOTP_PASSPHRASE=six words are more than enough")
	write(t, filepath.Join(w.dir, "package.json"), `{"name":"x","version":"1.0.0","private":true}`)
	for name, text := range m.files {
		write(t, filepath.Join(w.dir, name), text)
	}
	return w
}

func (w workplace) command(t *testing.T, argv ...string) *exec.Cmd {
	t.Helper()
	// The command is looked for in the PATH that it will have.
	cmd := exec.CommandContext(t.Context(), "/usr/bin/env", argv...)
	cmd.Dir, cmd.Env = w.dir, w.env
	return cmd
}

// output runs a command and returns what it printed on standard output alone.
func (w workplace) output(t *testing.T, input string, argv ...string) (stdout, stderr string, status int) {
	t.Helper()
	var problems bytes.Buffer
	cmd := w.command(t, argv...)
	cmd.Stdin, cmd.Stderr = strings.NewReader(input), &problems
	out, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return string(out), problems.String(), cmd.ProcessState.ExitCode()
}

// must is output for what has to succeed.
func (w workplace) must(t *testing.T, input string, argv ...string) string {
	t.Helper()
	out, problems, status := w.output(t, input, argv...)
	if status != 0 {
		t.Fatalf("%s: status %d\n%s%s", argv, status, out, problems)
	}
	return out
}

// TestInstall installs npmotp with every manager and uses it: the version, a key
// from standard input, a code, and a status other than 0.
func TestInstall(t *testing.T) {
	r := published(t)
	for _, n := range r.npms {
		if n.Major >= 10 {
			t.Run("global "+n.String(), func(t *testing.T) { r.global(t, n) })
		}
	}
	for _, m := range r.managers(t) {
		t.Run(m.name, func(t *testing.T) {
			w := m.workplace(t, r)
			w.must(t, "", m.install...)
			npmotp := func(args ...string) []string { return append(append(slices.Clone(m.run), "npmotp"), args...) }
			if out := w.must(t, "", npmotp("--version")...); out != "npmotp "+version+"\n" {
				t.Errorf("the version is %q", out)
			}
			w.must(t, uri, npmotp("add", "--uri")...)
			if out := w.must(t, "", npmotp("code")...); len(strings.Trim(out, "0123456789")) != 1 || len(out) != 7 {
				t.Errorf("the code is %q", out)
			}
			// What prints on the shim's behalf differs between the managers, the
			// status does not.
			if _, problems, status := w.output(t, "", npmotp("no-such-command")...); status != 2 || !strings.Contains(problems, "unknown command") {
				t.Errorf("status %d\n%s", status, problems)
			}
			if m.omit == nil {
				return
			}
			w = m.workplace(t, r)
			w.must(t, "", m.omit...)
			_, problems, status := w.output(t, "", npmotp("--version")...)
			if status != 1 || !strings.Contains(problems, "npmotp: hint: npm install --include=optional npmotp") {
				t.Errorf("without optional dependencies: status %d\n%s", status, problems)
			}
		})
	}
}

// global installs npmotp as users do, and finds its manual.
func (r registry) global(t *testing.T, n npmtest.NPM) {
	t.Helper()
	m := manager{bin: filepath.Dir(n.Path)}
	w := m.workplace(t, r)
	prefix := t.TempDir()
	w.must(t, "", "npm", "install", "--global", "--ignore-scripts", "--prefix", prefix, "npmotp")
	if out := w.must(t, "", filepath.Join(prefix, "bin", "npmotp"), "--version"); out != "npmotp "+version+"\n" {
		t.Errorf("the version is %q", out)
	}
	// npm 12 links no manuals any more.
	if _, err := os.Stat(filepath.Join(prefix, "share", "man", "man1", "npmotp-code.1")); err != nil && n.Major < 12 {
		t.Error(err)
	}
	w.must(t, "", "npm", "uninstall", "--global", "--prefix", prefix, "npmotp")
	if _, err := os.Lstat(filepath.Join(prefix, "bin", "npmotp")); !os.IsNotExist(err) {
		t.Errorf("it is still there: %v", err)
	}
}

// TestShim compares what the shim does with what the program does, at a terminal
// and without one. Node 22.15 and later can put the program in the shim's place;
// both ways are tried where there are two.
func TestShim(t *testing.T) {
	if _, err := exec.LookPath("node"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	home := t.TempDir()
	w := workplace{dir: home, env: []string{"HOME=" + home, "TERM=xterm", "PATH=" + os.Getenv("PATH"), "NPMOTP_VAULT=" + filepath.Join(home, "v.npmotp")}}
	dir := released(t)
	for name, to := range map[string]string{"npmotp-1.2.3": "npmotp", "npmotp-" + here() + "-1.2.3": "@npmotp/" + here()} {
		to = filepath.Join(home, "node_modules", to)
		if err := os.MkdirAll(to, 0o755); err != nil {
			t.Fatal(err)
		}
		w.must(t, "", "tar", "-xzf", filepath.Join(dir, name+".tgz"), "-C", to, "--strip-components=1")
	}
	program := []string{filepath.Join(home, "node_modules", "@npmotp", here(), "npmotp")}
	shim := filepath.Join(home, "node_modules", "npmotp", "npmotp.js")
	write(t, filepath.Join(home, "child.js"), "process.execve = undefined;")
	pass := w
	pass.env = append(slices.Clone(w.env), "NPMOTP_PASSPHRASE=six words are more than enough")
	pass.must(t, uri, append(program, "add", "--uri")...)

	for name, argv := range map[string][]string{
		"as it is": {shim}, "as a child": {"node", "--require", filepath.Join(home, "child.js"), shim},
	} {
		t.Run(name, func(t *testing.T) {
			for _, args := range [][]string{{"--version"}, {"nonsense"}, {"list", "--no-input"}, {"show", "nobody"}, {"exec", "--", "sh", "-c", "exit 42"}} {
				wantOut, wantErr, want := pass.output(t, "", append(slices.Clone(program), args...)...)
				out, problems, status := pass.output(t, "", append(slices.Clone(argv), args...)...)
				if out != wantOut || problems != wantErr || status != want {
					t.Errorf("%s: status %d\n%s%sand the program's: %d\n%s%s", args, status, out, problems, want, wantOut, wantErr)
				}
			}
			// An interrupt that no terminal sends is for the program alone, which only
			// the one that has the shim's place gets.
			for _, end := range []string{"\x03", "TERM", "HUP"} {
				want, got := w.ended(t, end, program), w.ended(t, end, argv)
				if got != want {
					t.Errorf("%q at the question for the passphrase: %s, and the program: %s", end, got, want)
				}
			}
		})
	}
}

func here() string {
	t := project.Target{OS: runtime.GOOS, Arch: runtime.GOARCH}
	return nodeOS(t) + "-" + nodeCPU(t)
}

// ended runs the program until it asks for the passphrase, types the key or sends
// the signal, and says how it ended.
func (w workplace) ended(t *testing.T, end string, argv []string) string {
	t.Helper()
	cmd := w.command(t, append(slices.Clone(argv), "code")...)
	terminal, err := pty.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = terminal.Close() }()
	var seen bytes.Buffer
	for buf := make([]byte, 1024); !strings.Contains(seen.String(), "Passphrase:"); {
		n, err := terminal.Read(buf)
		seen.Write(buf[:n])
		if err != nil {
			t.Fatalf("%v\n%s", err, &seen)
		}
	}
	if end == "\x03" {
		_, err = terminal.WriteString(end)
	} else {
		err = exec.CommandContext(t.Context(), "kill", "-"+end, fmt.Sprint(cmd.Process.Pid)).Run()
	}
	if err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	return cmd.ProcessState.String()
}
