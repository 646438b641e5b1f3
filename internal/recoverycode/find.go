// Package recoverycode reads and writes recovery codes as text: it finds them in
// what npm printed, in files and in what was typed from paper, and splits them
// into groups with a check group. Where they are kept is the vault's business.
package recoverycode

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

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

// A finder has the shapes that tell codes from what stands around them.
type finder struct{ mask, bold, mark, note, part, fits, tag, br, next, lead, more *regexp.Regexp }

func newFinder() finder {
	const (
		mask   = `(?:\.(?: ?\.)+|[…⋯‥]|&hellip;|[*•●·∙⋅○◦█▓▒░▪■□◼∗⁎×⬤⚫#?~_=-]{2,}|[xX]{4,}|[xX]{2,}\b)`
		gap    = `[-_ \t<(\[]*`
		digits = `([0-9a-fA-F]{4,})`
		quote  = "\"'`"
		note   = `\s+(?:[-(\[]\s*)?(?:un)?used\b|\s+(?:#|//)\s`
	)
	return finder{
		mask: regexp.MustCompile(mask + gap + digits + `|` + digits + gap + mask),
		bold: regexp.MustCompile(`(^|[\s|(\[>])(?:\*\*([^*\s][^*]*)\*\*|~~([^~\s][^~]*)~~|__([^_\s][^_]*)__)($|[\s|)\],;:.])`),
		mark: regexp.MustCompile(`^[>|☐□\s]*(?:[-*•]\s+)?(?:\[[ xX]?\]\s*)?(?:(?:\(?#?\d{1,3}[.):]|#?\d{1,2}\s|[a-z]\)|[\pL][\pL ]*#?\d{0,3}:(?:\s|$))\s*)?`),
		note: regexp.MustCompile(`(?i)(?:` + note + `)[^*…]*$`),
		part: regexp.MustCompile(`(?i)\b(?:ends?|ending|last|first|begins?|starts?|part|sha-?\d+|md5|hash|checksum|digest|fingerprint|commit)\b|[^\s(\[{|,;:.=>` + quote + `]$`),
		fits: regexp.MustCompile(`(?i)^[)\]}` + quote + `]*(?:[.]?\s*$|\s*[,;|\t]|` + note + `)`),
		lead: regexp.MustCompile(`^(\s*)[-+]([0-9a-zA-Z])`), // of a list, or of a difference
		more: regexp.MustCompile(`(?i)^\W*(?:(?:and|show|view|see|other|\W)\s*)*\d+\s+(?:(?:recovery|backup)?\s*codes?\s+)?(?:more|others?|further|hidden|omitted|left out|not shown)\b`),
		tag:  regexp.MustCompile(`</?[a-zA-Z]+[0-9]?>`),
		br:   regexp.MustCompile(`(?i)<br ?/?>`),
		next: regexp.MustCompile(`^[)\]}` + quote + `]*\s+(?:\(?#?\d{1,2}[.):]\s*)?[(` + quote + `]*([0-9a-fA-F]{12,})(?:[^0-9a-zA-Z]|$)`), // a further code
	}
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
	f := newFinder()
	written := strings.Split(plainSigns(text.Reveal()), "\n")
	for i, line := range written {
		line = f.br.ReplaceAllString(line, " ")
		for range 2 { // two words in bold share the blank between them
			line = f.bold.ReplaceAllString(line, "$1$2$3$4$5") // Markdown
		}
		written[i] = f.lead.ReplaceAllString(line, "$1 $2")
	}
	if line := f.masked(written); line > 0 {
		return nil, 0, &DoubtError{line, "has only a part of a code: dots or other signs stand for the rest"}
	}
	lines := slices.Clone(written)
	found, err := f.groupedCodes(lines)
	if err != nil {
		return nil, 0, err
	}
	plain, err := f.hexCodes(lines, found)
	if err != nil {
		return nil, 0, err
	}
	found = append(found, plain...)
	found = inOrder(found, len(lines))
	if err := sameLength(found); err != nil {
		return nil, 0, err
	}
	if len(found) > 0 {
		err = f.slips(lines, found)
	} else if found, err = f.otherCodes(lines); err == nil && len(found) == 0 {
		err = ErrNone
	}
	if err == nil {
		err = f.gaps(written, found)
	}
	if err != nil {
		return nil, 0, err
	}
	seen := map[string]bool{}
	for _, c := range found {
		if seen[fold(c.code)] {
			repeated++
			continue
		}
		seen[fold(c.code)] = true
		codes = append(codes, secret.New(c.code))
	}
	return codes, repeated, nil
}

