package otpgen

import (
	"errors"
	"io"
	"mime/quotedprintable"
	"strings"

	"npmotp/internal/secret"
)

// A Found is the place of a URI in a text.
type Found struct {
	Line int // counted from 1
	// URI is what [ParseURI] reads, or the export of Google Authenticator that
	// it tells by [ErrMigration]. It is empty if there is an Err.
	URI secret.Text
	Err error // why it is not known where the URI ends
}

// FindURIs returns the otpauth URIs in a text, whatever stands around them: in
// quotes, after a bullet or a name, in a sentence, in JSON or YAML.
//
// A URI that is wrapped over several lines is joined. Where both the first line
// and the joined ones make a key, and not the same, there is an error: half of
// a secret makes codes too. Lines that begin with "#" are comments. URIs of
// Steam and of Mobile-OTP are found where they begin a line, so that they can be
// refused by name, and so is a line that is an otpauth URI but for its scheme.
func FindURIs(text secret.Text) []Found {
	f := finder{lines: strings.Split(plain(text.Reveal()), "\n")}
	for i := 0; i < len(f.lines) && len(f.found) <= maxFound; i++ {
		i += f.line(i)
	}
	return f.found
}

// maxFound bounds how many URIs are looked for.
const maxFound = 250_000

// plain undoes what programs do to URIs that they write into a text.
func plain(text string) string {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	text = strings.ReplaceAll(text, "\r", "\n")
	if strings.Contains(text, "secret=3D") && (strings.Contains(text, "issuer=3D") || strings.Contains(text, "=\n")) {
		// The source of a mail message.
		if decoded, err := io.ReadAll(quotedprintable.NewReader(strings.NewReader(text))); err == nil {
			text = string(decoded)
		}
	}
	text = encoded(text)
	if !strings.Contains(text, `\`) {
		return text
	}
	// The escapes of JSON and of shells.
	return strings.NewReplacer(`\/`, "/", `\u0026`, "&", `\u003d`, "=", `\u003D`, "=", `\?`, "?", `\=`, "=", `\&`, "&").Replace(text)
}

// encoded puts URIs that stand escaped in another one, such as that of a QR
// code's picture, on lines of their own.
func encoded(text string) string {
	const begin = "otpauth%3A%2F%2F"
	if !strings.Contains(text, begin) {
		return text
	}
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, begin)
		b.WriteString(before)
		if !found {
			return b.String()
		}
		end := strings.IndexAny(rest, " \t\n\"'<>&")
		if end < 0 {
			end = len(rest)
		}
		b.WriteString("\n" + unescape(begin+rest[:end]) + "\n")
		text = rest[end:]
	}
}

type finder struct {
	lines []string
	found []Found
}

// line looks at a line, and returns how many lines after it belong to its last
// URI.
func (f *finder) line(i int) (more int) {
	line := strings.TrimSpace(f.lines[i])
	if strings.HasPrefix(line, "#") {
		return 0
	}
	at := nextURI(line, 0)
	if at < 0 && strings.Contains(strings.ToLower(line), "?secret=") {
		f.found = append(f.found, Found{Line: i + 1, Err: refuseAs(ErrNotURI, "this is not an otpauth URI")})
	}
	firstBlank := strings.IndexByte(line, ' ')
	for at >= 0 && len(f.found) <= maxFound {
		next := nextURI(line, at+len("otpauth://"))
		end := len(line)
		if next >= 0 {
			end = next
		}
		found := Found{Line: i + 1}
		var uri string
		uri, more, found.Err = f.whole(i, line[:at], line[at:end], next < 0)
		if firstBlank >= 0 && firstBlank < at && strings.TrimSpace(line[firstBlank:at]) != "" {
			uri = strings.TrimSuffix(uri, ".") // of a sentence
		}
		if found.Err == nil {
			found.URI = secret.New(uri)
		}
		f.found = append(f.found, found)
		at = next
	}
	return more
}

// nextURI returns where a URI begins at or after from, or -1.
func nextURI(line string, from int) int {
	for from < len(line) {
		i := strings.Index(line[from:], "://")
		if i < 0 {
			return -1
		}
		i += from
		begin := i
		for begin > 0 && (isAlphanumeric(line[begin-1]) || line[begin-1] == '-') {
			begin--
		}
		scheme := strings.ToLower(line[begin:i])
		for _, known := range []string{"otpauth", "otpauth-migration"} {
			if at := i - len(known); strings.HasSuffix(scheme, known) && at >= from && i+3 < len(line) && !isBlank(line[i+3]) {
				return at
			}
		}
		if (scheme == "steam" || scheme == "motp") && begin >= from && strings.Trim(line[:begin], " \t-*+•\"'`") == "" {
			return begin
		}
		from = i + 3
	}
	return -1
}

func isAlphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

// closers are the ends of what a URI can be wrapped in.
const closers = "\"\"''``<>()[]{}«»„““”‘’"

