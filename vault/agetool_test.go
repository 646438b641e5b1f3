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

	// The packages of the age tool that this module does not use otherwise:
	// their modules have to be in go.sum for the tool to be built.
	_ "filippo.io/age/agessh"
	_ "filippo.io/age/plugin"
	_ "filippo.io/age/tag"

	"github.com/creack/pty"
)

// The recipe of doc/design.md, word for word, with the real age tool at a
// terminal: nobody needs npmotp to get their secrets back.
func TestAgeOpensTheVault(t *testing.T) {
	design := read(t, "../doc/design.md")
	recipe := regexp.MustCompile(`(?m)^    (sed .*)$`).FindAllStringSubmatch(design, -1)
	if len(recipe) != 2 {
		t.Fatalf("doc/design.md has %d lines of the recipe", len(recipe))
	}
	v, path := create(t)
	add(t, v, "ada", hexA)
	dir := filepath.Dir(path)
	goTool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("the age tool is built with the go command, which is not in PATH")
	}
	if out, err := exec.CommandContext(t.Context(), goTool, "build", "-o", filepath.Join(dir, "age"), "filippo.io/age/cmd/age").CombinedOutput(); err != nil {
		t.Fatalf("building age: %v\n%s", err, out)
	}
	script := strings.ReplaceAll(recipe[0][1]+"\n"+recipe[1][1]+" > plain.json\n", "| age ", "| ./age ")
	cmd := exec.CommandContext(t.Context(), "sh", "-e", "-c", script)
	cmd.Dir = dir
	terminal, err := pty.Start(cmd)
	if err != nil {
		t.Skip("no pseudo-terminal here:", err)
	}
	defer func() { _ = terminal.Close() }()
	var screen bytes.Buffer
	answered := false
	buf := make([]byte, 1024)
	for {
		n, err := terminal.Read(buf)
		screen.Write(buf[:n])
		if !answered && strings.Contains(screen.String(), "assphrase") {
			answered = true
			if _, err := io.WriteString(terminal, pass.Reveal()+"\r"); err != nil {
				t.Fatal(err)
			}
		}
		if err != nil { // EIO once the last process has closed the terminal
			break
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, screen.String())
	}
	plain, err := os.ReadFile(filepath.Join(dir, "plain.json"))
	if err != nil || !bytes.Contains(plain, []byte(hexA)) || !bytes.Contains(plain, []byte("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")) {
		t.Errorf("the recipe printed %.200q, %v", plain, err)
	}
}
