package recoverycode

import (
	"slices"
	"strings"
)

// rowGroups is how many groups of a code the printed sheet has in one row.
const rowGroups = 8

// A foundCode is a code in a text. One that a check group vouches for is what was
// printed, whatever stands around it.
type foundCode struct {
	line    int
	code    string
	checked bool
	last    int // the line that a code of several ends in
}

// A typedRow is a line as it is copied from the printed sheet: groups of four, and
// a check group behind the last of them.
type typedRow struct {
	groups []string
	check  string
	half   bool // it may go on in the next line, as it does on paper
}

func (r typedRow) digits() int { return len(strings.Join(r.groups, "")) }

// groupedCodes finds the codes that are written in groups, over one line or
// two, and empties their lines.
func (f finder) groupedCodes(lines []string) ([]foundCode, error) {
	var found []foundCode
	for i := 0; i < len(lines); i++ {
		row, ok := f.parseRow(lines[i])
		if !ok {
			continue
		}
		first := i
		if row.check == "" && row.half && len(row.groups) == rowGroups {
			next := i + 1
			for next < len(lines) && strings.TrimSpace(lines[next]) == "" {
				next++
			}
			if next < len(lines) {
				if second, ok := f.parseRow(lines[next]); ok {
					row = typedRow{groups: append(row.groups, second.groups...), check: second.check}
					i = next
				}
			}
		}
		code, err := row.code(first+1, i+1)
		if err != nil {
			return nil, err
		}
		found = append(found, foundCode{line: first + 1, code: code, checked: row.checked(), last: i + 1})
		clear(lines[first : i+1])
	}
	return found, nil
}

// checked reports whether the last group is a check group: it has the sign, or
// is one more than npm's codes have.
func (r typedRow) checked() bool { return r.check != "" || isHexLength(r.digits()-groupLen) }

func (r typedRow) code(line, last int) (string, error) {
	groups, check := r.groups, r.check
	if check == "" && r.checked() {
		last := len(groups) - 1
		groups, check = groups[:last], groups[last]
	}
	typed := strings.Join(groups, "")
	if check == "" {
		if !isHexLength(len(typed)) {
			return "", &CutError{Line: line, Digits: len(typed)}
		}
		if !isHex(typed) {
			typed = asHex(typed)
		}
		return typed, nil
	}
	code, ok := verify(typed, check)
	if !ok {
		return "", &CheckError{Line: line, Last: last, Group: suspect(typed, check)}
	}
	return code, nil
}

// parseRow reads a line that is nothing but groups. Without a check group they
// are hexadecimal digits with one kind of separator between, that make a code of
// npm's together, or groups of one length that are too many digits for anything else.
func (f finder) parseRow(line string) (typedRow, bool) {
	line, _ = f.bare(line)
	var r typedRow
	if before, check, ok := strings.Cut(line, "="); ok {
		if r.check = strings.TrimSpace(check); len(r.check) != groupLen || asHex(r.check) == "" {
			return typedRow{}, false
		}
		r.check, line = asHex(r.check), before
		r.groups = strings.Fields(line)
		return r, isOtherCode(strings.Join(r.groups, ""))
	}
	groups := strings.FieldsFunc(line, isSeparator)
	digits := len(strings.Join(groups, ""))
	if len(groups) < 2 || digits < 16 || isSeparator(rune(line[0])) || isSeparator(rune(line[len(line)-1])) {
		return typedRow{}, false
	}
	even := true
	for _, g := range groups {
		even = even && len(g) == len(groups[0]) && len(g)%groupLen == 0
		if len(asHex(g)) != len(g) || len(g) < 2 {
			return typedRow{}, false
		}
	}
	spaced := strings.IndexFunc(line, func(r rune) bool { return isSeparator(r) && r != ' ' && r != '\t' }) < 0
	switch {
	case spaced && !slices.ContainsFunc(groups, func(g string) bool { return !isHexLength(len(g)) }):
		return typedRow{}, false // with spaces between they may be codes of their own: see isColumns
	case !even && (digits == 16 || !isHexLength(digits)):
		return typedRow{}, false
	}
	r.half = len(groups[0]) <= 8 && !strings.ContainsAny(line, ":/") && (spaced || len(line) == digits+len(groups)-1)
	for quarter := range slices.Chunk([]byte(strings.Join(groups, "")), groupLen) {
		r.groups = append(r.groups, string(quarter))
	}
	return r, isMixed(line)
}

// isSeparator reports whether people write r between the groups of a code.
func isSeparator(r rune) bool { return strings.ContainsRune(" \t-:._/·", r) }

func isHex(s string) bool { return s != "" && strings.Trim(s, "0123456789abcdefABCDEF") == "" }

// isHexLength reports whether npm's codes have n digits.
func isHexLength(n int) bool { return n == 64 || n == 48 || n == 16 }
