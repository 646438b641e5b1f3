package main_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/term"

	"npmotp/cmd"
	"npmotp/internal/clip"
	"npmotp/internal/npm/tools"
	"npmotp/internal/secret"
	"npmotp/vault"
)

// TestMain lets the test binary be npmotp, with a clock, a cheaper scrypt and a
// clipboard that scripts can set. The shipped binary has none of these knobs.
func TestMain(m *testing.M) {
	// Not a command of testscript's, which would put it in the PATH of the tests
	// that run the real npm.
	if strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe") == "npm" {
		os.Exit(standInNPM())
	}
	if name, ok := agePlugin(os.Args[0]); ok {
		os.Exit(standInPlugin(name))
	}
	// npmotp starts itself by the path of its file, not by its name: whatever is
	// no flag of a test is a command, or the whole suite would run in its stead.
	if len(os.Args) > 1 && !strings.HasPrefix(os.Args[1], "-") {
		os.Exit(cmd.Main(os.Args[1:], testApp()))
	}
	if target := os.Getenv(attackVariable); target != "" {
		os.Exit(attack(target))
	}
	testscript.Main(m, map[string]func(){
		"npmotp": func() { os.Exit(cmd.Main(os.Args[1:], testApp())) },
	})
}

func testApp() *cmd.App {
	app := cmd.System()
	app.VaultOptions.WorkFactor = vault.MinWorkFactor
	if factor, err := strconv.Atoi(os.Getenv("TEST_WORK_FACTOR")); err == nil {
		app.VaultOptions.WorkFactor = factor
	}
	if at := os.Getenv("TEST_NOW"); at != "" {
		now, err := time.Parse(time.RFC3339, at)
		if err != nil {
			panic(err)
		}
		app.Now = func() time.Time { return now }
		app.Wait = func(_ context.Context, d time.Duration) error {
			now = now.Add(d)
			return nil
		}
	}
	if file := os.Getenv("TEST_CLOCK"); file != "" {
		clock := fileClock(file)
		app.Now = clock.now
		app.Wait = func(_ context.Context, d time.Duration) error {
			clock.set(clock.now().Add(d))
			return nil
		}
	}
	if os.Getenv("GOCOVERDIR") != "" {
		become := app.Exec
		app.Exec = func(ctx context.Context, argv, environ []string) error {
			// What a process ran is counted as it ends, and not as it becomes another
			// program.
			path, err := tools.Find(argv[0], environ)
			child := &exec.Cmd{Path: path, Args: argv, Env: environ, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr}
			if err != nil || child.Start() != nil {
				return become(ctx, argv, environ)
			}
			_ = child.Wait()
			os.Exit(child.ProcessState.ExitCode())
			return nil
		}
	}
	if os.Getenv("TEST_TERMINAL") != "" { // a person sits there
		app.InTTY, app.OutTTY = true, true
	}
	if file := os.Getenv("TEST_CLIPBOARD"); file != "" {
		app.Clip = fileClipboard(file)
	}
	return app
}

// A fileClock is a clock that several processes share. It stands still but for
// those who wait.
type fileClock string

func (f fileClock) now() time.Time {
	text, err := os.ReadFile(string(f))
	if err != nil {
		panic(err)
	}
	at, err := time.Parse(time.RFC3339Nano, strings.TrimSpace(string(text)))
	if err != nil {
		panic(err)
	}
	return at
}

func (f fileClock) set(at time.Time) {
	text := at.Format(time.RFC3339Nano) + "\n"
	if err := os.WriteFile(string(f)+".new", []byte(text), 0o600); err != nil {
		panic(err)
	}
	if err := os.Rename(string(f)+".new", string(f)); err != nil {
		panic(err)
	}
}

// fileClipboard is a clipboard that a script can read.
type fileClipboard string

func (f fileClipboard) Picture(context.Context) ([]byte, error) {
	data, err := os.ReadFile(string(f) + ".png")
	if err != nil {
		return nil, clip.ErrNoPicture
	}
	return data, nil
}

func (f fileClipboard) Text(context.Context) (secret.Text, error) {
	data, err := os.ReadFile(string(f))
	if err != nil {
		return secret.Text{}, clip.ErrUnavailable
	}
	return secret.New(string(data)), nil
}

func (f fileClipboard) Clears() bool { return true }

func (f fileClipboard) Copy(_ context.Context, text secret.Text, until time.Time) error {
	return os.WriteFile(string(f), []byte(text.Reveal()+" until "+until.UTC().Format(time.RFC3339)+"\n"), 0o600)
}

