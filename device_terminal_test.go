//go:build !windows

package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/creack/pty"

	"npmotp/internal/bundle"
	"npmotp/scan"
)

// At a terminal the words are asked about, and a no leaves the vault alone.
func TestTerminalDeviceAdd(t *testing.T) {
	a, b := t.TempDir(), t.TempDir()
	run(t, a, "", "init")
	recipient := strings.TrimSpace(run(t, b, "", "device", "id"))
	for _, tt := range []struct {
		answer string
		status int
		listed string
	}{{"n\n", 1, "[]\n"}, {"\x03", 130, "[]\n"}, {"y\n", 0, ""}} {
		d := atTerminal(t, a, "device", "add", "B", recipient)
		d.expect("Passphrase: ")
		d.answer("hunter2\r")
		d.expect("a post-quantum one, its fingerprint:")
		d.expect("show the same six words ('npmotp device id')? [y/N] ")
		d.answer(tt.answer)
		d.end(tt.status)
		if list := run(t, a, "", "device", "list", "--json"); tt.listed != "" && list != tt.listed {
			t.Errorf("after %q: %s", tt.answer, list)
		}
	}
	// Typed at the question, where no argument gives it: a line of 1959 characters
	// is longer than many a buffer.
	c := t.TempDir()
	run(t, c, "", "init")
	d := atTerminal(t, c, "device", "add", "B")
	d.expect("on the other laptop: ")
	d.answer(recipient + "\n")
	d.expect("Passphrase: ")
	d.answer("hunter2\r")
	d.expect("[y/N] ")
	d.answer("y\n")
	d.end(0)
}

// A QR code that the terminal has no room for is said to be too large.
func TestTerminalDeviceIDSmall(t *testing.T) {
	home := t.TempDir()
	run(t, home, "", "init")
	d := atTerminal(t, home, "device", "id", "--qr")
	d.expect("Passphrase: ")
	d.answer("hunter2\r")
	d.expect("takes 125 columns and 63 lines, and this terminal has 80 and 24; make its font smaller, or use -o")
	d.end(0)
}

// A bundle that is pasted is not shown, and a no takes nothing in.
func TestTerminalReceive(t *testing.T) {
	a, b := laptops(t, 1)
	text := run(t, a, "", "send", "--to", "B", "--all")
	before, err := os.ReadFile(filepath.Join(b, "vault.npmotp"))
	if err != nil {
		t.Fatal(err)
	}
	d := atTerminal(t, b, "receive")
	d.expect("Paste the bundle")
	d.answer(strings.ReplaceAll(text, "\n", "\r") + "\r")
	d.expect("Passphrase: ")
	d.answer("hunter2\r")
	d.expect(`"account-000", the secret, 5 recovery codes, 5 unused`)
	d.expect("fingerprint of the bundle: ")
	d.expect("take it in, if the sender shows the same six words? [y/N] ")
	d.answer("\n")
	if screen := d.end(1); strings.Contains(screen, "BEGIN AGE") || strings.Contains(screen, "GEZDGNBV") {
		t.Errorf("the paste or a secret shows:\n%s", screen)
	}
	if after, err := os.ReadFile(filepath.Join(b, "vault.npmotp")); err != nil || string(after) != string(before) {
		t.Errorf("the vault was changed, %v", err)
	}
	d = atTerminal(t, b, "receive")
	d.expect("Paste the bundle")
	d.answer("\x03")
	d.end(130)
}

// The QR codes on a terminal are as large as it allows, wait for Enter, and can be
// read off it.
func TestTerminalSendQR(t *testing.T) {
	a, _ := laptops(t, 1)
	d := atTerminal(t, a, "send", "--to", "B", "--recovery", "--qr")
	if err := pty.Setsize(d.terminal, &pty.Winsize{Rows: 50, Cols: 200}); err != nil {
		t.Fatal(err)
	}
	d.expect("Passphrase: ")
	d.answer("hunter2\r")
	d.expect("part 1 of ")
	d.expect("Enter shows the next: ")
	var of string
	for screen := d.screen.String(); of == ""; {
		_, rest, _ := strings.Cut(screen, "part 1 of ")
		of, _, _ = strings.Cut(rest, "\r")
	}
	d.answer(strings.Repeat("\n", len(of)*9))
	d.expect("part " + of + " of " + of)
	screen := d.end(0)
	for line := range strings.Lines(screen) {
		if strings.Contains(line, "█") && strings.Count(line, "█")+strings.Count(line, "▀")+strings.Count(line, "▄")+strings.Count(line, " ") > 94 {
			t.Fatalf("a line is wider than the height of the terminal allows: %q", line)
		}
	}
	shown, err := scan.Text(t.Context(), strings.NewReader(screen))
	if err != nil {
		t.Fatal(err)
	}
	var series bundle.Series
	for _, code := range shown.Codes {
		if _, err := series.Add(code.Reveal()); err != nil {
			t.Error(err)
		}
	}
	if _, err := series.Bundle(); err != nil {
		t.Errorf("%d codes: %v", len(shown.Codes), err)
	}
}
