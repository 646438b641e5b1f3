//go:build !windows

package main_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
)

// A dialogue is npmotp at a real terminal, with a person who answers.
type dialogue struct {
	t        *testing.T
	cmd      *exec.Cmd
	terminal *os.File
	screen   bytes.Buffer
	seen     int
}

// atTerminal starts npmotp under a shell that says afterwards whether the
// terminal echoes again. There is no passphrase in its environment.
func atTerminal(t *testing.T, home string, args ...string) *dialogue {
	t.Helper()
	return underShell(t, home, `trap : INT TERM HUP; "$@"; s=$?; `+sayRestored+`; exit $s`, args...)
}

// sayRestored is the line of a shell that says whether the terminal echoes.
const sayRestored = `stty -a | grep -q ' echo ' && stty -a | grep -q ' icanon ' && echo terminal-restored`

// underShell starts a shell with a script whose arguments are npmotp and its own.
func underShell(t *testing.T, home, script string, args ...string) *dialogue {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "npmotp")
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(exe, bin); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "sh", append([]string{"-c", script, "sh", bin}, args...)...)
	cmd.Env = append(npmotp(t, home).Env, "NPMOTP_PASSPHRASE=")
	terminal, err := pty.Start(cmd)
	if err != nil {
		t.Skip("no pseudo-terminal here:", err)
	}
	t.Cleanup(func() { _ = terminal.Close() })
	// A question that never comes ends the test, not the patience.
	endReads(t, terminal, time.Minute)
	return &dialogue{t: t, cmd: cmd, terminal: terminal}
}

// endReads has reads of a terminal fail when the time is over. The package pty
// makes it a file that blocks, whatever its deadline is.
func endReads(t *testing.T, terminal *os.File, after time.Duration) {
	t.Helper()
	if err := syscall.SetNonblock(int(terminal.Fd()), true); err != nil {
		t.Fatal(err)
	}
	if err := terminal.SetReadDeadline(time.Now().Add(after)); err != nil {
		t.Fatal(err)
	}
}

// expect waits until the screen shows text beyond what was expected before.
func (d *dialogue) expect(text string) {
	d.t.Helper()
	buf := make([]byte, 4096)
	for {
		if i := strings.Index(d.screen.String()[d.seen:], text); i >= 0 {
			d.seen += i + len(text)
			return
		}
		n, err := d.terminal.Read(buf)
		d.screen.Write(buf[:n])
		if err != nil {
			d.t.Fatalf("the screen ended without %q:\n%s", text, d.screen.String())
		}
	}
}

func (d *dialogue) answer(text string) {
	d.t.Helper()
	if _, err := d.terminal.WriteString(text); err != nil {
		d.t.Fatal(err)
	}
}

// end waits for the exit status and checks that the terminal is as before.
func (d *dialogue) end(status int) string {
	d.t.Helper()
	buf := make([]byte, 4096)
	for {
		n, err := d.terminal.Read(buf)
		d.screen.Write(buf[:n])
		if err != nil {
			break
		}
	}
	err := d.cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		d.t.Fatal(err)
	}
	if got := d.cmd.ProcessState.ExitCode(); got != status {
		d.t.Errorf("status %d, want %d:\n%s", got, status, d.screen.String())
	}
	if !strings.Contains(d.screen.String(), "terminal-restored") {
		d.t.Errorf("the terminal does not echo any more:\n%s", d.screen.String())
	}
	return d.screen.String()
}

func TestTerminalInit(t *testing.T) {
	home := t.TempDir()
	d := atTerminal(t, home, "init")
	d.expect("nobody can reset it")
	d.expect("New passphrase")
	d.answer("hunter2\r")
	d.expect("The same again: ")
	d.answer("hunter2\r")
	d.expect("created the vault")
	if screen := d.end(0); strings.Contains(screen, "hunter2") {
		t.Errorf("the passphrase shows:\n%s", screen)
	}
	run(t, home, "", "list")
}

