package scan

import (
	"context"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"

	"npmotp/internal/secret"
)

// search looks for QR codes in the pictures, cheapest attempt first.
func search(ctx context.Context, pics []*gray) []secret.Text {
	var out []secret.Text
	for _, g := range pics {
		for _, inverted := range []bool{false, true} {
			for _, hybrid := range []bool{false, true} {
				if ctx.Err() != nil {
					return out
				}
				pix := make([]uint8, len(g.pix))
				for i, p := range g.pix {
					if pix[i] = p; inverted {
						pix[i] = 255 - p
					}
				}
				src := &gozxingSource{gozxing.LuminanceSourceBase{Width: g.w, Height: g.h}, pix}
				var bin gozxing.Binarizer = gozxing.NewGlobalHistgramBinarizer(src)
				if hybrid {
					bin = gozxing.NewHybridBinarizer(src)
				}
				bmp, err := gozxing.NewBinaryBitmap(bin)
				if err != nil {
					continue
				}
				res, err := qrcode.NewQRCodeReader().Decode(bmp, nil)
				if err == nil {
					t := secret.New(res.GetText())
					if !contains(out, t) {
						out = append(out, t)
					}
					if isKey(t.Reveal()) {
						return out
					}
				}
			}
		}
	}
	return out
}

type gozxingSource struct {
	gozxing.LuminanceSourceBase
	pix []uint8
}

func (s *gozxingSource) GetMatrix() []byte { return s.pix }

func (s *gozxingSource) GetRow(y int, row []byte) ([]byte, error) {
	w := s.GetWidth()
	return append(row[:0], s.pix[y*w:(y+1)*w]...), nil
}

func (s *gozxingSource) Invert() gozxing.LuminanceSource { return gozxing.LuminanceSourceInvert(s) }

func (s *gozxingSource) String() string { return "" }
