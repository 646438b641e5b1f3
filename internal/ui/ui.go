// Package ui is how npmotp talks with the person at the keyboard.
//
// The rules, written here once: standard output is data and nothing else;
// standard error is talk, each line with "npmotp:" before it, no capital at its
// beginning and no period at its end; questions and their answers go to the
// terminal itself, past both. What is said is one line in which every character can
// be seen, whatever names of files and texts of errors are in it: this package makes
// sure of that, so that no other has to.
package ui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"npmotp/internal/cleantext"
)

// A UI is the output of one command, and the terminal to ask on.
type UI struct {
	Out, Err io.Writer
	// OutTTY and ErrTTY tell which of them are terminals.
	OutTTY, ErrTTY bool
	Terminal       Terminal

	Quiet   bool // no notices, only data, warnings and errors
	Yes     bool // the answer to confirmations
	NoInput bool // nobody may be asked
	Verbose bool // say why each decision is made

	passing Passing // shows countdowns, where another program has the terminal
}

// Sayf prints a notice, unless the user wants none.
func (u *UI) Sayf(format string, args ...any) {
	if !u.Quiet {
		u.line(format, args...)
	}
}

// line prints a line of talk.
func (u *UI) line(format string, args ...any) {
	_, _ = fmt.Fprintf(u.Err, "npmotp: %s\n", cleantext.Show(fmt.Sprintf(format, args...)))
}

// Fail prints what went wrong, and a hint if there is one.
func (u *UI) Fail(err error, hint string) {
	u.line("%v", err)
	if hint != "" {
		u.line("hint: %s", hint)
	}
}

// Warnf prints a warning.
func (u *UI) Warnf(format string, args ...any) {
	u.line("warning: "+format, args...)
}

// Hintf prints what to type next.
func (u *UI) Hintf(format string, args ...any) { u.Sayf("hint: "+format, args...) }

// Explainf says why something is done, for those who want to know.
func (u *UI) Explainf(format string, args ...any) {
	if u.Verbose {
		u.line(format, args...)
	}
}

// Beside returns a UI that talks to w, for the time that another program has
// the terminal. Where w is a [Passing], countdowns show there, if this one talks to
// a terminal.
func (u *UI) Beside(w io.Writer) *UI {
	beside := *u
	beside.Err, beside.ErrTTY = w, false
	if p, ok := w.(Passing); ok && u.ErrTTY {
		beside.passing = p
	}
	return &beside
}

// ErrDeclined says that the user answered no.
var ErrDeclined = errors.New("nothing was changed")

// Confirm asks a question on the terminal, and returns [ErrDeclined] for a no.
// Where nobody can be asked the error is a [*UsageError] with the hint, which
// names the option that answers.
func (u *UI) Confirm(ctx context.Context, question, hint string) error {
	if u.Yes {
		return nil
	}
	if u.NoInput {
		return &UsageError{Msg: "this needs a confirmation", Hint: hint}
	}
	yes, err := u.Terminal.Confirm(ctx, "npmotp: "+question)
	if errors.Is(err, ErrNoTerminal) {
		return &UsageError{Msg: "this needs a confirmation, and there is no terminal to ask on", Hint: hint}
	}
	if err != nil {
		return err
	}
	if !yes {
		return ErrDeclined
	}
	return nil
}

// Choose asks on the terminal which of several things is meant, and returns its
// index, or [ErrDeclined] for an answer that is not one of their numbers. Where nobody
// can be asked the error is [ErrNoTerminal].
func (u *UI) Choose(ctx context.Context, title string, things []string) (int, error) {
	if u.NoInput || !u.ErrTTY {
		return 0, ErrNoTerminal
	}
	var question strings.Builder
	fmt.Fprintf(&question, "npmotp: %s:\n", title)
	for i, thing := range things {
		fmt.Fprintf(&question, "  %*d  %s\n", len(strconv.Itoa(len(things))), i+1, cleantext.Show(thing))
	}
	fmt.Fprintf(&question, "Which one? [1-%d] ", len(things))
	answer, err := u.Terminal.Line(ctx, question.String())
	if err != nil {
		return 0, err
	}
	n, err := strconv.Atoi(strings.TrimSpace(answer))
	if err != nil || n < 1 || n > len(things) {
		return 0, ErrDeclined
	}
	return n - 1, nil
}

// A Passing shows a line on a terminal for a while.
type Passing interface {
	Pass(line string) // in place of the one before
	Passed()          // takes it off the screen
}

// Countdown waits until left returns nothing, and says what for: on a terminal in a
// line that counts down and is gone afterwards, and else in one that stays, which
// says what happens then. Wait is called with the time to wait at a stretch.
func (u *UI) Countdown(what, then string, left func() time.Duration, wait func(time.Duration) error) error {
	d := left()
	if d <= 0 {
		return nil
	}
	shown := u.passing
	if shown == nil && u.ErrTTY {
		shown = errLine{u.Err}
	}
	if shown == nil || u.Quiet {
		u.Sayf("%s %s; %s", what, Seconds(d), then)
		return wait(d)
	}
	defer shown.Passed()
	for ; d > 0; d = left() {
		shown.Pass(fmt.Sprintf("npmotp: %s %s", cleantext.Show(what), Seconds(d)))
		// To the next whole second, so that none is left out.
		if err := wait((d-1)%time.Second + 1); err != nil {
			return err
		}
	}
	return nil
}

// An errLine is the last line of a terminal that nobody else writes to.
type errLine struct{ w io.Writer }

// Pass implements [Passing]. A line that is too long for a window is cut: of one
// that wraps only the end could be taken back.
func (l errLine) Pass(line string) { _, _ = fmt.Fprintf(l.w, "\r\033[?7l%s\033[K\033[?7h", line) }

// Passed implements [Passing].
func (l errLine) Passed() { _, _ = fmt.Fprint(l.w, "\r\033[K") }
