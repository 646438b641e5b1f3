package graypng

import (
	"bytes"
	"encoding/binary"
)

// Rows of a screenshot repeat the row above, or one pixel, over long stretches, which
// the filters of PNG turn into zeros. Such stretches are copied, as bytes and as
// levels; only what is between them is computed.

// A reader undoes the filters of a PNG file's rows and makes levels of them.
type reader struct {
	f     *File
	size  int // of a row, with the byte that names its filter
	out   []uint8
	alpha []uint8 // nil without such a channel
	y     int
	up    []byte // the row above
	spans []span // of the row that is worked on
}

// A span are pixels that differ from those above them, as far as is known.
type span struct {
	from, to int
	flat     bool // all are equal
}

func (f *File) reader() *reader {
	r := &reader{f: f, size: 1 + f.w*f.channels, out: make([]uint8, f.w*f.h)}
	if f.channels == 2 || f.channels == 4 {
		r.alpha = make([]uint8, f.w*f.h)
	}
	r.up = make([]byte, r.size-1)
	return r
}

// batch takes some more rows, which it overwrites. It reports false for a filter that does
// not exist.
func (r *reader) batch(rows []byte) bool {
	up := r.up
	for at := 0; at < len(rows); at += r.size {
		row := rows[at+1 : at+r.size : at+r.size]
		r.spans = r.spans[:0]
		if !r.unfilter(rows[at], row, up) {
			return false
		}
		r.levels(row)
		up = row
		r.y++
	}
	copy(r.up, up)
	return true
}

// levels sets a row of levels, from the row above and the spans that differ.
func (r *reader) levels(row []byte) {
	w, n := r.f.w, r.f.channels
	start := r.y * w
	out, alpha := r.out[start:start+w], []uint8(nil)
	if r.alpha != nil {
		alpha = r.alpha[start : start+w]
	}
	switch {
	case r.y == 0:
		r.spans = append(r.spans[:0], span{0, w, false})
	case len(r.spans) == 1 && r.spans[0].to-r.spans[0].from == w:
	default:
		copy(out, r.out[start-w:start])
		if r.alpha != nil {
			copy(alpha, r.alpha[start-w:start])
		}
	}
	for _, s := range r.spans {
		to := s.to
		if s.flat {
			to = s.from + 1
		}
		r.f.levelsOf(out[s.from:to], alpha[min(s.from, len(alpha)):min(to, len(alpha))], row[s.from*n:to*n])
		if s.flat {
			fill(out[s.from:s.to], 1)
			fill(alpha[min(s.from, len(alpha)):min(s.to, len(alpha))], 1)
		}
	}
}

// fill repeats the first n bytes of b to its end.
func fill(b []byte, n int) {
	for n < len(b) {
		n += copy(b[n:], b[:n])
	}
}

// levelsOf turns pixels into levels, and what makes them opaque.
func (f *File) levelsOf(dst, alpha, pix []byte) {
	switch f.channels {
	case 1:
		if f.levels == nil {
			copy(dst, pix)
			return
		}
		for x, p := range pix[:len(dst)] {
			dst[x] = f.levels[p]
		}
	case 2:
		for x := range dst {
			dst[x], alpha[x] = pix[2*x], pix[2*x+1]
		}
	case 3:
		for x := range dst {
			p := pix[:3:3]
			dst[x] = Luma(p[0], p[1], p[2])
			pix = pix[3:]
		}
	default:
		alpha = alpha[:len(dst)]
		for x := range dst {
			p := pix[:4:4]
			dst[x], alpha[x] = Luma(p[0], p[1], p[2]), p[3]
			pix = pix[4:]
		}
	}
}

// unfilter undoes the filter of a row (PNG specification, section 9.2), given
// the row above.
func (r *reader) unfilter(kind byte, row, up []byte) bool {
	n := r.f.channels
	switch kind {
	case 0:
		if !bytes.Equal(row, up) {
			r.differ(0, len(row), false)
		}
	case 1:
		r.unfilterSub(row)
	case 2:
		r.unfilterUp(row, up)
	case 3:
		for i := range row {
			left := 0
			if i >= n {
				left = int(row[i-n])
			}
			row[i] += uint8((left + int(up[i])) / 2) //nolint:gosec // a mean of bytes
		}
		r.differ(0, len(row), false)
	case 4:
		r.unfilterPaeth(row, up)
	default:
		return false
	}
	return true
}

