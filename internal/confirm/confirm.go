// Package confirm puts a question to the person at the machine for a process that
// has no terminal, and brings back a yes or an error.
//
// There are four ways, tried in this order; the first that can be used is, and the
// next one only if that one could not ask:
//
//   - the terminal, by one line of npmotp's own, where the process that waits for the
//     answer is in its foreground: nobody else reads there then, the person looks at
//     it, and nothing has to be installed;
//   - the program of $SSH_ASKPASS, as ssh-add -c has it: who set that has chosen how
//     to be asked;
//   - pinentry, where there is a display. Without one it is a program of the terminal,
//     and asks there only when it is named as the way;
//   - notify-send, whose notification has buttons, last: a desktop may hide what a
//     program of the background shows.
//
// What is asked is text of strangers in part, so each line of it is cleaned. An
// answer is as good as the terminal or the display that it came by: a program that
// can type there can give it.
package confirm

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"

	"npmotp/internal/cleantext"
)

// A Way is one of the ways to ask.
type Way string

// The ways. Any is the first of them that can be used.
const (
	Any      Way = "any"
	Terminal Way = "terminal"
	Askpass  Way = "askpass"
	Pinentry Way = "pinentry"
	Notify   Way = "notify"
)

// Ways returns what [ParseWay] reads.
func Ways() []string {
	return []string{string(Any), string(Terminal), string(Askpass), string(Pinentry), string(Notify)}
}

// ParseWay returns the way that s names.
func ParseWay(s string) (Way, error) {
	if !slices.Contains(Ways(), s) {
		return "", fmt.Errorf("invalid way %q: use %s", s, strings.Join(Ways(), ", "))
	}
	return Way(s), nil
}

// Errors that are answers.
var (
	// ErrNo says that the answer was no.
	ErrNo = errors.New("the answer was no")
	// ErrSilence says that nobody answered in time.
	ErrSilence = errors.New("nobody answered")
	// ErrNobody says that there is no way to ask.
	ErrNobody = errors.New("there is no way to ask")
)

// errUnusable says that a way could not ask, so that the next one may.
var errUnusable = errors.New("it could not ask")

// A Question is answered by yes or no.
type Question struct {
	Title string
	Facts [][2]string // the name of each, and its text, which may be a stranger's
}

// maxFact is how many characters of a fact are shown.
const maxFact = 160

// width returns the columns that the longest name of a fact takes.
func (q Question) width() int {
	width := 0
	for _, f := range q.Facts {
		width = max(width, len(f[0]))
	}
	return width
}

// lines returns the question without its end, in lines that are fit to be shown.
func (q Question) lines() []string {
	width := q.width()
	lines := []string{cleantext.Show(q.Title)}
	for _, f := range q.Facts {
		text := cleantext.Show(f[1])
		if shown := []rune(text); len(shown) > maxFact {
			text = string(shown[:maxFact]) + "..."
		}
		lines = append(lines, fmt.Sprintf("  %-*s  %s", width, f[0], text))
	}
	return lines
}

// A Person is who is asked, and how.
type Person struct {
	Environ []string // of the programs that ask
	Way     Way
	TTY     TTY // where they were last known to be
}

// A TTY is a terminal. The zero TTY is none.
type TTY struct {
	Path   string `json:"path,omitempty"`
	Device uint64 `json:"device,omitempty"` // tells another one that got the path later
}

// Can returns the ways that can be tried; here says that the terminal is free.
func (p Person) Can(here bool) []Way {
	var can []Way
	display := p.getenv("DISPLAY") != "" || p.getenv("WAYLAND_DISPLAY") != ""
	for _, w := range []struct {
		way Way
		ok  bool
	}{
		{Terminal, here && p.TTY.Path != ""},
		{Askpass, p.getenv("SSH_ASKPASS") != "" && (display || p.Way == Askpass || p.getenv("SSH_ASKPASS_REQUIRE") == "force")},
		{Pinentry, pinentry() != "" && (display || p.Way == Pinentry && here && p.TTY.Path != "")},
		{Notify, found("notify-send") && (p.getenv("DBUS_SESSION_BUS_ADDRESS") != "" || p.getenv("XDG_RUNTIME_DIR") != "" && display)},
	} {
		if w.ok && (p.Way == Any || p.Way == w.way) {
			can = append(can, w.way)
		}
	}
	return can
}

// Ask returns nil for a yes, and the way in which it was given. Here reports whether
// the terminal is free for a question just now, and asking is told of each way that is
// tried. The end of ctx takes the question away. The error is [ErrNo], [ErrSilence]
// where ctx ended at a deadline, or [ErrNobody].
func (p Person) Ask(ctx context.Context, q Question, here func() bool, asking func(Way)) (Way, error) {
	failed := ErrNobody
	for _, way := range p.Can(here()) {
		asking(way)
		var err error
		switch way {
		case Terminal:
			err = p.byTerminal(ctx, q, here)
		case Askpass:
			err = p.byAskpass(ctx, q)
		case Pinentry:
			err = p.byPinentry(ctx, q)
		case Notify:
			err = p.byNotification(ctx, q)
		case Any:
		}
		switch {
		case errors.Is(ctx.Err(), context.DeadlineExceeded):
			return way, ErrSilence
		case ctx.Err() != nil:
			return way, context.Cause(ctx)
		case !errors.Is(err, errUnusable):
			return way, err
		}
		failed = fmt.Errorf("%w: %s: %w", ErrNobody, way, err)
	}
	return "", failed
}

// getenv returns a variable of the programs that ask; the last one counts.
func (p Person) getenv(name string) string {
	for _, kv := range slices.Backward(p.Environ) {
		if value, ok := strings.CutPrefix(kv, name+"="); ok {
			return value
		}
	}
	return ""
}

func found(program string) bool {
	_, err := exec.LookPath(program)
	return err == nil
}
