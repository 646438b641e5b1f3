package grayjpeg

import (
	"bytes"
	"context"
	"encoding/binary"
)

const (
	// maxLevel bounds a coefficient: those of a picture of eight bits stay below half
	// of it, but for rounding, and the transform cannot overflow.
	maxLevel = 1 << 11
	// padding stands behind the bits of a part of a scan, so that they can be loaded
	// eight bytes at a time up to the end.
	padding = 16
	word    = 8
)

// scan reads the only scan of a picture (section B.2.3).
func (d *decoder) scan(ctx context.Context, b []byte) bool {
	n := len(d.comp)
	if n == 0 || len(b) != 4+2*n || int(b[0]) != n || d.isRGB() {
		return false
	}
	for i := range d.comp {
		c := &d.comp[i]
		id, tables := b[1+2*i], b[2+2*i]
		if id != c.id || tables>>4 > 3 || tables&15 > 3 || d.quant[c.tq] == nil {
			return false
		}
		c.dc, c.ac = d.huff[0][tables>>4], d.huff[1][tables&15]
		if c.dc == nil || c.ac == nil {
			return false
		}
	}
	d.out = make([]uint8, d.w*d.h)
	return d.units(ctx)
}

// units reads the units that the picture is made of, row after row.
func (d *decoder) units(ctx context.Context) bool {
	luma := &d.comp[0]
	across, down := (d.w+8*luma.h-1)/(8*luma.h), (d.h+8*luma.v-1)/(8*luma.v)
	r := &reader{zigzag: zigzag(), quant: d.quant[luma.tq]}
	left, restarts := d.every, 0
	if !d.open(r) {
		return false
	}
	for my := range down {
		if ctx.Err() != nil {
			return false
		}
		for mx := range across {
			if d.every > 0 && left == 0 {
				if !r.isWhole() || !d.restart(restarts) || !d.open(r) {
					return false
				}
				left = d.every
				restarts++
			}
			left--
			for j := range luma.h * luma.v {
				if !r.block(luma) {
					return false
				}
				d.put(r, luma.h*mx+j%luma.h, luma.v*my+j/luma.h)
			}
			for i := 1; i < len(d.comp); i++ {
				if !r.skip(&d.comp[i]) {
					return false
				}
			}
		}
	}
	return r.isWhole()
}

// restart takes the n-th restart marker (section F.2.1.3.1).
func (d *decoder) restart(n int) bool {
	if len(d.data) < 2 || d.data[0] != 0xff || int(d.data[1]) != rst0+n%8 {
		return false
	}
	d.data = d.data[2:]
	return true
}

// open lets r read what comes up to the next marker. A zero byte that keeps
// 0xff from looking like a marker is left out.
func (d *decoder) open(r *reader) bool {
	d.segment = d.segment[:0]
	for {
		i := bytes.IndexByte(d.data, 0xff)
		if i < 0 || i+1 >= len(d.data) {
			return false
		}
		if d.data[i+1] != 0 {
			d.segment = append(d.segment, d.data[:i]...)
			d.data = d.data[i:]
			break
		}
		d.segment = append(d.segment, d.data[:i+1]...)
		d.data = d.data[i+2:]
	}
	r.end = len(d.segment)
	d.segment = append(d.segment, make([]byte, padding)...)
	r.src, r.pos, r.bits, r.n, r.dc = d.segment, 0, 0, 0, 0
	return true
}

// put transforms the block that r has read and puts it to its place.
func (d *decoder) put(r *reader, bx, by int) {
	x, y := 8*bx, 8*by
	if x >= d.w || y >= d.h {
		return
	}
	if x+8 <= d.w && y+8 <= d.h {
		r.transform(d.out[y*d.w+x:], d.w)
		return
	}
	var part [blockSize]uint8
	r.transform(part[:], 8)
	for j := range min(8, d.h-y) {
		copy(d.out[(y+j)*d.w+x:(y+j)*d.w+min(x+8, d.w)], part[8*j:])
	}
}

