// Package cleantext makes text of strangers, the names in QR codes and files,
// fit to be stored ([Name]) and fit to be shown ([Quote] and [Show]).
//
// What it returns is valid UTF-8 in one line, in which every character can be
// seen. So it holds no escape sequence that a terminal would obey, no line
// that looks like a message of this program, and no character that reorders
// or hides others: those of Unicode Standard Annex #9 section 2 (the attack is
// CVE-2021-42574, "Trojan Source"), the default ignorable ones of Unicode
// chapter 5.21, variation selectors, private and unassigned ones.
//
// It does not compare. Letters that look alike (UTS #39 section 4) and the
// composed and decomposed form of one letter stay as they are, so two names
// can look the same. Letters of scripts that run from right to left stay too,
// and a terminal lays them and the signs beside them out in that direction.
package cleantext

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// maxName is the length of a name in bytes: more than issuers and mail
	// addresses need in practice, and short of where a line becomes unreadable.
	maxName = 128

	// maxMarks is how many marks in a row may be stacked on a letter (UTS #39
	// section 5.4). More of them grow into the lines above and below.
	maxMarks = 4
)

// Name returns what is left of s as the name of an account, an issuer or a
// device.
//
// White space of any kind, line ends too, becomes a single space, and none
// around the name. What cannot be seen, or is not UTF-8, is removed; with it
// go the joiners inside some emoji and scripts, which then show as their
// parts. Marks without a letter to sit on are removed, and so are those beyond
// the fourth on one letter. The result has 128 bytes at most. It may be empty.
//
// Names are typed as arguments. Hyphens at the start are removed, because
// "-x" would be taken for a flag. Slashes and colons stay: issuers and
// registries have them, and a name is never made into a path or a URI without
// escaping.
func Name(s string) string {
	var (
		b     strings.Builder
		m     marks
		space bool // white space has been read since the last character
	)
	for i, r := range s {
		switch {
		case isSpace(r):
			space = true
			m.reset()
			continue
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], string(utf8.RuneError)):
			continue // a byte that is not UTF-8
		case r == '-' && b.Len() == 0, !visible(r), !m.fits(r):
			continue
		}
		sep := ""
		if space && b.Len() > 0 {
			sep = " "
		}
		if b.Len()+len(sep)+utf8.RuneLen(r) > maxName {
			break
		}
		b.WriteString(sep)
		b.WriteRune(r)
		space = false
	}
	return b.String()
}

// Quote returns s in double quotes, for a message. It writes like %q of fmt,
// with escapes for what cannot be seen, for bytes that are not UTF-8, and for
// quotes and backslashes; and it escapes what %q leaves: characters that are
// printable by category and blank on the screen, and marks that would sit on
// the quote or a space. [strconv.Unquote] gives s back, so different texts are
// shown differently.
func Quote(s string) string { return `"` + show(s, `"\`) + `"` }

// Show returns s without quotes, for lists and tables: like [Quote], but
// quotes and backslashes stay as they are. A text that [Name] returned, or any
// other that can be seen in full, is returned unchanged. An escape can thus be
// mistaken for the same characters in the text; where that matters, use Quote.
func Show(s string) string { return show(s, "") }

func show(s, special string) string {
	var (
		b strings.Builder
		m marks
	)
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		char := s[i : i+size]
		i += size
		switch {
		case strings.Contains(special, char):
			b.WriteString(`\` + char)
			m.reset()
		case r == ' ':
			b.WriteByte(' ')
			m.reset()
		case r == utf8.RuneError && size == 1, !visible(r), !m.fits(r):
			escaped := strconv.QuoteToASCII(char)
			b.WriteString(escaped[1 : len(escaped)-1])
			m.reset()
		default:
			b.WriteString(char)
		}
	}
	return b.String()
}

// marks counts the combining marks since the last character that can bear
// them. The zero marks stands after none.
type marks struct {
	base  bool
	count int
}

func (m *marks) reset() { *m = marks{} }

// fits takes in the next visible character and reports whether it can stand
// there: a mark does after a base and at most three other marks.
func (m *marks) fits(r rune) bool {
	if !unicode.IsMark(r) {
		*m = marks{base: true}
		return true
	}
	if !m.base || m.count == maxMarks {
		return false
	}
	m.count++
	return true
}

// visible reports whether r leaves a trace on the screen: it is a letter, mark,
// number, punctuation or symbol (white space, controls, format characters,
// private, unassigned and half characters are not), and none of those that are
// blank nevertheless.
func visible(r rune) bool {
	switch r {
	case ' ', brailleBlank,
		'\uFFFC',                   // object replacement character
		'\U00013441', '\U00013442', // Egyptian full and half blank
		'\U00016FE4',               // Khitan filler
		'\U0001D159',               // musical null notehead
		'\U0001DA7F', '\U0001DA80': // SignWriting wall plane and floor plane space
		return false
	}
	return unicode.IsPrint(r) && !unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// brailleBlank is a symbol by category and looks like a space.
const brailleBlank = '\u2800'

func isSpace(r rune) bool { return r == brailleBlank || unicode.IsSpace(r) }
