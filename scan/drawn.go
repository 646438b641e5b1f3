package scan

import (
	"context"
	"slices"

	"npmotp/internal/vt"
)

const (
	finderSize = 7
	minDim     = 21
	maxDim     = 177
	// finderMiss is how many modules of a finder pattern may be wrong.
	finderMiss = 7
)

// shapes lists how many raster points a module is wide and high: npm's two
// columns by one row, half blocks, one column by one row, quadrants, and
// twice the half blocks.
func shapes(tall bool) [][2]int {
	if tall {
		return [][2]int{{1, 1}, {2, 2}}
	}
	return [][2]int{{4, 2}, {2, 1}, {2, 2}, {1, 1}, {4, 4}, {8, 4}}
}

// drawn returns the QR codes that lines show.
func drawn(ctx context.Context, lines [][]vt.Cell) []symbol {
	var out []symbol
	for _, part := range regions(lines, hasBlocks, blockGap) {
		out = add(out, drawnIn(ctx, part, []look{
			{bg: 0, fg: 229},
			{bg: 255, fg: 0},
			{bg: 0, fg: 229, tall: true},
		}))
	}
	if len(out) > 0 {
		return out
	}
	for _, part := range regions(lines, hasInk, inkGap) {
		looks := []look{{bg: 0, fg: 229, ink: anyInk}}
		for _, r := range frequent(part) {
			looks = append(looks, look{bg: 0, fg: 229, ink: r})
		}
		out = add(out, drawnIn(ctx, part, looks))
	}
	return out
}

func add(list, more []symbol) []symbol {
	for _, s := range more {
		if !slices.Contains(list, s) {
			list = append(list, s)
		}
	}
	return list
}

// drawnIn tries the looks until a code is found, on the lines as they are, without
// blank ones, and without line numbers.
func drawnIn(ctx context.Context, lines [][]vt.Cell, looks []look) []symbol {
	var out []symbol
	views := [][][]vt.Cell{lines, withoutBlank(lines)}
	if bare := withoutNumbers(lines); bare != nil {
		views = append(views, bare)
	}
	for _, l := range looks {
		for _, view := range views {
			g := raster(view, l)
			for _, shape := range shapes(l.tall) {
				if ctx.Err() != nil {
					return out
				}
				out = add(out, g.codes(ctx, shape[0], shape[1]))
			}
			if len(out) > 0 {
				return out
			}
		}
	}
	return out
}

// codes finds the QR codes whose modules are mw by mh points, without any
// distortion, in both polarities.
func (g *gray) codes(ctx context.Context, mw, mh int) []symbol {
	var out []symbol
	// A module may have been cut off on all sides.
	for y := -mh; y+minDim*mh <= g.h+2*mh; y++ {
		if ctx.Err() != nil {
			return out
		}
		for x := -mw; x+minDim*mw <= g.w+2*mw; x++ {
			dark, light, ok := g.finderAt(x, y, mw, mh)
			if !ok {
				continue
			}
			for dim := minDim; dim <= maxDim; dim += 4 {
				right, below := x+(dim-finderSize)*mw, y+(dim-finderSize)*mh
				if right >= g.w || below >= g.h {
					break
				}
				if !g.isFinder(right, y, mw, mh, dark, light) || !g.isFinder(x, below, mw, mh, dark, light) {
					continue
				}
				if s, err := decodeModules(g.modules(x, y, mw, mh, dim, dark, light)); err == nil {
					out = append(out, s)
				}
			}
		}
	}
	return out
}

// finderModule reports whether the module at x, y of a finder pattern is dark.
func finderModule(x, y int) bool {
	ring := max(abs(x-3), abs(y-3))
	return ring != 2
}

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}

// point returns the level in the middle of a module; outside of the picture
// is a blank, as lines lose the blanks at their ends.
func (g *gray) point(x, y int) uint8 {
	if x < 0 || y < 0 || x >= g.w || y >= g.h {
		return 0
	}
	return g.pix[y*g.w+x]
}

// finderAt reports whether a finder pattern begins at x, y, and its levels.
func (g *gray) finderAt(x, y, mw, mh int) (dark, light uint8, ok bool) {
	dark, light = g.point(x+3*mw, y+3*mh), g.point(x+mw, y+mh)
	if dark == light {
		return 0, 0, false
	}
	return dark, light, g.isFinder(x, y, mw, mh, dark, light)
}

func (g *gray) isFinder(x0, y0, mw, mh int, dark, light uint8) bool {
	miss := 0
	for y := range finderSize {
		for x := range finderSize {
			if g.isDark(x0+x*mw, y0+y*mh, dark, light) != finderModule(x, y) {
				if miss++; miss > finderMiss {
					return false
				}
			}
		}
	}
	return true
}

// isDark says to which of two levels a point is closer.
func (g *gray) isDark(x, y int, dark, light uint8) bool {
	p := int(g.point(x, y))
	return abs(p-int(dark)) <= abs(p-int(light))
}

func (g *gray) modules(x0, y0, mw, mh, dim int, dark, light uint8) *bits {
	b := newBits(dim)
	for y := range dim {
		for x := range dim {
			b.set(x, y, g.isDark(x0+x*mw, y0+y*mh, dark, light))
		}
	}
	return b
}