// whole returns the URI that begins with text, given what stands before it. The
// last one of a line may go on in the lines after it.
func (f *finder) whole(i int, before, text string, last bool) (uri string, more int, err error) {
	if closer := closerOf(before); closer != "" {
		// A label may have an apostrophe, what follows it has none.
		query := max(0, strings.IndexByte(text, '?'))
		if end := strings.Index(text[query:], closer); end >= 0 {
			if rest := text[query+end+len(closer):]; rest != "" && (isAlphanumeric(rest[0]) || rest[0] == '&' || rest[0] == '=') {
				return "", 0, refuse("there is a quotation mark inside the URI")
			}
			return text[:query+end], 0, nil
		}
		if last && strings.ContainsAny(closer, `"'`) {
			return f.unclosed(i, text, closer)
		}
	}
	text, all := cutBlank(strings.TrimSuffix(text, `\`)) // with which a shell goes on in the next line
	if query := strings.IndexByte(text, '?'); query >= 0 {
		for _, tag := range []string{"</", "<br"} { // of XML and HTML
			if end := strings.Index(text[query:], tag); end >= 0 {
				text, all = text[:query+end], false
			}
		}
	}
	text = strings.TrimRight(text, ",;)]}>\"'`|")
	if strings.HasSuffix(text, "..") || strings.HasSuffix(text, "…") {
		return "", 0, refuse("the URI is not written in full")
	}
	if !last || !all {
		return text, 0, nil
	}
	return f.unwrapped(i, text)
}

func closerOf(before string) string {
	runes := []rune(closers)
	for i := 0; i < len(runes); i += 2 {
		if strings.HasSuffix(before, string(runes[i])) {
			return string(runes[i+1])
		}
	}
	return ""
}

// unclosed joins the lines of a URI in quotes that are closed in a later line.
func (f *finder) unclosed(i int, text, closer string) (uri string, more int, err error) {
	for j := i + 1; j < len(f.lines) && len(text) <= maxURI; j++ {
		rest := strings.TrimSpace(f.lines[j])
		if head, _, ok := strings.Cut(rest, closer); ok && isRest(head) {
			return text + head, j - i, nil
		}
		if !isRest(rest) {
			break
		}
		text += rest
	}
	return "", 0, refuse("the quotation mark behind the URI is missing")
}

// cutBlank cuts a text behind a URI off at the first blank. A label and a
// secret may have blanks in them, and so may a value that another parameter
// follows. All reports whether nothing was cut.
func cutBlank(text string) (uri string, all bool) {
	query := strings.IndexByte(text, '?')
	if query < 0 {
		return strings.TrimSpace(text), true
	}
	from := query + 1
	for {
		blank := strings.IndexAny(text[from:], " \t")
		if blank < 0 || from > maxURI {
			return text, true
		}
		blank += from
		name, _, _ := strings.Cut(text[strings.LastIndexAny(text[:blank], "?&")+1:], "=")
		if _, after, ok := strings.Cut(text[blank:], "&"); !strings.EqualFold(name, "secret") && (!ok || !strings.Contains(after, "=")) {
			return text[:blank], strings.TrimSpace(text[blank:]) == ""
		}
		from = blank + 1
	}
}

// maxWrapped is how many lines a URI is looked for in.
const maxWrapped = 20

// unwrapped joins a URI that ends its line with the lines after it that are its
// rest.
func (f *finder) unwrapped(i int, text string) (uri string, more int, err error) {
	joined, sure := text, 0
	var rests int
	for rests = 0; rests < maxWrapped && i+1+rests < len(f.lines); rests++ {
		rest := strings.TrimSpace(strings.TrimLeft(f.lines[i+1+rests], "> \t"))
		if !isRest(rest) || len(joined)+len(rest) > maxURI {
			break
		}
		joined += rest
		if hasParameter(rest) {
			sure = rests + 1
		}
	}
	if rests == 0 {
		return text, 0, nil
	}
	unclear := refuse("the next line may be the rest of the URI, which is needed on one line")
	short, shortLabel, shortErr := ParseURI(secret.New(text))
	long, longLabel, longErr := ParseURI(secret.New(joined))
	switch {
	case errors.Is(shortErr, ErrMigration):
		return joined, rests, nil // its base64 ends in an error where that is wrong
	case longErr == nil && sure == rests:
		return joined, rests, nil
	case shortErr != nil && longErr != nil:
		return text, rests, shortErr
	case shortErr == nil && longErr != nil && sure == 0:
		return text, 0, nil // a line that is no rest of it
	case shortErr != nil && longErr == nil:
		return joined, rests, nil
	case shortErr == nil && longErr == nil && sameKey(short, long) && shortLabel == longLabel:
		return text, rests, nil
	case shortErr == nil && longErr == nil && sameKey(short, long) && sure == 0 && strings.EqualFold(shortLabel.Issuer, prefixOf(text)):
		return text, 0, nil // its issuer is whole, as the label shows
	}
	return "", rests, unclear
}

func sameKey(a, b Key) bool {
	return a.Secret.Equal(b.Secret) && a.Kind == b.Kind && a.Alg == b.Alg && a.Digits == b.Digits && a.Period == b.Period && a.Counter == b.Counter
}

// prefixOf returns the issuer that the label of a URI begins with.
func prefixOf(uri string) string {
	_, rest, _ := strings.Cut(uri, "://")
	path, _, _ := strings.Cut(rest, "?")
	_, label, _ := strings.Cut(path, "/")
	return parseLabel(label).Issuer
}

// isRest reports whether a line can be the rest of a URI: it has the characters
// of one (RFC 3986 section 2), and does not begin another.
func isRest(line string) bool {
	word := false
	for i := range len(line) {
		c := line[i]
		if !isAlphanumeric(c) && !strings.ContainsRune("-._~:/?#[]@!$&'()*+,;=%", rune(c)) {
			return false
		}
		word = word || isAlphanumeric(c)
	}
	return word && !strings.Contains(line, "://")
}

// hasParameter reports whether a line has a parameter of an otpauth URI.
func hasParameter(line string) bool {
	for part := range strings.SplitSeq(strings.ToLower(line), "&") {
		name, _, ok := strings.Cut(part, "=")
		if _, query, asked := strings.Cut(name, "?"); asked {
			name = query
		}
		if ok && isParameter(name) {
			return true
		}
	}
	return false
}
