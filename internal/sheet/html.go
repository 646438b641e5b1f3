package sheet

import (
	_ "embed" // the page
	"fmt"
	"html/template"
	"io"
	"strings"
)

//go:embed sheet.html
var pageHTML string

// qrView is the QR code as the path of an SVG.
type qrView struct {
	Side string // in millimetres
	Size int
	Path string
}

type codeView struct {
	Number      int
	Rows, Check string
}

// WriteHTML writes the sheet as a web page that needs nothing from elsewhere, and
// tells the browser to fetch nothing.
func (s Sheet) WriteHTML(w io.Writer) error {
	page, err := template.New("sheet").Parse(pageHTML)
	if err != nil {
		return err
	}
	view := struct {
		Account, Made string
		Fields        [][2]string
		Steps         []string
		QR            *qrView
		Codes         []codeView
	}{s.Account, s.Made.Format("2006-01-02"), s.fields(), s.steps(), s.qrView(), nil}
	for _, c := range s.Codes {
		rows, check := c.rows()
		view.Codes = append(view.Codes, codeView{c.Number, strings.Join(rows, "\n"), check})
	}
	return page.Execute(w, view)
}

// qrView returns the QR code, or nil when there is none. All dark modules are
// one path, as in the PDF.
func (s Sheet) qrView() *qrView {
	m, ok := s.qr()
	if !ok {
		return nil
	}
	var path strings.Builder
	for y := range m.Size() {
		for x := 0; x < m.Size(); x++ {
			end := x
			for m.Dark(end, y) {
				end++
			}
			if end > x {
				fmt.Fprintf(&path, "M%d %dh%dv1h-%dz", x, y, end-x, end-x)
				x = end
			}
		}
	}
	return &qrView{fmt.Sprintf("%.1f", qrSide(m.Size())), m.Size(), path.String()}
}
