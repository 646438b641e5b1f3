//go:build !windows

package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age/plugin"
)

// putPlugin puts the stand-in for a hardware key first in the PATH, and returns
// its recipient and the file of its identity.
func putPlugin(t *testing.T, name string) (recipient, identity string) {
	t.Helper()
	dir := t.TempDir()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(exe, filepath.Join(dir, "age-plugin-"+name)); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+string(filepath.ListSeparator)+os.Getenv("PATH"))
	key := []byte("a key of " + name)
	identity = filepath.Join(dir, "key")
	if err := os.WriteFile(identity, []byte(plugin.EncodeIdentity(name, key)), 0o600); err != nil {
		t.Fatal(err)
	}
	return plugin.EncodeRecipient(name, key), identity
}

func TestTerminalPlugin(t *testing.T) {
	recipient, identity := putPlugin(t, "pin")
	home := t.TempDir()
	run(t, home, typedSecret, "add", "ada")
	run(t, home, "", "slot", "add", "--recipient", recipient)
	d := atTerminal(t, home, "code", "--identity", identity)
	d.expect(`npmotp: age-plugin-pin: touch the key`)
	d.expect("age-plugin-pin: PIN: ")
	d.answer("1234\r")
	d.expect("age-plugin-pin: which key? ")
	d.answer("7\n")
	d.expect("age-plugin-pin: is it plugged in? [1: it is, 2: not yet] ")
	d.answer("3\n")
	d.expect("[1: it is, 2: not yet] ")
	d.answer("1\n")
	d.expect(" s left")
	if screen := d.end(0); strings.Contains(screen, "1234") || strings.Contains(screen, "\x1b[2J") {
		t.Errorf("the PIN, or the plugin's control characters, show:\n%q", screen)
	}

	// Ctrl-C at a plugin's question ends npmotp, not only the plugin.
	d = atTerminal(t, home, "code", "--identity", identity)
	d.expect("PIN: ")
	d.answer("\x03")
	d.end(130)
}

// Each passphrase has to open its slot before that is written anew: a mistyped
// one would lock its owner out.
func TestTerminalSlotRemove(t *testing.T) {
	home := t.TempDir()
	run(t, home, typedSecret, "add", "ada")
	run(t, home, "correct-horse\n", "slot", "add", "--passphrase", "--name", "second", "--new-passphrase-file", "-")
	run(t, home, "battery-staple\n", "slot", "add", "--passphrase", "--name", "third", "--new-passphrase-file", "-")
	d := atTerminal(t, home, "slot", "remove", "third")
	d.expect("Passphrase: ")
	d.answer("battery-staple\r")
	d.expect(`remove slot "third"`)
	d.answer("y\n")
	d.expect("which is written anew: ")
	d.answer("hunter3\r")
	d.expect("does not open slot")
	d.answer("hunter2\r")
	d.expect(`Passphrase of slot "second", which is written anew: `)
	d.answer("wrong\r")
	d.expect("which is written anew: ")
	d.answer("wrong\r")
	d.expect("which is written anew: ")
	d.answer("wrong\r")
	d.expect(`wrong passphrase of slot "second"`)
	d.end(4)
	if list := run(t, home, "", "slot", "list"); !strings.Contains(list, "third") {
		t.Errorf("a slot is gone although the removal failed:\n%s", list)
	}

	d = atTerminal(t, home, "slot", "remove", "third")
	d.expect("Passphrase: ")
	d.answer("hunter2\r")
	d.expect("[y/N] ")
	d.answer("y\n")
	d.expect(`Passphrase of slot "second", which is written anew: `)
	d.answer("correct-horse\r")
	d.expect("remove them? [y/N] ")
	d.answer("n\n")
	d.expect("4 backups still open with the removed slot")
	d.end(0)
	if list := run(t, home, "", "slot", "list"); strings.Contains(list, "third") || !strings.Contains(list, "second") {
		t.Errorf("the slots are:\n%s", list)
	}
	d = atTerminal(t, home, "list")
	d.expect("Passphrase: ")
	d.answer("correct-horse\r")
	d.end(0)
}
