package npmconfig_test

import (
	"bytes"
	"io"
	"os/exec"
	"strings"
	"testing"
)

// A dialogue is the output of a program, and answers each of its questions once.
// A notice can stand behind a question that waits.
type dialogue struct {
	seen    bytes.Buffer
	stdin   io.WriteCloser
	answers map[string]string // by the question
}

func (d *dialogue) Write(p []byte) (int, error) {
	n, err := d.seen.Write(p)
	for question, answer := range d.answers {
		if strings.Contains(d.seen.String(), question) {
			delete(d.answers, question)
			if _, err := io.WriteString(d.stdin, answer+"\n"); err != nil {
				return n, err
			}
		}
	}
	return n, err
}

// converse runs a program that may ask for alice's name and password.
func converse(t *testing.T, cmd *exec.Cmd) (string, error) {
	t.Helper()
	d := &dialogue{answers: map[string]string{
		"Username:": "alice", "Password:": "wonderland", "Email: (this IS public)": "alice@example.com",
		"Email (this will be public):": "alice@example.com",
	}}
	var err error
	if d.stdin, err = cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = d, d
	err = cmd.Run()
	return d.seen.String(), err
}
