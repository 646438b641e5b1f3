package enroll

import (
	"bytes"
	"regexp"
	"strings"
	"sync"
)

// announcement is what npm prints before the codes; see intake.
const announcement = "ecovery codes"

// The expressions are compiled when one is first used: at the start of the program,
// each would take time from commands that need none.
//
//nolint:gochecknoglobals // constants, but for the time at which they are made
var (
	sequence = expression(`\x1b(?:\[[0-9;:?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[()][A-Z0-9]|[=>78])`)
	// lineStart is how npm begins a line anew: by a carriage return, or by a
	// move to the first column.
	lineStart = expression(`\r|\x1b\[1?G`)
	// block is a part of a QR code as qrcode-terminal draws it: blanks on a
	// background, or with {small: true} the half blocks of Unicode.
	block = expression(`\x1b\[4[07]m  |[▀▄█]`)
	// secretWord is a part of a secret or of a recovery code: longer than a
	// one-time password, which the user may be typing.
	secretWord = expression(`[A-Z2-7]{10,}|[0-9a-f]{10,}`)
	hexCode    = expression(`(?i)^[^0-9a-z]*(?:[0-9a-f]{64}|[0-9a-f]{48}|[0-9a-f]{16})[^0-9a-z]*$`)
	keyURI     = expression(`(?i)otpauth(?:-migration)?:[^\s'"]*`)
	// heading is what npm puts before its errors.
	heading = expression(`^npm (?:ERR!|error)(?: (?:code|need auth|network))? *`)
)

func expression(text string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })
}

// visible returns what shows of a line: without escape sequences, and without
// what was drawn over.
func visible(line []byte) string {
	line = bytes.TrimRight(line, "\r\n")
	if all := lineStart().FindAllIndex(line, -1); all != nil {
		line = line[all[len(all)-1][1]:]
	}
	return strings.TrimSpace(string(sequence().ReplaceAll(line, nil)))
}

// plain returns what shows of lines.
func plain(raw []byte) string {
	var b strings.Builder
	for line := range bytes.Lines(raw) {
		b.WriteString(visible(line))
		b.WriteByte('\n')
	}
	return b.String()
}

// draws reports whether a line begins the drawing of a secret.
func draws(text string, line []byte) bool {
	return strings.Contains(text, "Scan into your authenticator") || strings.Contains(text, "enter code:") || block().Match(line)
}

// prints reports whether a line begins the recovery codes.
func prints(text string) bool {
	return strings.Contains(text, announcement) && !strings.HasPrefix(text, "npm ") || hexCode().MatchString(text)
}

// question reports whether a line that is not at its end asks something.
func question(text string) bool {
	return (strings.HasSuffix(text, ":") || strings.HasSuffix(text, "?")) && !strings.HasSuffix(text, "enter code:")
}

// mayHide reports whether the beginning of a line may go on as something that is
// not to be shown. Of npm's own lines none does that is not at its end soon.
func mayHide(text string) bool {
	return strings.Contains(strings.ToLower(text), "otpauth") || secretWord().MatchString(text)
}

// hide takes out of a line what must not be shown.
func (d *Dialogue) hide(line []byte) []byte {
	line = keyURI().ReplaceAll(line, []byte("otpauth:[hidden]"))
	if d.secret.Len() == 0 || d.Show {
		return line
	}
	known := regexp.MustCompile(`(?i)` + regexp.QuoteMeta(d.secret.Reveal()))
	return known.ReplaceAll(line, []byte("[hidden]"))
}

// lines ends lines as a terminal in raw mode needs it.
func lines(text string) []byte {
	if text == "" {
		return nil
	}
	text = strings.TrimRight(text, "\n") + "\n"
	return []byte("\r" + strings.ReplaceAll(text, "\n", "\r\n"))
}
