package scan

import "encoding/binary"

// A field is a picture less its threshold, halved: negative where dark. Its zeros
// lie between points, so that edges are known to a part of a point. Its values are
// signed, and kept as bytes because eight are looked at together where they can be.
type field struct {
	w, h int
	d    []uint8
	open bool // whether the outer bars of a finder pattern may run into the page
}

// sign is set in a value of a field that is dark, and signs in eight of them.
const (
	sign  = 0x80
	signs = 0x8080808080808080
)

func newField(g *gray) *field { return &field{w: g.w, h: g.h, d: make([]uint8, len(g.pix))} }

func (f *field) dark(x, y int) bool { return f.d[y*f.w+x]&sign != 0 }

func (f *field) row(y int) []uint8 { return f.d[y*f.w : (y+1)*f.w] }

// histogram counts the levels of every second row of g.
func (g *gray) histogram() *[256]int {
	var a, b [256]int
	for y := 0; y < g.h; y += 2 {
		row := g.row(y)
		// Two counters, because equal neighbours would wait for one another.
		for x := 1; x < len(row); x += 2 {
			a[row[x-1]]++
			b[row[x]]++
		}
	}
	for v := range a {
		a[v] += b[v]
	}
	return &a
}

// global returns g less one threshold everywhere.
func (g *gray) global(threshold int) *field {
	f := newField(g)
	// Half the difference is the mean of the level and of what the threshold lacks
	// to 255, less 128; the mean of bytes is what they share plus half of what they
	// do not (Warren, Hacker's Delight, section 2-5).
	lack := uint8(255 - threshold) //nolint:gosec // a level
	const ones = 0x0101010101010101
	b, i := uint64(lack)*ones, 0
	for ; i+8 <= len(g.pix); i += 8 {
		a := binary.LittleEndian.Uint64(g.pix[i:])
		binary.LittleEndian.PutUint64(f.d[i:], ((a|b)-((a^b)>>1&^signs))^signs)
	}
	for ; i < len(g.pix); i++ {
		a := g.pix[i]
		f.d[i] = ((a | lack) - (a^lack)>>1) ^ sign
	}
	return f
}

// bias keeps even surfaces from breaking up into noise under a local threshold.
const bias = 2

// local returns g less the mean of the window around each point.
func (g *gray) local(window int) *field {
	f := newField(g)
	r := max(1, window/2)
	// Sums over the columns of the window, moved down row by row.
	cols := make([]int32, g.w)
	rows := int32(0)
	for y := -r; y < g.h; y++ {
		if in := y + r; in < g.h {
			for x, p := range g.row(in) {
				cols[x] += int32(p)
			}
			rows++
		}
		if out := y - r - 1; out >= 0 {
			for x, p := range g.row(out) {
				cols[x] -= int32(p)
			}
			rows--
		}
		if y >= 0 {
			f.localRow(y, g.row(y), cols, rows, r)
		}
	}
	return f
}

func (f *field) localRow(y int, src []uint8, cols []int32, rows int32, r int) {
	var sum, n int32
	dst := f.row(y)
	for x := -r; x < len(cols); x++ {
		if in := x + r; in < len(cols) {
			sum += cols[in]
			n += rows
		}
		if out := x - r - 1; out >= 0 {
			sum -= cols[out]
			n -= rows
		}
		if x >= 0 {
			dst[x] = uint8(min(int32(src[x])-sum/n+bias, 255) >> 1) //nolint:gosec // half a difference of levels, signed
		}
	}
}

// otsu returns the threshold that separates two classes of levels best (Otsu,
// A Threshold Selection Method from Gray-Level Histograms, 1979).
func otsu(h *[256]int) int {
	var total, sum float64
	for v, n := range h {
		total += float64(n)
		sum += float64(v * n)
	}
	var below, belowSum, best float64
	first, last := 127, 127
	for v, n := range h {
		below += float64(n)
		belowSum += float64(v * n)
		if below == 0 || below == total {
			continue
		}
		d := belowSum/below - (sum-belowSum)/(total-below)
		switch score := below * (total - below) * d * d; {
		case score > best*1.0000001:
			best, first, last = score, v, v
		case score >= best*0.9999999:
			last = v
		}
	}
	// Between two lone levels every threshold is as good: the middle is wanted.
	return (first+last)/2 + 1
}

// otsu3 returns the two thresholds that separate three classes best: terminals
// show the page, the light and the dark modules at three levels.
func otsu3(h *[256]int) (low, high int) {
	const step = 4 // 64 bins are enough, and sixteen times faster
	var count, sum [256/step + 1]float64
	for i := range 256 / step {
		count[i+1], sum[i+1] = count[i], sum[i]
		for v := i * step; v < (i+1)*step; v++ {
			count[i+1] += float64(h[v])
			sum[i+1] += float64(h[v] * v)
		}
	}
	class := func(a, b int) float64 {
		n := count[b] - count[a]
		if n == 0 {
			return 0
		}
		s := sum[b] - sum[a]
		return s * s / n
	}
	best := -1.0
	last := len(count) - 1
	for i := 1; i < last; i++ {
		for j := i + 1; j < last; j++ {
			if score := class(0, i) + class(i, j) + class(j, last); score > best {
				best, low, high = score, i*step, j*step
			}
		}
	}
	return low, high
}
