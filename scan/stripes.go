package scan

// Terminals that space their lines leave a stripe of the page between any two
// rows of modules. A mean over exactly one line takes the stripes out and leaves
// the modules.

const (
	minPitch = 4
	// strongPitch is the correlation from which lines count as evenly spaced.
	strongPitch = 0.25
)

// pitch returns the distance of the lines in g, in points, or 0 when it shows
// none: the shift at which its horizontal edges fall on one another.
func (g *gray) pitch() int {
	profile := make([]float64, g.h)
	mean := 0.0
	for y := 1; y < g.h; y++ {
		a, b := g.row(y-1), g.row(y)
		sum := 0
		for x := range a {
			sum += abs(int(a[x]) - int(b[x]))
		}
		profile[y] = float64(sum)
		mean += profile[y] / float64(g.h)
	}
	var power float64
	for y := range profile {
		profile[y] -= mean
		power += profile[y] * profile[y]
	}
	if power == 0 {
		return 0
	}
	most := g.h / minDim
	score := make([]float64, most+2)
	for lag := minPitch - 1; lag <= most+1 && lag < g.h; lag++ {
		for y := lag; y < g.h; y++ {
			score[lag] += profile[y] * profile[y-lag]
		}
		score[lag] /= power
	}
	best := 0
	for lag := minPitch; lag <= most; lag++ {
		if score[lag] < strongPitch || score[lag] < score[lag-1] || score[lag] < score[lag+1] {
			continue
		}
		// Multiples of the pitch score nearly as well: they must be clearly better.
		if best == 0 || score[lag] > 1.15*score[best] {
			best = lag
		}
	}
	return best
}

// smear returns g with each point the mean of the n points around it in its
// column.
func (g *gray) smear(n int) *gray {
	out := newGray(g.w, g.h)
	sums := make([]uint32, g.w)
	up, down := (n-1)/2, n/2
	rows := uint32(0)
	for y := -down; y < g.h; y++ {
		if in := y + down; in < g.h {
			for x, p := range g.row(in) {
				sums[x] += uint32(p)
			}
			rows++
		}
		if gone := y - up - 1; gone >= 0 {
			for x, p := range g.row(gone) {
				sums[x] -= uint32(p)
			}
			rows--
		}
		if y >= 0 {
			row := out.row(y)
			for x, s := range sums {
				row[x] = uint8(s / rows) //nolint:gosec // a mean of levels
			}
		}
	}
	return out
}
