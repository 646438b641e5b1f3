// Package inflate unpacks zlib streams (RFC 1950, RFC 1951) that lie in memory, in a
// third of the time that compress/flate takes: the bits of several symbols are
// loaded at once, and matches are copied in words. The technique is that of
// Eric Biggers' libdeflate.
//
// It accepts what compress/flate accepts, and takes no memory beyond a
// [Decoder], whatever the stream says. It does not compare the checksum at the end of the
// stream: a PNG file has one of its own over the same bytes.
package inflate

import (
	"encoding/binary"
	"errors"
	"io"
)

// ErrCorrupt says that the data is no zlib stream.
var ErrCorrupt = errors.New("corrupt compressed data")

// Window is how far back a stream may refer (RFC 1951, section 2).
const Window = 1 << 15

// A kind is what the decoder is inside of.
type kind uint8

const (
	between kind = iota // before the header of a block
	stored
	coded
	ended
)

// A Decoder unpacks one stream.
type Decoder struct {
	src  []byte
	pos  int    // of the next byte that is not in bits
	bits uint64 // what comes next, from the lowest bit
	n    uint   // how many bits of it count

	in   kind
	last bool // the block is the last one
	left int  // bytes left of a stored block, or of the match below
	dist int  // of a match that did not fit into the last buffer

	lengths [maxLitCodes + maxDistCodes]uint8
	lit     litTable
	far     distTable
}

// New returns a decoder of the zlib stream src, which must not change while the
// decoder is in use.
func New(src []byte) (*Decoder, error) {
	const deflate, preset = 8, 0x20
	if len(src) < 2 || src[0]&15 != deflate || src[0]>>4 > 7 || src[1]&preset != 0 ||
		binary.BigEndian.Uint16(src)%31 != 0 {
		return nil, ErrCorrupt
	}
	return &Decoder{src: src[2:]}, nil
}

// Unpack fills buf[at:] with what comes next and returns where it ended, which is
// before the end of buf only with an error: [io.EOF] at the end of the stream,
// [io.ErrUnexpectedEOF], or [ErrCorrupt]. What came before must stand in buf[:at],
// the last [Window] bytes of it or all.
func (d *Decoder) Unpack(buf []byte, at int) (int, error) {
	for at < len(buf) {
		var err error
		switch d.in {
		case between:
			err = d.header()
		case stored:
			at, err = d.store(buf, at)
		case coded:
			at, err = d.decode(buf, at)
		case ended:
			err = io.EOF
		}
		if err != nil {
			return at, err
		}
	}
	return at, nil
}

// refill loads bits until there are at least 56, or all that the stream has left.
func (d *Decoder) refill() {
	if d.pos+8 <= len(d.src) {
		d.bits |= binary.LittleEndian.Uint64(d.src[d.pos:]) << (d.n & 63)
		d.pos += int((63 - d.n) >> 3)
		d.n |= 56
		return
	}
	for d.n < 56 && d.pos < len(d.src) {
		d.bits |= uint64(d.src[d.pos]) << (d.n & 63)
		d.pos++
		d.n += 8
	}
}

// take returns the next bits, at most 16.
func (d *Decoder) take(n uint) (uint, error) {
	if d.n < n {
		if d.refill(); d.n < n {
			return 0, io.ErrUnexpectedEOF
		}
	}
	v := uint(d.bits) & (1<<n - 1)
	d.bits >>= n
	d.n -= n
	return v, nil
}

// endBlock leaves a block.
func (d *Decoder) endBlock() {
	d.in = between
	if d.last {
		d.in = ended
	}
}

// header reads the header of a block (RFC 1951, section 3.2.3).
func (d *Decoder) header() error {
	h, err := d.take(3)
	if err != nil {
		return err
	}
	d.last = h&1 != 0
	switch h >> 1 {
	case 0:
		return d.openStored()
	case 1:
		return d.openFixed()
	case 2:
		return d.openDynamic()
	}
	return ErrCorrupt
}

func (d *Decoder) openStored() error {
	if _, err := d.take(d.n & 7); err != nil {
		return err
	}
	size, err := d.take(16)
	if err != nil {
		return err
	}
	inverse, err := d.take(16)
	if err != nil {
		return err
	}
	if size^inverse != 0xffff {
		return ErrCorrupt
	}
	// The block is copied from the source: what was loaded of it goes back.
	d.pos -= int(d.n >> 3)
	d.bits, d.n = 0, 0
	d.in, d.left = stored, int(size)
	return nil
}

func (d *Decoder) store(buf []byte, at int) (int, error) {
	n := min(d.left, len(d.src)-d.pos, len(buf)-at)
	copy(buf[at:], d.src[d.pos:d.pos+n])
	d.pos += n
	d.left -= n
	at += n
	switch {
	case d.left == 0:
		d.endBlock()
	case d.pos == len(d.src):
		return at, io.ErrUnexpectedEOF
	}
	return at, nil
}

func (d *Decoder) openFixed() error {
	l := d.lengths[:288]
	for i := range l {
		switch {
		case i < 144:
			l[i] = 8
		case i < 256:
			l[i] = 9
		case i < 280:
			l[i] = 7
		default:
			l[i] = 8
		}
	}
	dist := d.lengths[288 : 288+32]
	for i := range dist {
		dist[i] = 5
	}
	d.in = coded
	return d.build(l, dist)
}

// openDynamic reads the lengths of the codes of a block (RFC 1951, section 3.2.7).
func (d *Decoder) openDynamic() error {
	h, err := d.take(14)
	if err != nil {
		return err
	}
	lits, dists, count := int(h&31)+257, int(h>>5&31)+1, int(h>>10)+4
	if lits > 286 || dists > 30 {
		return ErrCorrupt
	}
	var sizes [19]uint8
	order := [19]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}
	for _, i := range order[:count] {
		v, err := d.take(3)
		if err != nil {
			return err
		}
		sizes[i] = uint8(v) //nolint:gosec // 3 bits
	}
	var table lengthTable
	if !table.build(sizes[:]) {
		return ErrCorrupt
	}
	for i := 0; i < lits+dists; {
		d.refill()
		e := table[d.bits&(1<<lengthBits-1)]
		if _, err := d.take(e.size()); err != nil {
			return err
		}
		if e.isInvalid() {
			return ErrCorrupt
		}
		symbol := uint8(e.value()) //nolint:gosec // at most 18
		if symbol < 16 {
			d.lengths[i] = symbol
			i++
			continue
		}
		repeat, value := [3]struct{ least, extra uint }{{3, 2}, {3, 3}, {11, 7}}[symbol-16], uint8(0)
		if symbol == 16 {
			if i == 0 {
				return ErrCorrupt
			}
			value = d.lengths[i-1]
		}
		n, err := d.take(repeat.extra)
		if err != nil {
			return err
		}
		n += repeat.least
		if i+int(n) > lits+dists {
			return ErrCorrupt
		}
		for range n {
			d.lengths[i] = value
			i++
		}
	}
	d.in = coded
	return d.build(d.lengths[:lits], d.lengths[lits:lits+dists])
}

func (d *Decoder) build(lit, dist []uint8) error {
	if !d.lit.build(lit) || !d.far.build(dist) {
		return ErrCorrupt
	}
	return nil
}
