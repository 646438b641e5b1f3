//go:build unix

package main_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"npmotp/internal/cleantext"
	"npmotp/internal/vt"
)

// A watching is npmotp watch at a terminal, with a clock that the test sets.
type watching struct {
	*dialogue
	home string
}

// watched makes a vault with a key of 30 seconds, one whose name is wide, and a
// counter, and returns its folder. The clock stands seven seconds past a step.
func watched(t *testing.T) (home string) {
	t.Helper()
	home = shortFolder(t)
	for name, value := range map[string]string{
		"TEST_CLOCK": filepath.Join(home, "clock"), "TEST_CLIPBOARD": filepath.Join(home, "clipboard"),
		"TERM": "xterm", "NO_COLOR": "", "LC_ALL": "C.UTF-8",
	} {
		t.Setenv(name, value)
	}
	setClock(t, home, "2026-03-04T05:06:07Z")
	run(t, home, `otpauth://totp/npm:ada?secret=`+typedSecret+`&issuer=npm
otpauth://totp/Acme:%E4%BD%A0%E5%A5%BD%E4%B8%96%E7%95%8C?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Acme
otpauth://hotp/Token:bob?secret=KRUGKIDROVUWG2ZAMJZG653OEBTG66BA&issuer=Token&digits=8&counter=7
`, "import", "-")
	return home
}

func setClock(t *testing.T, home, at string) {
	t.Helper()
	now, err := time.Parse(time.RFC3339, at)
	if err != nil {
		t.Fatal(err)
	}
	fileClock(filepath.Join(home, "clock")).set(now)
}

// watch starts a watch, with the passphrase if that is asked for.
func watch(t *testing.T, home string, args ...string) *watching {
	t.Helper()
	d := atTerminal(t, home, append([]string{"watch"}, args...)...)
	d.expect("Passphrase: ")
	d.resize(80, 24)
	d.answer("hunter2\r")
	return &watching{d, home}
}

// at sets the clock and has the window drawn anew.
func (w *watching) at(clock string) {
	w.t.Helper()
	setClock(w.t, w.home, clock)
	w.answer("\f")
}

// frame returns the last frame that is drawn up to the end of what was expected,
// line by line.
func (w *watching) frame() []string {
	w.t.Helper()
	text := w.screen.String()[:w.seen]
	term := vt.New()
	term.Replay(context.Background(), text[strings.LastIndex(text, "\x1b[H\x1b[2K"):])
	var lines []string
	for _, cells := range term.Lines {
		var line strings.Builder
		for _, c := range cells {
			line.WriteRune(c.Rune)
		}
		lines = append(lines, strings.TrimRight(line.String(), " "))
	}
	return lines
}

// codeOf returns what 'npmotp code' prints at the time of the clock.
func codeOf(t *testing.T, home string, args ...string) string {
	t.Helper()
	return strings.TrimSpace(run(t, home, "", append([]string{"code"}, args...)...))
}

const quitKeys = "q quit"

func TestTerminalWatch(t *testing.T) {
	home := watched(t)
	ada, next := codeOf(t, home, "ada"), codeOf(t, home, "ada", "--next")
	w := watch(t, home)
	w.expect(quitKeys)
	shown := strings.Join(w.frame(), "\n")
	for _, want := range []string{"3 accounts\n> ada", ada, "23 s", "你好世界", "n: next code"} {
		if !strings.Contains(shown, want) {
			t.Errorf("there is no %q:\n%s", want, shown)
		}
	}
	if strings.Contains(shown, next) {
		t.Errorf("the next code shows early:\n%s", shown)
	}

	// In the last ten seconds the next code shows, and then it is the present one.
	w.at("2026-03-04T05:06:21Z")
	w.expect("→ " + next)
	w.expect(" 9 s")
	w.expect(quitKeys)
	if !strings.Contains(strings.Join(w.frame(), "\n"), ada) {
		t.Errorf("the present code is gone:\n%s", w.screen.String())
	}
	w.at("2026-03-04T05:06:30Z")
	w.expect(next)
	w.expect("30 s")
	w.expect(quitKeys)

	// The window may be of any size.
	for _, columns := range []uint16{40, 120, 80} {
		w.resize(columns, 8)
		w.expect(quitKeys)
		lines := w.frame()
		for _, line := range lines {
			if n := cleantext.Width(line); n > int(columns) {
				t.Errorf("%d columns in %d: %q", n, columns, line)
			}
		}
		if shown := strings.Join(lines, "\n"); !strings.Contains(shown, next) || !strings.Contains(shown, "30 s") {
			t.Errorf("at %d columns:\n%s", columns, shown)
		}
	}

	// The filter goes by what is known of an account, and what is left can be copied.
	w.answer("/ACME")
	w.expect("/ACME_")
	w.expect("1 of 3 accounts")
	w.answer("\r")
	w.expect("1 of 3 accounts with \"ACME\"")
	w.answer("c")
	w.expect(`copied a code of "你好世界"; it is cleared from the clipboard in 30 s`)
	copied, err := os.ReadFile(filepath.Join(home, "clipboard"))
	if want := codeOf(t, home, "你好世界") + " until 2026-03-04T05:07:00Z\n"; err != nil || string(copied) != want {
		t.Errorf("%q is on the clipboard, and not %q: %v", copied, want, err)
	}
	w.answer("\x1b")
	w.expect("3 accounts")
	w.answer("q")
	wantGone(t, w.end(0), next)
}