func TestTerminalInitGenerated(t *testing.T) {
	home := t.TempDir()
	d := atTerminal(t, home, "init")
	d.expect("New passphrase")
	d.answer("\r")
	d.expect("write it down")
	screen := d.end(0)
	_, rest, _ := strings.Cut(screen, "not shown again:")
	words := strings.Fields(rest)
	if len(words) == 0 || strings.Count(words[0], "-") < 5 {
		t.Fatalf("no passphrase of six words:\n%s", screen)
	}
	list := npmotp(t, home, "list")
	list.Env = append(list.Env, "NPMOTP_PASSPHRASE="+words[0])
	if out, err := list.CombinedOutput(); err != nil {
		t.Errorf("it does not open the vault: %v\n%s", err, out)
	}
}

func TestTerminalAddAndCode(t *testing.T) {
	home := t.TempDir()
	d := atTerminal(t, home, "add", "ada")
	d.expect("Secret")
	d.answer(typedSecret + "\r")
	d.expect("New passphrase")
	d.answer("hunter2\r")
	d.expect("The same again: ")
	d.answer("hunter2\r")
	d.expect("code:")
	if screen := d.end(0); strings.Contains(screen, typedSecret) || strings.Contains(screen, "hunter2") {
		t.Errorf("a secret shows:\n%s", screen)
	}

	d = atTerminal(t, home, "code")
	d.expect("Passphrase: ")
	d.answer("hunter2\r")
	d.expect(" s left")
	d.end(0)

	d = atTerminal(t, home, "recovery", "add")
	d.expect("Paste the recovery codes")
	d.answer("\t7a036304a7e14ea5\r\n\t8a1c013e4b8734d5\r\n\x04")
	d.expect("Passphrase: ")
	d.answer("hunter2\r")
	d.expect("2 recovery codes stored")
	if screen := d.end(0); strings.Contains(screen, "7a036304") {
		t.Errorf("a recovery code shows:\n%s", screen)
	}

	d = atTerminal(t, home, "remove", "ada")
	d.expect("Passphrase: ")
	d.answer("hunter2\r")
	d.expect("[y/N] ")
	d.answer("n\n")
	d.expect("nothing was changed")
	d.end(1)
}

func TestTerminalWrongPassphrase(t *testing.T) {
	home := t.TempDir()
	run(t, home, typedSecret, "add", "ada")
	d := atTerminal(t, home, "code")
	for range 2 {
		d.expect("Passphrase: ")
		d.answer("hunter3\r")
		d.expect("wrong passphrase, try again")
	}
	d.expect("Passphrase: ")
	d.answer("hunter3\r")
	d.expect("npmotp: wrong passphrase")
	d.end(4)

	d = atTerminal(t, home, "code")
	d.expect("Passphrase: ")
	d.answer("hunter3\r")
	d.expect("try again")
	d.expect("Passphrase: ")
	d.answer("hunter2\r")
	d.expect(" s left")
	d.end(0)
}

// A new passphrase that was mistyped is asked for again, thrice in all, and a short
// one warned about.
func TestTerminalNewPassphrase(t *testing.T) {
	home := t.TempDir()
	try := func(d *dialogue, first, again string) {
		d.expect("New passphrase")
		d.answer(first + "\r")
		d.expect("The same again: ")
		d.answer(again + "\r")
	}
	d := atTerminal(t, home, "init")
	try(d, "hunter22", "hunter23")
	d.expect("the two that were typed differ, try again")
	try(d, "hunter2", "hunter2")
	d.expect("a passphrase of 7 characters is soon guessed")
	d.end(0)

	home = t.TempDir()
	d = atTerminal(t, home, "init")
	try(d, "hunter22", "hunter23")
	try(d, "hunter22", "hunter23")
	try(d, "hunter22", "hunter23")
	d.expect("npmotp: wrong passphrase: the two that were typed differ")
	d.end(4)
	if _, err := os.Stat(filepath.Join(home, "vault.npmotp")); err == nil {
		t.Error("a vault was made all the same")
	}

	d = atTerminal(t, home, "init")
	try(d, "hunter22", "hunter22")
	if screen := d.end(0); strings.Contains(screen, "guessed") {
		t.Errorf("warned about eight characters:\n%s", screen)
	}
}

