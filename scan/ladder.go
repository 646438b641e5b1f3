package scan

import (
	"context"
	"slices"

	"npmotp/internal/secret"
)

const (
	// quickSize is the size, in points, at which pictures are looked at first.
	quickSize = 500
	// moreRungs is how many rungs are climbed after a code was found, when
	// another seems to be there.
	moreRungs = 3
	// otherRungs is how many rungs are climbed at least for a key when codes
	// that hold something else were found.
	otherRungs = 9
)

// A rung is one attempt to find codes in a picture.
type rung struct {
	name   string
	fx, fy float64                // the size, as a multiple of the quick one
	prep   func(g *gray) *gray    // what is done to the picture first, or nil
	fields []func(g *gray) *field // the thresholds
}

func byOtsu(g *gray) *field { return g.global(otsu(g.histogram())) }

func byLow(g *gray) *field {
	low, _ := otsu3(g.histogram())
	return g.global(low)
}

func byHigh(g *gray) *field {
	_, high := otsu3(g.histogram())
	return g.global(high)
}

// byWindow compares with windows of a given part of the picture's size.
func byWindow(part int) func(g *gray) *field {
	return func(g *gray) *field { return g.local(max(g.w, g.h) / part) }
}

// unstriped takes the stripes between a terminal's lines out.
func unstriped(g *gray) *gray {
	if n := g.pitch(); n > 0 {
		return g.smear(n)
	}
	return nil
}

func squeezed(g *gray) *gray { return g.squeeze() }

// ladder lists the attempts, cheapest and likeliest first. The order was found by
// measuring which rung reads what over sets of some hundred pictures; any order finds
// the same codes.
func ladder() []rung {
	type fields = []func(g *gray) *field
	all := fields{byOtsu, byWindow(10), byLow, byHigh}
	return []rung{
		{"otsu", 1, 1, nil, fields{byOtsu}},
		{"window", 1, 1, nil, fields{byWindow(10)}},
		{"otsu3", 1, 1, nil, fields{byLow, byHigh}},
		{"pitch", 1, 1, unstriped, all},
		{"half", 0.5, 0.5, nil, all},
		{"double", 2, 2, nil, fields{byOtsu, byWindow(20)}},
		{"pitch double", 2, 2, unstriped, all},
		{"squeeze", 2, 2, squeezed, all},
		{"flat", 1, 0.5, nil, all},
		{"flat half", 0.5, 0.25, nil, all},
		{"double fine", 2, 2, nil, fields{byWindow(40), byLow, byHigh}},
		{"full", 4, 4, nil, fields{byWindow(40), byOtsu}},
		{"squeeze full", 4, 4, squeezed, all},
	}
}

// trace is called with the rung that found a code, by tests of this package's authors only.
var trace = func(string) {}

// A search looks for codes in one way of seeing a picture.
type search struct {
	whole *gray
	sizes map[[2]int]*gray
	pools map[[2]int][]finder
	read  []reading
	more  bool // a part of the picture looks like a code that was not read
}

// find returns the contents of the QR codes in the pictures.
func find(ctx context.Context, pics []*gray) []secret.Text {
	var out []secret.Text
	searches := make([]search, len(pics))
	for i, g := range pics {
		searches[i] = search{whole: g, sizes: map[[2]int]*gray{}, pools: map[[2]int][]finder{}}
	}
	key, last := false, -1
	for i, r := range ladder() {
		more := false
		for k := range searches {
			if ctx.Err() != nil {
				return out
			}
			for _, c := range searches[k].climb(ctx, &r) {
				if t := secret.New(c); !contains(out, t) {
					trace(r.name)
					out = append(out, t)
				}
				if !key && isKey(c) {
					key, last = true, i+moreRungs
				}
			}
			more = more || searches[k].more
		}
		switch {
		case key && (!more || i >= last), len(out) > 0 && i >= otherRungs:
			return out
		}
	}
	return out
}

// size returns the picture at the size of r, and what it is known by.
func (s *search) size(r *rung) (*gray, [2]int) {
	n := float64(max(s.whole.w, s.whole.h)) / quickSize
	f := [2]int{max(1, int(n/r.fx+0.5)), max(1, int(n/r.fy+0.5))}
	if s.sizes[f] == nil {
		s.sizes[f] = s.whole.shrink(f[0], f[1])
	}
	return s.sizes[f], f
}

// climb makes the attempt r and returns the contents of codes not read before.
func (s *search) climb(ctx context.Context, r *rung) []string {
	g, f := s.size(r)
	pool := s.pools[f]
	if r.prep != nil {
		if g = r.prep(g); g == nil {
			return nil
		}
		pool = nil
	}
	var out []string
	var nears []near
	s.more = false
	for _, threshold := range r.fields {
		pool = merge(pool, threshold(g).finders(ctx))
		for _, t := range triples(pool) {
			if s.covered(&t, g) {
				continue
			}
			c, near, ok := g.read(ctx, &t)
			if ok {
				c.scale = point{float64(s.whole.w) / float64(g.w), float64(s.whole.h) / float64(g.h)}
				s.read = append(s.read, c)
				out = append(out, c.text)
			}
			nears = append(nears, near...)
		}
		for i := range pool {
			pool[i].old = true
		}
		if len(out) > 0 {
			break
		}
	}
	if r.prep == nil {
		s.pools[f] = pool
	}
	s.more = len(nears) > 0
	if len(out) > 0 {
		return out
	}
	slices.SortStableFunc(nears, func(a, b near) int { return int(1000 * (b.sure - a.sure)) })
	for i := range nears[:min(len(nears), bestNears)] {
		if nears[i].sure < sureWarp {
			break
		}
		if c, ok := g.readWarped(ctx, &nears[i]); ok {
			c.scale = point{float64(s.whole.w) / float64(g.w), float64(s.whole.h) / float64(g.h)}
			s.read = append(s.read, c)
			return append(out, c.text)
		}
	}
	return out
}

// merge adds the candidates of another threshold to the pool: what one threshold
// shows another may hide.
func merge(pool, found []finder) []finder {
next:
	for _, p := range found {
		for i := range pool {
			if pool[i].same(&p) {
				if p.hits > pool[i].hits {
					pool[i] = p
				}
				continue next
			}
		}
		if len(pool) < maxFinders {
			pool = append(pool, p)
		}
	}
	slices.SortStableFunc(pool, byHits)
	return pool
}

// covered reports whether one of the patterns lies in a code that was read.
func (s *search) covered(t *triple, g *gray) bool {
	sx, sy := float64(s.whole.w)/float64(g.w), float64(s.whole.h)/float64(g.h)
	for i := range s.read {
		for _, p := range [3]finder{t.tl, t.tr, t.bl} {
			if s.read[i].covers(point{p.x * sx, p.y * sy}) {
				return true
			}
		}
	}
	return false
}
