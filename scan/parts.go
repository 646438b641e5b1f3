package scan

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"unicode"

	"npmotp/internal/secret"
)

// A symbol is what one QR code holds. One of several that make up a message
// (structured append, ISO/IEC 18004, section 8) says which of them it is.
type symbol struct {
	text         string
	index, total int  // total is 0 unless it is a part
	parity       byte // of the whole message
	sum          byte // the parity of this part
}

// paritySum returns the exclusive or of the bytes that were encoded. Those beyond
// ASCII may have become others in the text, and are in byte segments only.
func paritySum(text string, segments [][]byte) (sum byte) {
	for i := range len(text) {
		if text[i] < 0x80 {
			sum ^= text[i]
		}
	}
	for _, s := range segments {
		for _, b := range s {
			if b >= 0x80 {
				sum ^= b
			}
		}
	}
	return sum
}

// A PartsError says that some QR codes of a message that is spread over several
// are not in the picture, or do not belong together. It is an [ErrNoCode]: what
// one of them holds is never taken for the whole.
type PartsError struct {
	Found, Total int

	parts []symbol // of all messages that are not whole
}

// Join joins the parts that were found in several pictures. The error is a
// [*PartsError] where some are still missing.
func Join(errs ...*PartsError) ([]secret.Text, error) {
	var parts []symbol
	for _, e := range errs {
		for _, p := range e.parts {
			if !slices.Contains(parts, p) {
				parts = append(parts, p)
			}
		}
	}
	return join(parts)
}

// Error implements error.
func (e *PartsError) Error() string {
	if e.Found == e.Total {
		return fmt.Sprintf("the %d QR codes are parts of different messages: take one picture of those that belong together", e.Total)
	}
	return fmt.Sprintf("only %d of %d QR codes that belong together found: take one picture of all of them", e.Found, e.Total)
}

// Unwrap returns [ErrParts].
func (e *PartsError) Unwrap() error { return ErrParts }

// join returns the messages that the symbols hold: those that are whole, and those
// of which all parts are there. The error tells of the others.
func join(symbols []symbol) ([]secret.Text, error) {
	var out []secret.Text
	var missing *PartsError
	messages := map[[2]int][]symbol{}
	for _, s := range symbols {
		if s.total == 0 {
			out = addText(out, s.text)
			continue
		}
		k := [2]int{int(s.parity), s.total}
		messages[k] = append(messages[k], s)
	}
	for k, parts := range messages {
		sort.SliceStable(parts, func(i, j int) bool { return parts[i].index < parts[j].index })
		var text strings.Builder
		sum := byte(k[0]) //nolint:gosec // it was a byte
		whole := len(parts) == k[1]
		for i, p := range parts {
			text.WriteString(p.text)
			sum ^= p.sum
			whole = whole && p.index == i
		}
		if whole && sum == 0 {
			out = addText(out, text.String())
		} else {
			e := &PartsError{Found: min(len(parts), k[1]), Total: k[1], parts: parts}
			if missing != nil {
				e.parts = append(e.parts, missing.parts...)
			}
			missing = e
		}
	}
	if missing != nil {
		return out, missing
	}
	return out, nil
}

func addText(list []secret.Text, text string) []secret.Text {
	if t := secret.New(bare(text)); !contains(list, t) {
		return append(list, t)
	}
	return list
}

// bare drops the blanks and marks around a key; other contents stay as they are.
func bare(text string) string {
	invisible := func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r)
	}
	if t := strings.TrimFunc(text, invisible); isKey(t) {
		return t
	}
	return text
}
