package sheet

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/draw"
	"image/png"
	"io"
)

// ErrManyPages says that a sheet is too long for one picture.
var ErrManyPages = errors.New("too many codes for one picture")

// pngDPI is the resolution of the picture, and maxPages how many pages, one below
// the other, stay within what scan reads (40 megapixels).
const (
	pngDPI   = 200
	maxPages = 9
)

// writePNG writes the sheet as one picture, with its pages below each other.
func (s Sheet) writePNG(w io.Writer) error {
	var pages []*image.Gray
	err := s.draw(pngDPI, func(paper image.Rectangle) draw.Image {
		page := image.NewGray(paper)
		draw.Draw(page, paper, image.White, image.Point{}, draw.Src)
		pages = append(pages, page)
		return page
	})
	if err != nil {
		return err
	}
	if len(pages) > maxPages {
		return ErrManyPages
	}
	all := pages[0]
	for _, p := range pages[1:] {
		all.Pix = append(all.Pix, p.Pix...)
		all.Rect.Max.Y += p.Rect.Dy()
	}
	var buf bytes.Buffer
	if err := png.Encode(&buf, all); err != nil {
		return err
	}
	_, err = w.Write(withDensity(buf.Bytes()))
	return err
}

// withDensity says in a PNG file how many pixels are to be printed to the inch
// (the chunk pHYs of ISO/IEC 15948 section 11.3.5.3), which image/png does not.
func withDensity(file []byte) []byte {
	const afterHeader = 8 + 4 + 4 + 13 + 4 // signature, and the chunk IHDR
	const perMetre = pngDPI * 10000 / 254
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
