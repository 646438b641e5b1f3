// Package recoverycode reads and writes recovery codes as text: it finds them in
// what npm printed, in files and in what was typed from paper, and splits them
// into groups with a check group. Where they are kept is the vault's business.
package recoverycode

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"npmotp/internal/secret"
)

// ErrNone says that a text holds nothing that looks like a recovery
// code.
var ErrNone = errors.New("no recovery codes in the input")

// A CutError names a line whose code has not the length of a recovery code, or
// not the length of the others.
type CutError struct {
	Line, Digits int
	Among        int   // the length of the other codes, if Digits is one of npm's lengths
	More         []int // further lines of the kind
}

// Error implements error.
func (e *CutError) Error() string {
	why := "npm's recovery codes have 64 (older ones 48 or 16)"
	if e.Among > 0 {
		why = fmt.Sprintf("the other codes have %d", e.Among)
	}
	more := ""
	for i, line := range e.More {
		switch {
		case i == 0 && len(e.More) == 1:
			more = fmt.Sprintf(" (the same goes for line %d)", line)
		case i == 0:
			more = fmt.Sprintf(" (the same goes for lines %d", line)
		case i == len(e.More)-1:
			more += fmt.Sprintf(" and %d)", line)
		default:
			more += fmt.Sprintf(", %d", line)
		}
	}
	return fmt.Sprintf("line %d has a run of %d hexadecimal digits: %s, so part of it is missing or two run together%s; nothing was added",
		e.Line, e.Digits, why, more)
}

// hexRun is the least length of a run of hexadecimal digits that is no word of
// prose and no date.
const hexRun = 12

// Find finds the recovery codes in what npm printed, in the file
// that npm's site offers, in a list with one or several codes a line, or in what
// was typed from a printed sheet. It returns each code once, in order, and how
// many repetitions it left out.
//
// npm's codes are 64 hexadecimal digits; 48 and 16 exist too. Where there is
// one of these, or a check group, everything else is prose. Without any, lines
// that consist of tokens with a digit in them are taken as codes, as printed.
func Find(text secret.Text) (codes []secret.Text, repeated int, err error) {
	lines := strings.Split(text.Reveal(), "\n")
	found, err := groupedCodes(lines)
	if err != nil {
		return nil, 0, err
	}
	plain, err := hexCodes(lines, len(found) > 0)
	if err != nil {
		return nil, 0, err
	}
	found = append(found, plain...)
	slices.SortStableFunc(found, func(a, b foundCode) int { return cmp.Compare(a.line, b.line) })
	if err := sameLength(found); err != nil {
		return nil, 0, err
	}
	if len(found) == 0 {
		found = otherCodes(lines)
	}
	if len(found) == 0 {
		return nil, 0, ErrNone
	}
	seen := map[string]bool{}
	for _, f := range found {
		if seen[fold(f.code)] {
			repeated++
			continue
		}
		seen[fold(f.code)] = true
		codes = append(codes, secret.New(f.code))
	}
	return codes, repeated, nil
}

// hexCodes finds the runs of hexadecimal digits that are codes. Where there are
// codes, runs of other lengths are codes that were cut; without any, short ones
// are something else.
func hexCodes(lines []string, others bool) ([]foundCode, error) {
	var found []foundCode
	var cut *CutError
	for i, line := range lines {
		for _, token := range strings.FieldsFunc(line, func(r rune) bool { return !isCodeRune(r) }) {
			switch {
			case len(token) < hexRun || !isHex(token):
			case isHexLength(len(token)):
				found = append(found, foundCode{line: i + 1, code: token})
			case isHexLength(len(token)-groupLen) && endsInCheck(token):
				found = append(found, foundCode{i + 1, token[:len(token)-groupLen], true})
			default:
				cut = cut.join(i+1, len(token))
			}
		}
	}
	if cut != nil && (others || len(found) > 0 || cut.Digits > 16) {
		return nil, cut
	}
	return found, nil
}

// join returns e with one more line, and a new one if there is none yet.
func (e *CutError) join(line, digits int) *CutError {
	switch {
	case e == nil:
		return &CutError{Line: line, Digits: digits}
	case line != e.Line && (len(e.More) == 0 || line != e.More[len(e.More)-1]):
		e.More = append(e.More, line)
	}
	return e
}

// endsInCheck reports whether a run of digits is a code with its check group, typed
// without a space.
func endsInCheck(token string) bool {
	at := len(token) - groupLen
	return checkGroup(token[:at]) == strings.ToLower(token[at:])
}

// sameLength refuses a code that is shorter than the others: the codes of a set
// are of one length, and what is left of a cut one may happen to have another
// that npm knows.
func sameLength(found []foundCode) error {
	longest := 0
	for _, f := range found {
		if !f.checked {
			longest = max(longest, len(f.code))
		}
	}
	var cut *CutError
	for _, f := range found {
		if !f.checked && len(f.code) < longest {
			cut = cut.join(f.line, len(f.code))
			cut.Among = longest
		}
	}
	if cut != nil {
		return cut
	}
	return nil
}

func otherCodes(lines []string) []foundCode {
	var found []foundCode
	for i, line := range lines {
		for _, code := range otherInLine(line) {
			found = append(found, foundCode{line: i + 1, code: code})
		}
	}
	return found
}

// otherInLine returns the codes of a line that holds nothing else: one, several
// with commas between, or several of one length with spaces between.
func otherInLine(line string) []string {
	line = strings.Map(func(r rune) rune {
		if strings.ContainsRune("\"'`[]", r) {
			return ' '
		}
		return r
	}, cutListMark(line))
	separated := strings.FieldsFunc(line, func(r rune) bool { return r == ',' || r == ';' || r == '|' })
	var codes []string
	for _, part := range separated {
		columns := strings.Fields(part)
		for _, c := range columns {
			if !isOtherCode(c) || len(c) != len(columns[0]) {
				return nil
			}
		}
		codes = append(codes, columns...)
	}
	return codes
}

// cutListMark cuts off what stands before a code in a numbered or bulleted
// list: "1. ", "2) ", "- ".
func cutListMark(line string) string {
	mark, rest, ok := strings.Cut(strings.TrimLeft(line, " \t"), " ")
	if !ok || len(mark) > len("•") {
		return line
	}
	switch bare := strings.TrimRight(mark, ".):"); {
	case mark == "-", mark == "*", mark == "•":
		return rest
	case bare != mark && strings.Trim(bare, "0123456789") == "":
		return rest
	}
	return line
}

// isOtherCode reports whether s can be a code of another alphabet, as other
// registries print them.
func isOtherCode(s string) bool {
	return len(s) >= 6 && len(s) <= 128 && s[0] != '-' && s[0] != '_' &&
		strings.IndexFunc(s, func(r rune) bool { return !isCodeRune(r) }) < 0 &&
		strings.ContainsAny(s, "0123456789")
}

func isCodeRune(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '-' || r == '_'
}

// Valid reports whether code is of a form that [Find] finds:
// letters and digits of ASCII, with hyphens and underscores between.
func Valid(code secret.Text) bool {
	c := code.Reveal()
	return isHexLength(len(c)) && isHex(c) || isOtherCode(c)
}

// Same reports whether two texts are spellings of one code: the case of
// hexadecimal digits says nothing.
func Same(a, b secret.Text) bool { return fold(a.Reveal()) == fold(b.Reveal()) }

func fold(code string) string {
	if isHexLength(len(code)) && isHex(code) {
		return strings.ToLower(code)
	}
	return code
}
