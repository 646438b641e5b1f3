//go:build unix

package main_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"

	"npmotp/internal/vt"
	"npmotp/scan"
)

const (
	otherScreen = "\x1b[?1049h"
	firstScreen = "\x1b[?1049l"
)

// resize gives the terminal a size before npmotp looks at it, which is when the
// passphrase has been typed.
func (d *dialogue) resize(columns, lines uint16) {
	d.t.Helper()
	if err := pty.Setsize(d.terminal, &pty.Winsize{Rows: lines, Cols: columns}); err != nil {
		d.t.Fatal(err)
	}
	endReads(d.t, d.terminal, time.Minute) // which the package pty has taken back
}

// shown returns what stands on the other screen when the question is asked.
func (d *dialogue) shown() string {
	d.t.Helper()
	text := d.screen.String()[:d.seen]
	return text[strings.LastIndex(text, "\x1b[2J")+len("\x1b[2J"):]
}

// wantAway checks that a screen was left, and that nothing is drawn behind that.
func wantAway(t *testing.T, screen string) {
	t.Helper()
	_, after, left := strings.Cut(screen, "\x1b[H\x1b[2J"+firstScreen)
	if !left || strings.ContainsAny(after, "▀▄█") || strings.Contains(after, "48;5") {
		t.Errorf("the QR code stays on the screen:\n%q", after)
	}
	before, _, _ := strings.Cut(screen, otherScreen)
	if strings.ContainsAny(before, "▀▄█") {
		t.Error("it is drawn on the first screen")
	}
}

func decodeScreen(t *testing.T, text string) string {
	t.Helper()
	screen, err := scan.Text(t.Context(), strings.NewReader(text))
	if err != nil || len(screen.Codes) != 1 {
		t.Fatalf("%d QR codes, %v", len(screen.Codes), err)
	}
	return screen.Codes[0].Reveal()
}

// A QR code fits the window with the question below it, is read from the screen,
// and is gone with Enter and with Ctrl-C.
func TestTerminalQR(t *testing.T) {
	home := t.TempDir()
	run(t, home, typedSecret, "add", "ada")
	for _, answer := range []struct {
		keys   string
		status int
	}{{"\r", 0}, {"\x03", 130}} {
		d := atTerminal(t, home, "qr", "ada")
		d.expect("Passphrase: ")
		d.resize(80, 24)
		d.answer("hunter2\r")
		d.expect("Enter clears the screen: ")
		page := d.shown()
		term := vt.New()
		term.Replay(context.Background(), page)
		if n := len(term.Lines); n > 24 {
			t.Errorf("%d lines in a window of 24", n)
		}
		if uri := decodeScreen(t, page); !strings.HasPrefix(uri, "otpauth://totp/ada?secret="+typedSecret+"&") {
			t.Error("the QR code has another key")
		}
		d.answer(answer.keys)
		wantAway(t, d.end(answer.status))
	}
}

// One that is too wide for the window is not drawn: what to do is said.
func TestTerminalQRTooLarge(t *testing.T) {
	home := t.TempDir()
	run(t, home, typedSecret, "add", "ada")
	for _, args := range [][]string{{"qr", "ada"}, {"qr", "ada", "--ansi"}, {"export", "--format", "google", "--plaintext", "--yes"}} {
		d := atTerminal(t, home, args...)
		d.expect("Passphrase: ")
		d.resize(36, 50)
		d.answer("hunter2\r")
		d.expect("the QR code is too large")
		d.expect("write a picture with -o FILE.png")
		if screen := d.end(1); strings.ContainsAny(screen, "▀▄█") || strings.Contains(screen, otherScreen) {
			t.Errorf("%q: something is drawn:\n%s", args, screen)
		}
	}
}

// A transfer is shown QR code by QR code; with --no-input nothing waits.
func TestTerminalTransfer(t *testing.T) {
	home := t.TempDir()
	run(t, home, typedSecret, "add", "ada")
	run(t, home, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", "add", "bob")
	d := atTerminal(t, home, "export", "--format", "google", "--plaintext")
	d.expect("whoever sees the export has your second factor: it is not encrypted; write it to standard output? [y/N] ")
	d.answer("y\n")
	d.expect("Passphrase: ")
	d.resize(46, 25)
	d.answer("hunter2\r")
	var uris []string
	for _, question := range []string{"1 of 2, Enter shows the next: ", "Enter clears the screen: "} {
		d.expect(question)
		uris = append(uris, decodeScreen(t, d.shown()))
		d.answer("\r")
	}
	wantAway(t, d.end(0))
	file := filepath.Join(home, "transfer.txt")
	if err := os.WriteFile(file, []byte(strings.Join(uris, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := run(t, home, "", "import", file); strings.Count(out, "duplicate") != 2 {
		t.Errorf("what was shown is imported as\n%s", out)
	}

	d = atTerminal(t, home, "export", "--format", "google", "--plaintext")
	d.expect("[y/N] ")
	d.answer("n\n")
	d.expect("nothing was changed")
	d.end(1)
}

// The password of an export is asked for twice, and is not that of the vault.
func TestTerminalExportPassword(t *testing.T) {
	home := t.TempDir()
	run(t, home, typedSecret, "add", "ada")
	file := filepath.Join(home, "aegis.json")
	for _, second := range []string{"an other\r", "another\r"} {
		d := atTerminal(t, home, "export", "--format", "aegis", "-o", file)
		d.expect("Passphrase: ")
		d.answer("hunter2\r")
		d.expect("Password of the export ")
		d.answer("another\r")
		d.expect("The same again: ")
		d.answer(second)
		if second != "another\r" {
			d.expect("the two that were typed differ")
			d.end(4)
			if _, err := os.Stat(file); err == nil {
				t.Error("a file was written")
			}
			continue
		}
		d.expect("1 key written to ")
		if screen := d.end(0); strings.Contains(screen, "another") {
			t.Errorf("the password shows:\n%s", screen)
		}
	}
	password := filepath.Join(home, "password")
	if err := os.WriteFile(password, []byte("another\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := run(t, home, "", "import", file, "--password-file", password); !strings.Contains(out, "duplicate") {
		t.Errorf("it is imported as\n%s", out)
	}
}
