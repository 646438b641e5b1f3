package scan

import (
	"fmt"
	"html"
	"strconv"
	"strings"
)

// fewSequences is how many look-alikes of escape sequences a text must hold
// before it counts as a capture whose escape characters are spelled out or lost.
// A QR code has hundreds.
const fewSequences = 20

// fromConsole returns s with the block characters that the Windows console writes in
// its code page 437, and that were read as Latin-1.
func fromConsole(s string) string {
	if strings.Count(s, "\u00db") < fewSequences || strings.Contains(s, "█") {
		return s
	}
	return strings.NewReplacer("\u00db", "█", "\u00dc", "▄", "\u00df", "▀", "\u00ff", " ").Replace(s)
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
