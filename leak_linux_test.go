package main_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// searchPrefix, before a list of folders as the target of an attack, makes the
// test binary look for the lines of its input in their files and in what it can
// read of the processes of its user. It prints where it found which line, by
// number.
const searchPrefix = "search:"

func search(dirs []string) int {
	var hidden [][]byte
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		hidden = append(hidden, bytes.Clone(lines.Bytes()))
	}
	look := func(path string) {
		data, err := os.ReadFile(path)
		if err != nil {
			return
		}
		for i, text := range hidden {
			if bytes.Contains(data, text) {
				fmt.Println(path, i)
			}
		}
	}
	processes, _ := filepath.Glob("/proc/[0-9]*")
	own := fmt.Sprintf("\nUid:\t%d\t", os.Getuid()) // of a closed process the folder belongs to root
	for _, process := range processes {
		if status, err := os.ReadFile(process + "/status"); err != nil || !bytes.Contains(status, []byte(own)) {
			continue
		}
		for _, name := range []string{"environ", "cmdline", "comm"} {
			look(process + "/" + name)
		}
	}
	for _, dir := range dirs {
		_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() {
				look(path)
			}
			return nil
		})
	}
	return 0
}

// found returns where the same user finds what is hidden.
func (g *guarded) found(hidden []string, dirs ...string) string {
	g.t.Helper()
	cmd := as(exec.CommandContext(g.t.Context(), g.program), owner)
	cmd.Env = []string{attackVariable + "=" + searchPrefix + strings.Join(dirs, string(filepath.ListSeparator)), "GOCOVERDIR=" + os.Getenv("GOCOVERDIR")}
	cmd.Dir = "/"
	cmd.Stdin = strings.NewReader(strings.Join(hidden, "\n"))
	out, err := cmd.CombinedOutput()
	if err != nil {
		g.t.Fatalf("%v: %s", err, out)
	}
	return string(out)
}

// While npmotp is used in all the ways that touch a secret, and afterwards, no
// file and no process that the user can read has the passphrase, a secret, a
// recovery code or the identity of the vault.
func TestNothingLeaksIntoFilesAndProcesses(t *testing.T) {
	g := newGuarded(t)
	temporary := filepath.Join(filepath.Dir(g.home), "tmp")
	if err := errors.Join(os.Mkdir(temporary, 0o700), os.Chown(temporary, owner, owner)); err != nil {
		t.Fatal(err)
	}
	const recovery = "7a036304a7e14ea57a33424afd8374114abc2a40705d790f45a8092885178851"
	hidden := []string{"hunter2", typedSecret, strings.ToLower(typedSecret), recovery, recovery[:24], "AGE-SECRET-KEY"}
	do := func(input string, args ...string) string {
		t.Helper()
		cmd := g.command(args...)
		cmd.Env = append(cmd.Env, "NPMOTP_PASSPHRASE=hunter2", "TMPDIR="+temporary)
		cmd.Stdin = strings.NewReader(input)
		out, err := cmd.CombinedOutput()
		if err != nil && len(args) > 0 && args[0] != "show" && args[0] != "doctor" {
			t.Fatalf("%q: %v: %s", args, err, out)
		}
		return string(out)
	}
	do(recovery, "recovery", "add", "ada")
	do(typedSecret, "add", "eve")
	do(typedSecret, "add", "hot", "--type", "hotp")
	do("", "list", "--json")
	do("", "show", "ada")
	do("", "show", "nobody")
	do("", "code", "hot")
	do("", "code", "ada", "--at", "2026-03-04T05:06:07Z")
	do("", "recovery", "list", "ada")
	do("", "check")
	do("", "doctor")
	do("", "demo")
	do("", "exec", "--env", "CODE", "-a", "ada", "--", "true")
	if out := do("", "recovery", "use", "ada"); !strings.Contains(out, recovery) {
		t.Errorf("recovery use says %s", out)
	}

	// A command of the user's that is still running, and a client that waits.
	var running []*exec.Cmd
	for _, args := range [][]string{
		{"begun", "exec", "--env", "CODE", "-a", "eve", "--", "sh", "-c", "echo begun >&2; read end"},
		{"waiting for the next one", "code", "ada", "--min-remaining", "30s"},
	} {
		cmd := g.command(args[1:]...)
		cmd.Env = append(cmd.Env, "NPMOTP_PASSPHRASE=hunter2", "TMPDIR="+temporary)
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = in.Close() }()
		said, err := cmd.StderrPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(said)
		for lines.Scan() && !strings.Contains(lines.Text(), args[0]) {
			t.Log(lines.Text())
		}
		running = append(running, cmd)
	}
	// What shows that the search finds things: a file and a process.
	mark := "found by the search"
	if err := os.WriteFile(filepath.Join(temporary, "marked"), []byte(mark), 0o644); err != nil {
		t.Fatal(err)
	}
	if got := g.found([]string{mark, "CODE="}, temporary); !strings.Contains(got, "marked 0\n") || !strings.Contains(got, "/environ 1\n") {
		t.Errorf("the search found %q: it does not look", got)
	}
	if got := g.found(hidden, g.home, g.runtime, temporary); got != "" {
		t.Errorf("while it runs:\n%s", got)
	}
	for _, cmd := range running {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	if out, err := g.command("lock").CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
	if got := g.found(hidden, g.home, g.runtime, temporary); got != "" {
		t.Errorf("afterwards:\n%s", got)
	}
	if left, err := filepath.Glob(filepath.Join(temporary, "*")); err != nil || len(left) != 1 {
		t.Errorf("in the folder for temporary files are %q, %v", left, err)
	}
}