// differ adds a span from the byte from to the byte to.
func (r *reader) differ(from, to int, flat bool) {
	if from == to {
		return
	}
	n := r.f.channels
	s := span{from / n, (to + n - 1) / n, flat}
	if last := len(r.spans) - 1; last >= 0 && !flat && !r.spans[last].flat && r.spans[last].to >= s.from {
		r.spans[last].to = s.to
		return
	}
	r.spans = append(r.spans, s)
}

func (r *reader) unfilterUp(row, up []byte) {
	for i := 0; i < len(row); {
		end := i + zeros(row[i:])
		copy(row[i:end], up[i:end])
		from := end
		for i = end; i < len(row) && !eightZeros(row[i:]); i++ {
			row[i] += up[i]
		}
		r.differ(from, i, false)
	}
}

func (r *reader) unfilterSub(row []byte) {
	n := r.f.channels
	r.differ(0, n, false)
	for i := n; i < len(row); {
		from := i
		for ; i < len(row) && (i%n > 0 || !eightZeros(row[i:])); i++ {
			row[i] += row[i-n]
		}
		r.differ(from, i, false)
		if run := zeros(row[i:]) / n * n; run > 0 {
			fill(row[i-n:i+run], n)
			r.differ(i, i+run, true)
			i += run
		}
	}
}

// unfilterPaeth undoes the fourth filter. Where the pixel on the left equals the one
// above that, the filter's prediction is the pixel above; where the pixel above
// equals the one on its left, it is the pixel on the left.
func (r *reader) unfilterPaeth(row, up []byte) {
	n := r.f.channels
	for i := 0; i < len(row); {
		if eightZeros(row[i:]) {
			if i == 0 || string(row[i-n:i]) == string(up[i-n:i]) {
				run := zeros(row[i:]) / n * n
				copy(row[i:i+run], up[i:i+run])
				i += run
				continue
			}
			if run := min(zeros(row[i:]), repeats(up[i-n:], n)) / n * n; run > 2*n {
				fill(row[i-n:i+run], n)
				r.differ(i, i+run, true)
				i += run
				continue
			}
		}
		if i == 0 {
			for c := range row[:n] {
				row[c] += up[c]
			}
		} else {
			paeth(row[i-n:i+n], up[i-n:i+n])
		}
		r.differ(i, i+n, false)
		i += n
	}
}

// paeth undoes the fourth filter for one pixel, given the one on its left and
// those above both.
func paeth(row, up []byte) {
	n := len(row) / 2
	for c := range n {
		left, above, corner := int(row[c]), int(up[n+c]), int(up[c])
		pa, pb := above-corner, left-corner
		pc := abs(pa + pb)
		pa, pb = abs(pa), abs(pb)
		switch {
		case pa <= pb && pa <= pc:
			above = left
		case pb > pc:
			above = corner
		}
		row[n+c] += uint8(above) //nolint:gosec // a byte
	}
}

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}

// eightZeros reports whether b begins with eight zeros.
func eightZeros(b []byte) bool { return len(b) >= 8 && binary.LittleEndian.Uint64(b) == 0 }

// zeros returns how many zeros b begins with.
func zeros(b []byte) int {
	i := 0
	for le := binary.LittleEndian; i+32 <= len(b); i += 32 {
		if w := b[i : i+32]; le.Uint64(w)|le.Uint64(w[8:])|le.Uint64(w[16:])|le.Uint64(w[24:]) != 0 {
			break
		}
	}
	for i+8 <= len(b) && binary.LittleEndian.Uint64(b[i:]) == 0 {
		i += 8
	}
	for i < len(b) && b[i] == 0 {
		i++
	}
	return i
}

// repeats returns how many bytes of b beyond the first n repeat those.
func repeats(b []byte, n int) int {
	i := 0
	for i+n+8 <= len(b) && binary.LittleEndian.Uint64(b[i:]) == binary.LittleEndian.Uint64(b[i+n:]) {
		i += 8
	}
	for i+n < len(b) && b[i] == b[i+n] {
		i++
	}
	return i
}
