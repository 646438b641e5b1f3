package sheet

import (
	"fmt"
	"image"
	"image/draw"
	"math"

	"golang.org/x/image/font"
	"golang.org/x/image/math/fixed"

	"npmotp/internal/qrdraw"
)

// Measures of the page in millimetres.
//
// The paper is A4, and all that is on it also lies on US Letter, which is wider
// and 17.6 mm shorter, whether the printer puts the page at its top or in its
// middle: 9 mm of margin are left in the worst case.
const (
	paperWidth  = 210.0
	paperHeight = 297.0
	left        = 18.0
	right       = paperWidth - left
	top         = 19.0
	bottom      = 268.0
	footer      = bottom - 2

	mmPerInch  = 25.4
	mmPerPoint = mmPerInch / 72

	rowLead  = 6.9
	codeGap  = 5.4
	gap      = 7.0
	codeLeft = left + 15
	tickBox  = 4.4
	boxLine  = 0.3
	ruleLine = 0.15
)

// A setter draws pages from top to bottom. All ink is black: a printer that
// draws grey as dots would make it hard to read.
type setter struct {
	fonts fonts
	sheet Sheet
	dpi   float64
	blank func(image.Rectangle) draw.Image
	pages []draw.Image
	y     float64 // the next line's top
}

// draw draws the pages of the sheet, each on a picture that blank returns: white,
// and of the given size.
func (s Sheet) draw(dpi float64, blank func(image.Rectangle) draw.Image) error {
	f, err := loadFonts(dpi)
	if err != nil {
		return err
	}
	set := &setter{fonts: f, sheet: s, dpi: dpi, blank: blank}
	set.newPage()
	set.head()
	set.instructions()
	for _, c := range s.Codes {
		set.code(c)
	}
	set.footers()
	return nil
}

func (set *setter) newPage() {
	paper := image.Rect(0, 0, set.pixels(paperWidth), set.pixels(paperHeight))
	set.pages = append(set.pages, set.blank(paper))
	set.y = top
}

func (set *setter) pixels(mm float64) int { return int(math.Round(mm / mmPerInch * set.dpi)) }

func (set *setter) page() draw.Image { return set.pages[len(set.pages)-1] }

// line draws text that begins at x, with its baseline at y.
func (set *setter) line(page draw.Image, x, y float64, t typeface, text string) {
	for i := range 1 + t.bolder {
		d := font.Drawer{Dst: page, Src: image.Black, Face: t, Dot: fixed.P(set.pixels(x)+i, set.pixels(y))}
		d.DrawString(t.shown(text))
	}
}

func (set *setter) text(x, y float64, t typeface, text string) { set.line(set.page(), x, y, t, text) }

// fill draws a rectangle.
func (set *setter) fill(x, y, width, height float64, ink *image.Uniform) {
	x1, y1 := set.pixels(x), set.pixels(y)
	r := image.Rect(x1, y1, x1+set.pixels(width), y1+set.pixels(height))
	draw.Draw(set.page(), r, ink, image.Point{}, draw.Src)
}

// paragraph sets text in lines, and moves on.
func (set *setter) paragraph(x, width float64, t typeface, text string) {
	for _, line := range t.wrap(width, t.shown(text)) {
		set.y += t.lead()
		set.text(x, set.y, t, line)
	}
}

// head sets the title and the fields, with the QR code beside them.
func (set *setter) head() {
	width, below := right-left, set.y
	if m, ok := set.sheet.qr(); ok {
		side := qrSide(m.Size())
		set.qr(right-side, set.y, side, m)
		quiet := side / float64(m.Size()) * qrdraw.Quiet
		width -= side + quiet + 4
		below = set.y + side + quiet
	}
	set.y += set.fonts.title.size * 0.72 * mmPerPoint
	set.text(left, set.y, set.fonts.title, "Recovery codes")
	set.y += 3.5
	const label = 25.0
	for _, f := range set.sheet.fields() {
		set.y += 1.2
		set.text(left, set.y+set.fonts.text.lead(), set.fonts.text, f[0])
		set.paragraph(left+label, width-label, set.fonts.strong, f[1])
	}
	set.y = math.Max(set.y, below) + gap - 2
}

// qr draws a QR code without its quiet zone: whole pixels for a module, and what
// is left over stays free at its left and below.
func (set *setter) qr(x, y, side float64, m qrdraw.Modules) {
	scale := set.pixels(side) / m.Size()
	code := m.Image(scale, 0)
	at := image.Pt(set.pixels(x+side)-code.Bounds().Dx(), set.pixels(y))
	draw.Draw(set.page(), code.Bounds().Add(at), code, image.Point{}, draw.Src)
}

// qrSide returns how wide a QR code of that many modules is printed. A module of
// 0.8 mm is read from a photo of the whole page. Larger codes have smaller
// modules, down to two thirds of that.
func qrSide(modules int) float64 { return min(max(0.8*float64(modules), 34), 92) }

func (set *setter) instructions() {
	set.rule()
	const indent = 6.5
	for i, step := range set.sheet.steps() {
		set.y += 0.9
		set.text(left, set.y+set.fonts.strong.lead(), set.fonts.strong, fmt.Sprintf("%d.", i+1))
		set.paragraph(left+indent, right-left-indent, set.fonts.text, step)
	}
	set.y += gap - 1.5
	set.rule()
}

func (set *setter) rule() {
	set.fill(left, set.y, right-left, ruleLine, image.Black)
	set.y += 1.5
}

// code sets one code, on the next page if there is not room for all of it.
func (set *setter) code(c Code) {
	rows, check := c.rows()
	height := codeGap + float64(len(rows))*rowLead
	if set.y+height > footer-gap {
		set.newPage()
	}
	set.y += codeGap - 2
	first := set.y + rowLead - 1.6
	box := first - tickBox + 0.6
	set.fill(left, box, tickBox, tickBox, image.Black)
	set.fill(left+boxLine, box+boxLine, tickBox-2*boxLine, tickBox-2*boxLine, image.White)
	set.text(left+tickBox+1.8, first, set.fonts.strong, fmt.Sprintf("%d.", c.Number))
	for i, row := range rows {
		if i == len(rows)-1 {
			row += " " + check
		}
		set.text(codeLeft, first+float64(i)*rowLead, set.fonts.code, row)
	}
	const used = 166.0
	set.text(used, first, set.fonts.small, "used")
	set.fill(used+7.5, first+0.6, right-used-7.5, ruleLine, image.Black)
	set.y = first + float64(len(rows)-1)*rowLead + 2
}

func (set *setter) footers() {
	text := fmt.Sprintf("npmotp: recovery codes of %s, %s", set.sheet.Account, set.sheet.Made.Format("2006-01-02"))
	for i, p := range set.pages {
		number := fmt.Sprintf("page %d of %d", i+1, len(set.pages))
		width := set.fonts.small.width(number)
		set.line(p, left, footer, set.fonts.small, set.fonts.small.wrap(right-left-width-5, set.fonts.small.shown(text))[0])
		set.line(p, right-width, footer, set.fonts.small, number)
	}
}
