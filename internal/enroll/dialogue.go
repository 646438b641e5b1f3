// Package enroll has npm's dialogues about the second factor: it turns
// two-factor authentication on and off, and gets back into npm with recovery
// codes, by npm's own "profile enable-2fa", "profile disable-2fa" and "login" of
// npm 6 to 12.
//
// A [Procedure] runs them. In each, a [Dialogue] stands between npm and the
// user's screen: it keeps the secret, the QR code and the recovery codes from
// the screen, hands each to what stores it, and lets the output go on only when
// that has returned. What it says of the end, [Dialogue.Verdict], is npm's own
// account of it.
package enroll

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"npmotp/internal/intake"
	"npmotp/internal/secret"
	"npmotp/scan"
)

// Question is what npm asks below the QR code (lib/commands/profile.js, npm 6
// to 12).
const Question = "And an OTP code from your authenticator:"

// A stage is a part of the dialogue.
type stage int

const (
	talking  stage = iota
	drawing        // the QR code and the secret are on their way
	asking         // the secret is stored, npm waits for a code of it
	waiting        // the code is typed, npm has not said what came of it
	printing       // the recovery codes are on their way
)

// insist is how often the user has to interrupt npm before it is interrupted
// while recovery codes may be on their way.
const insist = 3

// A Dialogue is one run of npm. It is a ptyrun.Relay. The fields are set before
// the run.
type Dialogue struct {
	// Secret stores what npm asks to scan, and returns what the user sees in
	// its place.
	Secret func(e intake.Enrolment) (shown string, err error)
	// Codes stores recovery codes. It is called as they come, each time with
	// those that are new.
	Codes func(codes []secret.Text) error
	// Say tells the user something beside npm's output.
	Say func(text string)
	// Show lets npm's text through, once what is in it is stored.
	Show bool

	mu      sync.Mutex
	stage   stage
	line    []byte // the line that npm is at
	sent    int    // how much of it the user has seen
	held    []byte // lines that are kept back
	out     []byte // what the user sees next
	secret  secret.Text
	codes   []secret.Text // stored ones
	pressed int
	said    []string // the lines that were shown, without escape sequences
	enabled bool
	lost    bool // recovery codes could not be stored
	failed  error
}

// Output implements ptyrun.Relay.
func (d *Dialogue) Output(p []byte) ([]byte, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, b := range p {
		d.line = append(d.line, b)
		if b == '\n' {
			d.endLine()
		}
	}
	if d.failed == nil {
		d.tail()
	}
	if d.failed == nil && d.stage == printing {
		d.collect()
	}
	out := d.out
	d.out = nil
	if d.lost {
		return out, nil // npm goes on: more codes may come
	}
	return out, d.failed
}

// endLine takes in a line that is complete.
func (d *Dialogue) endLine() {
	line, text := d.line, visible(d.line)
	d.line = nil
	sent := d.sent
	d.sent = 0
	switch {
	case d.lost:
		d.out = append(d.out, line[sent:]...)
		return
	case d.failed != nil:
		return
	case d.stage == drawing && strings.HasPrefix(text, Question):
		// Answered already, by keys that were typed ahead.
		if d.store(text); d.failed == nil {
			d.out = append(d.out, line...)
		}
		return
	case d.stage == drawing || d.stage == printing:
		d.held = append(d.held, line...)
		return
	case d.stage == talking && draws(text, line):
		d.stage = drawing
		d.held = append(d.held, line[sent:]...)
		return
	case (d.stage == asking || d.stage == waiting) && prints(text):
		d.stage, d.enabled = printing, true
		d.held = append(d.held, line[sent:]...)
		return
	}
	d.note(text)
	if d.stage == waiting && isError(text) {
		d.stage = talking // no codes will come
	}
	d.out = append(d.out, d.hide(line[sent:])...)
}

// note keeps what npm said, for the verdict.
func (d *Dialogue) note(text string) {
	if text != "" {
		d.said = append(d.said, string(d.hide([]byte(text))))
	}
}

