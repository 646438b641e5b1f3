package scan

import (
	"errors"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode/decoder"
)

// errUnreadable is why modules do not make a QR code. It is not shown.
var errUnreadable = errors.New("not a QR code")

// bits are the modules of a QR code, true where dark.
type bits struct {
	dim  int
	dark []bool
}

func newBits(dim int) *bits { return &bits{dim: dim, dark: make([]bool, dim*dim)} }

func (b *bits) get(x, y int) bool    { return b.dark[y*b.dim+x] }
func (b *bits) set(x, y int, v bool) { b.dark[y*b.dim+x] = v }

// decodeModules reads a QR code whose modules are known. The error correction must
// agree; mirrored codes are read too.
func decodeModules(b *bits) (s symbol, err error) {
	defer func() {
		if recover() != nil {
			s, err = symbol{}, errUnreadable
		}
	}()
	m, err := gozxing.NewSquareBitMatrix(b.dim)
	if err != nil {
		return s, err
	}
	for y := range b.dim {
		for x := range b.dim {
			if b.get(x, y) {
				m.Set(x, y)
			}
		}
	}
	res, err := decoder.NewDecoder().DecodeWithoutHint(m)
	if err != nil {
		return s, errUnreadable
	}
	s.text = res.GetText()
	if res.HasStructuredAppend() {
		n := res.GetStructuredAppendSequenceNumber()
		s.index, s.total = n>>4, n&15+1
		s.parity = byte(res.GetStructuredAppendParity()) //nolint:gosec // eight bits were read
		s.sum = paritySum(s.text, res.GetByteSegments())
	}
	return s, nil
}
