package scan

import (
	"math"
	"sort"
)

// alignGuesses is how many places of the alignment pattern are tried.
const alignGuesses = 3

// A corner is a guess where the fourth corner of a code lies: the middle of
// its last alignment pattern (ISO/IEC 18004, section 6.3.6).
type corner struct {
	at    point
	score float64
}

// alignment searches the last alignment pattern of a code of dim modules around
// the place where it would lie if there were no perspective.
func (g *gray) alignment(flat *projection, dim int, dark bool) []corner {
	if dim == minDim {
		return nil // version 1 has none
	}
	const step = 0.5
	reach := min(2.5+0.12*float64(dim), 9)
	mid := float64(dim) - 6.5
	n := int(2*reach/step) + 1
	scores := make([]float64, n*n)
	for j := range n {
		for i := range n {
			u, v := mid-reach+step*float64(i), mid-reach+step*float64(j)
			scores[j*n+i] = g.alignScore(flat, u, v, dark)
		}
	}
	var out []corner
	for j := range n {
		for i := range n {
			s := scores[j*n+i]
			if s < 0.55 || !isPeak(scores, n, i, j) {
				continue
			}
			u, v := g.climb(flat, mid-reach+step*float64(i), mid-reach+step*float64(j), dark)
			// A place nearer to the expected one wins over a slightly better one.
			off := math.Hypot(u-mid, v-mid) / reach
			out = append(out, corner{flat.at(u, v), s - 0.15*off})
		}
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].score > out[j].score })
	return out[:min(len(out), alignGuesses)]
}

func isPeak(s []float64, n, i, j int) bool {
	for dj := max(0, j-1); dj <= min(n-1, j+1); dj++ {
		for di := max(0, i-1); di <= min(n-1, i+1); di++ {
			if s[dj*n+di] > s[j*n+i] {
				return false
			}
		}
	}
	return true
}

// climb moves u, v in small steps to where the pattern fits best.
func (g *gray) climb(flat *projection, u, v float64, dark bool) (float64, float64) {
	best := g.alignScore(flat, u, v, dark)
	for step := 0.25; step > 0.1; step /= 2 {
		for moved := true; moved; {
			moved = false
			for _, d := range [4]point{{step, 0}, {-step, 0}, {0, step}, {0, -step}} {
				if s := g.alignScore(flat, u+d.x, v+d.y, dark); s > best+1e-9 {
					best, u, v, moved = s, u+d.x, v+d.y, true
				}
			}
		}
	}
	return u, v
}

// alignScore correlates the surroundings of u, v with an alignment pattern: 1
// is a perfect one, under any light.
func (g *gray) alignScore(flat *projection, u, v float64, dark bool) float64 {
	var sum, squares, light float64
	for j := -2; j <= 2; j++ {
		for i := -2; i <= 2; i++ {
			p := flat.at(u+float64(i), v+float64(j))
			s := g.smooth(p.x, p.y)
			sum += s
			squares += s * s
			if max(abs(i), abs(j)) == 1 {
				light += s
			}
		}
	}
	const n, nLight = 25.0, 8.0
	variance := squares - sum*sum/n
	if variance < n*4 {
		return 0 // flat
	}
	cov := light - nLight*sum/n
	if !dark {
		cov = -cov
	}
	return cov / math.Sqrt(variance*(nLight-nLight*nLight/n))
}

// smooth returns the level at x, y, between points interpolated, and at the rim
// that of the nearest point.
func (g *gray) smooth(x, y float64) float64 {
	x, y = x-0.5, y-0.5
	if !(x >= 0) {
		x = 0
	}
	if !(y >= 0) {
		y = 0
	}
	x, y = min(x, float64(g.w-1)), min(y, float64(g.h-1))
	x0, y0 := int(x), int(y)
	fx, fy := x-float64(x0), y-float64(y0)
	at := y0*g.w + x0
	right, below := 1, g.w
	if x0+1 >= g.w {
		right = 0
	}
	if y0+1 >= g.h {
		below = 0
	}
	top := float64(g.pix[at])*(1-fx) + float64(g.pix[at+right])*fx
	bottom := float64(g.pix[at+below])*(1-fx) + float64(g.pix[at+below+right])*fx
	return top*(1-fy) + bottom*fy
}
