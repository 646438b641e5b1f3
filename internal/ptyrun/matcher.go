package ptyrun

import (
	"slices"
	"strings"
	"unicode"
)

// mask is what the echo of an answer shows as. It takes the place of each
// character, so that a program which moves the cursor finds its own layout.
const mask = '*'

// A matcher watches the output of a program for its prompts, and takes the
// echo of answers out of it.
//
// A prompt is open while it is the last thing on the screen and the cursor
// stands behind it. Once answered it stays answered however often the program
// draws it again, until its line has been left: the program went on to the
// next line after the answer, or printed something else. What follows is a new
// question.
type matcher struct {
	*screen
	patterns []Pattern

	asked    int  // questions so far
	answered bool // the latest question has its answer, as yet on the screen
	fresh    bool // the next prompt is a new question
	masking  bool // an answer was typed in this run
	worked   bool // something was printed since the last answer
	prompt   int  // the pattern of the latest question
}

func newMatcher(patterns []Pattern, width, height int) *matcher {
	return &matcher{screen: newScreen(width, height), patterns: patterns, fresh: true}
}

// Write follows output and returns what the user may see of it: as much as it
// was given, but for the echo of answers.
func (m *matcher) write(p []byte) []byte {
	out := make([]byte, 0, len(p))
	held := 0 // bytes of an incomplete character at the end of out
	for _, b := range p {
		line, x := "", m.x
		if b == '\n' {
			line = m.whole()
		}
		masked := false
		event := m.feed(b, func(r rune) rune {
			if m.masking && !unicode.IsSpace(r) && m.echoes() {
				masked = true
				return mask
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
				out = append(out[:len(out)-1-min(held, len(out)-1)], mask)
			}
			m.look()
		case newline:
			m.leave(line)
		case nothing:
			if m.x != x {
				m.look()
			}
		}
		held = 0
	}
	return out
}

// whole returns the line that the cursor is on, with what follows the cursor.
func (m *matcher) whole() string {
	cells := m.rows[m.y].cells
	return m.left() + string(cells[min(m.x, len(cells)):])
}

// echoes tells whether the cursor stands behind a prompt, with nothing but
// asterisks and blanks between.
func (m *matcher) echoes() bool {
	line := strings.TrimRight(m.left(), string(mask)+" ")
	return m.find(line) >= 0
}

// look opens a question when the line up to the cursor is a prompt.
func (m *matcher) look() {
	i := m.find(defaultless(m.left()))
	if i < 0 || !m.fresh {
		return
	}
	m.asked++
	m.prompt, m.fresh, m.answered = i, false, false
}

// leave is told that the cursor leaves a line by a line feed.
func (m *matcher) leave(line string) {
	line = strings.TrimSpace(line)
	if m.find(strings.TrimRight(line, string(mask)+" ")) >= 0 {
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
func (m *matcher) intro(line string) bool {
	return slices.ContainsFunc(m.patterns, func(p Pattern) bool { return slices.Contains(p.Intro, line) })
}

// open returns the prompt that waits for an answer.
func (m *matcher) open() (Pattern, bool) {
	if m.asked == 0 || m.answered || m.after() {
		return Pattern{}, false
	}
	i := m.find(defaultless(m.left()))
	if i < 0 {
		return Pattern{}, false
	}
	return m.patterns[i], true
}

// answer is told that the open question is about to be answered.
func (m *matcher) answer() {
	m.answered, m.masking, m.worked = true, true, false
}

// find returns the pattern that a line ends with, or -1.
func (m *matcher) find(line string) int {
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
	if i := strings.LastIndexByte(line, ' '); i > 0 && len(line)-i > 3 && strings.Trim(line[i+1:], string(mask)) == "" {
		return line[:i]
	}
	return line
}

func visibleText(line string) bool {
	return strings.ContainsFunc(line, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) })
}