func TestTerminalInterrupted(t *testing.T) {
	home := t.TempDir()
	run(t, home, typedSecret, "add", "ada")
	before := run(t, home, "", "list", "--json")
	for _, args := range [][]string{{"code"}, {"recovery", "add"}, {"exec", "npm", "publish"}, {"add", "x"}} {
		d := atTerminal(t, home, args...)
		d.expect(": ")
		d.answer("hun\x03")
		if screen := d.end(130); strings.Contains(screen, "npmotp:") {
			t.Errorf("%v says something:\n%s", args, screen)
		}
	}
	if run(t, home, "", "list", "--json") != before {
		t.Error("the vault changed")
	}
}

// What reads standard input says so at a terminal, and Ctrl-C ends it at once.
func TestTerminalReadsStandardInput(t *testing.T) {
	home := t.TempDir()
	if out, err := npmotp(t, home, "init", "-q").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, line := range []string{
		"import -", "add b --uri", "add b --text -", "add b --qr -", "recovery add b --file -", "receive -", "device add B -", "slot add --recipient -",
	} {
		t.Run(line, func(t *testing.T) {
			cmd := npmotp(t, home, strings.Fields(line)...)
			cmd.Env = append(cmd.Env, "NPMOTP_PASSPHRASE=")
			terminal, err := pty.Start(cmd)
			if err != nil {
				t.Skip("no pseudo-terminal here:", err)
			}
			t.Cleanup(func() { _ = terminal.Close() })
			endReads(t, terminal, time.Minute)
			d := &dialogue{t: t, cmd: cmd, terminal: terminal}
			d.expect("npmotp: type or paste ")
			d.answer("\x03")
			_, _ = d.screen.ReadFrom(terminal)
			_ = cmd.Wait()
			if s, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || s.ExitStatus() != 130 && s.Signal() != syscall.SIGINT {
				t.Errorf("it ends with %v\n%s", cmd.ProcessState, d.screen.String())
			}
		})
	}
}

func TestTerminalSignals(t *testing.T) {
	home := t.TempDir()
	run(t, home, typedSecret, "add", "ada")
	for signal, status := range map[syscall.Signal]int{syscall.SIGTERM: 143, syscall.SIGINT: 130} {
		d := atTerminal(t, home, "code")
		d.expect("Passphrase: ")
		// To the whole group, as a shell or an init system sends it.
		if err := syscall.Kill(-d.cmd.Process.Pid, signal); err != nil {
			t.Fatal(err)
		}
		d.end(status)
	}
}

// A picture with two accounts: the person chooses; without one it is an error.
func TestTerminalTwoKeys(t *testing.T) {
	const picture = "scan/testdata/bad/two_otp.png"
	home := t.TempDir()
	d := atTerminal(t, home, "add", "--dry-run", "--qr", picture)
	d.expect("there are several keys:")
	d.expect("Which one? [1-2] ")
	d.answer("2\n")
	d.expect("code:")
	second := d.end(0)
	d = atTerminal(t, home, "add", "--dry-run", "--qr", picture)
	d.expect("Which one? [1-2] ")
	d.answer("1\n")
	d.expect("code:")
	if first := d.end(0); !strings.Contains(second, "user name:  other") || !strings.Contains(first, "user name:  npm-user") {
		t.Errorf("the answers gave:\n%s\n%s", first, second)
	}
	d = atTerminal(t, home, "add", "--dry-run", "--qr", picture)
	d.expect("Which one? [1-2] ")
	d.answer("3\n")
	d.end(1)
	d = atTerminal(t, home, "--no-input", "add", "--dry-run", "--qr", picture)
	d.expect("2 different one-time password keys")
	d.end(3)
}

