package otpimport

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
)

// maxColumns bounds the cells of a row. Exports of password managers have at
// most a few dozen columns.
const maxColumns = 256

// errQuote is what is wrong with a row whose quotes do not match.
var errQuote = errors.New("its quotation marks do not match")

// A table is a text of comma-separated values (RFC 4180), or separated by
// semicolons or tabs.
//
// Unlike [encoding/csv] it goes on after a row that is not well formed: such a
// row ends where its line does. And it never holds more than one row.
type table struct {
	ctx   context.Context //nolint:containedctx // that of its input; no more rows come when it ends
	comma byte
	names []string // of the columns
	rows  string   // what follows the line of names
	line  int      // of rows, counted from 1
}

// tableOf looks at a text as a table. The separator is the one that makes most
// columns of the first line.
func tableOf(ctx context.Context, text string) (t table, ok bool) {
	for _, comma := range []byte(",;\t") {
		cells, n, err := cutRow(text, comma)
		if err == nil && len(cells) > max(1, len(t.names)) {
			t = table{ctx: ctx, comma: comma, names: cells, rows: text[n:], line: 1 + strings.Count(text[:n], "\n")}
		}
	}
	for i, name := range t.names {
		t.names[i] = strings.TrimSpace(name)
	}
	return t, len(t.names) > 0
}

// headless returns the table of a text that has no line of names.
func (t table) headless(text string) table {
	return table{ctx: t.ctx, comma: t.comma, rows: text, line: 1}
}

// all yields the rows that are not empty, and what is wrong with those that
// cannot be read. Cells that a row lacks at its end are empty.
func (t table) all() iter.Seq2[row, error] {
	return func(yield func(row, error) bool) {
		text, line := t.rows, t.line
		for text != "" && t.ctx.Err() == nil {
			cells, n, err := cutRow(text, t.comma)
			if err == nil && t.names != nil && len(cells) > len(t.names) && strings.Join(cells[len(t.names):], "") != "" {
				err = errors.New("it has more cells than the table has columns")
			}
			r := row{names: t.names, cells: cells, line: line}
			if blank := err == nil && strings.TrimSpace(text[:n]) == ""; !blank && !yield(r, err) {
				return
			}
			line += strings.Count(text[:n], "\n")
			text = text[n:]
		}
	}
}

// A row is one row of a table.
type row struct {
	names, cells []string
	line         int
}

// cut reports whether the row ends before a column, or in it where the table
// has more.
func (r row) cut(columns ...string) bool {
	for i, name := range r.names {
		if slices.Contains(columns, strings.ToLower(name)) && (i >= len(r.cells) || i == len(r.cells)-1 && len(r.cells) < len(r.names)) {
			return true
		}
	}
	return false
}

// last reports whether a column is the last that the row has a cell of.
func (r row) last(column string) bool {
	end := len(r.cells) - 1
	return end > 0 && end < len(r.names) && strings.EqualFold(r.names[end], column)
}

// has reports whether is holds for the name of a column, in small letters, and
// the cell in it.
func (r row) has(is func(name, cell string) bool) bool {
	for i := range min(len(r.names), len(r.cells)) {
		if is(strings.ToLower(r.names[i]), r.cells[i]) {
			return true
		}
	}
	return false
}

// cell returns the first cell that is not empty in one of the columns, in any case.
func (r row) cell(columns ...string) string {
	for _, column := range columns {
		for i, name := range r.names {
			if i < len(r.cells) && strings.EqualFold(name, column) && r.cells[i] != "" {
				return r.cells[i]
			}
		}
	}
	return ""
}

// after returns the cell behind the first one that is one of the names, in any
// case. Enpass puts a star before those of secrets.
func (r row) after(names ...string) string {
	for i := range len(r.cells) - 1 {
		if slices.Contains(names, strings.ToLower(strings.Trim(r.cells[i], " *"))) {
			return r.cells[i+1]
		}
	}
	return ""
}

// cutRow returns the cells of the first row of text, and its length with the
// line end. The length of a row that is wrong is that of its first line.
func cutRow(text string, comma byte) (cells []string, length int, err error) {
	firstLine := len(text)
	if end := strings.IndexByte(text, '\n'); end >= 0 {
		firstLine = end + 1
	}
	for at := 0; ; {
		cell, n, err := cutCell(text[at:], comma)
		if err == nil && len(cells) == maxColumns {
			err = fmt.Errorf("it has more than %d cells", maxColumns)
		}
		if err != nil {
			return nil, firstLine, err
		}
		cells = append(cells, cell)
		at += n
		switch {
		case at == len(text):
			return cells, at, nil
		case text[at] == '\n':
			return cells, at + 1, nil
		}
		at++ // the separator
	}
}

// cutCell returns the first cell of text, and its length up to the separator
// or the line end. A quotation mark inside a cell that does not begin with one
// stands for itself.
func cutCell(text string, comma byte) (cell string, length int, err error) {
	ends := string(rune(comma)) + "\n"
	if !strings.HasPrefix(text, `"`) {
		length = strings.IndexAny(text, ends)
		if length < 0 {
			length = len(text)
		}
		return strings.TrimSuffix(text[:length], "\r"), length, nil
	}
	var b strings.Builder
	for at := 1; ; {
		end := strings.IndexByte(text[at:], '"')
		if end < 0 {
			return "", 0, errQuote
		}
		b.WriteString(text[at : at+end])
		at += end + 1
		if strings.HasPrefix(text[at:], `"`) {
			b.WriteByte('"')
			at++
			continue
		}
		if rest := strings.TrimLeft(text[at:], "\r"); rest == "" || strings.IndexByte(ends, rest[0]) >= 0 {
			return b.String(), len(text) - len(rest), nil
		}
		return "", 0, errQuote
	}
}
