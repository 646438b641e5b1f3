package inflate

import "math/bits"

const (
	maxLitCodes  = 288
	maxDistCodes = 32
	maxCode      = 15 // bits
	// The first lookup takes this many bits; longer codes need a second one.
	litBits    = 11
	distBits   = 9
	lengthBits = 7 // all of a code of code lengths
)

// Codes too long for the first lookup share their beginnings at least two by two,
// as no pattern of bits may be left over.
type (
	litTable    [1<<litBits + maxLitCodes/2<<(maxCode-litBits)]entry
	distTable   [1<<distBits + maxDistCodes/2<<(maxCode-distBits)]entry
	lengthTable [1 << lengthBits]entry
)

// An entry says what some bits mean:
//
//	bits 0-5    how many bits the code and those that follow it are together
//	bits 8-11   how many of them are the code's
//	bits 12-15  what it is
//	bits 16-31  a literal, a length, a distance without the bits that follow, or
//	            where in the table the second lookup begins
type entry uint32

const (
	isLiteral entry = 1 << 15
	isSpecial entry = 1 << 14 // none of literal, length and distance
	isFurther entry = 1 << 13 // the second lookup: bits 8-11 are how many it takes
	isEnd     entry = 1 << 12 // of the block
	// invalid marks bits that are no code. Its size lets them be consumed.
	invalid = isSpecial | 1
)

func (e entry) size() uint       { return uint(e & 63) }
func (e entry) codeSize() uint   { return uint(e >> 8 & 15) }
func (e entry) value() int       { return int(e >> 16) }
func (e entry) literal() uint8   { return uint8(e >> 16) } //nolint:gosec // the lowest byte of the value
func (e entry) isInvalid() bool  { return e&(isSpecial|isFurther|isEnd) == isSpecial }
func (e entry) with(n int) entry { return e + entry(n)<<8 + entry(n) } //nolint:gosec // at most 15

// extra returns the value of an entry plus the bits that follow its code in b.
func (e entry) extra(b uint64) int {
	return e.value() + int(b&(1<<e.size()-1)>>e.codeSize()) //nolint:gosec // at most 13 bits
}

// litEntry returns the entry of a symbol of the first code of a block, without
// the length of the symbol's own code (RFC 1951, section 3.2.5).
func litEntry(symbol int) entry {
	switch {
	case symbol < 256:
		return isLiteral | entry(symbol)<<16 //nolint:gosec // a byte
	case symbol == 256:
		return isSpecial | isEnd
	case symbol < 265:
		return entry(symbol-257+3) << 16
	case symbol < 285:
		n := (symbol - 261) / 4
		return entry(3+(4+(symbol-261)%4)<<n)<<16 | entry(n) //nolint:gosec // at most 257
	case symbol == 285:
		return 258 << 16
	}
	return isSpecial
}

func distEntry(symbol int) entry {
	switch {
	case symbol < 4:
		return entry(symbol+1) << 16 //nolint:gosec // at most 4
	case symbol < 30:
		n := symbol/2 - 1
		return entry(1+(2+symbol%2)<<n)<<16 | entry(n) //nolint:gosec // at most 24577
	}
	return isSpecial
}

func lengthEntry(symbol int) entry { return entry(symbol) << 16 } //nolint:gosec // at most 18

func (t *litTable) build(lengths []uint8) bool  { return build(t[:], litBits, lengths, litEntry) }
func (t *distTable) build(lengths []uint8) bool { return build(t[:], distBits, lengths, distEntry) }
func (t *lengthTable) build(lengths []uint8) bool {
	return build(t[:], lengthBits, lengths, lengthEntry)
}

// build makes the table of the canonical code with the given lengths (RFC 1951,
// section 3.2.2), and reports whether there is such a code: one that leaves no
// bits over, or a lone one of one bit, or none at all, as zlib allows.
func build(table []entry, first int, lengths []uint8, of func(symbol int) entry) bool {
	var count, next [maxCode + 1]int
	longest := 0
	for _, n := range lengths {
		count[n]++
		longest = max(longest, int(n))
	}
	count[0] = 0
	code := 0
	for n := 1; n <= longest; n++ {
		code = (code + count[n-1]) << 1
		next[n] = code
	}
	code += count[longest]
	head := table[:1<<first]
	if code != 1<<longest || longest == 0 {
		if longest > 1 || code > 1 {
			return false
		}
		for i := range head {
			head[i] = invalid
		}
	}
	free := len(head)
	if longest > first {
		clear(head)
	}
	for symbol, n := range lengths {
		if n == 0 {
			continue
		}
		e, size := of(symbol).with(int(n)), int(n)
		reversed := int(bits.Reverse16(uint16(next[n])) >> (16 - n)) //nolint:gosec // at most 15 bits
		next[n]++
		if size <= first {
			for i := reversed; i < len(head); i += 1 << size {
				head[i] = e
			}
			continue
		}
		further := longest - first
		link := &head[reversed&(1<<first-1)]
		if *link == 0 {
			*link = isSpecial | isFurther | entry(free)<<16 | entry(further)<<8 | entry(first) //nolint:gosec // small
			free += 1 << further
		}
		for i := reversed >> first; i < 1<<further; i += 1 << (size - first) {
			table[link.value()+i] = e
		}
	}
	return true
}
