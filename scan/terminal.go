package scan

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
	// colorDefault stands for the terminal's own colour, which its output does
	// not tell.
	colorDefault = -1
)

// A cell is one character on a terminal, with the brightness of its colours.
type cell struct {
	r      rune
	fg, bg int16 // 0 to 255, or colorDefault
}

// A terminal replays what a program wrote, as far as it bears on where the
// characters stand and on their brightness (ECMA-48, and xterm's ctlseqs). It is
// of unlimited height, so that nothing is scrolled away, and it does not wrap
// lines: whether the real one did cannot be told from its output.
type terminal struct {
	lines [][]cell
	x, y  int
	top   int // the line that absolute moves start from
	cells int
	full  bool // maxCells is reached, the rest of the output is lost
	pen   cell
	bold  bool
	swap  bool // reverse video
	saved [2]int
}

func newTerminal() *terminal {
	return &terminal{pen: cell{r: ' ', fg: colorDefault, bg: colorDefault}}
}

// replay writes s to the terminal, until ctx ends.
func (t *terminal) replay(ctx context.Context, s string) {
	for i, n := 0, 0; i < len(s) && !t.full; n++ {
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

func (t *terminal) control(c byte) {
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

func (t *terminal) put(r rune) {
	if r == '\ufeff' || r == '\u200b' || r == '\u200d' || r == '\ufe0e' || r == '\ufe0f' {
		return // these take no column
	}
	c := t.pen
	c.r = r
	if t.swap {
		c.fg, c.bg = c.bg, c.fg
		// The default colours differ, but the two defaults swapped would not.
		if c.fg == colorDefault {
			c.fg = 0
		}
		if c.bg == colorDefault {
			c.bg = 229
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
func (t *terminal) at(x, y int) *cell {
	need := 4 * max(0, y+1-len(t.lines)) // a line costs as much as three cells
	if y < len(t.lines) {
		need += max(0, x+1-len(t.lines[y]))
	} else {
		need += x + 1
	}
	if t.cells += need; t.cells > maxCells {
		t.full = true
		return nil
	}
	for len(t.lines) <= y {
		t.lines = append(t.lines, nil)
	}
	for len(t.lines[y]) <= x {
		t.lines[y] = append(t.lines[y], cell{r: ' ', fg: colorDefault, bg: colorDefault})
	}
	return &t.lines[y][x]
}

// eraseLine clears the columns from..to of line y.
func (t *terminal) eraseLine(y, from, to int) {
	if y >= len(t.lines) {
		return
	}
	line := t.lines[y]
	if to >= len(line) {
		t.lines[y] = line[:min(from, len(line))]
		return
	}
	for x := from; x <= to; x++ {
		line[x] = cell{r: ' ', fg: colorDefault, bg: colorDefault}
	}
}

// plain returns the text of the screen.
func (t *terminal) plain() string {
	var b strings.Builder
	for _, line := range t.lines {
		end := len(line)
		for end > 0 && line[end-1].r == ' ' {
			end--
		}
		for _, c := range line[:end] {
			b.WriteRune(c.r)
		}
		b.WriteByte('\n')
	}
	return b.String()
}