// Spent returns the first line of text, from 1, that says of a code, or heads a column
// that says of codes, that it was used: [Find] does not look at that. 0 is none.
func Spent(text secret.Text) int {
	column := regexp.MustCompile(`(?i)(?:^|[,;|\t])[\s"]*used(?: (?:at|on))?\??[\s"]*(?:$|[,;|\t])`)
	mark := regexp.MustCompile(`(?i)~~|\[x\]|[✓✔☑✗✘✅❌]|\bused\b`)
	denied := regexp.MustCompile(`(?i)(?:not|never) (?:yet )?used|used["']?\s*[:=]\s*["']?(?:no|false|0|null)`)
	digits := regexp.MustCompile(`(?:\d\D*){4}`)
	for i, line := range strings.Split(plainSigns(text.Reveal()), "\n") {
		if column.MatchString(line) || digits.MatchString(line) && mark.MatchString(line) && !denied.MatchString(line) {
			return i + 1
		}
	}
	return 0
}

// plainSigns writes the ends of lines, spaces, dashes, quotes, lines of boxes, wide
// characters and ligatures that programs put in the place of the plain ones as these,
// and leaves out what cannot be seen.
func plainSigns(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case strings.ContainsRune("│┃║┆┇┊┋╎╏", r):
			return '|'
		case strings.ContainsRune("\r\f\v\u0085\u2028\u2029", r):
			return '\n'
		case strings.ContainsRune("“”„‟‘’‚‛", r):
			return '"'
		case r == '\u2212', r >= '\u2500' && r <= '\u257f', unicode.In(r, unicode.Pd):
			return '-'
		case r >= '！' && r <= '～':
			return r - '！' + '!'
		case unicode.In(r, unicode.Zs):
			return ' '
		case unicode.In(r, unicode.Cf):
			return -1
		}
		return r
	}, strings.NewReplacer("\ufb00", "ff", "\r\n", "\n").Replace(text))
}

// masked returns the line, from 1, where hexadecimal digits stand beside signs for
// digits left out; 0 for none.
func (f finder) masked(lines []string) int {
	for i, line := range lines {
		for _, m := range f.mask.FindAllStringSubmatch(line, -1) {
			run := m[1] + m[2]
			// A word, a year or a number before three dots is prose.
			if len(run) >= hexRun || isMixed(run) {
				return i + 1
			}
		}
	}
	return 0
}

// isMixed reports whether s has digits and letters of hexadecimal numbers, as every
// code has and few other things.
func isMixed(s string) bool {
	return strings.ContainsAny(s, "0123456789") && strings.ContainsAny(s, "abcdefABCDEF")
}

// bare returns what is left of a line without what stands around a code in a list: a
// mark or a name before it, a note behind it, quotes, and the bars of a table.
// Listed reports whether there was a number or a name.
func (f finder) bare(line string) (body string, listed bool) {
	rest := strings.TrimSpace(line)
	before := f.mark.FindString(rest)
	listed = strings.ContainsAny(before, "0123456789:)")
	rest = f.note.ReplaceAllString(rest[len(before):], "")
	return strings.Trim(rest, " \t\r\"'`,;|[]{}"), listed
}

