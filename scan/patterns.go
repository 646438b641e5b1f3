package scan

import (
	"regexp"
	"sync"
)

// A patternSet are the regular expressions for text.
type patternSet struct {
	// npm prints the first of these (lib/commands/profile.js); the others are what
	// registries and password managers say. The secret is one word or groups of four.
	typedLine *regexp.Regexp
	// The ways in which captures spell the escape character: cat -v, JSON, C, shells, a symbol.
	spelledEscape *regexp.Regexp
	lostEscape    *regexp.Regexp
	spelledBreak  *regexp.Regexp
	blockEntity   *regexp.Regexp
	markup        *regexp.Regexp
	// The backgrounds that a copy of a terminal as HTML has in place of escape sequences.
	htmlColor *regexp.Regexp
	htmlBreak *regexp.Regexp
}

// patterns returns the regular expressions, which are compiled when they are first asked
// for: most runs of the program read no text.
var patterns = sync.OnceValue(func() *patternSet { //nolint:gochecknoglobals // a constant, but for the time when it is made
	return &patternSet{
		typedLine: regexp.MustCompile(`(?im)(?:or enter (?:this )?code|enter (?:this )?(?:code|key) manually|secret key|setup key)\s*:[ \t]*` +
			`([a-z2-7]{16,}={0,6}|[a-z2-7]{4}(?:[ -][a-z2-7]{4}){3,}(?:[ -][a-z2-7]{1,4})?)[ \t]*(?:[^\s0-9a-z.…*•·_>]|\.?[ \t]*$)`),
		spelledEscape: regexp.MustCompile(`(?i)(?:\^\[|\\u001b|\\u\{1b\}|\\x1b|\\0?33|\\e|\x{241b}|&#27;|&#x1b;|<esc>|<0x1b>)\[([0-9;:]*m)`),
		lostEscape:    regexp.MustCompile(`\x{fffd}?\[((?:[0-9]{1,3}[;:])*[0-9]{1,3}m)`),
		spelledBreak:  regexp.MustCompile(`(?:\\r)?\\n`),
		blockEntity:   regexp.MustCompile(`(?i)&#(?:96[0-9]{2}|x25[89][0-9a-f]);`),
		markup:        regexp.MustCompile(`(?i)</?(?:pre|code|div|span|p|html|body|samp|tt|b|font|head|meta)(?:\s[^<>]*)?>`),
		htmlColor:     regexp.MustCompile(`(?i)<span[^<>]*background(?:-color)?:\s*(?:#([0-9a-f]{6}|[0-9a-f]{3})|rgb\(\s*([0-9]+)\s*,\s*([0-9]+)\s*,\s*([0-9]+)\s*\))[^<>]*>`),
		htmlBreak:     regexp.MustCompile(`(?i)<br\s*/?>`),
	}
})
