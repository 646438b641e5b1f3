package scan

import (
	"context"
	"slices"

	"npmotp/internal/secret"
)

// quickSize is the size, in points, at which pictures are looked at first.
const quickSize = 500

// A rung is one attempt to find codes in a picture.
type rung struct {
	name   string
	fx, fy float64 // the size, as a multiple of the quick one
	how    func(g *gray) []*field
}

func byOtsu(g *gray) []*field { return []*field{g.global(otsu(g.histogram()))} }

func byOtsu3(g *gray) []*field {
	low, high := otsu3(g.histogram())
	return []*field{g.global(low), g.global(high)}
}

func byWindow(part int) func(g *gray) []*field {
	return func(g *gray) []*field { return []*field{g.local(max(g.w, g.h) / part)} }
}

// byPitch takes the stripes between a terminal's lines out first.
func byPitch(g *gray) []*field {
	n := g.pitch()
	if n == 0 {
		return nil
	}
	g = g.smear(n)
	h := g.histogram()
	low, high := otsu3(h)
	return []*field{g.global(otsu(h)), g.global(low), g.global(high), g.local(max(g.w, g.h) / 10)}
}

// ladder lists the attempts, cheapest and likeliest first.
func ladder() []rung {
	return []rung{
		{"otsu", 1, 1, byOtsu},
		{"window", 1, 1, byWindow(10)},
		{"otsu3", 1, 1, byOtsu3},
		{"pitch", 1, 1, byPitch},
		{"otsu/2", 0.5, 0.5, byOtsu},
		{"window/2", 0.5, 0.5, byWindow(10)},
		{"otsu*2", 2, 2, byOtsu},
		{"window*2", 2, 2, byWindow(20)},
		{"otsu3/2", 0.5, 0.5, byOtsu3},
		{"pitch*2", 2, 2, byPitch},
		{"flat otsu", 1, 0.5, byOtsu},
		{"flat window", 1, 0.5, byWindow(10)},
		{"flat otsu3", 1, 0.5, byOtsu3},
		{"flat otsu/2", 0.5, 0.25, byOtsu},
		{"flat otsu3/2", 0.5, 0.25, byOtsu3},
		{"window*2 fine", 2, 2, byWindow(40)},
		{"otsu3*2", 2, 2, byOtsu3},
		{"window*4", 4, 4, byWindow(40)},
		{"otsu*4", 4, 4, byOtsu},
	}
}

// trace is called with the rung that found a code, by tests of this package's authors only.
var trace = func(string) {}

// search looks for QR codes in the pictures.
func search(ctx context.Context, pics []*gray) []secret.Text {
	var out []secret.Text
	key := false
	for _, r := range ladder() {
		for _, g := range pics {
			if ctx.Err() != nil {
				return out
			}
			for _, c := range r.climb(ctx, g) {
				t := secret.New(c.text)
				if !contains(out, t) {
					trace(r.name)
					out = append(out, t)
				}
				key = key || isKey(c.text)
			}
		}
		if key {
			return out
		}
	}
	return out
}

func (r *rung) climb(ctx context.Context, g *gray) []reading {
	size := float64(max(g.w, g.h)) / quickSize
	fx, fy := max(1, int(size/r.fx+0.5)), max(1, int(size/r.fy+0.5))
	small := g.shrink(fx, fy)
	var out []reading
	var nears []near
	for _, f := range r.how(small) {
		found := f.finders(ctx)
		for _, t := range f.triples(found) {
			if covered(out, &t) {
				continue
			}
			c, near, ok := small.read(ctx, &t)
			if ok {
				out = append(out, c)
			}
			nears = append(nears, near...)
		}
	}
	if len(out) > 0 {
		return out
	}
	slices.SortStableFunc(nears, func(a, b near) int { return int(1000 * (b.sure - a.sure)) })
	for i := range nears[:min(len(nears), bestNears)] {
		if nears[i].sure < sureWarp {
			break
		}
		if c, ok := small.readWarped(ctx, &nears[i]); ok {
			return append(out, c)
		}
	}
	return out
}

func covered(read []reading, t *triple) bool {
	for i := range read {
		for _, p := range [3]finder{t.tl, t.tr, t.bl} {
			if read[i].covers(point{p.x, p.y}) {
				return true
			}
		}
	}
	return false
}
