package scan

import "npmotp/internal/vt"

// A raster is a screen at four points a cell, two by two: as fine as the quadrant
// characters, of which the half blocks are a part. Braille needs two by four.
//
// A look says how to see a screen whose meaning its output leaves open.
type look struct {
	fg, bg uint8 // the terminal's own colours
	ink    rune  // the character that is a full block, too; or anyInk
	tall   bool  // four points a column
}

// anyInk makes a full block of every character that is not a blank.
const anyInk = -1

const (
	pointsWide = 2
	inkHeight  = 2
	brailleTop = 4
)

// raster draws lines in grey levels.
func raster(lines [][]vt.Cell, l look) *gray {
	high := inkHeight
	if l.tall {
		high = brailleTop
	}
	w := 0
	for _, line := range lines {
		w = max(w, len(line))
	}
	g := newGray(w*pointsWide, len(lines)*high)
	for y, line := range lines {
		for x := range w {
			c := vt.Cell{Rune: ' ', FG: vt.Default, BG: vt.Default}
			if x < len(line) {
				c = line[x]
			}
			g.drawCell(x*pointsWide, y*high, high, c, l)
		}
	}
	return g
}

func isBlank(line []vt.Cell) bool {
	for _, c := range line {
		if c.BG != vt.Default || !isSpace(c.Rune) {
			return false
		}
	}
	return true
}

func isSpace(r rune) bool {
	return r == ' ' || r == '\u00a0' || r >= '\u2000' && r <= '\u200a' || r == '\u3000' || r == '\u2800' || r == '\u202f'
}

func (g *gray) drawCell(x0, y0, high int, c vt.Cell, l look) {
	fg, bg := level(c.FG, l.fg), level(c.BG, l.bg)
	mask := glyph(c.Rune, high)
	if mask == 0 && (l.ink == c.Rune || l.ink == anyInk && !isSpace(c.Rune)) {
		mask = 0xff
	}
	for y := range high {
		row := g.row(y0 + y)
		for x := range pointsWide {
			row[x0+x] = bg
			if mask>>(y*pointsWide+x)&1 != 0 {
				row[x0+x] = fg
			}
		}
	}
}

func level(c int16, own uint8) uint8 {
	if c == vt.Default {
		return own
	}
	return uint8(c) //nolint:gosec // 0 to 255 by construction
}

// glyph returns which points of a cell r covers, row after row from the lowest
// bit. Characters that are not made of blocks cover none.
func glyph(r rune, high int) uint8 {
	var quad uint8
	switch {
	case r >= 0x2800 && r <= 0x28ff:
		return braille(r, high)
	case r >= 0x2596 && r <= 0x259f:
		// Quadrants (Unicode chart U2580); bits: upper left, upper right, lower left, lower right.
		quad = [10]uint8{4, 8, 1, 13, 9, 7, 11, 2, 6, 14}[r-0x2596]
	default:
		quad = block(r)
	}
	if high == inkHeight {
		return quad
	}
	// Four rows: each half twice.
	up, low := quad&3, quad>>2
	return up | up<<2 | low<<4 | low<<6
}

func block(r rune) uint8 {
	switch r {
	case '█', '■', '⬛', '◼', '▉', '▇', '🔲':
		return 15
	case '▓', '▒':
		return 15
	case '▀', '🮂':
		return 3
	case '▄', '▃', '▅':
		return 12
	case '▌', '▋', '▍':
		return 5
	case '▐':
		return 10
	}
	return 0
}

// braille maps the dots of a braille pattern, which are numbered down the
// columns with the lowest row added later.
func braille(r rune, high int) uint8 {
	if high == inkHeight {
		return 0
	}
	dots := uint8(r - 0x2800) //nolint:gosec // 0 to 255 by the caller's test
	var mask uint8
	for dot, bit := range [8]uint8{0, 2, 4, 1, 3, 5, 6, 7} {
		if dots>>dot&1 != 0 {
			mask |= 1 << bit
		}
	}
	return mask
}
