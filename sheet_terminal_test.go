//go:build unix

package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Codes are typed from the sheet without being seen: one with a typing error is
// asked for again, and the others are kept.
func TestTerminalTypedCodes(t *testing.T) {
	home := t.TempDir()
	run(t, home, typedSecret, "add", "ada")
	const first = "7a03 6304 a7e1 4ea5 7a33 424a fd83 7411\r4abc 2a40 705d 790f 45a8 0928 8517 8851 ="
	d := atTerminal(t, home, "recovery", "add")
	d.expect("Paste the recovery codes")
	d.answer("0123 4567 89ab cdef =82af\r" + strings.Replace(first, "424a", "42a4", 1) + "15a1\r\x04")
	d.expect("the code in line 2 is not the one that its check group belongs to: something is mistyped, likely in group 6")
	d.expect("That code again")
	d.answer(first + "15a1\r\x04")
	d.expect("Passphrase: ")
	d.answer("hunter2\r")
	d.expect("2 recovery codes stored")
	if screen := d.end(0); strings.Contains(screen, "7a03") {
		t.Errorf("a recovery code shows:\n%s", screen)
	}
	if got := run(t, home, "", "recovery", "use") + run(t, home, "", "recovery", "use"); got !=
		"0123456789abcdef\n7a036304a7e14ea57a33424afd8374114abc2a40705d790f45a8092885178851\n" {
		t.Error("what is stored is not what was typed")
	}

	d = atTerminal(t, home, "recovery", "add")
	d.expect("Paste the recovery codes")
	d.answer("0123 4567 89ab cdee =82af\r\x04")
	d.expect("That code again")
	d.answer("\x03")
	d.end(130)
}

// A sheet that is there already is replaced after a question only, and a terminal
// is shown none.
func TestTerminalSheet(t *testing.T) {
	home := t.TempDir()
	run(t, home, "0123456789abcdef", "recovery", "add", "ada", "--yes")
	file := filepath.Join(home, "codes.pdf")
	if err := os.WriteFile(file, []byte("a note"), 0o644); err != nil {
		t.Fatal(err)
	}
	d := atTerminal(t, home, "recovery", "sheet", "-o", file)
	d.expect("codes.pdf is there already; replace it? [y/N] ")
	d.answer("n\n")
	d.expect("nothing was changed")
	d.end(1)
	if data, err := os.ReadFile(file); err != nil || string(data) != "a note" {
		t.Errorf("the file was written: %v", err)
	}
	d = atTerminal(t, home, "recovery", "sheet", "-o", file)
	d.expect("[y/N] ")
	d.answer("y\n")
	d.expect("Passphrase: ")
	d.answer("hunter2\r")
	d.expect("a sheet with 1 unused code")
	d.end(0)
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 || info.Size() < 1000 {
		t.Errorf("the sheet is %v, %v", info.Mode(), err)
	}
	d = atTerminal(t, home, "recovery", "sheet", "-o", "-")
	d.expect("the sheet cannot be shown on a terminal")
	d.end(2)
}
