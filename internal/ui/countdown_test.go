package ui_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"npmotp/internal/ui"
	"npmotp/internal/vt"
)

// A wait is one that takes no time. It ends early after some waits.
type wait struct {
	left  time.Duration
	waits int
	until int
	seen  []string // what the screen showed during each
	on    *bytes.Buffer
}

var errInterrupted = errors.New("interrupted")

func (w *wait) rest() time.Duration { return w.left }

func (w *wait) wait(d time.Duration) error {
	w.left -= d
	w.seen = append(w.seen, lastLine(w.on.String()))
	if w.waits++; w.waits == w.until {
		return errInterrupted
	}
	return nil
}

// lastLine is what a terminal shows in its last line.
func lastLine(output string) string {
	t := vt.New()
	t.Replay(context.Background(), output)
	var line strings.Builder
	if len(t.Lines) > 0 {
		for _, c := range t.Lines[len(t.Lines)-1] {
			line.WriteRune(c.Rune)
		}
	}
	return strings.TrimSpace(line.String())
}

func TestCountdown(t *testing.T) {
	for name, test := range map[string]struct {
		terminal, quiet bool
		until           int
		seen, stays     string
		err             error
	}{
		"terminal":    {terminal: true, seen: "npmotp: it begins in 3 s, npmotp: it begins in 2 s, npmotp: it begins in 1 s"},
		"interrupted": {terminal: true, until: 2, seen: "npmotp: it begins in 3 s, npmotp: it begins in 2 s", err: errInterrupted},
		"none":        {stays: "npmotp: it begins in 3 s; waiting\n"},
		"quiet":       {terminal: true, quiet: true},
	} {
		var screen bytes.Buffer
		w := &wait{left: 2500 * time.Millisecond, on: &screen, until: test.until}
		u := ui.UI{Err: &screen, ErrTTY: test.terminal, Quiet: test.quiet}
		if err := u.Countdown("it begins in", "waiting", w.rest, w.wait); !errors.Is(err, test.err) {
			t.Errorf("%s: %v", name, err)
		}
		if test.seen != "" && strings.Join(w.seen, ", ") != test.seen {
			t.Errorf("%s: it showed %q", name, w.seen)
		}
		if got := screen.String(); test.terminal && lastLine(got) != "" || !test.terminal && got != test.stays {
			t.Errorf("%s: it left %q", name, got)
		}
		if test.until == 0 && w.left != 0 {
			t.Errorf("%s: %s are left", name, w.left)
		}
	}
}