// tail looks at the line that npm is at: a question, or the beginning of more.
func (d *Dialogue) tail() {
	text := visible(d.line)
	switch d.stage {
	case drawing:
		if !question(text) {
			return
		}
		d.store(text)
	case printing:
		return
	case talking, asking, waiting:
		if draws(text, d.line) || mayHide(text) {
			return
		}
	}
	if d.failed == nil {
		d.out = append(d.out, d.line[d.sent:]...)
		d.sent = len(d.line)
	}
}

// store hands on what was drawn, when npm asks about it.
func (d *Dialogue) store(asked string) {
	raw := string(d.held)
	e, err := drawn(raw)
	if err != nil && !strings.HasPrefix(asked, Question) {
		return // it looked like a question, and may be a part of the drawing
	}
	if err != nil {
		d.failed = fmt.Errorf("what npm drew cannot be read, so it was not stored: %w", err)
		return
	}
	shown, err := d.Secret(e)
	if err != nil {
		d.failed = err
		return
	}
	d.secret, d.stage = e.Key.Secret, asking
	if d.Show {
		d.out = append(d.out, d.held...)
	}
	d.out = append(d.out, lines(shown)...)
	d.held = nil
}

// drawn reads a drawing. The QR code and the line below it have to agree.
func drawn(raw string) (intake.Enrolment, error) {
	screen, err := scan.Text(context.Background(), strings.NewReader(raw))
	if err != nil {
		return intake.Enrolment{}, err
	}
	if len(screen.Codes) == 0 || len(screen.Typed) == 0 {
		return intake.Enrolment{}, fmt.Errorf("%w, or no secret below it", scan.ErrNoCode)
	}
	uri, err := screen.Pick()
	if err != nil {
		return intake.Enrolment{}, err
	}
	return intake.URI(uri)
}

// Answered is told that a code for the new secret is about to be typed.
func (d *Dialogue) Answered() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stage = waiting
}

// Asking reports whether npm waits for a code of the secret that was stored.
func (d *Dialogue) Asking() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.stage == asking
}

// Interrupt implements ptyrun.Relay: from the code on until the recovery
// codes are stored the user has to insist.
func (d *Dialogue) Interrupt() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.stage != waiting && d.stage != printing {
		return true
	}
	d.pressed++
	if d.pressed == 1 && d.Say != nil {
		d.Say("npm is about to print the recovery codes; wait until they are stored")
	}
	return d.pressed >= insist
}

// collect stores the recovery codes that have come so far.
func (d *Dialogue) collect() {
	found, _, err := intake.RecoveryCodes(context.Background(), secret.New(plain(d.held)))
	if err != nil {
		return // none yet; at the end it counts
	}
	fresh := slices.DeleteFunc(found, func(code secret.Text) bool { return slices.ContainsFunc(d.codes, code.Equal) })
	if len(fresh) == 0 {
		return
	}
	if err := d.Codes(fresh); err != nil {
		d.lose(err)
		return
	}
	d.codes = append(d.codes, fresh...)
}

// lose shows what could not be stored: npm prints it only once.
func (d *Dialogue) lose(err error) {
	d.failed = fmt.Errorf("the recovery codes could not be stored, so they are shown: write them down: %w", err)
	d.out = append(d.out, d.held...)
	d.held, d.stage, d.lost = nil, talking, true
}

// errNoCodes says that npm announced recovery codes that are not there.
var errNoCodes = errors.New("there is no recovery code in what npm printed")

// End implements ptyrun.Relay.
func (d *Dialogue) End() []byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.line) > 0 && (d.stage == printing || d.stage == drawing) {
		d.held = append(d.held, d.line[d.sent:]...)
		d.line, d.sent = nil, 0
	}
	if d.stage == printing && d.failed == nil {
		d.collect()
		if len(d.codes) == 0 && d.failed == nil {
			d.lose(errNoCodes)
		}
	}
	if d.stage == printing && d.Show {
		d.out = append(d.out, d.held...)
	}
	out := append(d.out, d.hide(d.line[d.sent:])...)
	d.note(visible(d.line))
	d.out, d.held, d.line, d.sent = nil, nil, nil, 0
	return out
}

// Failed returns why something could not be stored, if so.
func (d *Dialogue) Failed() error { return d.failed }

// CodesStored counts the recovery codes that were stored.
func (d *Dialogue) CodesStored() int { return len(d.codes) }
