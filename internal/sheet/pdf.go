package sheet

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"io"
	"strings"
	"unicode/utf16"
)

// pdfDPI is the resolution that office printers print black and white in, or a
// whole part of it.
const pdfDPI = 300

// writePDF writes the sheet as a PDF (ISO 32000-1), each page of which is one
// picture in black and white. So the page needs no fonts, and no search of the
// disk finds the codes in it.
func (s Sheet) writePDF(w io.Writer) error {
	var pages []*bitmap
	err := s.draw(pdfDPI, func(paper image.Rectangle) draw.Image {
		pages = append(pages, newBitmap(paper))
		return pages[len(pages)-1]
	})
	if err != nil {
		return err
	}
	const first, each = 4, 3 // the number of the first page's object, and of all of a page
	var kids strings.Builder
	for i := range pages {
		fmt.Fprintf(&kids, " %d 0 R", first+i*each)
	}
	f := pdfFile{bytes: []byte("%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")} // the second line says that it is binary
	f.object("<< /Type /Catalog /Pages 2 0 R >>")
	f.object("<< /Type /Pages /Count %d /Kids [%s ] >>", len(pages), kids.String())
	f.object("<< /Title %s /Creator (npmotp) /CreationDate (D:%sZ) >>",
		pdfText("Recovery codes of "+s.Account), s.Made.UTC().Format("20060102150405"))
	for i, p := range pages {
		width, height := points(p.rect.Dx()), points(p.rect.Dy())
		number := first + i*each
		f.object("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %g %g] /Contents %d 0 R /Resources << /XObject << /Page %d 0 R >> >> >>",
			width, height, number+1, number+2)
		f.stream(fmt.Appendf(nil, "%g 0 0 %g 0 0 cm /Page Do", width, height), "")
		var packed bytes.Buffer
		z, err := zlib.NewWriterLevel(&packed, zlib.BestCompression)
		if err != nil {
			return err
		}
		if _, err := z.Write(p.bits); err != nil {
			return err
		}
		if err := z.Close(); err != nil {
			return err
		}
		f.stream(packed.Bytes(), fmt.Sprintf(" /Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceGray /BitsPerComponent 1 /Filter /FlateDecode",
			p.rect.Dx(), p.rect.Dy()))
	}
	f.end()
	_, err = w.Write(f.bytes)
	return err
}

func points(pixels int) float64 { return float64(pixels) * 72 / pdfDPI }

// pdfText returns a string of any letters, in UTF-16 with a byte order mark.
func pdfText(s string) string {
	var b strings.Builder
	b.WriteString("<FEFF")
	for _, unit := range utf16.Encode([]rune(s)) {
		fmt.Fprintf(&b, "%04X", unit)
	}
	return b.String() + ">"
}

// A pdfFile is a PDF whose objects are numbered from 1 as they are added. The
// first is the catalogue, and the third says what the document is.
type pdfFile struct {
	bytes   []byte
	offsets []int
}

func (f *pdfFile) object(format string, args ...any) {
	f.offsets = append(f.offsets, len(f.bytes))
	f.bytes = fmt.Appendf(f.bytes, "%d 0 obj\n"+format+"\nendobj\n", append([]any{len(f.offsets)}, args...)...)
}

func (f *pdfFile) stream(data []byte, entries string) {
	f.object("<< /Length %d%s >>\nstream\n%s\nendstream", len(data), entries, data)
}

// end writes where the objects are, in lines of 20 bytes.
func (f *pdfFile) end() {
	start, count := len(f.bytes), len(f.offsets)+1
	f.bytes = fmt.Appendf(f.bytes, "xref\n0 %d\n0000000000 65535 f \n", count)
	for _, offset := range f.offsets {
		f.bytes = fmt.Appendf(f.bytes, "%010d 00000 n \n", offset)
	}
	f.bytes = fmt.Appendf(f.bytes, "trailer\n<< /Size %d /Root 1 0 R /Info 3 0 R >>\nstartxref\n%d\n%%%%EOF\n", count, start)
}

// A bitmap is a picture in black and white as PDF has it: eight pixels to a byte,
// from the highest bit on, and a bit that is set is white.
type bitmap struct {
	rect   image.Rectangle // from 0, 0
	stride int
	bits   []byte
}

// newBitmap returns a white one.
func newBitmap(rect image.Rectangle) *bitmap {
	stride := (rect.Dx() + 7) / 8
	return &bitmap{rect, stride, bytes.Repeat([]byte{0xFF}, stride*rect.Dy())}
}

func (b *bitmap) Bounds() image.Rectangle { return b.rect }
func (b *bitmap) ColorModel() color.Model { return color.GrayModel }

func (b *bitmap) At(x, y int) color.Color {
	if b.bits[y*b.stride+x/8]<<(x%8)&0x80 == 0 {
		return color.Black
	}
	return color.White
}

func (b *bitmap) Set(x, y int, c color.Color) {
	bit := byte(0x80) >> (x % 8)
	if gray, ok := color.GrayModel.Convert(c).(color.Gray); ok && gray.Y < 0x80 {
		b.bits[y*b.stride+x/8] &^= bit
	} else {
		b.bits[y*b.stride+x/8] |= bit
	}
}
