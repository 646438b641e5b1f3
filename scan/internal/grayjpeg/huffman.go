package grayjpeg

// An entry says what some bits of a scan mean, from a code on:
//
//	bits 0-5    how many bits the code and the value that follows it are together
//	bits 8-11   how many of them are the value's
//	bits 12-18  how many coefficients it goes on: zeros, and the one with the value;
//	            all there are at the end of a block
//	bits 24-31  the value, when the bits that were looked up hold it
type entry uint32

const (
	// lookBits are looked up at once.
	lookBits = 10
	maxCode  = 16
	hasValue = 1 << 20
	wholeRun = 64
)

func (e entry) size() uint      { return uint(e & 63) }
func (e entry) valueSize() uint { return uint(e >> 8 & 15) }
func (e entry) step() int       { return int(e >> 12 & 127) }

// A table holds a Huffman code (annex C).
type table struct {
	look [1 << lookBits]entry
	// For codes that are longer: from which code on, aligned to the left, codes of a
	// length are longer still, and where in long their symbols begin.
	limit [maxCode + 1]uint32
	start [maxCode + 1]int
	long  []entry
}

// newTable makes a table of the number of codes of each length and their symbols, or
// returns nil when there is no such code, or one that a baseline picture does not use.
func newTable(counts, symbols []byte, isDC bool) *table {
	t := &table{long: make([]entry, len(symbols))}
	code, k := uint32(0), 0
	for i, count := range counts {
		size := i + 1
		t.start[size] = k - int(code)
		for range count {
			e, ok := symbolEntry(symbols[k], isDC)
			if !ok || code >= 1<<size {
				return nil
			}
			e += entry(size)
			t.long[k] = e
			if size <= lookBits {
				t.fill(e, code, size)
			}
			code++
			k++
		}
		t.limit[size] = code << (maxCode - size)
		code <<= 1
	}
	return t
}

// symbolEntry returns the entry of a symbol, without the length of its code
// (sections F.1.2.1 and F.1.2.2).
func symbolEntry(symbol byte, isDC bool) (entry, bool) {
	zeros, size := symbol>>4, symbol&15
	step := entry(zeros) + 1
	switch {
	case isDC && symbol > 11, size > 11:
		return 0, false
	case isDC:
		step = 1
	case symbol == 0:
		step = wholeRun
	case size == 0 && zeros != 15:
		return 0, false // a run of blocks, in progressive pictures
	}
	return step<<12 | entry(size)<<8 | entry(size), true
}

// fill enters what the lookups that begin with a code yield.
func (t *table) fill(e entry, code uint32, size int) {
	rest := lookBits - size
	first := code << rest
	n := int(e.valueSize())
	for i := range uint32(1) << rest {
		look := e
		if n > 0 && n <= min(rest, 7) {
			v := extend(uint64(i>>(rest-n)), uint(n))
			look |= hasValue | entry(uint8(v))<<24 //nolint:gosec // seven bits and a sign
		}
		t.look[first+i] = look
	}
}

// extend makes a signed value of its bits (section F.2.2.1).
func extend(v uint64, n uint) int32 {
	x := int32(v) //nolint:gosec // at most 11 bits
	if v>>(n-1) == 0 {
		x += -1<<n + 1
	}
	return x
}

// slow returns the entry for bits that begin with a long code, or 0 when it is none.
func (t *table) slow(b uint64) entry {
	top := uint32(b >> (64 - maxCode))
	for size := lookBits + 1; size <= maxCode; size++ {
		if top < t.limit[size] {
			return t.long[t.start[size]+int(top>>(maxCode-size))]
		}
	}
	return 0
}
