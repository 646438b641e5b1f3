package ptyrun

import (
	"bytes"
	"io"
	"os"
	"sync"
)

// A talker writes to the user's terminal beside the program's output.
type talker struct {
	mu     sync.Mutex
	to     *os.File
	raw    bool // the terminal does not make CR LF of a line feed
	midway bool // the program's output ends within a line
}

// Talk returns a writer for what this process has to say while the program
// runs. It begins on a line of its own, and ends lines as the terminal needs
// it. It may be used at any time, from any goroutine.
func (s *Session) Talk() io.Writer { return &s.screen }

// Write implements [io.Writer].
func (t *talker) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.to == nil {
		return len(p), nil
	}
	text := p
	if t.midway {
		text = append([]byte("\n"), p...)
		t.midway = false
	}
	if t.raw {
		text = bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n"))
	}
	if _, err := t.to.Write(text); err != nil {
		return 0, err
	}
	return len(p), nil
}
