//go:build linux || darwin

package main_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
)

// asking puts an npm in a folder that asks for a code after the command
// $BEFORE, and returns the folder.
func asking(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	const npm = "#!/bin/sh\n[ \"$1\" = config ] && { echo '{\"npm-version\":\"11.0.0\"}'; exit; }\neval \"$BEFORE\"\nprintf 'Enter OTP: '\nread code\necho \"$code\" >\"$ANSWER\"\n"
	if err := os.WriteFile(filepath.Join(dir, "npm"), []byte(npm), 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

// inTerminal starts npmotp exec of that npm in a terminal, without a passphrase.
func (a *agentTest) inTerminal(before string, args ...string) (d *dialogue, answer string) {
	a.t.Helper()
	answer = filepath.Join(a.t.TempDir(), "answer")
	cmd := a.command(append([]string{"exec"}, args...)...)
	cmd.Env = append(cmd.Env, "PATH="+asking(a.t)+string(os.PathListSeparator)+os.Getenv("PATH"),
		"BEFORE="+before, "ANSWER="+answer)
	cmd.Dir = a.t.TempDir()
	terminal, err := pty.Start(cmd)
	if err != nil {
		a.t.Skip("no pseudo-terminal here:", err)
	}
	a.t.Cleanup(func() { _ = terminal.Close() })
	endReads(a.t, terminal, time.Minute)
	return &dialogue{t: a.t, cmd: cmd, terminal: terminal}, answer
}

// finish reads to the end, and wants the command to succeed.
func (d *dialogue) finish() string {
	d.t.Helper()
	_, _ = d.screen.ReadFrom(d.terminal)
	if err := d.cmd.Wait(); err != nil {
		d.t.Errorf("%v\n%s", err, d.screen.String())
	}
	return d.screen.String()
}

// TestExecAsksTheAgent answers at the prompt without a passphrase.
func TestExecAsksTheAgent(t *testing.T) {
	a := newAgentTest(t)
	clock := fileClock(filepath.Join(t.TempDir(), "clock"))
	clock.set(time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC))
	a.env = []string{"TEST_CLOCK=" + string(clock)}
	a.unlock()
	code, _, _ := a.ask("code", "ada")
	for _, via := range []string{"prompt", "flag"} {
		// The second one is asked though its password went along: the one of the
		// first was the present one, so both are later ones.
		d, answer := a.inTerminal(":", "-a", "ada", "--via", via, "npm", "publish")
		screen := d.finish()
		got, err := os.ReadFile(answer)
		if err != nil || len(strings.TrimSpace(string(got))) != 6 || strings.Contains(screen, strings.TrimSpace(string(got))) {
			t.Errorf("--via %s: the answer is %q, %v\n%s", via, got, err, screen)
		}
		if first := string(got) == code; first != (via == "prompt") {
			t.Errorf("--via %s: the present code was typed: %t", via, first)
		}
	}
}

// TestExecWhenLockedMeanwhile leaves the question to the user.
func TestExecWhenLockedMeanwhile(t *testing.T) {
	a := newAgentTest(t)
	pid := a.unlock()
	lock := a.command("lock")
	script := "HOME='" + a.home + "' NPMOTP_VAULT='" + filepath.Join(a.home, "vault.npmotp") + "' '" + npmotpLink(t, lock) + "' lock"
	d, answer := a.inTerminal(script, "-a", "ada", "--via", "prompt", "npm", "publish")
	d.expect("the vault was locked in the meantime")
	d.answer("777777\r")
	d.finish()
	if got, err := os.ReadFile(answer); err != nil || string(bytes.TrimSpace(got)) != "777777" {
		t.Errorf("the answer is %q, %v", got, err)
	}
	a.wantGone(pid)
}

// TestExecLiteralPrompt answers a program that nobody knows, which opens the
// terminal by itself as ssh does, in the words that the user gives.
func TestExecLiteralPrompt(t *testing.T) {
	a := newAgentTest(t)
	a.unlock()
	const asks = `printf 'Verification code: ' >/dev/tty; read -r code </dev/tty; echo "$code" >"$ANSWER"`
	d, answer := a.inTerminal(asks, "-a", "ada", "--prompt", "Verification code:", "sh", "-c", `eval "$BEFORE"`)
	screen := d.finish()
	got, err := os.ReadFile(answer)
	if err != nil || len(strings.TrimSpace(string(got))) != 6 {
		t.Errorf("the answer is %q, %v\n%s", got, err, screen)
	}
	d, answer = a.inTerminal(asks, "-a", "ada", "--prompt", "MFA code:", "sh", "-c", `eval "$BEFORE"`)
	d.expect("Verification code: ")
	d.answer("777777\n")
	d.finish()
	if got, err := os.ReadFile(answer); err != nil || string(bytes.TrimSpace(got)) != "777777" {
		t.Errorf("another question is answered %q, %v", got, err)
	}
}

// npmotpLink returns a program by the name of npmotp.
func npmotpLink(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	link := filepath.Join(t.TempDir(), "npmotp")
	if err := os.Symlink(cmd.Path, link); err != nil {
		t.Fatal(err)
	}
	return link
}

// BenchmarkExec is the time that exec adds: a program that does nothing, called
// npm, by itself and by way of npmotp and its agent, whose account may send a
// code again.
func BenchmarkExec(b *testing.B) {
	nothing, err := exec.LookPath("true")
	if err != nil {
		b.Skip(err)
	}
	dir, home, runtime := b.TempDir(), b.TempDir(), shortFolder(b)
	npm, program := filepath.Join(dir, "npm"), filepath.Join(dir, "npmotp")
	if err := os.Symlink(nothing, npm); err != nil {
		b.Fatal(err)
	}
	if out, err := exec.CommandContext(b.Context(), "go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	environ := append(os.Environ(), "HOME="+home, "XDG_DATA_HOME=", "XDG_STATE_HOME=", "XDG_RUNTIME_DIR="+runtime,
		"NPMOTP_VAULT="+filepath.Join(home, "vault.npmotp"), "NPMOTP_PASSPHRASE=hunter2")
	do := func(input string, argv ...string) {
		b.Helper()
		cmd := &exec.Cmd{Path: argv[0], Args: argv, Env: environ, Dir: dir, Stdin: strings.NewReader(input)}
		if input == "" {
			cmd.Stdin = nil
		}
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("%q: %v\n%s", argv, err, out)
		}
	}
	do(typedSecret, program, "add", "ada", "--reuse", "allow")
	do("", program, "unlock", "--for", "5m")
	b.Cleanup(func() { do("", program, "lock") })
	for name, argv := range map[string][]string{
		"bare":   {npm, "owner", "add", "bob", "thing"},
		"flag":   {program, "exec", "--min-remaining", "0s", "--", npm, "owner", "add", "bob", "thing"},
		"prompt": {program, "exec", "--min-remaining", "0s", "--via", "prompt", "--", npm, "owner", "add", "bob", "thing"},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				do("", argv...)
			}
		})
	}
}