// standInNPM is an npm that tells how it was called.
func standInNPM() int {
	for _, arg := range os.Args[1:] {
		fmt.Println("arg " + arg)
	}
	env := os.Environ()
	slices.Sort(env)
	for _, kv := range env {
		if name, _, _ := strings.Cut(kv, "="); (strings.Contains(strings.ToUpper(name), "OTP") || name == "npm_config_browser") && name != "NPMOTP_VAULT" {
			fmt.Println("env " + kv)
		}
	}
	standInQuestions()
	status, err := strconv.Atoi(os.Getenv("TEST_NPM_STATUS"))
	if err != nil {
		return 0
	}
	return status
}

// standInQuestions asks TEST_NPM_ASKS times for a code, with the terminal in
// raw mode as npm has it, and notes the answers in a file of the working folder.
func standInQuestions() {
	n, _ := strconv.Atoi(os.Getenv("TEST_NPM_ASKS"))
	if n == 0 {
		return
	}
	before, err := term.MakeRaw(0)
	if err != nil {
		return // npm asks at a terminal only
	}
	defer func() { _ = term.Restore(0, before) }()
	answers, err := os.OpenFile("answers", os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		panic(err)
	}
	defer func() { _ = answers.Close() }()
	in := bufio.NewReader(os.Stdin)
	for range n {
		fmt.Print("Enter OTP: ")
		line, err := in.ReadString('\r')
		if err != nil {
			return
		}
		// The end of an input that is no terminal arrives as a key.
		_, _ = fmt.Fprintln(answers, strings.TrimFunc(line, unicode.IsControl))
		fmt.Print(line + "\n")
	}
}

func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       os.Getenv("UPDATE") == "1",
		Setup: func(env *testscript.Env) error {
			env.Setenv("HOME", filepath.Join(env.WorkDir, "home"))
			env.Setenv("AppData", filepath.Join(env.WorkDir, "home"))
			env.Setenv("NPMOTP_VAULT", filepath.Join(env.WorkDir, "vault.npmotp"))
			env.Setenv("NPMOTP_PASSPHRASE", "hunter2")
			env.Setenv("TEST_NOW", "2026-03-04T05:06:07Z")
			env.Setenv("TEST_CLIPBOARD", filepath.Join(env.WorkDir, "clipboard"))
			env.Setenv("TZ", "UTC")
			if err := os.Mkdir(filepath.Join(env.WorkDir, "home"), 0o700); err != nil {
				return err
			}
			if err := putRuntime(env); err != nil {
				return err
			}
			if err := putNPM(env); err != nil {
				return err
			}
			return copyFile(filepath.Join(env.WorkDir, "npm-qr.png"), "internal/demo/npm-qr.png")
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"mangle": scriptMangle,
			"seal":   scriptSeal,
			"status": scriptStatus,
			"plugin": scriptPlugin,
		},
	})
}

// putRuntime gives a script a runtime folder, whose path is short enough for a
// socket everywhere. An agent that a script leaves behind misses its socket.
func putRuntime(env *testscript.Env) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	dir, err := os.MkdirTemp("/tmp", "npmotp-")
	if err != nil {
		return err
	}
	env.Defer(func() { _ = os.RemoveAll(dir) })
	env.Setenv("XDG_RUNTIME_DIR", dir)
	return nil
}

// putNPM puts the stand-in for npm first in the PATH of a script.
func putNPM(env *testscript.Env) error {
	bin, name := filepath.Join(env.WorkDir, "bin"), "npm"
	if runtime.GOOS == "windows" {
		name = "npm.exe"
	}
	exe, err := os.Executable()
	if err != nil {
		return err
	}
	env.Setenv("PATH", bin+string(filepath.ListSeparator)+env.Getenv("PATH"))
	if err := os.Mkdir(bin, 0o700); err != nil {
		return err
	}
	if err := os.Link(exe, filepath.Join(bin, name)); err == nil {
		return nil
	}
	data, err := os.ReadFile(exe)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(bin, name), data, 0o700)
}

// scriptStatus runs a command that must end with a given status: "! exec"
// takes any failure for the right one.
func scriptStatus(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N command [arg...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		got = exit.ExitCode()
	case err != nil:
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("%s ended with status %d, want %d", strings.Join(args[1:], " "), got, want)
	}
}

func copyFile(to, from string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, data, 0o600)
}
