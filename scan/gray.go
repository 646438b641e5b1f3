package scan

import (
	"bytes"
	"image"
	"image/color"
	"slices"
)

// A gray is a picture in grey levels, row after row.
type gray struct {
	w, h int
	pix  []uint8
}

func newGray(w, h int) *gray { return &gray{w: w, h: h, pix: make([]uint8, w*h)} }

func (g *gray) row(y int) []uint8 { return g.pix[y*g.w : (y+1)*g.w] }

// luma weighs the colours.
func luma(r, g, b uint8) uint8 {
	return uint8((19595*uint32(r) + 38470*uint32(g) + 7471*uint32(b) + 1<<15) >> 16) //nolint:gosec // at most 255
}

// grays converts img without [image.Image.At], where that costs more than the search
// for a code. A picture with transparent parts is returned over white, then
// over black: code and page may be drawn by the transparency alone.
func grays(img image.Image) []*gray {
	if img, ok := img.(*image.YCbCr); ok {
		return []*gray{lumaOf(img)}
	}
	black := newGray(img.Bounds().Dx(), img.Bounds().Dy())
	var white *gray // like black down to the first row with something transparent
	read, alpha := rows(img), bytes.Repeat([]uint8{255}, black.w)
	for y := range black.h {
		row := black.row(y)
		read(y, row, alpha)
		if white == nil && bytes.Count(alpha, []byte{255}) == len(alpha) {
			continue
		}
		if white == nil {
			white = &gray{black.w, black.h, slices.Clone(black.pix)}
		}
		for x, level := range row {
			white.row(y)[x] = level + min(255-alpha[x], 255-level)
		}
	}
	if white == nil {
		return []*gray{black}
	}
	return []*gray{white, black}
}

// rows returns a function that reads row y of img: the levels over black, and how
// opaque they are, where not all of img is.
func rows(img image.Image) func(y int, level, alpha []uint8) {
	switch img := img.(type) {
	case *image.Gray:
		return func(y int, level, _ []uint8) { copy(level, img.Pix[y*img.Stride:]) }
	case *image.RGBA:
		return func(y int, level, alpha []uint8) { rowRGBA(img.Pix[y*img.Stride:], level, alpha) }
	case *image.NRGBA:
		return func(y int, level, alpha []uint8) {
			rowRGBA(img.Pix[y*img.Stride:], level, alpha)
			for x, a := range alpha {
				level[x] = uint8(uint16(level[x]) * uint16(a) / 255) //nolint:gosec // at most 255
			}
		}
	case *image.Paletted:
		var levels, alphas [256]uint8
		for i, c := range img.Palette {
			levels[i], alphas[i] = grayAlpha(c)
		}
		return func(y int, level, alpha []uint8) {
			for x, i := range img.Pix[y*img.Stride:][:len(level)] {
				level[x], alpha[x] = levels[i], alphas[i]
			}
		}
	}
	b := img.Bounds()
	return func(y int, level, alpha []uint8) {
		for x := range level {
			level[x], alpha[x] = grayAlpha(img.At(b.Min.X+x, b.Min.Y+y))
		}
	}
}

func rowRGBA(pix, level, alpha []uint8) {
	pix = pix[:4*len(level)]
	for x := range level {
		p := pix[4*x : 4*x+4 : 4*x+4]
		level[x], alpha[x] = luma(p[0], p[1], p[2]), p[3]
	}
}

// lumaOf makes a picture of the levels that img holds, in place.
func lumaOf(img *image.YCbCr) *gray {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	pix := img.Y
	for y := range h {
		copy(pix[y*w:(y+1)*w], img.Y[img.YOffset(img.Rect.Min.X, img.Rect.Min.Y+y):])
	}
	return &gray{w: w, h: h, pix: pix[:w*h]}
}

// grayAlpha returns the level of c over black, and how opaque it is.
func grayAlpha(c color.Color) (level, alpha uint8) {
	r, g, b, a := c.RGBA()
	return luma(uint8(r>>8), uint8(g>>8), uint8(b>>8)), uint8(a >> 8) //nolint:gosec // 16 bits to 8
}
