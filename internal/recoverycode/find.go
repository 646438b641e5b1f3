// Package recoverycode reads and writes recovery codes as text: it finds them in
// what npm printed, in files and in what was typed from paper, and splits them
// into groups with a check group. Where they are kept is the vault's business.
package recoverycode

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
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

// A DoubtError names the first line that may be a recovery code and may not, or
// that may be several.
type DoubtError struct {
	Line int
	Why  string
}

// Error implements error.
func (e *DoubtError) Error() string {
	return fmt.Sprintf("line %d %s; nothing was added", e.Line, e.Why)
}

// Find finds the recovery codes in what npm printed, in the file that npm's site
// offers, in a list with one or several codes a line, or in what was typed from a
// printed sheet. It returns each code once, in order, and how many repetitions it
// left out.
//
// npm's codes are 64 hexadecimal digits; 48 and 16 exist too. They may stand in
// groups. Where there is one of these, or a check group, everything else is prose,
// unless it is nearly a code: then it is named, because what is passed over in
// silence is missed on the day when it is needed. Without any, lines that consist of
// tokens with a digit in them, all of one shape, are taken as codes, as printed.
func Find(text secret.Text) (codes []secret.Text, repeated int, err error) {
	lines := strings.Split(plainSigns(text.Reveal()), "\n")
	if line := masked(lines); line > 0 {
		return nil, 0, &DoubtError{line, "has only a part of a code: dots or other signs stand for the rest"}
	}
	found, err := groupedCodes(lines)
	if err != nil {
		return nil, 0, err
	}
	plain, err := hexCodes(lines, found)
	if err != nil {
		return nil, 0, err
	}
	found = append(found, plain...)
	slices.SortStableFunc(found, func(a, b foundCode) int { return cmp.Compare(a.line, b.line) })
	if err := sameLength(found); err != nil {
		return nil, 0, err
	}
	if len(found) == 0 {
		found, err = otherCodes(lines)
	} else {
		err = slips(lines)
	}
	if err != nil {
		return nil, 0, err
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

// plainSigns writes the spaces and dashes that programs put in the place of the
// plain ones as these.
func plainSigns(text string) string {
	return strings.NewReplacer("\u00a0", " ", "\u2007", " ", "\u202f", " ", "\u2009", " ", "\u2010", "-", "\u2011", "-", "\u2013", "-", "\u2212", "-").Replace(text)
}

// masked returns the line, from 1, where hexadecimal digits touch signs that stand for
// digits left out; 0 for none.
func masked(lines []string) int {
	// A word, a year or a number before three dots is prose.
	digits := regexp.MustCompile(`(?:\.{2,}|[…*•●·█▪xX#?]{2,}|…)([0-9a-fA-F]{4,})|([0-9a-fA-F]{4,})(?:\.{2,}|[…*•●·█▪xX#?]{2,}|…)`)
	for i, line := range lines {
		for _, m := range digits.FindAllStringSubmatch(line, -1) {
			run := m[1] + m[2]
			if len(run) >= hexRun || strings.ContainsAny(run, "0123456789") && strings.ContainsAny(run, "abcdefABCDEF") {
				return i + 1
			}
		}
	}
	return 0
}

// hexCodes finds the runs of hexadecimal digits that are codes, beside those that
// were found in groups. Where there are codes, runs of other lengths are codes that
// were cut; without any, short ones are something else.
func hexCodes(lines []string, grouped []foundCode) ([]foundCode, error) {
	var found []foundCode
	var columns []int // lines of three or four codes of 16 digits, or one in as many groups
	var cut *CutError
	for i, line := range lines {
		tokens := tokensOf(line)
		if isColumns(line, tokens) {
			columns = append(columns, i)
			continue
		}
		for _, token := range tokens {
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
	for _, i := range columns {
		tokens := tokensOf(lines[i])
		all := append(slices.Clone(grouped), found...)
		switch joined := strings.Join(tokens, ""); {
		case slices.ContainsFunc(all, func(f foundCode) bool { return len(f.code) == len(joined) }):
			found = append(found, foundCode{line: i + 1, code: joined})
		case slices.ContainsFunc(all, func(f foundCode) bool { return len(f.code) == len(tokens[0]) }):
			for _, token := range tokens {
				found = append(found, foundCode{line: i + 1, code: token})
			}
		default:
			return nil, &DoubtError{i + 1, fmt.Sprintf("is one code of %d digits in groups, or %d codes of 16: write the groups with dashes between, or each code on a line", len(joined), len(tokens))}
		}
	}
	if cut != nil && (len(grouped) > 0 || len(found) > 0 || cut.Digits > 16) {
		return nil, cut
	}
	return found, nil
}

func tokensOf(line string) []string {
	return strings.FieldsFunc(line, func(r rune) bool { return !isCodeRune(r) })
}

// isColumns reports whether a line is three or four runs of 16 digits with nothing but
// spaces between.
func isColumns(line string, tokens []string) bool {
	if len(tokens) != 3 && len(tokens) != 4 || strings.Join(strings.Fields(cutListMark(line)), "") != strings.Join(tokens, "") {
		return false
	}
	return !slices.ContainsFunc(tokens, func(t string) bool { return len(t) != 16 || !isHex(t) })
}

// slips refuses what is nearly one of the codes that stand around it: a token that is
// long and hexadecimal but for a sign or two, and a short one alone on its line.
func slips(lines []string) error {
	for i, line := range lines {
		for _, token := range tokensOf(line) {
			digits := len(token) - len(strings.Trim(token, "-_"))
			for _, r := range token {
				if isHex(string(r)) {
					digits++
				}
			}
			mixed := strings.ContainsAny(token, "0123456789") && strings.ContainsAny(token, "abcdefABCDEF")
			alone := token == strings.TrimSpace(cutListMark(line))
			switch {
			case isHex(token) && isHexLength(len(token)), isHexLength(len(token)-groupLen) && isHex(token) && endsInCheck(token):
			case !mixed || isOtherName(token):
			case len(token) >= hexRun && digits*8 >= len(token)*7:
				return &DoubtError{i + 1, fmt.Sprintf("is nearly a code: %d of its %d signs are hexadecimal digits", digits, len(token))}
			case alone && len(token) >= 6 && isHex(token):
				return &CutError{Line: i + 1, Digits: len(token)}
			}
		}
	}
	return nil
}

// isOtherName reports whether a token with hyphens is made of words and numbers, like a
// date or a name, and not of groups.
func isOtherName(token string) bool {
	for part := range strings.FieldsFuncSeq(token, func(r rune) bool { return r == '-' || r == '_' }) {
		if len(part) >= groupLen && strings.ContainsAny(part, "0123456789") && strings.ContainsAny(part, "abcdefABCDEF") {
			return false
		}
	}
	return true
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

// otherCodes finds the codes of another alphabet. Nothing but their common shape
// tells them from other things, so a line of another shape is in doubt.
func otherCodes(lines []string) ([]foundCode, error) {
	var found []foundCode
	count := map[string]int{}
	for i, line := range lines {
		for _, code := range otherInLine(line) {
			found = append(found, foundCode{line: i + 1, code: code})
			count[shape(code)]++
		}
	}
	common := ""
	for s, n := range count {
		if n > count[common] || n == count[common] && s > common {
			common = s
		}
	}
	for _, f := range found {
		if shape(f.code) != common {
			return nil, &DoubtError{f.line, "is not of the shape of the other codes: mend it, or leave it out if it is something else"}
		}
	}
	return found, nil
}

// shape returns a code with a sign for each letter or digit.
func shape(code string) string {
	return strings.Map(func(r rune) rune {
		if r == '-' || r == '_' {
			return r
		}
		return 'x'
	}, code)
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
// registries print them. Access tokens, which name their kind, one-time codes and
// dates are none.
func isOtherCode(s string) bool {
	return len(s) >= 6 && len(s) <= 128 && s[0] != '-' && s[0] != '_' &&
		strings.IndexFunc(s, func(r rune) bool { return !isCodeRune(r) }) < 0 &&
		strings.ContainsAny(s, "0123456789") && !isToken(s) && !isNumber(s)
}

// isToken reports whether s begins as an access token of npm or of a forge does.
func isToken(s string) bool {
	return slices.ContainsFunc([]string{"npm_", "ghp_", "gho_", "ghs_", "ghu_", "github_pat_", "glpat-", "pypi-"}, func(begin string) bool {
		return strings.HasPrefix(strings.ToLower(s), begin)
	})
}

// isNumber reports whether s is a one-time code, a date or a telephone number.
func isNumber(s string) bool {
	return strings.Trim(s, "0123456789-_") == "" && (len(s) < 8 || strings.ContainsAny(s, "-_"))
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