// gaps refuses what stands between codes and is none: a line of the list that is not
// read, or that has something else in the place of a code.
func (f finder) gaps(lines []string, found []foundCode) error {
	first, last, listed := len(lines), 0, false
	has, long := map[int]bool{}, map[int]bool{}
	for _, c := range found {
		long[len(c.code)] = true
		for line := c.line; line <= max(c.line, c.last); line++ {
			has[line] = true
		}
		_, number := f.bare(lines[c.line-1])
		first, last, listed = min(first, c.line), max(last, c.line), listed || number
	}
	for i, line := range lines {
		if has[i+1] || strings.TrimSpace(line) == "" {
			continue
		}
		body, number := f.bare(line)
		if first <= i && f.more.MatchString(line) {
			return &DoubtError{i + 1, "says that there are more codes, which are missing"}
		}
		inside := first <= i && i < last
		beside := has[i] || has[i+2]
		fields := strings.Fields(body)
		digits := strings.Join(fields, "")
		hex := isHex(digits) && (isMixed(body) && len(digits) >= groupLen || isHexLength(len(digits)) || len(body) >= hexRun && len(fields) == 1) // and not "2FA"
		word := strings.Trim(strings.ToLower(body), "abcdefghijklmnopqrstuvwxyz.:!") == "" && !isHex(body) && strings.Trim(strings.ToLower(body), "x") != ""
		hidden := has[i] && len(fields) == 1 && strings.ContainsAny(strings.TrimSpace(line)[:1], "([") && strings.ContainsFunc(body, unicode.IsLetter) // "[removed]"
		signs := strings.IndexFunc(body, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) < 0
		switch {
		case signs && strings.Trim(body, "-=_[]{}()|:+ ") == "" && (!listed || !number): // a rule, or brackets
		case inside && (len(fields) < 2 && !word || signs || hex), beside && (hex || long[utf8.RuneCountInString(body)] && !word), listed && number && (inside || beside) && !word,
			hidden, signs && beside && strings.Trim(body, "*#~+$%>❯➜") != "":
			return &DoubtError{i + 1, "stands among the codes and is none: mend it, or leave it out if it is something else"}
		}
	}
	return nil
}

