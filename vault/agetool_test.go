//go:build !windows

package vault_test

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"filippo.io/age"
	"github.com/creack/pty"
)

// The recipes of doc/design.md, word for word, with the real age tool: nobody
// needs npmotp to get their secrets back. For the passphrase age asks at a
// terminal.
func TestAgeOpensTheVault(t *testing.T) {
	design := read(t, "../doc/design.md")
	recipe := regexp.MustCompile(`(?m)^\$ (sed .*)$`).FindAllStringSubmatch(design, -1)
	if len(recipe) != 4 {
		t.Fatalf("doc/design.md has %d lines of the recipes", len(recipe))
	}
	v, path := create(t)
	add(t, v, "ada", hexCode)
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.AddRecipient(t.Context(), identity.Recipient().String(), "spare"); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Dir(path)
	write(t, filepath.Join(dir, "key.txt"), identity.String()+"\n")
	goTool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("the age tool is built with the go command, which is not in PATH")
	}
	if out, err := exec.CommandContext(t.Context(), goTool, "build", "-o", filepath.Join(dir, "age"), "filippo.io/age/cmd/age").CombinedOutput(); err != nil {
		t.Fatalf("building age: %v\n%s", err, out)
	}
	for i, answer := range []string{pass.Reveal() + "\r", ""} {
		script := strings.ReplaceAll(recipe[2*i][1]+"\n"+recipe[2*i+1][1]+" > plain.json\n", "| age ", "| ./age ")
		plain := atShell(t, dir, script, answer)
		if !bytes.Contains(plain, []byte(hexCode)) || !bytes.Contains(plain, []byte("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")) {
			t.Errorf("recipe %d printed %.200q", i+1, plain)
		}
	}
}

// atShell runs a script at a terminal, answers the question for a passphrase,
// and returns what the script wrote to plain.json.
func atShell(t *testing.T, dir, script, answer string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", "-e", "-c", script)
	cmd.Dir = dir
	terminal, err := pty.Start(cmd)
	if err != nil {
		t.Skip("no pseudo-terminal here:", err)
	}
	defer func() { _ = terminal.Close() }()
	var screen bytes.Buffer
	buf := make([]byte, 1024)
	for {
		n, err := terminal.Read(buf)
		screen.Write(buf[:n])
		if answer != "" && strings.Contains(screen.String(), "assphrase") {
			if _, err := io.WriteString(terminal, answer); err != nil {
				t.Fatal(err)
			}
			answer = ""
		}
		if err != nil { // EIO once the last process has closed the terminal
			break
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, screen.String())
	}
	plain, err := os.ReadFile(filepath.Join(dir, "plain.json"))
	if err != nil {
		t.Fatal(err)
	}
	return plain
}
