package inflate

import (
	"encoding/binary"
	"io"
)

const (
	maxMatch = 258
	// word is how many bytes are copied at a time; a copy may write as many less one
	// beyond its end.
	word = 8
	// room is what one round of decodeFast may write: two literals and a match.
	room = 2 + maxMatch + word
)

// decode unpacks a block that is coded, or as much of it as buf has room for.
func (d *Decoder) decode(buf []byte, at int) (int, error) {
	if d.left > 0 {
		n := min(d.left, len(buf)-at)
		repeat(buf, at, d.dist, n)
		d.left -= n
		at += n
	}
	for at < len(buf) && d.in == coded {
		var err error
		if at, err = d.decodeFast(buf, at); err != nil {
			return at, err
		}
		if d.in == coded && at < len(buf) {
			if at, err = d.decodeOne(buf, at); err != nil {
				return at, err
			}
		}
	}
	return at, nil
}

// lookup returns the entry for the bits that come next. They need not all be there.
func (t *litTable) lookup(b uint64) entry {
	e := t[b&(1<<litBits-1)]
	if e&isFurther != 0 {
		e = t[e.value()+int(b>>litBits&(1<<e.codeSize()-1))] //nolint:gosec // at most 4 bits
	}
	return e
}

func (t *distTable) lookup(b uint64) entry {
	e := t[b&(1<<distBits-1)]
	if e&isFurther != 0 {
		e = t[e.value()+int(b>>distBits&(1<<e.codeSize()-1))] //nolint:gosec // at most 6 bits
	}
	return e
}

// decodeOne unpacks one literal or match, with regard to the ends of the source
// and of buf.
func (d *Decoder) decodeOne(buf []byte, at int) (int, error) {
	d.refill()
	e, b := d.lit.lookup(d.bits), d.bits
	if _, err := d.take(e.size()); err != nil {
		return at, err
	}
	switch {
	case e&isLiteral != 0:
		buf[at] = e.literal()
		return at + 1, nil
	case e&isEnd != 0:
		d.endBlock()
		return at, nil
	case e&isSpecial != 0:
		return at, ErrCorrupt
	}
	length := e.extra(b)
	d.refill()
	e, b = d.far.lookup(d.bits), d.bits
	if size := e.size(); d.n < size {
		return at, io.ErrUnexpectedEOF
	}
	d.bits >>= e.size()
	d.n -= e.size()
	dist := e.extra(b)
	if e&isSpecial != 0 || dist > at {
		return at, ErrCorrupt
	}
	n := min(length, len(buf)-at)
	repeat(buf, at, dist, n)
	d.left, d.dist = length-n, dist
	return at + n, nil
}

// repeat writes n bytes that repeat those dist before, one by one.
func repeat(buf []byte, at, dist, n int) {
	for i := at; i < at+n; i++ {
		buf[i] = buf[i-dist]
	}
}

// decodeFast unpacks for as long as neither source nor buf can end within a match.
func (d *Decoder) decodeFast(buf []byte, at int) (int, error) {
	src, pos, b, n := d.src, d.pos, d.bits, d.n
	lit, far := &d.lit, &d.far
	var err error
	// A round loads no more than twice eight bytes.
	for pos+2*word <= len(src) && at+room <= len(buf) {
		b |= binary.LittleEndian.Uint64(src[pos:]) << (n & 63)
		pos += int((63 - n) >> 3)
		n |= 56
		e := lit[b&(1<<litBits-1)]
		// Three of the first lookup's codes are there in any case.
		if e&isLiteral != 0 {
			b >>= e & 63
			n -= e.size()
			buf[at] = e.literal()
			at++
			if e = lit[b&(1<<litBits-1)]; e&isLiteral != 0 {
				b >>= e & 63
				n -= e.size()
				buf[at] = e.literal()
				at++
				if e = lit[b&(1<<litBits-1)]; e&isLiteral != 0 {
					b >>= e & 63
					n -= e.size()
					buf[at] = e.literal()
					at++
					continue
				}
			}
			b |= binary.LittleEndian.Uint64(src[pos:]) << (n & 63)
			pos += int((63 - n) >> 3)
			n |= 56
		}
		if e&isSpecial != 0 {
			if e = lit.lookup(b); e&isSpecial != 0 {
				b >>= e & 63
				n -= e.size()
				if e&isEnd == 0 {
					err = ErrCorrupt
				} else {
					d.endBlock()
				}
				break
			}
			if e&isLiteral != 0 {
				b >>= e & 63
				n -= e.size()
				buf[at] = e.literal()
				at++
				continue
			}
		}
		length := e.extra(b)
		b >>= e & 63
		n -= e.size()
		if e = far[b&(1<<distBits-1)]; e&isSpecial != 0 {
			e = far.lookup(b)
		}
		dist := e.extra(b)
		b >>= e & 63
		n -= e.size()
		if e&isSpecial != 0 || dist > at {
			err = ErrCorrupt
			break
		}
		repeatFast(buf, at, dist, length)
		at += length
	}
	d.pos, d.bits, d.n = pos, b, n
	return at, err
}

// short is up to which length bytes are copied in words: beyond it, to call
// copy is faster.
const short = 5 * word

// repeatFast is repeat in words. It may write up to a word beyond the end.
func repeatFast(buf []byte, at, dist, n int) {
	end := at + n
	if dist < word {
		repeatFew(buf, at, dist, end)
		return
	}
	if n > short {
		repeatLong(buf[:end], at, dist)
		return
	}
	for ; at < end; at += word {
		binary.LittleEndian.PutUint64(buf[at:], binary.LittleEndian.Uint64(buf[at-dist:]))
	}
}

// repeatFew repeats fewer bytes than a word has.
func repeatFew(buf []byte, at, dist, end int) {
	// The word that repeats them, and how far it goes on before it repeats.
	w := binary.LittleEndian.Uint64(buf[at-dist:]) & (1<<(8*dist) - 1)
	for s := 8 * dist; s < 64; s *= 2 {
		w |= w << s
	}
	step := word / dist * dist
	if end-at > short {
		if w == 0 {
			clear(buf[at:end]) // most of a screenshot
			return
		}
		start := at
		for range 4 {
			binary.LittleEndian.PutUint64(buf[at:], w)
			at += step
		}
		repeatLong(buf[:end], at, at-start)
		return
	}
	for ; at < end; at += step {
		binary.LittleEndian.PutUint64(buf[at:], w)
	}
}

// repeatLong fills buf[at:], each time with twice as much.
func repeatLong(buf []byte, at, dist int) {
	for from := at - dist; at < len(buf); {
		at += copy(buf[at:], buf[from:at])
	}
}
