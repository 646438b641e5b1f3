package sheet

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"
	"math"

	"golang.org/x/image/font"
	"golang.org/x/image/math/fixed"
)

// ErrManyPages says that a sheet is too long for one picture.
var ErrManyPages = errors.New("too many codes for one picture")

// dpi is the resolution of the picture, and maxPages how many pages, one below the
// other, stay within what scan reads (40 megapixels).
const (
	dpi      = 200
	maxPages = 9
)

// WritePNG writes the sheet as one picture, with its pages below each other.
func (s Sheet) WritePNG(w io.Writer) error {
	pages, fonts, err := s.layout()
	if err != nil {
		return err
	}
	if len(pages) > maxPages {
		return ErrManyPages
	}
	height := pixels(paperHeight)
	img := image.NewGray(image.Rect(0, 0, pixels(paperWidth), height*len(pages)))
	draw.Draw(img, img.Bounds(), image.White, image.Point{}, draw.Src)
	for i, p := range pages {
		part, ok := img.SubImage(image.Rect(0, i*height, pixels(paperWidth), (i+1)*height)).(*image.Gray)
		if !ok {
			continue
		}
		part.Rect = part.Rect.Sub(part.Rect.Min) // so that each page begins at 0
		if err := p.drawPNG(part, fonts); err != nil {
			return err
		}
	}
	var buf bytes.Buffer
	if err := png.Encode(&buf, img); err != nil {
		return err
	}
	_, err = w.Write(withDensity(buf.Bytes()))
	return err
}

func pixels(mm float64) int { return int(math.Round(mm / 25.4 * dpi)) }

func (p page) drawPNG(img *image.Gray, fonts *fonts) error {
	for _, t := range p.texts {
		face, err := fonts.face(t.style, t.size, dpi)
		if err != nil {
			return err
		}
		d := font.Drawer{Dst: img, Src: image.NewUniform(color.Gray{Y: t.grey}), Face: face}
		d.Dot = fixed.P(pixels(t.x), pixels(t.y))
		d.DrawString(t.text)
	}
	fill := func(x1, y1, x2, y2 int, shade uint8) {
		draw.Draw(img, image.Rect(x1, y1, x2, y2), image.NewUniform(color.Gray{Y: shade}), image.Point{}, draw.Src)
	}
	for _, b := range p.boxes {
		const line = 2
		x1, y1, x2, y2 := pixels(b.x), pixels(b.y), pixels(b.x+b.side), pixels(b.y+b.side)
		fill(x1, y1, x2, y2, black)
		fill(x1+line, y1+line, x2-line, y2-line, 0xFF)
	}
	for _, r := range p.rules {
		fill(pixels(r.x1), pixels(r.y), pixels(r.x2), pixels(r.y)+2, pale)
	}
	if p.qr != nil {
		// Whole pixels for a module; what is left over goes around the code.
		size := p.qr.modules.Size()
		scale := pixels(p.qr.side) / size
		code := p.qr.modules.Image(scale, 0)
		x, y := pixels(p.qr.x+p.qr.side)-size*scale, pixels(p.qr.y)
		draw.Draw(img, image.Rect(x, y, x+size*scale, y+size*scale), code, image.Point{}, draw.Src)
	}
	return nil
}

// withDensity says in a PNG file how many pixels are to be printed to the inch
// (the chunk pHYs of ISO/IEC 15948 section 11.3.5.3), which image/png does not.
func withDensity(file []byte) []byte {
	const afterHeader = 8 + 4 + 4 + 13 + 4 // signature, and the chunk IHDR
	const perMetre = dpi * 10000 / 254
	const length = 9 // of two numbers and a unit
	body := []byte("pHYs")
	body = binary.BigEndian.AppendUint32(body, perMetre)
	body = binary.BigEndian.AppendUint32(body, perMetre)
	body = append(body, 1) // the unit is the metre
	out := append([]byte(nil), file[:afterHeader]...)
	out = binary.BigEndian.AppendUint32(out, length)
	out = append(out, body...)
	out = binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(body))
	return append(out, file[afterHeader:]...)
}
