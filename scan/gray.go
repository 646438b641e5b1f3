package scan

import (
	"image"
	"image/color"
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

// grays converts img without [image.Image.At], which costs more than the search
// for a code. A picture with transparent parts is returned over white, then
// over black: code and page may be drawn by the transparency alone.
func grays(img image.Image) []*gray {
	b := img.Bounds()
	if img, ok := img.(*image.YCbCr); ok {
		return []*gray{lumaOf(img)}
	}
	out := newGray(b.Dx(), b.Dy())
	switch img := img.(type) {
	case *image.Gray:
		for y := range out.h {
			copy(out.row(y), img.Pix[y*img.Stride:])
		}
	case *image.RGBA:
		for y := range out.h {
			grayRGB(out.row(y), img.Pix[y*img.Stride:])
		}
		if !img.Opaque() {
			return []*gray{overWhite(out, func(x, y int) uint8 { return img.Pix[y*img.Stride+4*x+3] }), out}
		}
	case *image.NRGBA:
		return graysNRGBA(out, img)
	case *image.Paletted:
		return graysPaletted(out, img)
	default:
		return graysAny(out, img)
	}
	return []*gray{out}
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

func grayRGB(dst, pix []uint8) {
	pix = pix[:4*len(dst)]
	for x := range dst {
		p := pix[4*x : 4*x+4 : 4*x+4]
		dst[x] = luma(p[0], p[1], p[2])
	}
}

// overWhite returns black, a picture composed over black, composed over white.
func overWhite(black *gray, alpha func(x, y int) uint8) *gray {
	white := newGray(black.w, black.h)
	for y := range black.h {
		src, dst := black.row(y), white.row(y)
		for x := range dst {
			dst[x] = src[x] + min(255-alpha(x, y), 255-src[x])
		}
	}
	return white
}

func graysNRGBA(out *gray, img *image.NRGBA) []*gray {
	for y := range out.h {
		grayRGB(out.row(y), img.Pix[y*img.Stride:])
	}
	if img.Opaque() {
		return []*gray{out}
	}
	alpha := func(x, y int) uint8 { return img.Pix[y*img.Stride+4*x+3] }
	for y := range out.h {
		row := out.row(y)
		for x := range row {
			row[x] = uint8(uint16(row[x]) * uint16(alpha(x, y)) / 255) //nolint:gosec // at most 255
		}
	}
	return []*gray{overWhite(out, alpha), out}
}

func graysPaletted(out *gray, img *image.Paletted) []*gray {
	var levels, alphas [256]uint8
	opaque := true
	for i, c := range img.Palette {
		levels[i], alphas[i] = grayAlpha(c)
		opaque = opaque && alphas[i] == 255
	}
	for y := range out.h {
		row, src := out.row(y), img.Pix[y*img.Stride:]
		for x := range row {
			row[x] = levels[src[x]]
		}
	}
	if opaque {
		return []*gray{out}
	}
	alpha := func(x, y int) uint8 { return alphas[img.Pix[y*img.Stride+x]] }
	return []*gray{overWhite(out, alpha), out}
}

func graysAny(out *gray, img image.Image) []*gray {
	b := img.Bounds()
	opaque := true
	for y := range out.h {
		row := out.row(y)
		for x := range row {
			var a uint8
			row[x], a = grayAlpha(img.At(b.Min.X+x, b.Min.Y+y))
			opaque = opaque && a == 255
		}
	}
	if opaque {
		return []*gray{out}
	}
	return []*gray{overWhite(out, func(x, y int) uint8 {
		_, a := grayAlpha(img.At(b.Min.X+x, b.Min.Y+y))
		return a
	}), out}
}

// grayAlpha returns the level of c over black, and how opaque it is.
func grayAlpha(c color.Color) (level, alpha uint8) {
	r, g, b, a := c.RGBA()
	return luma(uint8(r>>8), uint8(g>>8), uint8(b>>8)), uint8(a >> 8) //nolint:gosec // 16 bits to 8
}
