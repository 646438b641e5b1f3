package ptyrun

import (
	"slices"
	"strings"
	"unicode"
)

// asterisk is what the echo of an answer shows as. It takes the place of each
// character, so that a program which moves the cursor finds its own layout.
const asterisk = '*'

// A Matcher watches the output of a program for its prompts, and takes the
// echo of answers out of it.
//
// A prompt is open while it is the last thing on the screen and the cursor
// stands behind it. Once answered it stays answered however often the program
// draws it again, until its line has been left: the program went on to the
// next line after the answer, or printed something else. What follows is a new
// question.
type Matcher struct {
	*screen
	patterns []Pattern

	asked    int  // questions so far
	answered bool // the latest question has its answer, as yet on the screen
	fresh    bool // the next prompt is a new question
	masking  bool // an answer was typed in this run
	worked   bool // something was printed since the last answer
	prompt   int  // the pattern of the latest question
}

// NewMatcher returns a matcher for a terminal of a size.
func NewMatcher(patterns []Pattern, width, height int) *Matcher {
	return &Matcher{screen: newScreen(width, height), patterns: patterns, fresh: true}
}

// Pass follows output and returns what the user may see of it: as much as it
// was given, but for the echo of answers.
func (m *Matcher) Pass(p []byte) []byte {
	out := make([]byte, 0, len(p))
	held := 0 // bytes of an incomplete character at the end of out
	for _, b := range p {
		line := ""
		if b == '\n' {
			line = m.whole()
		}
		masked := false
		event := m.feed(b, func(r rune) rune {
			if m.masking && !unicode.IsSpace(r) && m.echoes() && m.find(m.left()+string(r)) < 0 {
				masked = true
				return asterisk
			}
			return r
		})
		out = append(out, b)
		switch event {
		case partial:
			held++
			continue
		case printed:
			if masked {
				out = append(out[:len(out)-1-min(held, len(out)-1)], asterisk)
			}
			if m.last(b) {
				m.look()
			}
		case newline:
			m.leave(line)
		case nothing:
		}
		held = 0
	}
	return out
}

// whole returns the line that the cursor is on, with what follows the cursor.
func (m *Matcher) whole() string {
	cells := m.rows[m.y].cells
	return m.left() + string(cells[min(m.x, len(cells)):])
}

// echoes tells whether the cursor stands behind a prompt, with nothing but
// asterisks and blanks between.
func (m *Matcher) echoes() bool {
	line := strings.TrimRight(m.left(), string(asterisk)+" ")
	return m.here(line) >= 0
}

// last tells whether a prompt may end with a byte: most output needs no look.
func (m *Matcher) last(b byte) bool {
	return slices.ContainsFunc(m.patterns, func(p Pattern) bool { return p.Text[len(p.Text)-1] == b })
}

// look opens a question when the line up to the cursor is a prompt.
func (m *Matcher) look() {
	i := m.find(defaultless(m.left()))
	if i < 0 || !m.fresh {
		return
	}
	m.asked++
	m.prompt, m.fresh, m.answered = i, false, false
}

// leave is told that the cursor leaves a line by a line feed.
func (m *Matcher) leave(line string) {
	line = strings.TrimSpace(line)
	if m.find(strings.TrimRight(line, string(asterisk)+" ")) >= 0 {
		m.fresh = m.fresh || m.answered
		return
	}
	if line == "" || m.intro(line) {
		return
	}
	m.worked = m.worked || visibleText(line)
	m.fresh = m.fresh || m.answered
}

// intro tells whether a line belongs to a prompt.
func (m *Matcher) intro(line string) bool {
	return slices.ContainsFunc(m.patterns, func(p Pattern) bool { return slices.Contains(p.Intro, line) })
}

// Open returns the prompt that waits for an answer.
func (m *Matcher) Open() (Pattern, bool) {
	m.look()
	if m.asked == 0 || m.answered || m.after() {
		return Pattern{}, false
	}
	i := m.here(defaultless(m.left()))
	if i < 0 {
		return Pattern{}, false
	}
	return m.patterns[i], true
}

// Answer is told that the open question is about to be answered.
func (m *Matcher) Answer() {
	m.answered, m.masking, m.worked = true, true, false
}

// find returns the pattern that a line ends with, or -1.
func (m *Matcher) find(line string) int {
	line = strings.TrimRightFunc(line, unicode.IsSpace)
	return slices.IndexFunc(m.patterns, func(p Pattern) bool {
		sign, ok := strings.CutSuffix(line, p.Text)
		return ok && !strings.ContainsFunc(sign, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) })
	})
}

// defaultless returns a line without the default answer that npm's read shows
// in parentheses, which is the answer that npm did not take.
func defaultless(line string) string {
	line = strings.TrimRightFunc(line, unicode.IsSpace)
	if i := strings.LastIndex(line, " ("); i > 0 && strings.HasSuffix(line, ")") {
		return line[:i]
	}
	// The echo filter has made asterisks of it.
	if i := strings.LastIndexByte(line, ' '); i > 0 && len(line)-i > 3 && strings.Trim(line[i+1:], string(asterisk)) == "" {
		return line[:i]
	}
	return line
}

func visibleText(line string) bool {
	return strings.ContainsFunc(line, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) })
}
