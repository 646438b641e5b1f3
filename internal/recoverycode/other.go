package recoverycode

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// otherCodes finds the codes of another alphabet. Nothing but their common shape
// tells them from other things, so a line of another shape is in doubt, and so is
// what is nearly one of npm's or a key.
func (f finder) otherCodes(lines []string) ([]foundCode, error) {
	var found []foundCode
	var keys []int // lines that may have one
	long := false
	count := map[string]int{}
	for i, line := range lines {
		body, _ := f.bare(line)
		inLine := otherInLine(body)
		if joined := strings.Join(inLine, ""); len(inLine) > 2 && isHex(joined) && isHexLength(len(joined)) {
			return nil, &DoubtError{i + 1, fmt.Sprintf("is one code of %d digits in groups, or %d codes: write the groups with dashes between, or each code on a line", len(joined), len(inLine))}
		}
		for _, code := range inLine {
			switch joined := strings.NewReplacer("-", "", "_", "").Replace(code); {
			case code != strings.Trim(code, "-_") && isMixed(code), isNearly(code) && !isOtherName(code), isLikeHex(code):
				return nil, nearly(i+1, code)
			case isHex(joined) && isMixed(joined) && len(joined) > 16:
				return nil, &CutError{Line: i + 1, Digits: len(joined)}
			case len(code) >= minKey && code == strings.ToUpper(code) && strings.Trim(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == "":
				keys, long = append(keys, i+1), long || len(code) >= 2*minKey
			}
			found = append(found, foundCode{line: i + 1, code: code})
			count[shape(code)]++
		}
	}
	if len(keys) > 0 && (long || len(found) < 3) { // of short ones a list may be codes
		return nil, &DoubtError{keys[0], "looks like the secret that one-time passwords are made from: 'npmotp add' stores that"}
	}
	common := ""
	for s, n := range count {
		if n > count[common] || n == count[common] && s > common {
			common = s
		}
	}
	for _, c := range found {
		if shape(c.code) != common {
			return nil, &DoubtError{c.line, "is not of the shape of the other codes: mend it, or leave it out if it is something else"}
		}
	}
	if len(found) == 0 {
		return nil, nil
	}
	read := map[int]bool{}
	for _, c := range found {
		read[c.line] = true
	}
	for i, line := range lines {
		tokens := tokensOf(line)
		isCode := func(t string) bool { return shape(t) == common && isOtherCode(t) }
		switch {
		case read[i+1]:
		case slices.ContainsFunc(tokens, isCode):
			return nil, &DoubtError{i + 1, "has what looks like one of the codes beside something else: write the codes alone"}
		case read[i] && len(tokens) == 1 && len(tokens[0]) >= groupLen && strings.HasPrefix(common, shape(tokens[0])) && strings.ContainsAny(tokens[0], "0123456789") && !isNumber(tokens[0]):
			return nil, &DoubtError{i + 1, "has a part of a code, by the look of it"}
		}
	}
	// Among codes, one may happen to have no digit.
	first, last := found[0].line, found[len(found)-1].line
	for i, line := range lines {
		if body, _ := f.bare(line); first <= i && i+1 < last && body == strings.TrimSpace(body) && shape(body) == common && isLetters(body) {
			found = append(found, foundCode{line: i + 1, code: body})
		}
	}
	return inOrder(found, len(lines)), nil
}

// inOrder returns codes in the order of their lines.
// minKey is the least length of a key for one-time passwords in base32.
const minKey = 16

func isLetters(s string) bool {
	return strings.Trim(strings.ToLower(s), "abcdefghijklmnopqrstuvwxyz-_") == ""
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
	}, strings.Trim(line, "()."))
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

// isOtherCode reports whether s can be a code of another alphabet, as other
// registries print them. Access tokens, which name their kind, one-time codes and
// dates are none.
func isOtherCode(s string) bool {
	return len(s) >= 6 && len(s) <= 128 && s[0] != '-' && s[0] != '_' &&
		strings.IndexFunc(s, func(r rune) bool { return !isCodeRune(r) }) < 0 &&
		strings.ContainsAny(s, "0123456789") && !isToken(s) && !isNumber(s)
}

// isToken reports whether s begins as an access token of npm, of a forge or of others does.
func isToken(s string) bool {
	return slices.ContainsFunc([]string{"npm_", "ghp_", "gho_", "ghs_", "ghu_", "ghr_", "github_pat_", "glpat-", "pypi-", "xox", "sk_live_", "sk_test_",
		"sk-", "akia", "asia", "age1", "age-secret-key-", "hf_", "dop_v1_", "rubygems_"}, func(begin string) bool {
		return strings.HasPrefix(strings.ToLower(s), begin) && len(s) > 15
	})
}

// isNumber reports whether s is a one-time code, a date or a telephone number.
func isNumber(s string) bool {
	if _, err := time.Parse("20060102", s); err == nil && (s[:2] == "19" || s[:2] == "20") {
		return true
	}
	return strings.Trim(s, "0123456789-_") == "" && (len(s) != 8 || strings.ContainsAny(s, "-_"))
}
