package scan

import "math"

// levels are the mean levels of the modules of a code.
type levels struct {
	dim int
	v   []float32
}

// A mapping tells where a point of the grid of modules lies in the picture.
type mapping interface{ at(u, v float64) point }

// smallModule is the size of a module, in points, below which its middle alone
// is free of its neighbours.
const smallModule = 2.2

// sample measures the modules of a code of dim modules: each as the mean of
// nine places within it, so that neither noise nor the gaps between a terminal's
// lines decide.
func (g *gray) sample(p mapping, dim int) *levels {
	l := &levels{dim: dim, v: make([]float32, dim*dim)}
	offsets := []float64{0.22, 0.5, 0.78}
	if a, b := p.at(0, 0), p.at(float64(dim), float64(dim)); math.Hypot(a.x-b.x, a.y-b.y) < smallModule*1.4*float64(dim) {
		offsets = offsets[1:2]
	}
	share := float32(1) / float32(len(offsets)*len(offsets))
	for y := range dim {
		for _, oy := range offsets {
			v := float64(y) + oy
			for x := range dim {
				var s float64
				for _, ox := range offsets {
					q := p.at(float64(x)+ox, v)
					s += g.smooth(q.x, q.y)
				}
				l.v[y*dim+x] += float32(s) * share
			}
		}
	}
	return l
}

// finderShare tells how much of the finder patterns is right, by the middles of
// their modules alone. Three pieces of text rarely get far.
func (g *gray) finderShare(p mapping, dim int, dark bool) float64 {
	right := 0
	for _, c := range [3][2]int{{0, 0}, {dim - finderSize, 0}, {0, dim - finderSize}} {
		var v [finderSize * finderSize]float64
		var sum [2]float64
		for i := range v {
			x, y := i%finderSize, i/finderSize
			q := p.at(float64(c[0]+x)+0.5, float64(c[1]+y)+0.5)
			v[i] = g.smooth(q.x, q.y)
			if finderModule(x, y) {
				sum[0] += v[i] / 33
			} else {
				sum[1] += v[i] / 16
			}
		}
		cut := (sum[0] + sum[1]) / 2
		for i := range v {
			if (v[i] < cut) == (finderModule(i%finderSize, i/finderSize) == dark) {
				right++
			}
		}
	}
	return float64(right) / (3 * finderSize * finderSize)
}

// function tells how much of the fixed patterns of a code is right: the finder
// patterns, and the modules between them that must alternate (ISO/IEC 18004,
// section 6.3.5). It compares with what is near, so that no light misleads it.
func (l *levels) function(dark bool) float64 {
	right, n := 0, 0
	check := func(isDark, want bool) {
		n++
		if isDark == (want == dark) {
			right++
		}
	}
	for _, c := range [3][2]int{{0, 0}, {l.dim - finderSize, 0}, {0, l.dim - finderSize}} {
		cut, ok := l.finderCut(c[0], c[1], dark)
		if !ok {
			return 0
		}
		for y := range finderSize {
			for x := range finderSize {
				check(l.at(c[0]+x, c[1]+y) < cut, finderModule(x, y))
			}
		}
	}
	for i := 8; i < l.dim-8; i++ {
		check(2*l.at(i, 6) < l.at(i-1, 6)+l.at(i+1, 6), i%2 == 0)
		check(2*l.at(6, i) < l.at(6, i-1)+l.at(6, i+1), i%2 == 0)
	}
	return float64(right) / float64(n)
}

func (l *levels) at(x, y int) float32 { return l.v[y*l.dim+x] }

// finderCut returns the level midway between the dark and the light modules of
// the finder pattern at x0, y0, if it has any.
func (l *levels) finderCut(x0, y0 int, dark bool) (float32, bool) {
	var a, b float32
	for y := range finderSize {
		for x := range finderSize {
			if v := l.at(x0+x, y0+y); finderModule(x, y) {
				a += v / 33
			} else {
				b += v / 16
			}
		}
	}
	const least = 3
	return (a + b) / 2, dark && b-a > least || !dark && a-b > least
}

// bits decides which modules are dark, or light when the code is inverted.
func (l *levels) bits(cut func(x, y int) float32, dark bool) *bits {
	b := newBits(l.dim)
	for y := range l.dim {
		for x := range l.dim {
			b.set(x, y, (l.v[y*l.dim+x] < cut(x, y)) == dark)
		}
	}
	return b
}

// even is the threshold between the two classes of modules, the same all over.
func (l *levels) even() func(x, y int) float32 {
	var h [256]int
	for _, v := range l.v {
		h[int(min(max(v, 0), 255))]++
	}
	t := float32(otsu(&h))
	return func(int, int) float32 { return t }
}

// uneven is a threshold that follows the light: the mean of the surroundings.
func (l *levels) uneven() func(x, y int) float32 {
	const r = 4
	cuts := make([]float32, len(l.v))
	for y := range l.dim {
		for x := range l.dim {
			var s float32
			n := float32(0)
			for j := max(0, y-r); j <= min(l.dim-1, y+r); j++ {
				for i := max(0, x-r); i <= min(l.dim-1, x+r); i++ {
					s += l.v[j*l.dim+i]
					n++
				}
			}
			cuts[y*l.dim+x] = s / n
		}
	}
	return func(x, y int) float32 { return cuts[y*l.dim+x] }
}

// sharpen takes out of each module what blur brought in from its neighbours.
func (l *levels) sharpen() *levels {
	const share = 0.12
	out := &levels{dim: l.dim, v: make([]float32, len(l.v))}
	at := func(x, y int) float32 {
		return l.v[min(max(y, 0), l.dim-1)*l.dim+min(max(x, 0), l.dim-1)]
	}
	for y := range l.dim {
		for x := range l.dim {
			near := at(x-1, y) + at(x+1, y) + at(x, y-1) + at(x, y+1)
			out.v[y*l.dim+x] = (at(x, y) - share*near) / (1 - 4*share)
		}
	}
	return out
}
