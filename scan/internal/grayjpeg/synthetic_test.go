package grayjpeg_test

import (
	"encoding/binary"
	"math/bits"
	"math/rand/v2"
)

// A writer writes the bits of a scan.
type writer struct {
	out []byte
	acc uint32
	n   int
}

func (w *writer) bits(v uint32, n int) {
	for i := n - 1; i >= 0; i-- {
		w.acc = w.acc<<1 | v>>i&1
		if w.n++; w.n == 8 {
			w.out = append(w.out, byte(w.acc))
			if byte(w.acc) == 0xff {
				w.out = append(w.out, 0)
			}
			w.acc, w.n = 0, 0
		}
	}
}

// flush fills the last byte with ones.
func (w *writer) flush() {
	for w.n > 0 {
		w.bits(1, 1)
	}
}

// value writes a value of which the code has said how many bits it takes.
func (w *writer) value(v, size int) {
	if v < 0 {
		v += 1<<size - 1
	}
	w.bits(uint32(v), size)
}

// codes are symbols with codes of two bits, of three, and so on up to sixteen, which
// all others have.
type codes struct {
	counts  [16]byte
	symbols []byte
	code    map[byte][2]int // the code and its length
}

func newCodes(r *rand.Rand, symbols []byte) *codes {
	c := &codes{symbols: symbols, code: map[byte][2]int{}}
	r.Shuffle(len(symbols), func(i, j int) { symbols[i], symbols[j] = symbols[j], symbols[i] })
	code, last := 0, 2
	for i, s := range symbols {
		size := min(i+2, 16)
		code <<= size - last
		c.code[s] = [2]int{code, size}
		c.counts[size-1]++
		code++
		last = size
	}
	return c
}

func (w *writer) symbol(c *codes, s byte) {
	w.bits(uint32(c.code[s][0]), c.code[s][1])
}

// synthetic returns a picture of random coefficients: with one or three components,
// any sampling of the brightness, restarts, and long codes.
func synthetic(seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 9))
	h, v, n := 1+r.IntN(2), 1+r.IntN(2), 1+2*r.IntN(2)
	w, hgt, every := 1+r.IntN(90), 1+r.IntN(90), r.IntN(3)*r.IntN(5)
	dc := newCodes(r, []byte{0, 1, 2, 3, 4, 5, 6, 7, 8})
	acSymbols := []byte{0x00, 0xf0}
	for run := range byte(16) {
		for size := byte(1); size < 8; size++ {
			acSymbols = append(acSymbols, run<<4|size)
		}
	}
	ac := newCodes(r, acSymbols)

	out := []byte{0xff, 0xd8}
	segment := func(marker byte, body ...byte) {
		out = binary.BigEndian.AppendUint16(append(out, 0xff, marker), uint16(2+len(body)))
		out = append(out, body...)
	}
	quant := []byte{0x10} // of 16 bits
	for range 64 {
		quant = append(quant, 0, byte(1+r.IntN(12)))
	}
	segment(0xdb, quant...)
	frame := []byte{8, 0, byte(hgt), 0, byte(w), byte(n)}
	scan := []byte{byte(n)}
	for i := range n {
		frame = append(frame, byte(i+1), 0x11, 0)
		scan = append(scan, byte(i+1), 0)
	}
	frame[7] = byte(h<<4 | v)
	segment(0xfe, []byte("a comment")...)
	segment(0xc0, frame...)
	segment(0xdd, 0, byte(every))
	segment(0xc4, append(append([]byte{0x00}, dc.counts[:]...), dc.symbols...)...)
	segment(0xc4, append(append([]byte{0x10}, ac.counts[:]...), ac.symbols...)...)
	segment(0xda, append(scan, 0, 63, 0)...)

	if n == 1 {
		h, v = 1, 1
	}
	bw := &writer{}
	units := ((w + 8*h - 1) / (8 * h)) * ((hgt + 8*v - 1) / (8 * v))
	level := make([]int, n)
	for u := range units {
		if every > 0 && u > 0 && u%every == 0 {
			bw.flush()
			bw.out = append(bw.out, 0xff, 0xd0+byte(u/every-1)%8)
			clear(level)
		}
		for range h * v {
			block(r, bw, dc, ac, &level[0])
		}
		for i := 1; i < n; i++ {
			block(r, bw, dc, ac, &level[i])
		}
	}
	bw.flush()
	return append(append(out, bw.out...), 0xff, 0xff, 0xd9)
}

// block writes random coefficients. The first one differs by d from that of the block
// before, of which half is taken back.
func block(r *rand.Rand, w *writer, dc, ac *codes, level *int) {
	d := -*level/2 + r.IntN(81) - 40
	*level += d
	size := bits.Len(uint(max(d, -d)))
	w.symbol(dc, byte(size))
	w.value(d, size)
	for k, n := 1, r.IntN(20); k < 64; n-- {
		s := ac.symbols[r.IntN(len(ac.symbols))]
		run, size := int(s>>4), int(s&15)
		if n <= 0 || s == 0 || k+run > 63 {
			w.symbol(ac, 0)
			return
		}
		w.symbol(ac, s)
		if size > 0 {
			v := 1<<(size-1) + r.IntN(1<<(size-1))
			if r.IntN(2) == 0 {
				v = -v
			}
			w.value(v, size)
		}
		k += run + 1
	}
}
