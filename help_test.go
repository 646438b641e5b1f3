package main_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
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
	texts := map[string]string{"npmotp help all": helpAll(t)}
	for path, c := range commands(t) {
		if strings.HasPrefix(path, "npmotp completion") {
			continue // cobra's own
		}
		var out bytes.Buffer
		c.SetOut(&out)
		if err := c.Help(); err != nil {
			t.Fatal(err)
		}
		texts[path] = out.String()
	}
	for path, text := range texts {
		name := filepath.Join("testdata", "help", strings.ReplaceAll(path, " ", "-")+".txt")
		seen[name] = true
		if os.Getenv("UPDATE") == "1" {
			if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		golden, err := os.ReadFile(name)
		if err != nil || string(golden) != text {
			t.Errorf("%s is not the help of %q (%v); UPDATE=1 writes it anew:\n%s", name, path, err, text)
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

// helpAll returns what 'npmotp help all' prints.
func helpAll(t *testing.T) string {
	t.Helper()
	root := cmd.NewRoot(&cmd.App{})
	var out bytes.Buffer
	root.SetOut(&out)
	root.SetArgs([]string{"help", "all"})
	if err := root.Execute(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// The help of npmotp itself fits a terminal of 80 by 24 with the prompt below it,
// and every command stands in that of "help all", in lines that fit too.
func TestHelpFitsTheScreen(t *testing.T) {
	root := cmd.NewRoot(&cmd.App{})
	var out bytes.Buffer
	root.SetOut(&out)
	if err := root.Help(); err != nil {
		t.Fatal(err)
	}
	if lines := strings.Count(out.String(), "\n"); lines > 23 {
		t.Errorf("the help has %d lines", lines)
	}
	all := helpAll(t)
	for line := range strings.Lines(out.String() + all) {
		if len([]rune(line)) > 80 {
			t.Errorf("a line of %d characters: %s", len([]rune(line))-1, line)
		}
	}
	for path, c := range commands(t) {
		name := strings.TrimPrefix(path, "npmotp ")
		if path == "npmotp" || path == "npmotp help" || strings.HasPrefix(name, "completion ") {
			continue
		}
		if !slices.ContainsFunc(strings.Split(all, "\n"), func(line string) bool {
			return strings.HasPrefix(line, "  "+name+" ") && strings.HasSuffix(line, "  "+c.Short)
		}) {
			t.Errorf("'npmotp help all' does not list %s", path)
		}
	}
}

// Every command says what it does, shows an example, and lists its statuses.
func TestHelpIsComplete(t *testing.T) {
	for path, c := range commands(t) {
		if strings.HasPrefix(path, "npmotp completion") {
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
