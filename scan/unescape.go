package scan

import (
	"bytes"
	"fmt"
	"html"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// fewSequences is how many look-alikes of escape sequences a text must hold
// before it counts as a capture whose escape characters are spelled out or lost.
// A QR code has hundreds.
const fewSequences = 20

// toUTF8 returns data as UTF-8: from UTF-16 with a byte order mark, which
// PowerShell's redirection writes, or from code page 437, in which the Windows
// console has its block characters.
func toUTF8(data []byte) string {
	switch {
	case bytes.HasPrefix(data, []byte{0xff, 0xfe}):
		return fromUTF16(data[2:], 1)
	case bytes.HasPrefix(data, []byte{0xfe, 0xff}):
		return fromUTF16(data[2:], 0)
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if !utf8.Valid(data) && bytes.Count(data, []byte{0xdb}) >= fewSequences {
		return from437(data)
	}
	return string(data)
}

// fromUTF16 decodes pairs of bytes, of which the one at index high is the
// more significant.
func fromUTF16(data []byte, high int) string {
	units := make([]uint16, len(data)/2)
	for i := range units {
		units[i] = uint16(data[2*i+high])<<8 | uint16(data[2*i+1-high])
	}
	return string(utf16.Decode(units))
}

func from437(data []byte) string {
	var b strings.Builder
	for _, c := range data {
		switch c {
		case 0xdb:
			b.WriteRune('█')
		case 0xdc:
			b.WriteRune('▄')
		case 0xdf:
			b.WriteRune('▀')
		case 0xff:
			b.WriteRune(' ')
		default:
			if c >= utf8.RuneSelf {
				c = '?'
			}
			b.WriteByte(c)
		}
	}
	return b.String()
}

// unescape undoes what tools do to a terminal's output when it is copied.
func unescape(s string) string {
	p := patterns()
	// The plain counts come first: a regular expression takes seconds for a long log.
	if strings.Count(s, "background") >= fewSequences && len(p.htmlColor.FindAllStringIndex(s, fewSequences)) >= fewSequences {
		s = p.htmlColor.ReplaceAllStringFunc(s, colorSequence)
		s = strings.ReplaceAll(s, "</span>", "\x1b[0m")
		s = html.UnescapeString(p.markup.ReplaceAllString(p.htmlBreak.ReplaceAllString(s, "\n"), ""))
	}
	if strings.Count(s, "&#") >= fewSequences && len(p.blockEntity.FindAllStringIndex(s, fewSequences)) >= fewSequences {
		s = p.htmlBreak.ReplaceAllString(s, "\n")
		s = p.markup.ReplaceAllString(s, "")
		s = html.UnescapeString(s)
	}
	if strings.Count(s, "\x1b[") >= fewSequences || strings.Count(s, "[") < fewSequences {
		return s
	}
	if len(p.spelledEscape.FindAllStringIndex(s, fewSequences)) >= fewSequences {
		s = p.spelledEscape.ReplaceAllString(s, "\x1b[$1")
		// cat -v shows the carriage return that ends a line, JSON the line feed.
		s = strings.ReplaceAll(s, "^M\n", "\n")
		return p.spelledBreak.ReplaceAllString(s, "\n")
	}
	if len(p.lostEscape.FindAllStringIndex(s, fewSequences)) >= fewSequences {
		return p.lostEscape.ReplaceAllString(s, "\x1b[$1")
	}
	return s
}

// colorSequence returns the escape sequence for the background of an HTML element.
func colorSequence(tag string) string {
	m := patterns().htmlColor.FindStringSubmatch(tag)
	if m[1] == "" {
		return fmt.Sprintf("\x1b[48;2;%s;%s;%sm", m[2], m[3], m[4])
	}
	if hex := m[1]; len(hex) == 3 {
		m[1] = hex[:1] + hex[:1] + hex[1:2] + hex[1:2] + hex[2:] + hex[2:]
	}
	rgb, err := strconv.ParseUint(m[1], 16, 32)
	if err != nil {
		return ""
	}
	return fmt.Sprintf("\x1b[48;2;%d;%d;%dm", rgb>>16, rgb>>8&255, rgb&255)
}
