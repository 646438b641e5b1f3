package scan

import (
	"bytes"
	"context"
	"encoding/binary"
	"math"
	mathbits "math/bits"
	"slices"
	"sort"
)

const (
	// maxFinders bounds the candidates that are kept: text and noise make many.
	maxFinders = 300
	// maxStretch is how many times higher than wide a module may be, or wider
	// than high.
	maxStretch = 4
)

// A finder is a candidate for a finder pattern, the squares in three corners
// of a QR code (ISO/IEC 18004, section 6.3.3). Its modules are measured in
// both directions, because a terminal's cells are not half as wide as high.
type finder struct {
	x, y   float64
	mw, mh float64 // the width and height of a module
	dark   bool    // whether the middle is dark, as it is unless inverted
	hits   int     // how many rows crossed it
	seen   float64 // the same as a share of the rows of its middle
	f      *field  // where it was found
	old    bool    // whether it has been combined with all other old ones
}

// runs are the edges of five bars: those around, the middle, those around.
type runs [6]float64

// module returns the width of a module when the five bars are 1:1:3:1:1, with
// room for blur and for the gaps between a terminal's lines.
func (r *runs) module() (float64, bool) {
	m := (r[5] - r[0]) / 7
	if c := r[3] - r[2]; c < 2*m || c > 4.2*m {
		return 0, false
	}
	for _, i := range [4]int{0, 1, 3, 4} {
		if d := r[i+1] - r[i]; d < 0.35*m || d > 1.8*m {
			return 0, false
		}
	}
	return m, m >= 1
}

// closed returns r with outer bars that are no wider than a module: those of a code
// without a quiet zone are one with a page of their colour.
func (r runs) closed() runs {
	m := (r[4] - r[1]) / 5
	r[0], r[5] = max(r[0], r[1]-m), min(r[5], r[4]+m)
	return r
}

func (r *runs) middle() float64 { return (r[0] + 2*r[2] + 2*r[3] + r[5]) / 6 }

// finders returns the candidates in f, best first. Dark and light ones are
// found in one pass.
func (f *field) finders(ctx context.Context) []finder {
	var found []finder
	step := 1
	if f.h > 300 {
		step = 2
	}
	edges := make([]float64, 0, f.w+2)
	for y := step / 2; y < f.h; y += step {
		if y&63 == 1 && ctx.Err() != nil {
			return nil
		}
		if y < step || !bytes.Equal(f.row(y), f.row(y-step)) {
			edges = f.edges(edges[:0], y)
		}
		dark := f.dark(0, y)
		for i := 0; i+5 < len(edges); i++ {
			r := runs(edges[i : i+6])
			if f.open {
				r = r.closed()
			}
			if _, ok := r.module(); ok {
				if p, ok := f.confirm((r[2]+r[3])/2, y, r[5]-r[0], dark == (i%2 == 0)); ok {
					found = keep(found, p)
				}
			}
		}
	}
	for i := range found {
		p := &found[i]
		p.seen = float64(p.hits*step) / (3 * p.mh)
	}
	// What less than a third of its rows shows is text or noise.
	found = slices.DeleteFunc(found, func(p finder) bool { return p.seen < 0.3 })
	sort.SliceStable(found, byHits(found))
	return found
}

// byHits has package sort bring the finders that most rows agree on to the front. In this
// program it takes less room than slices, whose sorts are compiled for each type.
func byHits(list []finder) func(i, j int) bool {
	return func(i, j int) bool { return list[i].hits > list[j].hits }
}

