package scan

import (
	"context"
	"math"
	"slices"
)

const (
	// sureFunction is how much of the fixed patterns must be right before the
	// error correction is asked.
	sureFunction = 0.78
	// bestDims is how many sizes are tried for one triple.
	bestDims = 3
)

// A reading is a QR code that was read, and where it lies.
type reading struct {
	text string
	grid projection
	dim  int
}

// covers reports whether q lies within the code.
func (r *reading) covers(q point) bool {
	n := float64(r.dim)
	corners := [4]point{r.grid.at(0, 0), r.grid.at(n, 0), r.grid.at(n, n), r.grid.at(0, n)}
	sign := 0
	for i, a := range corners {
		b := corners[(i+1)%4]
		c := (b.x-a.x)*(q.y-a.y) - (b.y-a.y)*(q.x-a.x)
		switch {
		case c > 0 && sign < 0, c < 0 && sign > 0:
			return false
		case c > 0:
			sign = 1
		case c < 0:
			sign = -1
		}
	}
	return true
}

// read tries to read the code that the triple belongs to.
func (g *gray) read(ctx context.Context, t *triple) (reading, bool) {
	for _, dim := range dims(t.dim) {
		if ctx.Err() != nil {
			return reading{}, false
		}
		flat, ok := grid(t, dim, point{
			t.tr.x + t.bl.x - t.tl.x,
			t.tr.y + t.bl.y - t.tl.y,
		}, float64(dim)-3.5)
		if !ok {
			continue
		}
		for _, c := range g.alignment(&flat, dim, t.tl.dark) {
			p, ok := grid(t, dim, c.at, float64(dim)-6.5)
			if !ok {
				continue
			}
			if r, ok := g.readGrid(&p, dim, t.tl.dark); ok {
				return r, true
			}
		}
		if r, ok := g.readGrid(&flat, dim, t.tl.dark); ok {
			return r, true
		}
	}
	return reading{}, false
}

// grid returns the projection of a code whose fourth point, at fourth of the grid
// in both directions, lies at p.
func grid(t *triple, dim int, p point, fourth float64) (projection, bool) {
	far := float64(dim) - 3.5
	return project([4]point{{3.5, 3.5}, {far, 3.5}, {3.5, far}, {fourth, fourth}},
		[4]point{{t.tl.x, t.tl.y}, {t.tr.x, t.tr.y}, {t.bl.x, t.bl.y}, p})
}

// dims returns the sizes that a code of about n modules can have, nearest
// first.
func dims(n float64) []int {
	var out []int
	for dim := minDim; dim <= maxDim; dim += 4 {
		if math.Abs(float64(dim)-n) <= 2.1+0.12*n {
			out = append(out, dim)
		}
	}
	slices.SortStableFunc(out, func(a, b int) int {
		return int(100 * (math.Abs(float64(a)-n) - math.Abs(float64(b)-n)))
	})
	return out[:min(len(out), bestDims)]
}

// readGrid reads the code under a projection.
func (g *gray) readGrid(p *projection, dim int, dark bool) (reading, bool) {
	l := g.sample(p, dim)
	if l.function(dark) < sureFunction {
		return reading{}, false
	}
	sharp := l.sharpen()
	for _, b := range [3]*bits{l.bits(l.even(), dark), l.bits(l.uneven(), dark), sharp.bits(sharp.uneven(), dark)} {
		if text, err := decodeModules(b); err == nil {
			return reading{text: text, grid: *p, dim: dim}, true
		}
	}
	return reading{}, false
}
