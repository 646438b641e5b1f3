package scan

import (
	"context"
	"math"
	"sort"
)

// A warp corrects a projection where the surface of a code is not flat, or its
// fourth corner was guessed badly: a shift, in modules, at each node of a coarse
// grid.
type warp struct {
	p     *projection
	dim   int
	n     int // nodes along each side
	shift []point
}

const (
	// nodeGap is about the distance of the nodes, in modules.
	nodeGap = 4.0
	// nodeReach is how far around a node modules are looked at.
	nodeReach = 4
	// spread is how far from the middle of a module its corners are sampled.
	spread = 0.33
	// stiffness is what a shift away from that of the neighbours costs.
	stiffness = 0.05
)

// at returns where the point u, v of the grid lies in the picture.
func (w *warp) at(u, v float64) point {
	d := w.shiftAt(u, v)
	return w.p.at(u+d.x, v+d.y)
}

func (w *warp) shiftAt(u, v float64) point {
	last := float64(w.n - 1)
	u, v = min(max(u/w.gap(), 0), last), min(max(v/w.gap(), 0), last)
	x0, y0 := min(int(u), w.n-2), min(int(v), w.n-2)
	fx, fy := u-float64(x0), v-float64(y0)
	a, b := w.shift[y0*w.n+x0], w.shift[y0*w.n+x0+1]
	c, d := w.shift[(y0+1)*w.n+x0], w.shift[(y0+1)*w.n+x0+1]
	return a.mul((1 - fx) * (1 - fy)).add(b.mul(fx * (1 - fy))).add(c.mul((1 - fx) * fy)).add(d.mul(fx * fy))
}

func (w *warp) gap() float64 { return float64(w.dim) / float64(w.n-1) }

func newWarp(p *projection, dim int) *warp {
	w := &warp{p: p, dim: dim, n: max(3, int(math.Round(float64(dim)/nodeGap))+1)}
	w.shift = make([]point, w.n*w.n)
	return w
}

// straighten fits a warp to the picture: from the finder patterns outwards, each
// node moves to where the modules around it stand out most. Where modules are
// sampled beside their middles, dark and light mix. A second call starts from what the
// first found.
func (g *gray) straighten(ctx context.Context, w *warp, done []bool) {
	for _, i := range w.order() {
		if ctx.Err() != nil {
			return
		}
		x, y := i%w.n, i/w.n
		w.shift[i] = g.settle(w, float64(x)*w.gap(), float64(y)*w.gap(), w.neighbours(done, x, y))
		done[i] = true
	}
}

// order lists the nodes by their distance from the nearest finder pattern.
func (w *warp) order() []int {
	far := float64(w.dim) - 3.5
	dist := func(i int) float64 {
		u, v := float64(i%w.n)*w.gap(), float64(i/w.n)*w.gap()
		return min(math.Hypot(u-3.5, v-3.5), math.Hypot(u-far, v-3.5), math.Hypot(u-3.5, v-far))
	}
	nodes := make([]int, w.n*w.n)
	for i := range nodes {
		nodes[i] = i
	}
	sort.SliceStable(nodes, func(i, j int) bool { return int(64*(dist(nodes[i])-dist(nodes[j]))) < 0 })
	return nodes
}

// neighbours returns the mean shift of the nodes beside x, y that are done.
func (w *warp) neighbours(done []bool, x, y int) point {
	var sum point
	n := 0.0
	for j := max(0, y-1); j <= min(w.n-1, y+1); j++ {
		for i := max(0, x-1); i <= min(w.n-1, x+1); i++ {
			if done[j*w.n+i] {
				sum = sum.add(w.shift[j*w.n+i])
				n++
			}
		}
	}
	if n == 0 {
		return point{}
	}
	return sum.mul(1 / n)
}

// settle returns the shift near start at which the modules around u, v stand
// out most. Far from start counts against a shift: a whole module further the
// modules stand out as well.
func (g *gray) settle(w *warp, u, v float64, start point) point {
	best, bestScore := start, -1.0
	for _, step := range [2]float64{0.2, 0.08} {
		mid := best
		for j := -2; j <= 2; j++ {
			for i := -2; i <= 2; i++ {
				d := mid.add(point{float64(i) * step, float64(j) * step})
				off := d.sub(start)
				s := g.standOut(w, u, v, d) - stiffness*(off.x*off.x+off.y*off.y)
				if s > bestScore {
					best, bestScore = d, s
				}
			}
		}
	}
	return best
}

// standOut measures how far the modules around u, v, shifted by d, are from the
// middle level, as a share of the range of levels. Each is taken as a whole, so that
// one sampled beside its place brings in its neighbours.
func (g *gray) standOut(w *warp, u, v float64, d point) float64 {
	u0 := math.Floor(min(max(u, nodeReach), float64(w.dim)-nodeReach)) - nodeReach + 0.5 + d.x
	v0 := math.Floor(min(max(v, nodeReach), float64(w.dim)-nodeReach)) - nodeReach + 0.5 + d.y
	const side = 2 * nodeReach
	var s [side * side]float64
	lo, hi := 255.0, 0.0
	for j := range side {
		for i := range side {
			l := 0.0
			for _, o := range [5]point{{0, 0}, {-spread, -spread}, {spread, -spread}, {-spread, spread}, {spread, spread}} {
				q := w.p.at(u0+float64(i)+o.x, v0+float64(j)+o.y)
				l += g.smooth(q.x, q.y) / 5
			}
			s[j*side+i] = l
			lo, hi = min(lo, l), max(hi, l)
		}
	}
	if hi-lo < 8 {
		return 0
	}
	mid, score := (lo+hi)/2, 0.0
	for _, l := range s {
		score += (l - mid) * (l - mid)
	}
	return score / (side * side * (hi - lo) * (hi - lo))
}
