package ui

import (
	"context"
	"io"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	xterm "golang.org/x/term"

	"npmotp/internal/cleantext"
)

// The keys that [Screen.Key] tells by name. Others are the character itself.
const (
	KeyUp       = "up"
	KeyDown     = "down"
	KeyPageUp   = "page up"
	KeyPageDown = "page down"
	KeyEnter    = "enter"
	KeyEscape   = "escape"
	KeyResized  = "" // no key: the terminal has another size
)

// sizeLook is how often a screen looks whether its size has changed: no signal
// tells on every system.
const sizeLook = 250 * time.Millisecond

// A Screen is the whole terminal, in place of what it showed before.
type Screen struct {
	in, out *os.File
	typed   []byte
	reads   chan []byte // of the read that is under way
	reading bool
	columns int
	lines   int
}

// Fullscreen has show fill the terminal. Afterwards it is as it was before, on any
// way out but a kill. Without a terminal the error is [ErrNoTerminal].
func (Terminal) Fullscreen(show func(*Screen) error) (err error) {
	in, out, done, err := openTerminal()
	if err != nil {
		return ErrNoTerminal
	}
	defer done()
	fd := int(in.Fd())
	before, err := xterm.MakeRaw(fd)
	if err != nil {
		return ErrNoTerminal
	}
	const hideCursor, showCursor = "\x1b[?25l", "\x1b[?25h"
	defer func() { _, _ = io.WriteString(out, showCursor+firstScreen); _ = xterm.Restore(fd, before) }()
	if _, err := io.WriteString(out, otherScreen+hideCursor); err != nil {
		return err
	}
	s := &Screen{in: in, out: out, reads: make(chan []byte)}
	s.columns, s.lines = Size(out)
	return show(s)
}

// Size returns how many columns and lines there are.
func (s *Screen) Size() (columns, lines int) { return s.columns, s.lines }

// Draw shows lines, each cut where the terminal ends.
func (s *Screen) Draw(lines []string) error {
	var b strings.Builder
	b.WriteString("\x1b[H")
	for i := range min(len(lines), s.lines) {
		if i > 0 {
			b.WriteString("\r\n")
		}
		b.WriteString(Cut(cleantext.Show(lines[i]), s.columns) + "\x1b[K")
	}
	b.WriteString("\x1b[J")
	_, err := io.WriteString(s.out, b.String())
	return err
}

// Cut cuts a line to a number of columns.
func Cut(line string, columns int) string {
	width, fits := 0, 0 // fits is where the line ends if a sign that it was cut follows
	for i, c := range line {
		w := cleantext.Width(string(c))
		if width+w > columns {
			return line[:fits] + "…"
		}
		if width += w; width < columns {
			fits = i + utf8.RuneLen(c)
		}
	}
	return line
}

// Key waits for a key. It returns [ErrInterrupted] for Ctrl-C.
func (s *Screen) Key(ctx context.Context) (string, error) {
	look := time.NewTicker(sizeLook)
	defer look.Stop()
	for len(s.typed) == 0 {
		if !s.reading { // one read at a time, so that none is left when the screen ends
			s.reading = true
			go func() {
				buf := make([]byte, 256)
				n, err := s.in.Read(buf)
				if err != nil {
					n = 0
				}
				s.reads <- buf[:n]
			}()
		}
		select {
		case p := <-s.reads:
			s.reading = false
			if len(p) == 0 {
				return "", ErrNoTerminal
			}
			s.typed = p
		case <-look.C:
			if columns, lines := Size(s.out); columns != s.columns || lines != s.lines {
				s.columns, s.lines = columns, lines
				return KeyResized, nil
			}
		case <-ctx.Done():
			return "", context.Cause(ctx)
		}
	}
	key, size := firstKey(s.typed)
	s.typed = s.typed[size:]
	if key == string(rune(ctrlC)) {
		return "", ErrInterrupted
	}
	return key, nil
}

// firstKey returns the first key of what was typed, and its size in bytes.
func firstKey(typed []byte) (string, int) {
	for sequence, key := range map[string]string{
		"\x1b[A": KeyUp, "\x1bOA": KeyUp, "\x1b[B": KeyDown, "\x1bOB": KeyDown,
		"\x1b[5~": KeyPageUp, "\x1b[6~": KeyPageDown, "\r": KeyEnter, "\n": KeyEnter,
	} {
		if strings.HasPrefix(string(typed), sequence) {
			return key, len(sequence)
		}
	}
	if typed[0] == '\x1b' { // a key that has no name here goes as a whole
		return KeyEscape, len(typed)
	}
	_, size := utf8.DecodeRune(typed)
	return string(typed[:size]), size
}
