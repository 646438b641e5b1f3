package sheet

import (
	"io"

	"codeberg.org/go-pdf/fpdf"
)

// WritePDF writes the sheet as a PDF of A4 pages. The letters are embedded.
func (s Sheet) WritePDF(w io.Writer) error {
	pages, _, err := s.layout()
	if err != nil {
		return err
	}
	doc := fpdf.New("P", "mm", "A4", "")
	doc.SetMargins(0, 0, 0)
	doc.SetAutoPageBreak(false, 0)
	doc.SetTitle("Recovery codes of "+s.Account, true)
	doc.SetCreator("npmotp", true)
	doc.SetCreationDate(s.Made)
	doc.SetModificationDate(s.Made)
	doc.SetCatalogSort(true)
	for i := range styles {
		doc.AddUTF8FontFromBytes(i.name(), "", i.data())
	}
	for _, p := range pages {
		doc.AddPage()
		p.drawPDF(doc)
	}
	return doc.Output(w)
}

func (p page) drawPDF(doc *fpdf.Fpdf) {
	for _, t := range p.texts {
		doc.SetFont(t.style.name(), "", t.size)
		doc.SetTextColor(int(t.grey), int(t.grey), int(t.grey))
		doc.Text(t.x, t.y, t.text)
	}
	doc.SetDrawColor(black, black, black)
	doc.SetLineWidth(0.3)
	for _, b := range p.boxes {
		doc.Rect(b.x, b.y, b.side, b.side, "D")
	}
	doc.SetDrawColor(pale, pale, pale)
	doc.SetLineWidth(0.2)
	for _, r := range p.rules {
		doc.Line(r.x1, r.y, r.x2, r.y)
	}
	if p.qr != nil {
		p.qr.drawPDF(doc)
	}
}

// drawPDF draws all dark modules as one path: between paths of their own,
// viewers that smooth edges would leave pale seams.
func (q *qrOp) drawPDF(doc *fpdf.Fpdf) {
	unit := q.side / float64(q.modules.Size())
	doc.SetFillColor(black, black, black)
	for y := range q.modules.Size() {
		for x := 0; x < q.modules.Size(); x++ {
			end := x
			for q.modules.Dark(end, y) {
				end++
			}
			if end == x {
				continue
			}
			x1, x2 := q.x+float64(x)*unit, q.x+float64(end)*unit
			y1, y2 := q.y+float64(y)*unit, q.y+float64(y+1)*unit
			doc.MoveTo(x1, y1)
			doc.LineTo(x2, y1)
			doc.LineTo(x2, y2)
			doc.LineTo(x1, y2)
			doc.ClosePath()
			x = end
		}
	}
	doc.DrawPath("F")
}
