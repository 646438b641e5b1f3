package scan

import (
	"context"
	"math"
	"sort"
)

const (
	// sureFunction is how much of the fixed patterns must be right before the
	// error correction is asked.
	sureFunction = 0.78
	// sureFinders is how much of the finder patterns must be right before the rest
	// of a code is looked at.
	sureFinders = 0.5
	// sureFlat is how much of them must be right for a code to be read without
	// regard to perspective.
	sureFlat = 0.97
	// sureWarp is how much must be right before a code is straightened.
	sureWarp = 0.85
	// bestNears is how many places a rung straightens.
	bestNears  = 2
	warpSweeps = 2
	// bestDims is how many sizes are tried for one triple.
	bestDims = 3
)

// A reading is a QR code that was read, and where it lies.
type reading struct {
	symbol
	grid  projection
	dim   int
	scale point // how much larger the whole picture is than the one it was read in
}

func (r *reading) corners() [4]point {
	n := float64(r.dim)
	return [4]point{r.grid.at(0, 0), r.grid.at(n, 0), r.grid.at(n, n), r.grid.at(0, n)}
}

// area returns the area of the code, in points of the whole picture.
func (r *reading) area() float64 {
	sum := 0.0
	c := r.corners()
	for i, a := range c {
		b := c[(i+1)%4]
		sum += (a.x*b.y - b.x*a.y) / 2
	}
	return math.Abs(sum) * r.scale.x * r.scale.y
}

// covers reports whether q, a point of the whole picture, lies within the code.
func (r *reading) covers(q point) bool {
	q = point{q.x / r.scale.x, q.y / r.scale.y}
	corners := r.corners()
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

// A near is a place where a code was all but read.
type near struct {
	grid projection
	dim  int
	dark bool
	sure float64 // how much of the fixed patterns is right
}

// read tries to read the code that the triple belongs to. Without success it
// returns the places that came near.
func (g *gray) read(ctx context.Context, t *triple) (reading, []near, bool) {
	var nears []near
	try := func(p *projection, l *levels, dim int) (reading, bool) {
		n := near{grid: *p, dim: dim, dark: t.tl.dark, sure: l.function(t.tl.dark)}
		if n.sure < sureFunction {
			return reading{}, false
		}
		nears = append(nears, n)
		s, ok := l.read(n.dark)
		return reading{symbol: s, grid: *p, dim: dim}, ok
	}
	for _, dim := range dims(t.dim) {
		if ctx.Err() != nil {
			return reading{}, nil, false
		}
		flat, ok := grid(t, dim, point{t.tr.x + t.bl.x - t.tl.x, t.tr.y + t.bl.y - t.tl.y}, float64(dim)-3.5)
		if !ok {
			continue
		}
		if g.finderShare(&flat, dim, t.tl.dark) < sureFinders {
			continue
		}
		// A screenshot has no perspective: to look for its alignment pattern is needless.
		l := g.sample(&flat, dim)
		early := l.function(t.tl.dark) >= sureFlat
		if early {
			if r, ok := try(&flat, l, dim); ok {
				return r, nil, true
			}
		}
		for _, c := range g.alignment(&flat, dim, t.tl.dark) {
			if p, ok := grid(t, dim, c.at, float64(dim)-6.5); ok {
				if r, ok := try(&p, g.sample(&p, dim), dim); ok {
					return r, nil, true
				}
			}
		}
		if early {
			continue
		}
		if r, ok := try(&flat, l, dim); ok {
			return r, nil, true
		}
	}
	return reading{}, nears, false
}

// readWarped reads the code at n with its surface straightened out.
func (g *gray) readWarped(ctx context.Context, n *near) (reading, bool) {
	w := newWarp(&n.grid, n.dim)
	done := make([]bool, len(w.shift))
	for range warpSweeps {
		g.straighten(ctx, w, done)
		if s, ok := g.sample(w, n.dim).read(n.dark); ok {
			return reading{symbol: s, grid: n.grid, dim: n.dim}, true
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
	sort.SliceStable(out, func(i, j int) bool {
		return int(100*(math.Abs(float64(out[i])-n)-math.Abs(float64(out[j])-n))) < 0
	})
	return out[:min(len(out), bestDims)]
}

// read decides which modules are dark, in several ways, until the error
// correction agrees.
func (l *levels) read(dark bool) (symbol, bool) {
	for _, cut := range []func() *bits{
		func() *bits { return l.bits(l.even(), dark) },
		func() *bits { return l.bits(l.uneven(), dark) },
		func() *bits { s := l.sharpen(); return s.bits(s.uneven(), dark) },
	} {
		if s, err := decodeModules(cut()); err == nil {
			return s, true
		}
	}
	return symbol{}, false
}
