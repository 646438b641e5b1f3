package ptyrun

import (
	"bytes"
	"fmt"
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
	column int  // of the cursor in it; 0 where that is not known

	passing bool // a line shows that will be taken back
	below   bool // it is in the row below the program's
}

// Talk returns a writer for what this process has to say while the program
// runs. It begins on a line of its own, and ends lines as the terminal needs
// it. It may be used at any time, from any goroutine. It shows a passing line, too,
// which is in nobody's way: the program's output takes it off the screen, and goes on
// where it ended.
func (s *Session) Talk() io.Writer { return &s.screen }

// Write implements [io.Writer].
func (t *talker) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.to == nil {
		return len(p), nil
	}
	t.takeBack()
	text := p
	if t.midway {
		text = append([]byte("\n"), p...)
		t.midway = false
	}
	if _, err := t.to.Write(t.lines(text)); err != nil {
		return 0, err
	}
	return len(p), nil
}

// lines ends lines as the terminal needs it.
func (t *talker) lines(text []byte) []byte {
	if t.raw {
		return bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n"))
	}
	return text
}

// Pass shows a line until [talker.Passed], in place of the one before. It does not
// wrap, so that it can be taken back.
func (t *talker) Pass(line string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.to == nil {
		return
	}
	before := "\r"
	if !t.passing && t.midway {
		before, t.below = "\n\r", true
	}
	t.passing = true
	_, _ = t.to.Write(t.lines([]byte(before + "\033[?7l" + line + "\033[K\033[?7h")))
}

// Passed takes it off the screen.
func (t *talker) Passed() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.takeBack()
}

// takeBack takes a passing line off the screen, and puts the cursor where the
// program left it. Rows are counted from the cursor: the screen may have scrolled.
func (t *talker) takeBack() {
	if !t.passing {
		return
	}
	text := "\r\033[K"
	switch {
	case !t.below:
	case t.column > 0:
		text += fmt.Sprintf("\033[A\033[%dG", t.column+1)
	default:
		t.midway = false // it goes on here
	}
	_, _ = t.to.Write([]byte(text))
	t.passing, t.below = false, false
}
