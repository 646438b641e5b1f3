//go:build !windows

package main_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"
)

// The name of a file that sends commands to the terminal, and looks like a message.
const hostileName = "a\x1b[31mb\u009bc\nnpmotp: forged"

// hostileLines returns the command lines in which a file is named, for every
// command and flag that takes one, with name as that.
func hostileLines(t *testing.T, name string) [][]string {
	t.Helper()
	isFile := func(word string) bool { return slices.Contains([]string{"FILE", "PATH", "DIR"}, word) }
	words := regexp.MustCompile(`[A-Z]+`)
	var lines [][]string
	for path, c := range commands(t) {
		line := strings.Fields(path)[1:]
		if !c.Runnable() || len(line) == 0 {
			continue
		}
		var given []string
		files := false
		use, _, _ := strings.Cut(strings.TrimPrefix(c.Use, c.Name()), " -") // what follows is a flag
		for _, word := range words.FindAllString(use, -1) {
			switch {
			case isFile(word):
				given, files = append(given, name), true
			case word == "ACCOUNT":
				given = append(given, "npm")
			case word == "NAME":
				given = append(given, "second")
			}
		}
		given = append([]string{"--no-input", "--yes", "--"}, given...)
		if files {
			lines = append(lines, slices.Concat(line, given))
		}
		c.Flags().VisitAll(func(f *pflag.Flag) {
			if kind, _ := pflag.UnquoteUsage(f); isFile(kind) {
				lines = append(lines, slices.Concat(line, []string{"--" + f.Name + "=" + name}, given))
			}
		})
	}
	for _, flag := range []string{"--vault", "--identity", "--passphrase-file"} {
		lines = append(lines, []string{"check", flag + "=" + name})
	}
	return lines
}

// Whatever a file is called that a command is given, its name is shown as it is
// spelled, and tells the terminal nothing.
func TestHostileNamesOfFiles(t *testing.T) {
	dir := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	run := func(stdin string, args ...string) (stdout, stderr string) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		var out, errs strings.Builder
		c := exec.CommandContext(ctx, self, args...)
		c.Dir, c.Stdin, c.Stdout, c.Stderr = dir, strings.NewReader(stdin), &out, &errs
		c.Env = append(os.Environ(), "HOME="+dir, "XDG_STATE_HOME="+filepath.Join(dir, "state"), "XDG_RUNTIME_DIR="+dir,
			"NPMOTP_VAULT="+filepath.Join(dir, "vault.npmotp"), "NPMOTP_PASSPHRASE=hunter2", "TEST_NOW=2026-03-04T05:06:07Z")
		_ = c.Run() // most of them fail
		if ctx.Err() != nil {
			t.Errorf("%q does not end", args)
		}
		return out.String(), errs.String()
	}
	run("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\n", "add", "npm")
	run("0123456789abcdef\nfedcba9876543210\n", "recovery", "add", "npm")
	// What is there by that name: nothing, a folder, text, pictures that are none.
	kinds := map[string]func(path string) error{
		"nothing":  func(string) error { return nil },
		"a folder": func(path string) error { return os.Mkdir(path, 0o700) },
		"text":     func(path string) error { return os.WriteFile(path, []byte("nothing\n"), 0o600) },
	}
	shown := 0
	vault := filepath.Join(dir, "vault.npmotp")
	before, err := os.ReadFile(vault)
	if err != nil {
		t.Fatal(err)
	}
	look := func(kind string, line ...string) {
		if err := errors.Join(os.RemoveAll(filepath.Join(dir, "state")), os.WriteFile(vault, before, 0o600)); err != nil {
			t.Fatal(err)
		}
		stdout, stderr := run("", line...)
		if text := stdout + "\n" + stderr; strings.ContainsAny(text, "\x1b\u009b") || strings.Contains(text, "\nnpmotp: forged") {
			t.Errorf("%s: %q writes %q", kind, line, text)
		}
		if strings.Contains(stdout+stderr, `a\x1b[31mb`) {
			shown++
		}
	}
	for kind, put := range kinds {
		folder := filepath.Join(dir, kind)
		if err := os.Mkdir(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		name := filepath.Join(folder, hostileName)
		for _, line := range hostileLines(t, name) {
			if err := os.RemoveAll(name); err != nil {
				t.Fatal(err)
			}
			if err := put(name); err != nil {
				t.Fatal(err)
			}
			look(kind, line...)
		}
	}
	if shown < 45 {
		t.Errorf("the name was shown %d times: nearly every command does", shown)
	}
	// Copies that a sync engine put aside are found by their names.
	carried := filepath.Join(dir, "carried")
	if err := os.Mkdir(carried, 0o700); err != nil {
		t.Fatal(err)
	}
	run("", "sync", carried)
	shown = 0
	for _, where := range []string{dir, carried} {
		copied := filepath.Join(where, "vault ("+hostileName+").npmotp")
		for _, text := range []string{"text", "npmotp-vault 1\n"} {
			if err := os.WriteFile(copied, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			look("a conflict copy", "merge", "--no-input")
			look("a conflict copy", "sync", carried, "--no-input")
			look("a conflict copy", "doctor", "--no-input")
		}
		run("", "backup", "--yes", copied)
		look("a conflict copy", "sync", carried, "--no-input")
		look("a conflict copy", "merge", "--no-input")
		if err := os.RemoveAll(copied); err != nil {
			t.Fatal(err)
		}
	}
	if shown < 6 {
		t.Errorf("the name of a copy was shown %d times", shown)
	}
}