// edges appends where row y changes between dark and light, and its two ends.
func (f *field) edges(edges []float64, y int) []float64 {
	row := f.row(y)
	edges = append(edges, 0)
	for x := 1; x < len(row); {
		if x+8 <= len(row) {
			// Where the signs of eight points differ from those of the points before them.
			a, b := binary.LittleEndian.Uint64(row[x-1:]), binary.LittleEndian.Uint64(row[x:])
			differ := (a ^ b) & signs
			if differ == 0 {
				x += 8
				continue
			}
			x += mathbits.TrailingZeros64(differ) / 8
		}
		if v, prev := int8(row[x]), int8(row[x-1]); (v < 0) != (prev < 0) { //nolint:gosec // signed
			edges = append(edges, float64(x)-0.5+float64(prev)/(float64(prev)-float64(v)))
		}
		x++
	}
	return append(edges, float64(f.w))
}

// confirm looks at the column through a candidate of the given width, and then
// again at the row through its middle.
func (f *field) confirm(x float64, y int, width float64, dark bool) (finder, bool) {
	col, ok := f.cross(x, float64(y)+0.5, true, maxStretch*width)
	if !ok {
		return finder{}, false
	}
	mh, ok := col.module()
	if !ok || mh*7*maxStretch < width {
		return finder{}, false
	}
	cy := col.middle()
	row, ok := f.cross(x, cy, false, 2*width)
	if !ok {
		return finder{}, false
	}
	mw, ok := row.module()
	if !ok {
		return finder{}, false
	}
	cx := row.middle()
	if f.dark(min(max(int(cx), 0), f.w-1), min(max(int(cy), 0), f.h-1)) != dark {
		return finder{}, false
	}
	return finder{x: cx, y: cy, mw: mw, mh: mh, dark: dark, hits: 1, f: f}, true
}

// cross walks from x, y both ways along the row, or down and up the column, no
// more than most points each, and returns the edges of the bars it meets as
// positions on that row or column.
func (f *field) cross(x, y float64, column bool, most float64) (runs, bool) {
	var r runs
	ix, iy := int(x), int(y)
	if ix < 0 || iy < 0 || ix >= f.w || iy >= f.h {
		return r, false
	}
	stride, pos, end := 1, ix, f.w
	if column {
		stride, pos, end = f.w, iy, f.h
	}
	at := iy*f.w + ix
	for _, dir := range [2]int{-1, 1} {
		n, prev := 0, int8(f.d[at]) //nolint:gosec // signed
		for k := 1; n < 3; k++ {
			p := pos + dir*k
			long := float64(k) > most
			if long && !f.open {
				return r, false
			}
			edge := float64(p) + 0.5
			if p < 0 || p >= end || long {
				// The picture may end where the outer bar does.
				if n != 2 {
					return r, false
				}
				edge = float64(max(p, 0))
				n++
			} else {
				v := int8(f.d[at+dir*k*stride]) //nolint:gosec // signed
				if (v < 0) == (prev < 0) {
					prev = v
					continue
				}
				edge -= float64(dir) * float64(v) / float64(v-prev)
				prev = v
				n++
			}
			if dir < 0 {
				r[3-n] = edge
			} else {
				r[2+n] = edge
			}
		}
	}
	if f.open {
		r = r.closed()
	}
	return r, true
}

// same reports whether p and q are the same pattern.
func (p *finder) same(q *finder) bool {
	return p.dark == q.dark && math.Abs(p.x-q.x) <= 1.5*p.mw && math.Abs(p.y-q.y) <= 1.5*p.mh &&
		p.mw <= 1.7*q.mw && q.mw <= 1.7*p.mw
}

// keep adds p to found, or joins it with a candidate that it is another row of.
func keep(found []finder, p finder) []finder {
	for i := range found {
		q := &found[i]
		if !q.same(&p) {
			continue
		}
		n := float64(q.hits)
		q.x = (q.x*n + p.x) / (n + 1)
		q.y = (q.y*n + p.y) / (n + 1)
		q.mw = (q.mw*n + p.mw) / (n + 1)
		q.mh = (q.mh*n + p.mh) / (n + 1)
		q.hits++
		return found
	}
	if len(found) < maxFinders {
		found = append(found, p)
	}
	return found
}