// Of several accounts that a word may mean the person chooses one by its number;
// what cannot be taken back is asked for in full.
func TestTerminalSeveralAccounts(t *testing.T) {
	home := t.TempDir()
	run(t, home, typedSecret, "add", "npm-a")
	run(t, home, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", "add", "npm-b")
	for _, args := range [][]string{{"show"}, {"show", "npm"}, {"code", "npm", "--json"}, {"recovery", "list", "npm", "--json"}, {"default", "npm"}} {
		d := atTerminal(t, home, args...)
		d.expect("Passphrase: ")
		d.answer("hunter2\r")
		d.expect("several accounts are meant:\r\n  1  npm-a\r\n  2  npm-b\r\nWhich one? [1-2] ")
		d.answer("2\n")
		if screen := d.end(0); args[0] != "recovery" && !strings.Contains(screen[d.seen:], "npm-b") {
			t.Errorf("%v: another one:\n%s", args, screen)
		}
	}
	for answer, status := range map[string]int{"3\n": 1, "\n": 1, "\x03": 130} {
		d := atTerminal(t, home, "code", "npm")
		d.expect("Passphrase: ")
		d.answer("hunter2\r")
		d.expect("Which one? [1-2] ")
		d.answer(answer)
		d.end(status)
	}
	d := atTerminal(t, home, "remove", "npm")
	d.expect("Passphrase: ")
	d.answer("hunter2\r")
	d.expect(`write "npm-a" or "npm-b"`)
	d.end(3)
}

// Over SSH the terminal is asked to copy, and the user told what that means.
func TestTerminalCopies(t *testing.T) {
	home := t.TempDir()
	run(t, home, typedSecret, "add", "ada")
	for name, value := range map[string]string{
		"SSH_TTY": "/dev/pts/0", "TERM": "xterm", "DISPLAY": "", "WAYLAND_DISPLAY": "", "TEST_NOW": "2026-03-04T05:06:07Z",
	} {
		t.Setenv(name, value)
	}
	code := strings.TrimSpace(run(t, home, "", "code", "ada"))
	d := atTerminal(t, home, "code", "ada", "--copy")
	d.expect("Passphrase: ")
	d.answer("hunter2\r")
	d.expect("\x1b]52;c;" + base64.StdEncoding.EncodeToString([]byte(code)) + "\a")
	d.expect("asked the terminal to copy")
	d.expect("cannot take it off")
	if screen := d.end(0); strings.Contains(screen, code) {
		t.Errorf("the code shows:\n%s", screen)
	}
}

// At a terminal doctor asks for the passphrase, which may be left out, and
// before it mends.
func TestTerminalDoctor(t *testing.T) {
	home := t.TempDir()
	run(t, home, typedSecret, "add", "ada")
	if err := os.Chmod(filepath.Join(home, "vault.npmotp"), 0o644); err != nil {
		t.Fatal(err)
	}
	d := atTerminal(t, home, "doctor", "--fix")
	d.expect("Passphrase (empty: leave out what needs it): ")
	d.answer("\r")
	d.expect("these were left out: contents")
	d.expect("mend 1 thing? ")
	d.answer("y\r")
	d.expect("mended: others can get at")
	d.end(1) // the work factor of tests is weak
	d = atTerminal(t, home, "doctor")
	d.expect("Passphrase (empty: leave out what needs it): ")
	d.answer("hunter2\r")
	d.expect("1 account can be read")
	d.end(1)
}

// needs skips a test without the programs that it needs, and fails it in CI,
// where they are to be installed.
func needs(t *testing.T, programs ...string) {
	t.Helper()
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			if os.Getenv("CI") == "true" {
				t.Fatal(err)
			}
			t.Skip(p, "is not installed")
		}
	}
}
