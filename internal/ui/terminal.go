package ui

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	xterm "golang.org/x/term"

	"npmotp/internal/cleantext"
	"npmotp/internal/secret"
)

// ErrNoTerminal says that there is no terminal to ask on.
var ErrNoTerminal = errors.New("no terminal to ask on")

// ErrInterrupted says that the user pressed Ctrl-C at a question.
var ErrInterrupted = errors.New("interrupted")

// maxAnswer bounds one answer, in bytes.
const maxAnswer = 1 << 20

// IsTerminal reports whether f is a terminal.
func IsTerminal(f *os.File) bool { return xterm.IsTerminal(int(f.Fd())) }

// Size returns how many columns and lines the terminal f has: those of a VT100
// where it does not say.
func Size(f *os.File) (columns, lines int) {
	columns, lines, err := xterm.GetSize(int(f.Fd()))
	if err != nil || columns <= 0 || lines <= 0 {
		return 80, 24
	}
	return columns, lines
}

// A Terminal is the controlling terminal of the process, which questions and
// their answers go to: never standard input or output, so that both can be
// pipes. A secret is read without echo, in raw mode, and the terminal is put
// back as it was on every way out, Ctrl-C and signals included.
//
// The zero value is ready to use.
type Terminal struct{}

// Secret asks for a secret on one line.
func (Terminal) Secret(ctx context.Context, label string) (secret.Text, error) {
	line, err := ask(ctx, label, true, firstLine)
	return secret.New(line), err
}

// Secrets asks for secrets on several lines, which end with an empty line or
// Ctrl-D. Nothing is echoed, so a paste leaves nothing on the screen.
func (Terminal) Secrets(ctx context.Context, label string) (secret.Text, error) {
	some := false
	text, err := ask(ctx, label, true, func(line string, more bool) bool {
		if strings.TrimSpace(line) != "" {
			some = true
			return false
		}
		// An empty line inside a paste is not the end of it: what follows would
		// go to the shell, and into its history.
		return some && !more
	})
	return secret.New(text), err
}

// Line asks for a line of text that is no secret.
func (Terminal) Line(ctx context.Context, label string) (string, error) {
	return ask(ctx, label, false, firstLine)
}

// A lastLine is asked after each line whether it is the last; more tells that
// further input is there already.
type lastLine func(line string, more bool) bool

func firstLine(string, bool) bool { return true }

// Confirm asks a question whose answer is yes or no; an empty answer is no.
func (t Terminal) Confirm(ctx context.Context, question string) (bool, error) {
	answer, err := t.Line(ctx, question+" [y/N] ")
	if err != nil {
		return false, err
	}
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return true, nil
	}
	return false, nil
}

// Show writes text to the terminal only, past any redirection.
func (Terminal) Show(text string) error {
	_, out, done, err := openTerminal()
	if err != nil {
		return ErrNoTerminal
	}
	defer done()
	_, err = io.WriteString(out, text)
	return err
}

// ask prints label and reads lines until last says that one is the last.
func ask(ctx context.Context, label string, hidden bool, last lastLine) (string, error) {
	in, out, done, err := openTerminal()
	if err != nil {
		return "", ErrNoTerminal
	}
	defer done()
	fd := int(in.Fd())
	before, err := xterm.GetState(fd)
	if err != nil {
		return "", ErrNoTerminal
	}
	if hidden {
		// Raw mode rather than no echo: a paste of several lines stays hidden
		// between the lines too, and a line may be longer than the 4096 bytes
		// of the terminal driver's buffer.
		if _, err := xterm.MakeRaw(fd); err != nil {
			return "", err
		}
	}
	defer func() { _ = xterm.Restore(fd, before) }()
	if _, err := fmt.Fprint(out, clean(label)); err != nil {
		return "", err
	}
	type result struct {
		text string
		err  error
	}
	answer := make(chan result, 1)
	go func() {
		// A read of a terminal cannot be interrupted everywhere; when ctx ends
		// first this goroutine ends with the process.
		text, err := readLines(bufio.NewReader(in), hidden, last)
		answer <- result{text, err}
	}()
	select {
	case r := <-answer:
		if hidden {
			_, _ = io.WriteString(out, "\r\n")
		}
		return r.text, r.err
	case <-ctx.Done():
		_, _ = io.WriteString(out, "\r\n")
		return "", context.Cause(ctx)
	}
}

// clean makes lines fit to be shown, each by itself.
func clean(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		words := strings.TrimRight(line, "\r\n")
		b.WriteString(cleantext.Show(words) + line[len(words):])
	}
	return b.String()
}

// The control characters that raw mode leaves to the reader.
const (
	ctrlC     = 0x03
	ctrlD     = 0x04
	backspace = 0x08
	ctrlU     = 0x15
	ctrlW     = 0x17
	del       = 0x7f
)

func readLines(r *bufio.Reader, raw bool, last lastLine) (string, error) {
	var text strings.Builder
	var line []byte
	var before byte
	for text.Len()+len(line) < maxAnswer {
		b, err := r.ReadByte()
		if err == io.EOF || err == nil && raw && b == ctrlD {
			if text.Len()+len(line) == 0 {
				return "", ErrInterrupted
			}
			return text.String() + string(line), nil
		}
		if err != nil {
			return "", err
		}
		afterCR := before == '\r'
		before = b
		switch {
		case b == '\n' && afterCR:
		case raw && b == ctrlC:
			return "", ErrInterrupted
		case raw && (b == backspace || b == del):
			_, size := utf8.DecodeLastRune(line)
			line = line[:len(line)-size]
		case raw && (b == ctrlU || b == ctrlW):
			line = line[:0]
		case b == '\n' || b == '\r':
			ended := last(string(line), r.Buffered() > 0)
			text.Write(line)
			line = line[:0]
			if ended {
				return text.String(), nil
			}
			text.WriteByte('\n')
		default:
			line = append(line, b)
		}
	}
	return "", errors.New("the answer is too long")
}