// hexCodes finds the runs of hexadecimal digits that are codes, beside those that
// were found in groups. Where there are codes, runs of other lengths are codes that
// were cut; without any, short ones are something else.
func (f finder) hexCodes(lines []string, grouped []foundCode) ([]foundCode, error) {
	var found []foundCode
	var columns []int // lines of three or four codes of 16 digits, or one in as many groups
	var cut *CutError
	for i, line := range lines {
		tokens := tokensOf(line)
		if body, _ := f.bare(line); isColumns(body, tokens) {
			columns = append(columns, i)
			continue
		}
		for _, token := range tokens {
			if digits := strings.Trim(token, "-_"); isHex(digits) && isHexLength(len(digits)) && !f.standsAlone(line, token) {
				return nil, &DoubtError{i + 1, fmt.Sprintf("has more than a code of %d digits: what stands beside it may stand for the rest, so write the codes alone", len(digits))}
			}
			switch {
			case len(token) < hexRun || !isHex(token) || !isMixed(token) && !isHexLength(len(token)): // a telephone number, a time
			case isHexLength(len(token)):
				found = append(found, foundCode{line: i + 1, code: token})
			case isHexLength(len(token)-groupLen) && endsInCheck(token):
				found = append(found, foundCode{line: i + 1, code: token[:len(token)-groupLen], checked: true})
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
	return found, f.rows(lines, append(slices.Clone(grouped), found...))
}

// rows refuses lines of 16 digits that look like codes of more over several lines: not
// each has a number or a sign before it, and they are as many as five of npm's make, or
// blank lines or numbers part them into such.
func (f finder) rows(lines []string, found []foundCode) error {
	at := map[int]string{}
	for _, c := range found {
		if len(c.code) != 16 || c.checked || at[c.line] != "" {
			return nil
		}
		at[c.line] = c.code
	}
	var blocks []int // how many lines stand together, or begin with a number or a sign
	numbered, together := 0, false
	for i, line := range lines {
		if at[i+1] == "" {
			together = false
			continue
		}
		listed := strings.TrimSpace(line) != at[i+1] && strings.TrimSpace(line) != ""
		if listed {
			numbered++
		}
		if !together || listed {
			blocks = append(blocks, 0)
		}
		together = true
		blocks[len(blocks)-1]++
	}
	n := len(at)
	even := len(blocks) > 1 && blocks[0] > 2 && blocks[0] < 5 && !slices.ContainsFunc(blocks, func(b int) bool { return b != blocks[0] })
	if n > 0 && numbered < n && (even || n == 20 && numbered == 0) {
		return &DoubtError{found[0].line, fmt.Sprintf("is one of %d lines of 16 digits, which may be codes over several lines each: write each code on one line, or a number before each", n)}
	}
	return nil
}

// standsAlone reports whether what stands around a code on its line says nothing of it:
// a sentence before it, a note behind it, the other cells of a table.
func (f finder) standsAlone(line, code string) bool {
	before, after, _ := strings.Cut(line, code)
	if strings.HasSuffix(before, ">") && strings.HasPrefix(after, "</") {
		before, after = f.tag.ReplaceAllString(before, " "), f.tag.ReplaceAllString(after, " ")
	}
	if f.part.MatchString(before) {
		return false
	}
	return f.fits.MatchString(after) || f.next.MatchString(after)
}

func tokensOf(line string) []string {
	return strings.FieldsFunc(line, func(r rune) bool { return !isCodeRune(r) })
}

// isColumns reports whether a line is three or four runs of 16 digits with nothing but
// spaces between.
func isColumns(line string, tokens []string) bool {
	if len(tokens) != 3 && len(tokens) != 4 || strings.Join(strings.Fields(line), "") != strings.Join(tokens, "") {
		return false
	}
	return !slices.ContainsFunc(tokens, func(t string) bool { return len(t) != 16 || !isHex(t) })
}

// slips refuses what is nearly one of the codes that stand around it: what is long and
// hexadecimal but for a sign or two, or of their length, and a short piece that is
// alone or beside others.
func (f finder) slips(lines []string, found []foundCode) error {
	long := map[int]bool{}
	for _, c := range found {
		long[len(c.code)] = true
	}
	for i, line := range lines {
		body, _ := f.bare(line)
		for _, token := range tokensOf(line) {
			switch {
			case isHex(token) && isHexLength(len(token)), isHexLength(len(token)-groupLen) && isHex(token) && endsInCheck(token):
			case !isMixed(token) || isToken(token):
			case long[len(token)]:
				return nearly(i+1, token)
			case isOtherName(token):
			case isNearly(token):
				return nearly(i+1, token)
			case (token == body || strings.ContainsAny(line, ",; ") && hasCode(line)) && len(token) >= groupLen && isHex(token):
				return &CutError{Line: i + 1, Digits: len(token)}
			}
		}
		if groups := strings.FieldsFunc(body, isSeparator); len(groups) > 2 && len(groups[0]) == len(groups[1]) && !hasCode(line) {
			if joined := strings.Join(groups, ""); isNearly(joined) || isHex(joined) && isMixed(joined) && len(joined) > 16 {
				return nearly(i+1, joined)
			}
		}
	}
	return nil
}

func hasCode(line string) bool {
	return slices.ContainsFunc(tokensOf(line), func(t string) bool { return isHex(t) && isHexLength(len(t)) })
}

// isNearly reports whether a token has hexadecimal digits but for one sign in eight.
func isNearly(token string) bool {
	inner := strings.Trim(token, "-_")
	digits := len(token) - len(inner)
	for _, r := range inner {
		if isHex(string(r)) {
			digits++
		}
	}
	return len(token) >= hexRun && !isHex(token) && isMixed(token) && digits*8 >= len(token)*7
}

// isLikeHex reports whether a token becomes a code of npm's where letters that look
// like digits are read as these.
func isLikeHex(token string) bool {
	return !isHex(token) && len(token) == len(asHex(token)) && isHexLength(len(token)) && isMixed(token)
}

func nearly(line int, token string) error {
	digits := 0
	for _, r := range token {
		if isHex(string(r)) {
			digits++
		}
	}
	return &DoubtError{line, fmt.Sprintf("is nearly a code: %d of its %d signs are hexadecimal digits", digits, len(token))}
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

func inOrder(found []foundCode, lines int) []foundCode {
	of := map[int][]foundCode{}
	for _, c := range found {
		of[c.line] = append(of[c.line], c)
	}
	sorted := found[:0]
	for line := range lines {
		sorted = append(sorted, of[line+1]...)
	}
	return sorted
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
