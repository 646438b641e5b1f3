package main_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"npmotp/cmd"
)

// commands returns every command that users see, by its path.
func commands(t *testing.T) map[string]*cobra.Command {
	t.Helper()
	found := map[string]*cobra.Command{}
	var walk func(*cobra.Command)
	walk = func(c *cobra.Command) {
		if c.Hidden {
			return
		}
		found[c.CommandPath()] = c
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(cmd.NewRoot(&cmd.App{}))
	return found
}

// The help text of each command is in testdata/help. UPDATE=1 writes it anew.
func TestHelp(t *testing.T) {
	seen := map[string]bool{}
	for path, c := range commands(t) {
		if strings.HasPrefix(path, "npmotp completion") || path == "npmotp help" {
			continue // cobra's own
		}
		name := filepath.Join("testdata", "help", strings.ReplaceAll(path, " ", "-")+".txt")
		seen[name] = true
		var out bytes.Buffer
		c.SetOut(&out)
		if err := c.Help(); err != nil {
			t.Fatal(err)
		}
		if os.Getenv("UPDATE") == "1" {
			if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(name, out.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		golden, err := os.ReadFile(name)
		if err != nil || !bytes.Equal(golden, out.Bytes()) {
			t.Errorf("%s is not the help of %q (%v); UPDATE=1 writes it anew:\n%s", name, path, err, out.String())
		}
	}
	files, err := filepath.Glob("testdata/help/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no help texts", err)
	}
	for _, f := range files {
		if !seen[f] {
			t.Errorf("%s belongs to no command", f)
		}
	}
}

// Every command says what it does, shows an example, and lists its statuses.
func TestHelpIsComplete(t *testing.T) {
	for path, c := range commands(t) {
		if strings.HasPrefix(path, "npmotp completion") || path == "npmotp help" {
			continue
		}
		if c.Short == "" || strings.HasSuffix(c.Short, ".") {
			t.Errorf("%s: short text %q", path, c.Short)
		}
		if c.Annotations["statuses"] == "" && !strings.Contains(c.Long, "Exit status:") {
			t.Errorf("%s does not list its exit statuses", path)
		}
		if !strings.Contains(c.Example, "npmotp") {
			t.Errorf("%s has no example", path)
		}
		if c.RunE == nil || c.Args == nil {
			t.Errorf("%s lacks RunE or Args: its usage errors would be cobra's", path)
		}
		for line := range strings.Lines(c.Long + "\n" + c.Example) {
			if len([]rune(line)) > 80 {
				t.Errorf("%s: a line of %d characters: %s", path, len([]rune(line)), line)
			}
		}
	}
}

// The flags in examples exist.
func TestExamplesParse(t *testing.T) {
	for path, c := range commands(t) {
		for line := range strings.Lines(c.Example) {
			words := strings.Fields(strings.TrimSpace(line))
			if len(words) < 2 || words[0] != "npmotp" || strings.ContainsAny(line, "|;<'") {
				continue
			}
			root := cmd.NewRoot(&cmd.App{})
			target, rest, err := root.Find(words[1:])
			if err != nil {
				t.Errorf("%s: example %q: %v", path, line, err)
				continue
			}
			if err := target.ParseFlags(rest); err != nil {
				t.Errorf("%s: example %q: %v", path, line, err)
			}
		}
	}
}