// wantGone checks that a watch left its screen, and that nothing of a code is
// beside it.
func wantGone(t *testing.T, screen string, codes ...string) {
	t.Helper()
	before, _, _ := strings.Cut(screen, otherScreen)
	at := strings.LastIndex(screen, "\x1b[H\x1b[2J"+firstScreen+"\x1b[?25h")
	if at < 0 {
		t.Fatalf("the screen was not left:\n%q", screen)
	}
	for _, code := range codes {
		if strings.Contains(before, code) || strings.Contains(screen[at:], code) {
			t.Errorf("the code %s is outside of the watch", code)
		}
	}
}

// However a watch ends, the terminal is as it was before.
func TestTerminalWatchEnds(t *testing.T) {
	home := watched(t)
	ada := codeOf(t, home, "ada")
	for _, tt := range []struct {
		end    func(w *watching)
		status int
	}{
		{func(w *watching) { w.answer("q") }, 0},
		{func(w *watching) { w.answer("/x\x03") }, 130},
		{func(w *watching) { w.kill(syscall.SIGTERM) }, 143},
		{func(w *watching) { w.kill(syscall.SIGHUP) }, 129},
		{func(w *watching) { w.kill(syscall.SIGINT) }, 130},
	} {
		w := watch(t, home)
		w.expect(quitKeys)
		tt.end(w)
		wantGone(t, w.end(tt.status), ada)
	}
}

// kill sends a signal to all in the terminal, as its end does.
func (w *watching) kill(signal syscall.Signal) {
	w.t.Helper()
	if err := syscall.Kill(-w.cmd.Process.Pid, signal); err != nil {
		w.t.Fatal(err)
	}
}

// Ctrl-Z gives the shell its terminal back without a code on it, and the watch goes
// on where it is continued. So does one that is stopped from outside, by a signal
// that no process can handle.
func TestTerminalWatchStopped(t *testing.T) {
	home := watched(t)
	ada := codeOf(t, home, "ada")
	for by, stop := range map[string]func(w *watching){
		"key": func(w *watching) { w.answer("\x1a") },
		"signal": func(w *watching) {
			group, err := unix.IoctlGetInt(int(w.terminal.Fd()), unix.TIOCGPGRP)
			if err == nil {
				err = syscall.Kill(group, syscall.SIGSTOP)
			}
			if err != nil {
				t.Fatal(err)
			}
			endReads(t, w.terminal, time.Minute)
		},
	} {
		d := underShell(t, home, `set -m; "$@"; `+sayRestored+`; stty sane; echo shell-again; read go; fg >/dev/null; s=$?; `+sayRestored+`; exit $s`, "watch")
		d.expect("Passphrase: ")
		d.resize(80, 24)
		d.answer("hunter2\r")
		w := &watching{d, home}
		w.expect(quitKeys)
		stop(w)
		if by == "key" {
			w.expect("terminal-restored")
			wantGone(t, w.screen.String(), ada)
		}
		w.expect("shell-again")
		w.answer("\n")
		w.expect(otherScreen)
		w.expect(ada)
		w.expect(quitKeys)
		w.answer("q")
		w.expect("terminal-restored")
		wantGone(t, w.end(0), ada)
	}
}

