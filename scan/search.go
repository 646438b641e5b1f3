package scan

import (
	"context"
	"slices"
	"sort"

	"npmotp/internal/secret"
)

const (
	// moreRungs is how many rungs are climbed after a code was found, when
	// another seems to be there.
	moreRungs = 3
	// roomRungs is how many rungs are climbed in any case when there is room for
	// another code.
	roomRungs = 3
	// roomShare is how much of a picture a code leaves free that has no room for
	// another beside it.
	roomShare = 0.7
	// otherRungs is how many rungs are climbed at least for a key when codes
	// that hold something else were found.
	otherRungs = 8
)

// A search looks for codes in one way of seeing a picture.
type search struct {
	whole *gray
	sizes map[[2]int]*gray
	pools map[[2]int][]finder
	read  []reading
	more  bool // a part of the picture looks like a code that was not read
}

// find returns the QR codes in the pictures.
func find(ctx context.Context, pics []*gray) []symbol {
	var out []symbol
	searches := make([]search, len(pics))
	for i, g := range pics {
		searches[i] = search{whole: g, sizes: map[[2]int]*gray{}, pools: map[[2]int][]finder{}}
	}
	key, first := false, 0
	for i, r := range ladder() {
		more, room := false, false
		for k := range searches {
			if ctx.Err() != nil {
				return out
			}
			for _, c := range searches[k].climb(ctx, &r) {
				if !slices.Contains(out, c) {
					out = append(out, c)
				}
			}
			if !key && hasKey(out) {
				key, first = true, i
			}
			more = more || searches[k].more
			room = room || searches[k].room()
		}
		switch {
		case key && more && i < first+moreRungs, key && room && i+1 < roomRungs:
		case key, len(out) > 0 && i >= otherRungs:
			return out
		}
	}
	return out
}

// hasKey reports whether one of the codes, or several of them together, hold what
// a user of this package looks for.
func hasKey(found []symbol) bool {
	texts, _ := join(found)
	return slices.ContainsFunc(texts, func(t secret.Text) bool { return isKey(t.Reveal()) })
}

// size returns the picture at the size of r, and what it is known by. It
// returns nil when the picture is too small for r to differ from a rung before.
func (s *search) size(r *rung) (*gray, [2]int) {
	n := float64(max(s.whole.w, s.whole.h)) / quickSize
	factors := func(k float64) [2]int { return [2]int{max(1, int(n/r.fx*k+0.5)), max(1, int(n/r.fy*k+0.5))} }
	f := factors(1)
	if r.fx > 1 && (r.fx > 2 || r.prep != nil) && f == factors(2) {
		return nil, f
	}
	if s.sizes[f] == nil {
		s.sizes[f] = s.whole.shrink(f[0], f[1])
	}
	return s.sizes[f], f
}

// climb makes the attempt r and returns the codes not read before.
func (s *search) climb(ctx context.Context, r *rung) []symbol {
	g, f := s.size(r)
	s.more = false
	if g == nil {
		return nil
	}
	pool := s.pools[f]
	if r.prep != nil {
		if g = r.prep(g); g == nil {
			return nil
		}
		pool = nil
	}
	var out []symbol
	var nears []near
	for _, threshold := range r.fields {
		pool = merge(pool, threshold(g).finders(ctx))
		for _, t := range triples(pool) {
			if s.covered(&t, g) {
				continue
			}
			c, near, ok := g.read(ctx, &t)
			if ok {
				out = append(out, s.took(c, g))
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
	s.more = s.left(pool, g)
	if len(out) > 0 {
		return out
	}
	sort.SliceStable(nears, func(i, j int) bool { return int(1000*(nears[j].sure-nears[i].sure)) < 0 })
	for i := range nears[:min(len(nears), bestNears)] {
		if nears[i].sure < sureWarp {
			break
		}
		if c, ok := g.readWarped(ctx, &nears[i]); ok {
			return append(out, s.took(c, g))
		}
	}
	return out
}

// took keeps where a code was read in g, and returns it.
func (s *search) took(c reading, g *gray) symbol {
	c.scale = point{float64(s.whole.w) / float64(g.w), float64(s.whole.h) / float64(g.h)}
	s.read = append(s.read, c)
	return c.symbol
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
	sort.SliceStable(pool, byHits(pool))
	return pool
}

// room reports whether another code could lie beside those that were read.
func (s *search) room() bool {
	area := 0.0
	for i := range s.read {
		area += s.read[i].area()
	}
	return area < (1-roomShare)*float64(s.whole.w)*float64(s.whole.h)
}

// left reports whether finder patterns are left that belong to no code read so far:
// two of a kind, each seen in most of its rows, are not there by chance.
func (s *search) left(pool []finder, g *gray) bool {
	n := map[bool]int{}
	for _, p := range pool {
		if p.seen > 0.6 && !s.covers(&p, g) {
			n[p.dark]++
		}
	}
	return n[true] > 1 || n[false] > 1
}

// covers reports whether p lies in a code that was read.
func (s *search) covers(p *finder, g *gray) bool {
	sx, sy := float64(s.whole.w)/float64(g.w), float64(s.whole.h)/float64(g.h)
	for i := range s.read {
		if s.read[i].covers(point{p.x * sx, p.y * sy}) {
			return true
		}
	}
	return false
}

// covered reports whether one of the patterns lies in a code that was read.
func (s *search) covered(t *triple, g *gray) bool {
	return s.covers(&t.tl, g) || s.covers(&t.tr, g) || s.covers(&t.bl, g)
}
