package ptyrun

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A screen follows what a program shows: the rows of a terminal and the cursor,
// as far as prompts need it. It knows the sequences that programs use to draw
// a line again (ECMA-48): cursor moves, erasing, inserting and deleting. Colours,
// titles and modes leave no trace. Rows that scroll away are forgotten.
type screen struct {
	width, height int
	rows          []row
	y, x          int // x may be width: the next character wraps
	saved         [2]int

	state  parserState
	params []byte
	rune   []byte // an incomplete UTF-8 sequence
}

type row struct {
	cells   []rune
	wrapped bool // it goes on in the next one
}

type parserState int

const (
	ground parserState = iota
	escape
	escapeSkip // one more byte belongs to the sequence
	csi
	text       // OSC, DCS and the like, up to BEL or ESC \
	textEscape // an ESC in one
)

// maxParams bounds a control sequence; a longer one has no effect.
const maxParams = 64

func newScreen(width, height int) *screen {
	s := &screen{rows: make([]row, 1)}
	s.resize(width, height)
	return s
}

func (s *screen) resize(width, height int) {
	s.width, s.height = max(width, 1), max(height, 1)
	s.x = min(s.x, s.width)
	s.trim()
}

// An event is what a byte did.
type event int

const (
	nothing event = iota
	printed       // a character was put at the cursor
	partial       // a byte of a character that is not complete
	newline       // the cursor leaves the line for the next
)

// before is called with the character that is about to be printed and returns
// the one to print instead.
type before func(r rune) rune

// feed follows one byte.
func (s *screen) feed(b byte, put before) event {
	switch s.state {
	case escape:
		s.escape(b)
		return nothing
	case escapeSkip:
		s.state = ground
		return nothing
	case csi:
		s.csi(b)
		return nothing
	case text, textEscape:
		switch {
		case b == 0x07, s.state == textEscape && b == '\\', b == 0x18, b == 0x1a:
			s.state = ground
		case b == 0x1b:
			s.state = textEscape
		default:
			s.state = text
		}
		return nothing
	case ground:
	}
	if b >= utf8.RuneSelf {
		s.rune = append(s.rune, b)
		if !utf8.FullRune(s.rune) {
			return partial
		}
		r, _ := utf8.DecodeRune(s.rune)
		s.rune = s.rune[:0]
		s.print(put(r))
		return printed
	}
	s.rune = s.rune[:0]
	switch b {
	case 0x1b:
		s.state, s.params = escape, s.params[:0]
	case '\r':
		s.x = 0
	case '\n', '\v', '\f':
		s.down()
		return newline
	case '\b':
		s.x = max(min(s.x, s.width-1)-1, 0)
	case '\t':
		s.x = min((s.x/8+1)*8, s.width-1)
	default:
		if b >= ' ' && b != 0x7f {
			s.print(put(rune(b)))
			return printed
		}
	}
	return nothing
}

func (s *screen) print(r rune) {
	if s.x >= s.width {
		s.rows[s.y].wrapped = true
		s.down()
		s.x = 0
	}
	cells := &s.rows[s.y].cells
	for len(*cells) <= s.x {
		*cells = append(*cells, ' ')
	}
	(*cells)[s.x] = r
	s.x++
}

func (s *screen) down() {
	s.y++
	if s.y == len(s.rows) {
		s.rows = append(s.rows, row{})
	}
	s.trim()
}

// trim forgets the rows above the screen.
func (s *screen) trim() {
	if over := len(s.rows) - s.height; over > 0 {
		s.rows = slices.Delete(s.rows, 0, over)
		s.y = max(s.y-over, 0)
	}
}

func (s *screen) escape(b byte) {
	s.state = ground
	switch b {
	case '[':
		s.state = csi
	case ']', 'P', 'X', '^', '_':
		s.state = text
	case '(', ')', '*', '+', '#', '%', ' ':
		s.state = escapeSkip
	case 0x1b:
		s.state = escape
	case '7':
		s.saved = [2]int{s.y, s.x}
	case '8':
		s.move(s.saved[0], s.saved[1])
	case 'D':
		s.down()
	case 'E':
		s.down()
		s.x = 0
	case 'M':
		s.move(s.y-1, s.x)
	case 'c':
		s.clear()
	}
}

func (s *screen) clear() {
	s.rows, s.y, s.x = make([]row, 1), 0, 0
}

// move puts the cursor on the screen.
func (s *screen) move(y, x int) {
	s.y = min(max(y, 0), s.height-1)
	s.x = min(max(x, 0), s.width-1)
	for len(s.rows) <= s.y {
		s.rows = append(s.rows, row{})
	}
}

// maxLine bounds the lines that are looked at. A prompt and its answer are far
// shorter, and programs print lines without end.
const maxLine = 400

// left returns the line up to the cursor, rows that wrapped joined. Of a line
// that is too long it returns nothing.
func (s *screen) left() string {
	first, length := s.y, s.x
	for first > 0 && s.rows[first-1].wrapped {
		first--
		length += len(s.rows[first].cells)
		if length > maxLine {
			return ""
		}
	}
	var b strings.Builder
	for y := first; y < s.y; y++ {
		b.WriteString(string(s.rows[y].cells))
	}
	cells := s.rows[s.y].cells
	b.WriteString(string(cells[:min(s.x, len(cells))]))
	return b.String()
}

// after tells whether anything shows at or behind the cursor.
func (s *screen) after() bool {
	cells := s.rows[s.y].cells
	if s.x < len(cells) && visible(cells[s.x:]) {
		return true
	}
	return slices.ContainsFunc(s.rows[s.y+1:], func(r row) bool { return visible(r.cells) })
}

func visible(cells []rune) bool {
	return slices.ContainsFunc(cells, func(r rune) bool { return !unicode.IsSpace(r) })
}
