//go:build crash && linux

package crashtest_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"npmotp/cmd"
	"npmotp/internal/npmregistry/npmtest"
	"npmotp/vault"
)

// TestMain lets the test binary be npmotp, with a clock that stands still and a
// cheaper scrypt.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) != "npmotp" {
		os.Exit(m.Run())
	}
	// On the main thread, where strace counts the same calls in each run: it counts
	// by thread.
	runtime.LockOSThread()
	if len(os.Args) == 2 && os.Args[1] == enrolment {
		os.Exit(enrol())
	}
	app := cmd.System()
	app.VaultOptions.WorkFactor = vault.MinWorkFactor
	app.Now = func() time.Time { return now }
	os.Exit(cmd.Main(os.Args[1:], app))
}

// whole reports whether everything is to be run.
func whole() bool { return os.Getenv(npmtest.WholeVariable) == "1" }

// needs skips the test where it cannot run, which is a failure in CI.
func needs(t *testing.T, programs ...string) {
	t.Helper()
	reason := ""
	if os.Geteuid() != 0 {
		reason = "only root can mount"
	}
	for _, program := range programs {
		if _, err := exec.LookPath(program); err != nil {
			reason = "there is no " + program + " in PATH"
		}
	}
	switch {
	case reason == "":
	case os.Getenv("CI") == "true":
		t.Fatal(reason)
	default:
		t.Skip(reason)
	}
}

// call runs a program of the system.
func call(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v: %s", name, strings.Join(args, " "), err, out)
	}
}

func unmount(t *testing.T, dir string) {
	t.Helper()
	patiently(t, "unmounting "+dir, func() error { return unix.Unmount(dir, 0) })
}

// remount lets a file system be written, or not.
func remount(t *testing.T, dir string, flags uintptr) {
	t.Helper()
	patiently(t, "remounting "+dir, func() error { return unix.Mount("", dir, "", unix.MS_REMOUNT|flags, "") })
}

// patiently does what the system refuses while a file is open: by a process that is
// about to be gone, or one that another test is about to start.
func patiently(t *testing.T, what string, do func() error) {
	t.Helper()
	for {
		err := do()
		if errors.Is(err, unix.EBUSY) {
			time.Sleep(time.Millisecond)
			continue
		}
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		return
	}
}

// A world is a folder with two laptops, and what lies between them.
type world struct {
	dir   string
	state string // the folders of the state
	exe   string
}

// A run is what a command did.
type run struct {
	status int // -1 when it was killed
	out    string
	said   string
}

// command returns npmotp as a laptop runs it. It belongs to no context: a test that
// is over waits for what it started.
func (w world) command(laptop string, wrap, args, env []string, stdin string) *exec.Cmd {
	home := filepath.Join(w.dir, laptop)
	line := append(append([]string{}, wrap...), w.exe)
	command := exec.Command(line[0], append(line[1:], args...)...) //nolint:noctx // see above
	if len(wrap) == 0 {
		command.Args[0] = "npmotp"
	}
	command.Dir = w.dir
	command.Env = append([]string{
		"PATH=" + os.Getenv("PATH"), "TZ=UTC", "HOME=" + home, "XDG_STATE_HOME=" + filepath.Join(w.state, laptop), "XDG_RUNTIME_DIR=" + home + "/run",
		"NPMOTP_VAULT=" + w.vault(laptop), "NPMOTP_PASSPHRASE=" + passphrase, "GOCOVERDIR=" + os.Getenv("GOCOVERDIR"),
	}, env...)
	command.Stdin = strings.NewReader(stdin)
	return command
}

// do runs npmotp under the program that wrap begins with, or as it is.
func (w world) do(t *testing.T, laptop string, wrap, args, env []string, stdin string) run {
	t.Helper()
	command := w.command(laptop, wrap, args, env, stdin)
	var out, said bytes.Buffer
	command.Stdout, command.Stderr = &out, &said
	err := command.Run()
	if _, ended := errors.AsType[*exec.ExitError](err); err != nil && !ended {
		t.Fatal(err)
	}
	return run{command.ProcessState.ExitCode(), out.String(), said.String()}
}

