package vault

import (
	"errors"
	"fmt"
	"strings"

	"npmotp/internal/secret"
)

// ErrNoRecoveryText says that a text holds nothing that looks like a recovery
// code.
var ErrNoRecoveryText = errors.New("no recovery codes in the input")

// A CutError names a line whose code has not the length of a recovery code.
type CutError struct{ Line, Digits int }

// Error implements error.
func (e *CutError) Error() string {
	return fmt.Sprintf("line %d has a run of %d hexadecimal digits: npm's recovery codes have 64 (older ones 48 or 16), so part of it is missing or two run together; nothing was added",
		e.Line, e.Digits)
}

// hexRun is the least length of a run of hexadecimal digits that is no word of
// prose and no date.
const hexRun = 12

// FindRecoveryCodes finds the recovery codes in what npm printed, in the file
// that npm's site offers, or in a list with one or several codes a line. It
// returns each code once, in order, and how many repetitions it left out.
//
// npm's codes are 64 hexadecimal digits; 48 and 16 exist too. Where there is
// one of these, everything else is prose. Without any, lines that consist of
// one token with a digit in it are taken as codes, as printed.
func FindRecoveryCodes(text secret.Text) (codes []secret.Text, repeated int, err error) {
	found, err := hexCodes(text.Reveal())
	if err != nil {
		return nil, 0, err
	}
	if len(found) == 0 {
		found = otherCodes(text.Reveal())
	}
	if len(found) == 0 {
		return nil, 0, ErrNoRecoveryText
	}
	seen := map[string]bool{}
	for _, code := range found {
		if seen[code] {
			repeated++
			continue
		}
		seen[code] = true
		codes = append(codes, secret.New(code))
	}
	return codes, repeated, nil
}

func hexCodes(text string) ([]string, error) {
	var found []string
	var cut *CutError
	number := 0
	for line := range strings.Lines(text) {
		number++
		for _, token := range strings.FieldsFunc(line, func(r rune) bool { return !isCodeRune(r) }) {
			if len(token) < hexRun || strings.Trim(token, "0123456789abcdefABCDEF") != "" {
				continue
			}
			switch len(token) {
			case 64, 48, 16:
				found = append(found, token)
			default:
				if cut == nil {
					cut = &CutError{Line: number, Digits: len(token)}
				}
			}
		}
	}
	if cut != nil && (len(found) > 0 || cut.Digits > 16) {
		return nil, cut
	}
	return found, nil
}

func otherCodes(text string) []string {
	var found []string
	for line := range strings.Lines(text) {
		var codes []string
		for _, field := range strings.FieldsFunc(cutListMark(line), func(r rune) bool { return r == ',' || r == ';' }) {
			field = strings.TrimSpace(field)
			if !isOtherCode(field) {
				codes = nil
				break
			}
			codes = append(codes, field)
		}
		found = append(found, codes...)
	}
	return found
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
