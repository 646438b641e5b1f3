// Package vt is the screen of a terminal, as far as what a program wrote to it
// tells: which character stands where, and how bright it and its ground are.
//
// It is not a terminal to run programs on: it answers nothing, has no height,
// and does not wrap lines.
package vt

import (
	"context"
	"strings"
	"unicode/utf8"
)

const (
	// maxCells bounds the memory of a screen, at eight bytes a cell.
	maxCells = 4 << 20
	// maxColumns is how far to the right a program may write.
	maxColumns = 2000
	tabWidth   = 8
)

// Default stands for the terminal's own colour, which its output does not tell.
const Default = -1

// A Cell is one character on a terminal, with the brightness of its colours.
type Cell struct {
	Rune   rune
	FG, BG int16 // 0 to 255, or Default
}

// A Terminal replays what a program wrote, as far as it bears on where the
// characters stand and on their brightness (ECMA-48, and xterm's ctlseqs). It is
// of unlimited height, so that nothing is scrolled away, and it does not wrap
// lines: whether the real one did cannot be told from its output.
type Terminal struct {
	Lines [][]Cell
	x, y  int
	top   int // the line that absolute moves start from
	cells int
	Full  bool // of its bounds: the rest of the output is lost
	pen   Cell
	bold  bool
	swap  bool // reverse video
	saved [2]int
}

// New returns an empty terminal.
func New() *Terminal {
	return &Terminal{pen: Cell{Rune: ' ', FG: Default, BG: Default}}
}

// Replay writes s to the terminal, until ctx ends.
func (t *Terminal) Replay(ctx context.Context, s string) {
	for i, n := 0, 0; i < len(s) && !t.Full; n++ {
		if n&0xfff == 0 && ctx.Err() != nil {
			return
		}
		switch c := s[i]; {
		case c == 0x1b:
			i += t.escape(s[i:])
		case c < 0x20 || c == 0x7f:
			t.control(c)
			i++
		default:
			r, n := utf8.DecodeRuneInString(s[i:])
			i += n
			if r == 0x9b { // the one-character form of ESC [
				i += t.csi(s[i:])
				continue
			}
			t.put(r)
		}
	}
}

func (t *Terminal) control(c byte) {
	switch c {
	case '\n', '\v', '\f':
		// Output that went through a terminal has a carriage return here; a file
		// that did not means one.
		t.x = 0
		t.y++
	case '\r':
		t.x = 0
	case '\b':
		t.x = max(0, t.x-1)
	case '\t':
		t.x = min(maxColumns-1, (t.x/tabWidth+1)*tabWidth)
	}
}

func (t *Terminal) put(r rune) {
	if r == '\ufeff' || r == '\u200b' || r == '\u200d' || r == '\ufe0e' || r == '\ufe0f' {
		return // these take no column
	}
	if 0x80 <= r && r < 0xa0 {
		return // controls of C1, which no terminal shows as text
	}
	c := t.pen
	c.Rune = r
	if t.swap {
		c.FG, c.BG = c.BG, c.FG
		// The default colours differ, but the two defaults swapped would not.
		if c.FG == Default {
			c.FG = 0
		}
		if c.BG == Default {
			c.BG = 229
		}
	}
	for range columns(r) {
		if t.x >= maxColumns {
			return
		}
		if p := t.at(t.x, t.y); p != nil {
			*p = c
		}
		t.x++
	}
}

// columns is how many columns r takes: two for the squares that QR codes are
// drawn with among the wide characters.
func columns(r rune) int {
	switch {
	case r == '⬛' || r == '⬜' || r == '\u3000':
		return 2
	case r >= 0x1f532 && r <= 0x1f533 || r >= 0x1f7e5 && r <= 0x1f7eb:
		return 2
	}
	return 1
}

// at returns the cell at x, y, or nil when the screen is full.
func (t *Terminal) at(x, y int) *Cell {
	need := 4 * max(0, y+1-len(t.Lines)) // a line costs as much as three cells
	if y < len(t.Lines) {
		need += max(0, x+1-len(t.Lines[y]))
	} else {
		need += x + 1
	}
	if t.cells += need; t.cells > maxCells {
		t.Full = true
		return nil
	}
	for len(t.Lines) <= y {
		t.Lines = append(t.Lines, nil)
	}
	for len(t.Lines[y]) <= x {
		t.Lines[y] = append(t.Lines[y], Cell{Rune: ' ', FG: Default, BG: Default})
	}
	return &t.Lines[y][x]
}

// eraseLine clears the columns from..to of line y.
func (t *Terminal) eraseLine(y, from, to int) {
	if y >= len(t.Lines) {
		return
	}
	line := t.Lines[y]
	if to >= len(line) {
		t.Lines[y] = line[:min(from, len(line))]
		return
	}
	for x := from; x <= to; x++ {
		line[x] = Cell{Rune: ' ', FG: Default, BG: Default}
	}
}

// Plain returns the text of the screen.
func (t *Terminal) Plain() string {
	var b strings.Builder
	for _, line := range t.Lines {
		end := len(line)
		for end > 0 && line[end-1].Rune == ' ' {
			end--
		}
		for _, c := range line[:end] {
			b.WriteRune(c.Rune)
		}
		b.WriteByte('\n')
	}
	return b.String()
}
