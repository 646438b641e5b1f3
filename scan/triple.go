package scan

import (
	"math"
	"sort"
)

const (
	// bestFinders is how many candidates are combined.
	bestFinders = 16
	// bestTriples is how many combinations are tried.
	bestTriples = 14
)

// A triple are the three finder patterns of one code: top left, top right and
// bottom left, or its mirror image.
type triple struct {
	tl, tr, bl finder
	cost       float64
	dim        float64 // about how many modules the code is wide
}

// triples returns the combinations of candidates that could be one code,
// likeliest first.
func triples(found []finder) []triple {
	var out []triple
	for _, dark := range [2]bool{true, false} {
		var c []finder
		for _, p := range found {
			if p.dark == dark && len(c) < bestFinders {
				c = append(c, p)
			}
		}
		for i := range c {
			for j := range c[:i] {
				for k := range c[:j] {
					if c[i].old && c[j].old && c[k].old {
						continue // tried before
					}
					// Each of the three could be the corner.
					for _, t := range [3]triple{{tl: c[i], tr: c[j], bl: c[k]}, {tl: c[j], tr: c[k], bl: c[i]}, {tl: c[k], tr: c[i], bl: c[j]}} {
						if t.fits() {
							out = append(out, t)
						}
					}
				}
			}
		}
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].cost < out[j].cost })
	return out[:min(len(out), bestTriples)]
}

// fits weighs how well three candidates make a corner of a square, once the
// shape of the modules is taken out, and turns them the right way round.
func (t *triple) fits() bool {
	mw := (t.tl.mw + t.tr.mw + t.bl.mw) / 3
	mh := (t.tl.mh + t.tr.mh + t.bl.mh) / 3
	spread := 0.0
	for _, p := range [3]*finder{&t.tl, &t.tr, &t.bl} {
		spread += math.Abs(math.Log(p.mw/mw)) + math.Abs(math.Log(p.mh/mh))
	}
	if spread > 1.5 {
		return false
	}
	u := point{(t.tr.x - t.tl.x) / mw, (t.tr.y - t.tl.y) / mh}
	v := point{(t.bl.x - t.tl.x) / mw, (t.bl.y - t.tl.y) / mh}
	lu, lv := math.Hypot(u.x, u.y), math.Hypot(v.x, v.y)
	if min(lu, lv) < 9 || max(lu, lv) > 1.4*maxDim {
		return false
	}
	cos := math.Abs(u.x*v.x+u.y*v.y) / (lu * lv)
	ratio := math.Abs(math.Log(lu / lv))
	if cos > 0.5 || ratio > 0.5 {
		return false
	}
	if u.x*v.y-u.y*v.x < 0 {
		t.tr, t.bl = t.bl, t.tr
	}
	t.cost = cos + ratio + spread/2 - 0.02*float64(min(t.tl.hits, t.tr.hits, t.bl.hits, 10))
	t.dim = (modulesBetween(t.tl, t.tr)+modulesBetween(t.tl, t.bl))/2 + finderSize
	return true
}

// modulesBetween estimates how many modules lie between the middles of two
// finder patterns, measured along the line through both.
func modulesBetween(p, q finder) float64 {
	dx, dy := q.x-p.x, q.y-p.y
	dist := math.Hypot(dx, dy)
	dx, dy = dx/dist, dy/dist
	sum, n := 0.0, 0.0
	for _, c := range [2]finder{p, q} {
		upright := 1 / math.Hypot(dx/c.mw, dy/c.mh)
		size := upright
		if s, ok := c.size(dx, dy); ok && s > 0.5*upright && s < 2*upright {
			size = s
		}
		sum += size
		n++
	}
	return dist * n / sum
}

// size measures a module of p along the direction dx, dy: the pattern is seven
// of them from one end to the other.
func (p *finder) size(dx, dy float64) (float64, bool) {
	f := p.f
	total := 0.0
	limit := 7 * max(p.mw, p.mh)
	for _, dir := range [2]float64{-1, 1} {
		const step = 0.25
		changes, dark, d := 0, p.dark, 0.0
		for ; changes < 3; d += step {
			x, y := p.x+dir*dx*d, p.y+dir*dy*d
			if d > limit {
				return 0, false
			}
			if x < 0 || y < 0 || int(x) >= f.w || int(y) >= f.h {
				if changes < 2 {
					return 0, false
				}
				break
			}
			if f.dark(int(x), int(y)) != dark {
				dark = !dark
				changes++
			}
		}
		total += d - step
	}
	return total / 7, true
}
