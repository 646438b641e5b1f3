// Package sheet makes the page that recovery codes are printed on, as a PDF
// or a picture, and reads the QR code on it.
//
// What it writes holds the codes in the clear: that is what it is for. It keeps
// nothing and opens no file.
package sheet

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"npmotp/internal/qrdraw"
	"npmotp/internal/recoverycode"
	"npmotp/internal/secret"
	"npmotp/vault"
)

// A Sheet is what stands on the page.
type Sheet struct {
	Account  string
	Username string
	Registry string // origin URL
	Made     time.Time
	Codes    []Code
}

// A Code is a recovery code with the number that it has in the vault.
type Code struct {
	Number int
	Text   secret.Text
}

// Of returns the sheet of the codes of a that are not used yet. Without any, the
// error is a [vault.ErrNoCodes].
func Of(a *vault.Account, now time.Time) (Sheet, error) {
	s := Sheet{Account: a.Name, Username: a.Username, Registry: a.Registry, Made: now}
	for _, r := range a.RecoveryCodes {
		if r.Offered() {
			s.Codes = append(s.Codes, Code{Number: r.Number, Text: r.Code})
		}
	}
	if len(s.Codes) == 0 {
		return Sheet{}, fmt.Errorf("%w in %q", vault.ErrNoCodes, a.Name)
	}
	return s, nil
}

// A Format is a kind of file that a sheet is written as.
type Format string

// The formats.
const (
	PDF Format = "pdf"
	PNG Format = "png"
)

// FormatOf returns the format that is asked for, or else the one that the end of a
// file's name says, and PDF for standard output ("-").
func FormatOf(asked, file string) (f Format, ok bool) {
	f = Format(asked)
	switch {
	case asked != "":
	case file == "-":
		f = PDF
	default:
		f = Format(strings.TrimPrefix(strings.ToLower(filepath.Ext(file)), "."))
	}
	return f, f == PDF || f == PNG
}

// Write writes the sheet, of which a PNG holds one page only; more are
// [ErrManyPages].
func (s Sheet) Write(w io.Writer, f Format) error {
	if f == PDF {
		return s.writePDF(w)
	}
	return s.writePNG(w)
}

// qr returns the QR code of the page. The level of error correction goes down
// before the modules become too small for a photo; ok is false if the codes are
// too many for any.
func (s Sheet) qr() (m qrdraw.Modules, ok bool) {
	payload := s.Payload()
	for _, level := range []qrdraw.Level{qrdraw.Medium, qrdraw.Low} {
		var err error
		if m, err = qrdraw.Encode(payload.Reveal(), level); err == nil && (level == qrdraw.Low || m.Size() <= wellRead) {
			return m, true
		}
	}
	return qrdraw.Modules{}, false
}

// wellRead is the size up to which more error correction makes a code easier to
// read; above, smaller modules take away more than it gives.
const wellRead = 105

// HasQR reports whether the codes fit into a QR code, so that there is one on the
// page.
func (s Sheet) HasQR() bool {
	_, ok := s.qr()
	return ok
}

// Groups in a row, so that a row can be read and typed at a glance.
const rowGroups = 8

// rowChars is the length of a row of groups.
const rowChars = rowGroups*5 - 1

// rows returns a code as it stands on the page: groups of four, the check group
// at the end of the last row.
func (c Code) rows() (rows []string, check string) {
	row := ""
	for _, g := range recoverycode.Groups(c.Text) {
		for len(g) > rowChars { // one group, which has hyphens of its own
			rows = append(rows, g[:rowChars])
			g = g[rowChars:]
		}
		switch {
		case row == "":
			row = g
		case len(row)+1+len(g) > rowChars:
			rows = append(rows, row)
			row = g
		default:
			row += " " + g
		}
	}
	return append(rows, row), "=" + recoverycode.CheckGroup(c.Text)
}

// fields are what the head of the page says.
func (s Sheet) fields() [][2]string {
	count := "1 recovery code, not used yet"
	if len(s.Codes) != 1 {
		count = fmt.Sprintf("%d recovery codes, not used yet", len(s.Codes))
	}
	fields := [][2]string{{"Account", s.Account}}
	if s.Username != "" && s.Username != s.Account {
		fields = append(fields, [2]string{"User name", s.Username})
	}
	return append(fields, [2]string{"Registry", s.Registry}, [2]string{"Made on", s.Made.Format("2 January 2006")}, [2]string{"Holds", count})
}

// steps tell what to do with the page.
func (s Sheet) steps() []string {
	steps := []string{
		"Keep this page away from the laptop that holds the second factor: in a safe, or with somebody you trust. Whoever has it and your password can log in as you.",
		"Each code works once, when the second factor is lost. Take the first that is not ticked, type it where the registry asks for a one-time password, without the spaces and without the group behind the equals sign, and tick it.",
		"A code goes on until its check group (=....). Typed with it into “npmotp recovery add”, a typing error is found.",
	}
	if s.HasQR() {
		steps = append(steps, "To have all codes on another laptop, take a photo of the QR code and run “npmotp recovery add --qr PHOTO”. Delete the photo then.")
	}
	return append(steps, "New codes made at the registry replace these: destroy the page then. Delete the file that it was printed from now.")
}
