package sheet

import (
	"fmt"
	"math"

	"npmotp/internal/qrdraw"
)

// Measures of the page in millimetres; sizes of letters are in points.
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

	mmPerPoint = 25.4 / 72

	titleSize = 24.0
	textSize  = 10.5
	smallSize = 8.5
	codeSize  = 13.5

	lead     = 1.38 * mmPerPoint // from line to line, for a size of one point
	rowLead  = 6.9
	codeGap  = 5.4
	gap      = 7.0
	codeLeft = left + 15
	tickBox  = 4.4
)

const (
	black = 0x00
	grey  = 0x70
	pale  = 0xC8
)

// A page is what is drawn on one sheet of paper.
type page struct {
	texts []textOp
	boxes []boxOp
	rules []ruleOp
	qr    *qrOp
}

// A textOp is a line of text that begins at x, with its baseline at y.
type textOp struct {
	x, y  float64
	style style
	size  float64
	grey  uint8
	text  string
}

// A boxOp is an empty square.
type boxOp struct{ x, y, side float64 }

// A ruleOp is a horizontal line.
type ruleOp struct{ x1, x2, y float64 }

// A qrOp is a QR code; x, y and side are without the quiet zone.
type qrOp struct {
	x, y, side float64
	modules    qrdraw.Modules
}

// A setter fills pages from top to bottom.
type setter struct {
	fonts *fonts
	sheet Sheet
	pages []page
	y     float64 // the next line's top
	err   error
}

// layout returns the pages of the sheet.
func (s Sheet) layout() ([]page, *fonts, error) {
	f, err := loadFonts()
	if err != nil {
		return nil, nil, err
	}
	set := &setter{fonts: f, sheet: s, pages: make([]page, 1), y: top}
	set.head()
	set.instructions()
	for _, c := range s.Codes {
		set.code(c)
	}
	set.footers()
	return set.pages, f, set.err
}

func (set *setter) page() *page { return &set.pages[len(set.pages)-1] }

func (set *setter) text(x, y float64, s style, size float64, shade uint8, text string) {
	set.page().texts = append(set.page().texts, textOp{x, y, s, size, shade, set.fonts.shown(s, text)})
}

// paragraph sets text in lines, and moves on.
func (set *setter) paragraph(x, width float64, s style, size float64, text string) {
	lines, err := set.fonts.wrap(s, size, width, set.fonts.shown(s, text))
	if err != nil {
		set.err = err
		return
	}
	for _, line := range lines {
		set.y += size * lead
		set.text(x, set.y, s, size, black, line)
	}
}

// head sets the title and the fields, with the QR code beside them.
func (set *setter) head() {
	width, below := right-left, set.y
	if m, ok := set.sheet.qr(); ok {
		side := qrSide(m.Size())
		quiet := side / float64(m.Size()) * qrdraw.Quiet
		set.page().qr = &qrOp{right - side, set.y, side, m}
		width -= side + quiet + 4
		below = set.y + side + quiet
	}
	set.y += titleSize * 0.72 * mmPerPoint
	set.text(left, set.y, bold, titleSize, black, "Recovery codes")
	set.y += 3.5
	const label = 25.0
	for _, f := range set.sheet.fields() {
		set.y += 1.2
		set.text(left, set.y+textSize*lead, regular, textSize, grey, f[0])
		set.paragraph(left+label, width-label, regular, textSize, f[1])
	}
	set.y = math.Max(set.y, below) + gap - 2
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
		set.text(left, set.y+textSize*lead, bold, textSize, black, fmt.Sprintf("%d.", i+1))
		set.paragraph(left+indent, right-left-indent, regular, textSize, step)
	}
	set.y += gap - 1.5
	set.rule()
}

func (set *setter) rule() {
	set.page().rules = append(set.page().rules, ruleOp{left, right, set.y})
	set.y += 1.5
}

// code sets one code, on the next page if there is not room for all of it.
func (set *setter) code(c Code) {
	rows, check := c.rows()
	height := codeGap + float64(len(rows))*rowLead
	if set.y+height > footer-gap {
		set.pages = append(set.pages, page{})
		set.y = top
	}
	set.y += codeGap - 2
	first := set.y + rowLead - 1.6
	set.page().boxes = append(set.page().boxes, boxOp{left, first - tickBox + 0.6, tickBox})
	set.text(left+tickBox+1.8, first, bold, textSize, black, fmt.Sprintf("%d.", c.Number))
	for i, row := range rows {
		y := first + float64(i)*rowLead
		set.text(codeLeft, y, mono, codeSize, black, row)
		if i == len(rows)-1 {
			w, err := set.fonts.width(mono, codeSize, row+" ")
			if err != nil {
				set.err = err
			}
			set.text(codeLeft+w, y, mono, codeSize, grey, check)
		}
	}
	const used = 166.0
	set.text(used, first, regular, smallSize, grey, "used")
	set.page().rules = append(set.page().rules, ruleOp{used + 7.5, right, first + 0.6})
	set.y = first + float64(len(rows)-1)*rowLead + 2
}

func (set *setter) footers() {
	for i := range set.pages {
		p := &set.pages[i]
		text := fmt.Sprintf("npmotp: recovery codes of %s, %s", set.sheet.Account, set.sheet.Made.Format("2006-01-02"))
		number := fmt.Sprintf("page %d of %d", i+1, len(set.pages))
		w, err := set.fonts.width(regular, smallSize, number)
		if err != nil {
			set.err = err
		}
		lines, err := set.fonts.wrap(regular, smallSize, right-left-w-5, set.fonts.shown(regular, text))
		if err != nil {
			set.err = err
			continue
		}
		p.texts = append(p.texts,
			textOp{left, footer, regular, smallSize, grey, lines[0]},
			textOp{right - w, footer, regular, smallSize, grey, number})
	}
}
