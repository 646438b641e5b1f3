//go:build !windows

package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// At a terminal, what was merged is removed when the answer is yes, and a copy
// with another passphrase has that asked for, by its name.
func TestTerminalMerge(t *testing.T) {
	home := t.TempDir()
	run(t, home, typedSecret, "add", "npm")
	conflict := filepath.Join(home, "vault 2.npmotp")
	put := func(name string, data []byte) {
		t.Helper()
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put(conflict, readFile(t, filepath.Join(home, "vault.npmotp")))
	put(filepath.Join(home, "new"), []byte("correct horse\n"))
	run(t, home, "", "--vault", conflict, "passwd", "--new-passphrase-file", filepath.Join(home, "new"), "--yes")

	d := atTerminal(t, home, "merge")
	d.expect("Passphrase: ")
	d.answer("hunter2\r")
	d.expect("Passphrase of " + conflict + ": ")
	d.answer("correct horse\r")
	d.expect("the passphrase is that of the copy from now on")
	d.expect(`remove what is merged now: "vault 2.npmotp"?`)
	d.answer("n\r")
	d.expect("what was merged stays")
	d.end(0)
	if _, err := os.Stat(conflict); err != nil {
		t.Error(err)
	}

	d = atTerminal(t, home, "merge")
	d.expect("Passphrase: ")
	d.answer("correct horse\r")
	d.expect("remove what is merged now")
	d.answer("y\r")
	d.expect(`removed "vault 2.npmotp"`)
	if screen := d.end(0); strings.Contains(screen, "correct horse") || strings.Contains(screen, "hunter2") {
		t.Errorf("a passphrase shows:\n%s", screen)
	}
	if _, err := os.Stat(conflict); err == nil {
		t.Error("the conflict copy is still there")
	}

	// Ctrl-C at the question leaves everything as it is.
	before := readFile(t, filepath.Join(home, "vault.npmotp"))
	put(conflict, before)
	d = atTerminal(t, home, "merge")
	d.expect("Passphrase: ")
	d.answer("\x03")
	d.end(130)
	if string(before) != string(readFile(t, filepath.Join(home, "vault.npmotp"))) {
		t.Error("the vault was changed")
	}
}
