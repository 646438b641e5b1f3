package ui

import (
	"context"
	"io"
	"os"
	"os/signal"
	"strings"
	"time"
	"unicode/utf8"

	xterm "golang.org/x/term"

	"npmotp/internal/cleantext"
)

// A Key is a character that was typed, or one of the keys below.
type Key rune

// The keys that are no characters.
const (
	KeyNone Key = -1 - iota // no key: time has passed, or the size has changed
	KeyUp
	KeyDown
	KeyPageUp
	KeyPageDown
	KeyHome
	KeyEnd
	KeyEscape
	KeyEnter
	KeyBackspace
	KeyOther // a key that has no name here
)

const (
	ctrlL = 0x0c
	ctrlZ = 0x1a
	esc   = 0x1b
)

// escapeTime is how long an escape character waits for the rest of the sequence
// that it begins: what the key Escape sends is the beginning of all others.
const escapeTime = 50 * time.Millisecond

// A Window is the terminal while one command has all of it.
type Window struct {
	in, out *os.File
	before  *xterm.State
	input   chan []byte
	failed  chan error
	signals chan os.Signal
	reading bool   // one read at a time, so that none is left when the window is
	pending []byte // input that is no whole key yet
	drawn   string
}

// Whole gives run the whole terminal: its other screen, which keeps nothing, without
// a cursor, and its keys one by one. The terminal is put back as it was on every
// way out, a panic included. The error is [ErrNoTerminal] where there is none.
func (Terminal) Whole(run func(*Window) error) error {
	in, out, done, err := openTerminal()
	if err != nil {
		return ErrNoTerminal
	}
	defer done()
	undo, err := obeySequences(out)
	if err != nil {
		return err
	}
	defer undo()
	w := &Window{in: in, out: out, input: make(chan []byte), failed: make(chan error, 1), signals: make(chan os.Signal, 8)}
	if w.before, err = xterm.GetState(int(in.Fd())); err != nil {
		return ErrNoTerminal
	}
	defer w.leave()
	if err := w.enter(); err != nil {
		return err
	}
	notifyWindow(w.signals)
	defer signal.Stop(w.signals)
	return run(w)
}

// The cursor is hidden and shown by DECTCEM (xterm's ctlseqs).
const (
	hideCursor = "\x1b[?25l"
	showCursor = "\x1b[?25h"
)

func (w *Window) enter() error {
	if _, err := xterm.MakeRaw(int(w.in.Fd())); err != nil {
		return err
	}
	w.drawn = ""
	_, err := io.WriteString(w.out, otherScreen+hideCursor)
	return err
}

func (w *Window) leave() {
	_, _ = io.WriteString(w.out, firstScreen+showCursor)
	_ = xterm.Restore(int(w.in.Fd()), w.before)
}

// read hands on what is typed next. A read of a terminal cannot be interrupted
// everywhere: one that is under way when the window is left ends with the process.
func (w *Window) read() {
	buf := make([]byte, 256)
	n, err := w.in.Read(buf)
	if err != nil {
		w.failed <- err
		return
	}
	w.input <- buf[:n]
}

// Size returns how many columns and lines the window has.
func (w *Window) Size() (columns, lines int) { return Size(w.out) }

// Draw shows lines, none of which is wider than the window, and nothing else.
func (w *Window) Draw(lines []string) error {
	// A line is cleared before it is written: behind the last column that would
	// clear its last character.
	frame := "\x1b[H\x1b[2K" + strings.Join(lines, "\r\n\x1b[2K")
	if _, height := w.Size(); len(lines) < height {
		frame += "\r\n\x1b[J"
	}
	if frame == w.drawn {
		return nil
	}
	w.drawn = frame
	_, err := io.WriteString(w.out, frame)
	return err
}

// Cut returns text in so many columns at most; the sign, which takes one, stands for
// what is cut off.
func Cut(text string, columns int, sign string) string {
	if cleantext.Width(text) <= columns {
		return text
	}
	if columns <= 0 {
		return ""
	}
	taken := 1 // the sign
	for i, r := range text {
		w := cleantext.Width(string(r))
		if taken+w > columns {
			return text[:i] + sign
		}
		taken += w
	}
	return text
}

// Next returns the next key, or [KeyNone] after d, or when the window has to be
// drawn again. Ctrl-C is [ErrInterrupted]; Ctrl-Z stops the process, with the
// terminal as it was, until it is continued.
func (w *Window) Next(ctx context.Context, d time.Duration) (Key, error) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	for {
		if key, n := decodeKey(w.pending, false); n > 0 {
			w.pending = w.pending[n:]
			return w.pressed(key)
		}
		var escaped <-chan time.Time
		if len(w.pending) > 0 {
			escaped = time.After(escapeTime)
		}
		if !w.reading {
			w.reading = true
			go w.read()
		}
		select {
		case <-ctx.Done():
			return KeyNone, context.Cause(ctx)
		case err := <-w.failed:
			return KeyNone, err
		case typed := <-w.input:
			w.reading = false
			w.pending = append(w.pending, typed...)
		case <-escaped:
			key, n := decodeKey(w.pending, true)
			w.pending = w.pending[n:]
			return w.pressed(key)
		case s := <-w.signals:
			return KeyNone, w.signalled(s)
		case <-timer.C:
			return KeyNone, nil
		}
	}
}

// pressed does what some keys do everywhere.
func (w *Window) pressed(key Key) (Key, error) {
	switch key {
	case ctrlC:
		return KeyNone, ErrInterrupted
	case ctrlZ:
		return KeyNone, w.suspend()
	case ctrlL:
		w.drawn = ""
		_, err := io.WriteString(w.out, clearScreen)
		return KeyNone, err
	case '\r', '\n':
		return KeyEnter, nil
	case backspace, del:
		return KeyBackspace, nil
	default:
		return key, nil
	}
}

// decodeKey returns the key that typed begins with and its length in bytes, or
// no length where that is not known yet. When whole is set, no more will come.
func decodeKey(typed []byte, whole bool) (Key, int) {
	switch {
	case len(typed) == 0:
		return KeyNone, 0
	case typed[0] == esc:
		return decodeSequence(typed, whole)
	case !whole && !utf8.FullRune(typed):
		return KeyNone, 0
	}
	r, n := utf8.DecodeRune(typed)
	if r == utf8.RuneError {
		return KeyOther, n
	}
	return Key(r), n
}

// decodeSequence does so for what begins with an escape character: Escape, or a
// sequence of ECMA-48 (CSI, SS3) as xterm sends it for keys.
func decodeSequence(typed []byte, whole bool) (Key, int) {
	if len(typed) == 1 && !whole {
		return KeyNone, 0
	}
	if len(typed) == 1 || typed[1] != '[' && typed[1] != 'O' {
		return KeyEscape, 1
	}
	for i := 2; i < len(typed); i++ {
		if final := typed[i]; final >= 0x40 && final <= 0x7e {
			return sequenceKey(string(typed[2:i]), final), i + 1
		}
	}
	if whole || len(typed) > 32 {
		return KeyOther, len(typed)
	}
	return KeyNone, 0
}

func sequenceKey(parameters string, final byte) Key {
	switch final {
	case 'A':
		return KeyUp
	case 'B':
		return KeyDown
	case 'H':
		return KeyHome
	case 'F':
		return KeyEnd
	case '~':
		switch parameters {
		case "1", "7":
			return KeyHome
		case "4", "8":
			return KeyEnd
		case "5":
			return KeyPageUp
		case "6":
			return KeyPageDown
		}
	}
	return KeyOther
}
