package scan

import (
	"slices"
	"sort"
	"unicode"

	"npmotp/internal/vt"
)

const (
	// barLength is the length of the outer bar of a finder pattern, in modules.
	barLength = 7
	// blockGap is how many lines without a block may lie within a code.
	blockGap = 4
	// inkGap is how many lines may lie between the finder patterns of a code that
	// is drawn with letters.
	inkGap = 100
)

// regions returns the parts of lines that may show a code, so that a long log
// around it costs nothing: lines that shows holds for, what lies between them
// if that is no more than gap lines, and a little around.
func regions(lines [][]vt.Cell, shows func([]vt.Cell) bool, gap int) [][][]vt.Cell {
	var out [][][]vt.Cell
	start, last := -1, 0
	for y := 0; y <= len(lines); y++ {
		switch {
		case y < len(lines) && shows(lines[y]):
			if start < 0 {
				start = y
			}
			last = y
		case start >= 0 && (y == len(lines) || y-last > gap):
			out = append(out, lines[max(0, start-blockGap):min(len(lines), last+1+blockGap)])
			start = -1
		}
	}
	return out
}

// hasBlocks reports whether block characters or coloured backgrounds stand in
// line.
func hasBlocks(line []vt.Cell) bool {
	n := 0
	for _, c := range line {
		if c.BG != vt.Default || c.Rune >= 0x2580 && (block(c.Rune) != 0 || glyph(c.Rune, brailleTop) != 0) {
			if n++; n >= barLength {
				return true
			}
		}
	}
	return false
}

// hasInk reports whether line holds the bar of a finder pattern drawn with
// letters, two to a module.
func hasInk(line []vt.Cell) bool {
	n := 1
	for x := 1; x < len(line); x++ {
		if line[x].Rune != line[x-1].Rune || isSpace(line[x].Rune) {
			n = 1
		} else if n++; n >= 2*barLength {
			return true
		}
	}
	return false
}

// withoutBlank leaves out lines of blanks.
func withoutBlank(lines [][]vt.Cell) [][]vt.Cell {
	return slices.DeleteFunc(slices.Clone(lines), isBlank)
}

// withoutNumbers returns lines without the numbers that they begin with, which
// shift them as soon as one has more digits, or nil when they have none.
func withoutNumbers(lines [][]vt.Cell) [][]vt.Cell {
	out := make([][]vt.Cell, len(lines))
	n := 0
	for y, line := range lines {
		out[y] = line
		x := 0
		for x < len(line) && isSpace(line[x].Rune) && line[x].BG == vt.Default {
			x++
		}
		digits := x
		for x < len(line) && unicode.IsDigit(line[x].Rune) {
			x++
		}
		if x == digits {
			continue
		}
		for _, c := range ":|.) " {
			if x < len(line) && line[x].Rune == c && line[x].BG == vt.Default {
				x++
			}
		}
		out[y] = line[x:]
		n++
	}
	if n < minDim/2 {
		return nil
	}
	return out
}

// frequent returns the two characters that lines hold most, blanks aside: codes
// are drawn with digits for both kinds of modules, too.
func frequent(lines [][]vt.Cell) []rune {
	count := map[rune]int{}
	for _, line := range lines {
		for _, c := range line {
			if !isSpace(c.Rune) {
				count[c.Rune]++
			}
		}
	}
	var out []rune
	for r := range count {
		out = append(out, r)
	}
	sort.Slice(out, func(i, j int) bool {
		a, b := out[i], out[j]
		return count[a] > count[b] || count[a] == count[b] && a < b
	})
	return out[:min(len(out), 2)]
}