// With --hide a code is seen when it is asked for, and until it ends. A counter
// gives a code at its key, and stays where it is without.
func TestTerminalWatchHidden(t *testing.T) {
	home := watched(t)
	ada, next := codeOf(t, home, "ada"), codeOf(t, home, "ada", "--next")
	counter := func() string {
		var accounts []struct{ Counter *uint64 }
		if err := json.Unmarshal([]byte(run(t, home, "", "list", "--json")), &accounts); err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(*accounts[2].Counter)
	}
	before := counter()
	w := watch(t, home, "--hide")
	w.expect(quitKeys)
	if shown := strings.Join(w.frame(), "\n"); !strings.Contains(shown, "> ada") || !strings.Contains(shown, "·······") {
		t.Errorf("at first:\n%s", shown)
	}
	w.answer("c")
	w.expect("copied a code of \"ada\"")
	if strings.Contains(w.screen.String(), ada) {
		t.Errorf("a code shows unasked:\n%s", w.screen.String())
	}
	w.answer(" ")
	w.expect(ada)
	w.at("2026-03-04T05:06:30Z")
	w.expect("30 s")
	w.expect(quitKeys)
	if shown := strings.Join(w.frame(), "\n"); strings.Contains(shown, next) {
		t.Errorf("the next code shows, too:\n%s", shown)
	}
	w.answer("\x1b[B\x1b[B ")
	w.expect("> bob")
	w.expect("n next code")
	if after := counter(); after != before {
		t.Errorf("the counter went from %s to %s unasked", before, after)
	}
	w.answer("n")
	w.expect("> bob")
	w.expect(quitKeys)
	frame := strings.Join(w.frame(), "\n")
	if code := regexp.MustCompile(`> bob.* (\d{8}) `).FindString(frame); code == "" {
		t.Errorf("there is no code:\n%s", frame)
	}
	if after := counter(); after == before {
		t.Error("the counter is where it was, and its code is shown")
	}
	w.answer("q")
	w.end(0)
}

// Nobody looks for long: the codes go away.
func TestTerminalWatchIdle(t *testing.T) {
	home := watched(t)
	w := watch(t, home, "--idle", "1h")
	w.expect(quitKeys)
	setClock(t, home, "2026-03-04T06:06:06Z")
	w.resize(60, 10)
	w.expect("24 s")
	setClock(t, home, "2026-03-04T06:06:08Z")
	w.resize(60, 11)
	w.expect("npmotp: no key was pressed for 1 h, so the codes are shown no longer")
	wantGone(t, w.end(0))
}

// The colours go with NO_COLOR, and other characters where the locale has none.
func TestTerminalWatchPlain(t *testing.T) {
	home := watched(t)
	t.Setenv("NO_COLOR", "1")
	t.Setenv("LC_ALL", "C")
	w := watch(t, home)
	w.expect("> ada")
	w.expect("====")
	w.expect(quitKeys)
	w.answer("q")
	if screen := w.end(0); regexp.MustCompile("\x1b\\[[0-9;]*m").MatchString(screen) || strings.ContainsAny(screen, "━─·→") {
		t.Errorf("colours or characters:\n%q", screen)
	}
}

// While the vault is unlocked no passphrase is asked for; when it is locked, the
// watch ends.
func TestTerminalWatchAgent(t *testing.T) {
	if runtime.GOOS != "linux" && runtime.GOOS != "darwin" {
		t.Skip("there is no agent on", runtime.GOOS)
	}
	home := watched(t)
	ada, next := codeOf(t, home, "ada"), codeOf(t, home, "ada", "--next")
	run(t, home, "", "unlock", "--for", "2m")
	d := atTerminal(t, home, "watch")
	w := &watching{d, home}
	w.expect(ada)
	w.expect(quitKeys)
	if strings.Contains(w.screen.String(), "Passphrase") {
		t.Error("the passphrase was asked for")
	}
	w.at("2026-03-04T05:06:30Z")
	w.expect(next)
	run(t, home, "", "lock")
	w.at("2026-03-04T05:07:00Z")
	w.expect("npmotp: the vault is locked: the agent has ended, and the watch with it")
	wantGone(t, w.end(4), ada, next)
}