// must runs npmotp, which has to succeed, and returns its output.
func (w world) must(t *testing.T, laptop, stdin string, args ...string) string {
	t.Helper()
	r := w.do(t, laptop, nil, args, nil, stdin)
	if r.status != 0 {
		t.Fatalf("npmotp %s: status %d\n%s", strings.Join(args, " "), r.status, r.said)
	}
	return r.out
}

func (w world) vault(laptop string) string { return filepath.Join(w.dir, laptop, "vault.npmotp") }

func (w world) path(name string) string { return filepath.Join(w.dir, name) }

func (w world) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(w.path(name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

const (
	passphrase    = "hunter2-hunter2"
	newPassphrase = "correct horse battery"
	secretText    = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
	otherSecret   = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
	thirdSecret   = "MFRGGZDFMZTWQ2LKNNWG23TPOBYXE43U"
	lastSecret    = "KRUGS4ZANFZSAYJAONSWG4TFOQQGC3TE"
	fourthSecret  = "ONSWG4TFOQQGC3TEEBWW64TFEBZWKY3S"
	recipient     = "age1lvyvwawkr0mcnnnncaghunadrqkmuf9e6507x9y920xxpp866cnql7dp2z"
)

// now is the time in all tests.
var now = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

// codes returns five recovery codes, a line each.
func codes(begin byte) string {
	var lines strings.Builder
	for i := range 5 {
		fmt.Fprintf(&lines, "%s%02x%s\n", strings.Repeat(string(rune(begin)), 2), i, strings.Repeat("1f", 30))
	}
	return lines.String()
}

// build makes what the commands find.
func (w world) build(t *testing.T) {
	t.Helper()
	if err := os.MkdirAll(w.state, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"a", "b", "c", "sync", "empty", "out", "in"} {
		if err := os.Mkdir(w.path(dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	w.write(t, "in/passphrase", newPassphrase+"\n")
	w.must(t, "a", "", "init")
	w.must(t, "a", secretText, "add", "npm", "--username", "ada")
	w.must(t, "a", codes('a'), "recovery", "add", "npm")
	w.must(t, "a", otherSecret, "add", "counter", "--type", "hotp", "--registry", "https://npm.example.org/")
	w.must(t, "a", thirdSecret, "add", "spare", "--registry", "https://spare.example.org/")
	w.must(t, "a", codes('b'), "recovery", "add", "spare")
	w.must(t, "a", "", "slot", "add", "--recipient", recipient, "--name", "key")
	w.must(t, "b", "", "init")
	// Laptop A has something for B, and B for A.
	w.must(t, "a", strings.TrimSpace(w.must(t, "b", "", "device", "id")), "device", "add", "B", "-")
	w.must(t, "b", strings.TrimSpace(w.must(t, "a", "", "device", "id")), "device", "add", "A", "-")
	w.must(t, "b", codes('c'), "recovery", "add", "team", "--yes")
	w.must(t, "b", "", "send", "team", "--to", "A", "--recovery", "-o", w.path("in/sent.age"))
	// Laptop C shares the vault of A, and both went on since.
	w.must(t, "a", "", "sync", w.path("sync"), "--yes")
	w.must(t, "c", "", "sync", w.path("sync"), "--yes")
	w.must(t, "c", "", "recovery", "use", "spare")
	w.must(t, "c", fourthSecret, "add", "bob", "--registry", "none")
	w.must(t, "c", "", "sync", w.path("sync"), "--yes")
	w.must(t, "c", "", "rename", "bob", "eve")
	w.must(t, "c", "", "backup", w.path("in/copy.npmotp"))
	w.must(t, "a", "", "edit", "npm", "--level", "auth-only")
	if len(w.backups(t)) == 0 {
		t.Fatal("there are no backups to look at")
	}
	w.write(t, "in/keys.txt", "otpauth://totp/npm:zoe?secret="+fourthSecret+"&issuer=npm\notpauth://totp/x:y?secret="+secretText+"&issuer=x&digits=8\n")
	w.write(t, "in/codes.txt", codes('d'))
	w.write(t, "out/.vault.npmotp.tmp-mine", "not of npmotp's making\n")
}