// A reader reads the bits of a part of a scan.
type reader struct {
	src  []byte // with some zeros behind end
	end  int
	pos  int
	bits uint64 // what comes next, from the highest bit
	n    uint   // how many bits of it count

	zigzag [blockSize]uint8
	quant  *[blockSize]int32
	dc     int32 // of the block before
	coef   [blockSize]int32
	// last is the place of the last coefficient of the block that was set.
	last int
}

// isWhole reports whether no more was read than there was.
func (r *reader) isWhole() bool { return r.pos*8-int(r.n) <= r.end*8 }

// zigzag returns the order of the coefficients (figure A.6).
func zigzag() [blockSize]uint8 {
	return [blockSize]uint8{
		0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5,
		12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
		35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51,
		58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
	}
}

// block reads a block of coefficients (section F.2.2) and multiplies them out.
func (r *reader) block(c *component) bool {
	src, pos, b, n := r.src, r.pos, r.bits, r.n
	if pos+padding-word > len(src) {
		return false
	}
	b |= binary.BigEndian.Uint64(src[pos:]) >> (n & 63)
	pos += int((63 - n) >> 3)
	n |= 56
	e := c.dc.look[b>>(64-lookBits)]
	if e == 0 {
		if e = c.dc.slow(b); e == 0 {
			return false
		}
	}
	if size := e.valueSize(); size > 0 {
		r.dc += extend(b<<(e.size()-size)>>(64-size), size)
	}
	b <<= e.size()
	n -= e.size()
	r.coef = [blockSize]int32{r.dc * r.quant[0]}
	sum := uint32(r.coef[0] + maxLevel) //nolint:gosec // a negative one becomes large
	ok := sum <= 2*maxLevel
	quant, coef, ac, k := r.quant, &r.coef, c.ac, 0
	for k < blockSize-1 {
		if n < 32 {
			if pos+padding-word > len(src) {
				return false
			}
			b |= binary.BigEndian.Uint64(src[pos:]) >> (n & 63)
			pos += int((63 - n) >> 3)
			n |= 56
		}
		if e = ac.look[b>>(64-lookBits)]; e == 0 {
			if e = ac.slow(b); e == 0 {
				return false
			}
		}
		var v int32
		if e&hasValue != 0 {
			v = int32(e) >> 24 //nolint:gosec // signed
		} else if size := e.valueSize(); size > 0 {
			v = extend(b<<(e.size()-size)>>(64-size), size)
		} else if e.step() == wholeRun {
			b <<= e.size()
			n -= e.size()
			break
		}
		b <<= e.size()
		n -= e.size()
		if k += e.step(); k >= blockSize {
			return false
		}
		v *= quant[k]
		coef[r.zigzag[k]] = v
		ok = ok && uint32(v+maxLevel) <= 2*maxLevel //nolint:gosec // a negative one becomes large
	}
	r.pos, r.bits, r.n, r.last = pos, b, n, k
	return ok
}

// skip reads a block without a look at its values.
func (r *reader) skip(c *component) bool {
	src, pos, b, n := r.src, r.pos, r.bits, r.n
	t := c.dc
	for k := -1; k < blockSize-1; {
		if n < 32 {
			if pos+padding-word > len(src) {
				return false
			}
			b |= binary.BigEndian.Uint64(src[pos:]) >> (n & 63)
			pos += int((63 - n) >> 3)
			n |= 56
		}
		e := t.look[b>>(64-lookBits)]
		if e == 0 {
			if e = t.slow(b); e == 0 {
				return false
			}
		}
		b <<= e.size()
		n -= e.size()
		if e.step() == wholeRun {
			break
		}
		if k += e.step(); k >= blockSize {
			return false
		}
		t = c.ac
	}
	r.pos, r.bits, r.n = pos, b, n
	return true
}
