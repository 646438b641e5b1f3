package scan

import "encoding/binary"

// shrink returns g at a fx-th of its width and a fy-th of its height, each point the
// mean of those it stands for, so that thin lines fade and do not vanish.
func (g *gray) shrink(fx, fy int) *gray {
	if fx <= 1 && fy <= 1 {
		return g
	}
	w, h := g.w/fx, g.h/fy
	if w == 0 || h == 0 {
		return newGray(1, 1)
	}
	if fx == 4 && fy == 4 {
		return g.shrink(2, 2).shrink(2, 2)
	}
	out := newGray(w, h)
	sums := make([]uint32, w)
	// A product with the inverse in place of a division for each point.
	inverse := 1 << 16 / uint32(fx*fy) //nolint:gosec // factors are small
	for y := range h {
		if fx == 2 && fy == 2 {
			halveRows(out.row(y), g.row(2*y), g.row(2*y+1))
			continue
		}
		clear(sums)
		for k := range fy {
			addRow(sums, g.row(y*fy+k), fx)
		}
		row := out.row(y)
		for x, s := range sums {
			row[x] = uint8((s*inverse + 1<<15) >> 16) //nolint:gosec // at most 255
		}
	}
	return out
}

// halveRows sets dst to the means of two by two points, four of them at once
// in the lanes of one word.
func halveRows(dst, a, b []uint8) {
	const lanes, two = 0x00ff00ff00ff00ff, 0x0002000200020002
	a, b = a[:2*len(dst)], b[:2*len(dst)]
	x := 0
	for ; x+4 <= len(dst); x += 4 {
		p, q := binary.LittleEndian.Uint64(a[2*x:]), binary.LittleEndian.Uint64(b[2*x:])
		s := (p&lanes + p>>8&lanes + q&lanes + q>>8&lanes + two) >> 2 & lanes
		s |= s >> 8
		binary.LittleEndian.PutUint32(dst[x:], uint32(s&0xffff|s>>16&0xffff0000)) //nolint:gosec // the lanes are packed
	}
	for ; x < len(dst); x++ {
		dst[x] = uint8((uint16(a[2*x]) + uint16(a[2*x+1]) + uint16(b[2*x]) + uint16(b[2*x+1]) + 2) / 4) //nolint:gosec // a mean
	}
}

func addRow(sums []uint32, src []uint8, fx int) {
	for x := range sums {
		var s uint32
		for _, p := range src[x*fx : x*fx+fx] {
			s += uint32(p)
		}
		sums[x] += s
	}
}
