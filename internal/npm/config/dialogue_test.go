package config_test

import (
	"bytes"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"

	"github.com/creack/pty"
)

// A dialogue is the output of a program, and answers each of its questions once.
// A notice can stand behind a question that waits.
type dialogue struct {
	seen    bytes.Buffer
	stdin   io.Writer
	answers map[string]string // by the question
}

func (d *dialogue) Write(p []byte) (int, error) {
	n, err := d.seen.Write(p)
	for question, answer := range d.answers {
		if strings.Contains(d.seen.String(), question) {
			delete(d.answers, question)
			if _, err := io.WriteString(d.stdin, answer+"\r"); err != nil {
				return n, err
			}
		}
	}
	return n, err
}

// converse runs a program that may ask for alice's name and password, at a
// terminal: over pipes npm 10 stops before its questions on a busy machine.
func converse(t *testing.T, cmd *exec.Cmd) (string, error) {
	t.Helper()
	d := &dialogue{answers: map[string]string{
		"Username:": "alice", "Password:": "wonderland", "Email: (this IS public)": "alice@example.com",
		"Email (this will be public):": "alice@example.com",
	}}
	terminal, err := pty.Start(cmd)
	if errors.Is(err, pty.ErrUnsupported) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = terminal.Close() }()
	d.stdin = terminal
	_, _ = io.Copy(d, terminal) // ends with an error when the program does
	return d.seen.String(), cmd.Wait()
}

// combined runs a program that asks nothing.
func combined(t *testing.T, cmd *exec.Cmd) (string, error) {
	t.Helper()
	out, err := cmd.CombinedOutput()
	return string(out), err
}
