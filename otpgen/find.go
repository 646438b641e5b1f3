package otpgen

import (
	"errors"
	"io"
	"mime/quotedprintable"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

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
// A URI that is wrapped over several lines, or over the strings of an array or of
// a program, is joined. Where both the first part and the joined ones make a key,
// and not the same, there is an error: half of a secret makes codes too. Lines that begin with "#" are comments. URIs of
// Steam and of Mobile-OTP are found where they begin a line, so that they can be
// refused by name, and so is a line that is an otpauth URI but for its scheme.
//
// A URI without an issuer gets the one that stands beside it: before it on its line,
// or in a field such as "service:" or "url:".
func FindURIs(text secret.Text) []Found {
	f := finder{lines: strings.Split(plain(text.Reveal()), "\n")}
	for i := 0; i < len(f.lines) && len(f.found) <= maxFound; i++ {
		i += f.line(i)
	}
	f.nameAll()
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
	text = encoded(strings.NewReplacer("│", "|", "┃", "|").Replace(text))
	if !strings.Contains(text, `\`) {
		return text
	}
	// The escapes of JSON and of shells.
	return strings.NewReplacer(`\/`, "/", `\u0026`, "&", `\u003d`, "=", `\u003D`, "=", `\?`, "?", `\=`, "=", `\&`, "&").Replace(text)
}

// encoded puts URIs that stand escaped, as in that of a QR code's picture, on lines
// of their own.
func encoded(text string) string {
	if !strings.Contains(text, "%3") {
		return text
	}
	var b strings.Builder
	from := 0
	for {
		i := strings.Index(text[from:], "%3")
		if i < 0 {
			b.WriteString(text)
			return b.String()
		}
		from += i + len("%3A")
		head := text[:from-len("%3A")]
		begin := len(strings.TrimSuffix(strings.TrimSuffix(head, "-migration"), "otpauth"))
		if from > len(text) || !strings.HasPrefix(text[begin:], "otpauth") || begin == len(head) || !strings.EqualFold(text[from-1:from], "A") {
			from = min(from, len(text))
			continue
		}
		end := strings.IndexAny(text[from:], " \t\n\"'<>&")
		if end < 0 {
			end = len(text) - from
		}
		b.WriteString(text[:begin] + "\n" + unescape(text[begin:from+end]) + "\n")
		text, from = text[from+end:], 0
	}
}

type finder struct {
	lines  []string
	found  []Found
	places []place // of those that were found
	below  bool    // names stand below their URIs; see blocks
	around around  // of the line that was looked at last
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
		f.add(Found{Line: i + 1, Err: refuseAs(ErrNotURI, "this is not an otpauth URI")}, place{})
	}
	behind := 0 // the URI before
	for at >= 0 && len(f.found) <= maxFound {
		next := nextURI(line, at+len("otpauth://"))
		end := len(line)
		if next >= 0 {
			end = next
		}
		found := Found{Line: i + 1}
		var uri string
		uri, more, found.Err = f.whole(i, line[:at], line[at:end], next < 0)
		if found.Err == nil && strings.ContainsFunc(line[:at], unicode.IsLetter) && closerOf(line[:at]) == "" {
			uri, found.Err = cutSentence(uri)
		}
		if found.Err == nil {
			found.URI = secret.New(uri)
		}
		f.add(found, place{i, line[min(behind, at):at]})
		behind = at + max(0, strings.IndexAny(line[at:max(at, next)], " \t,;|\"'`>)"))
		at = next
	}
	return more
}

func (f *finder) add(found Found, p place) {
	f.found, f.places = append(f.found, found), append(f.places, p)
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
	if text, err = cutSigns(before, text); err != nil {
		return "", 0, err
	}
	if closer := closerOf(before); closer != "" {
		// A label may have an apostrophe, what follows it has none.
		query := max(0, strings.IndexByte(text, '?'))
		if end := strings.Index(text[query:], closer); end >= 0 {
			if rest := text[query+end+len(closer):]; rest != "" && (isAlphanumeric(rest[0]) || rest[0] == '&' || rest[0] == '=') {
				return "", 0, refuse("there is a quotation mark inside the URI")
			}
			behind := text[query+end+len(closer):]
			if text = text[:query+end]; strings.Contains(")]", closer) {
				text, _ = cutBlank(text) // a title of Markdown or of a wiki
			}
			if closer == `"` || closer == "'" {
				return f.joined(text, f.literals(i, behind, closer, last))
			}
			return text, 0, nil
		}
		if last && strings.ContainsAny(closer, `"'`) {
			return f.unclosed(i, text, closer)
		}
	}
	text = strings.TrimSuffix(text, `\`) // with which a shell goes on in the next line
	if strings.HasPrefix(strings.TrimSpace(f.lines[i]), "|") {
		text = strings.TrimRight(text, "| ") // of a table
	}
	written := text
	text, all := cutBlank(text)
	if next, _, _ := strings.Cut(strings.TrimLeft(written[len(text):], " \t"), " "); hasParameter(next) {
		return "", 0, refuse("there is a blank inside the URI")
	}
	if query := strings.IndexByte(text, '?'); query >= 0 {
		for _, tag := range []string{"</", "<br"} { // of XML and HTML
			if end := strings.Index(text[query:], tag); end >= 0 {
				text, all = text[:query+end], tag == "<br"
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

// cutSigns cuts a URI off at a sign that no URI has, at the separator of a table that
// stands before it, too, and at marks of Markdown that it stands in.
func cutSigns(before, text string) (string, error) {
	query := max(0, strings.IndexByte(text, '?'))
	separator := ""
	if n := len(before); n > 0 && strings.ContainsAny(before[n-1:], ";|\t") {
		separator = before[n-1:]
	}
	const signs = "|<>^\x1b\x07\x00"
	if end := strings.IndexAny(text[query:], signs+separator); end >= 0 {
		end += query
		name := text[strings.LastIndexAny(text[:end], "?&")+1 : end]
		rest := strings.TrimLeft(text[end:], signs+separator)
		if strings.HasPrefix(text[end:], ">") && rest == "" && !strings.Contains(before, "<") && endOfSecret(text[:end]) != "" {
			return "", refuse("the URI is not written in full") // less -S cuts lines so
		}
		if cell, _, _ := strings.Cut(rest, "|"); strings.HasPrefix(text[end:], "|") && mayGoOn(endOfSecret(strings.TrimSpace(text[:end])), cell) {
			return "", refuse("what follows may be the rest of the URI, which is needed on one line")
		}
		inSecret := rest != "" && isAlphanumeric(rest[0]) && strings.HasPrefix(strings.ToLower(name), "secret=")
		if behind, _ := cutBlank("?" + rest); inSecret || hasParameter(strings.TrimPrefix(behind, "?")) {
			return "", refuse("there is a sign inside the URI that no URI has")
		}
		if tag := strings.HasPrefix(text[end:], "<br"); !tag && !strings.HasPrefix(text[end:], "|") {
			text = text[:end]
		} else if !tag && strings.TrimRight(text[end:], "| ") != "" {
			text = text[:end]
		}
	}
	for _, mark := range []string{"**", "__", "~~", "*", "_", "~"} {
		if strings.HasSuffix(before, mark) {
			rest, _, _ := strings.Cut(text[query:], mark+" ")
			return text[:query] + strings.TrimSuffix(rest, mark), nil
		}
	}
	return text, nil
}

// cutSentence cuts off what ends a sentence and its brackets behind a URI in it, unless the
// issuer ends so in the label, too.
func cutSentence(uri string) (string, error) {
	bare := strings.TrimRight(uri, ".!?:,;)]}")
	switch end := uri[len(bare):]; {
	case strings.HasSuffix(prefixOf(uri), end):
		return uri, nil
	case strings.Contains(end, ".."):
		return "", refuse("the URI is not written in full")
	}
	return bare, nil
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
			return text + head, f.through(i, j), nil
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
		name, value, _ := strings.Cut(text[strings.LastIndexAny(text[:blank], "?&")+1:], "=")
		if value, _, more := strings.Cut(value, "&"); strings.EqualFold(name, "secret") && !more {
			if words := strings.Fields(value); groups(words) < len(words) && isNote(words[groups(words)]) {
				for n := groups(words); n > 1; n-- {
					blank += len(text[blank:]) - len(strings.TrimLeft(text[blank:], " \t"))
					blank += strings.IndexAny(text[blank:], " \t")
				}
				return text[:blank], false
			}
			return text, true
		}
		if _, after, ok := strings.Cut(text[blank:], "&"); !strings.EqualFold(name, "secret") && (!ok || !strings.Contains(after, "=")) {
			return text[:blank], strings.TrimSpace(text[blank:]) == ""
		}
		from = blank + 1
	}
}

// groups returns how many of the words behind "secret=" are groups of it: those of one
// length, and a shorter one behind them at the end.
func groups(words []string) int {
	n := 1
	for n < len(words) && isMore(words[0], words[n]) && (len(words[n]) == len(words[0]) || n == len(words)-1 && len(words[n]) < len(words[0])) {
		n++
	}
	return n
}

// isNote reports whether a word begins what somebody wrote behind a URI, and is not a sign
// that stands for the rest of it.
func isNote(word string) bool {
	first, _ := utf8.DecodeRuneInString(strings.TrimLeft(word, `(["'`))
	return slices.Contains([]string{"#", "//", "–", "—", "→", "->", "=>"}, word) || unicode.IsLetter(first) && !strings.ContainsAny(word, "…*•")
}

// isMore reports whether a word may belong to the same secret as the one before: it is
// base32, in the same case.
func isMore(before, word string) bool {
	if before == strings.ToLower(before) {
		word = strings.ToUpper(word)
	}
	return word != "" && strings.Trim(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == ""
}

// endOfSecret returns the end of a URI if that is a part of its secret, or "".
func endOfSecret(uri string) string {
	name, value, _ := strings.Cut(uri[strings.LastIndexAny(uri, "?&")+1:], "=")
	if !strings.EqualFold(name, "secret") {
		return ""
	}
	return value
}

// mayGoOn reports whether a line below a URI that ends in its secret, or a cell beside it,
// may be the rest, whatever stands before it: the number of a line, the sign of a
// comment; and whatever ends a sentence behind it. A word of prose is none.
func mayGoOn(secret, line string) bool {
	words := strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(" \t|│>#/*-.,;:!?()[]\"'`", r) })
	if len(words) == 2 && strings.Trim(words[0], "0123456789") == "" {
		words = words[1:]
	}
	if secret == "" || len(words) == 0 || !isMore(secret, words[0]) {
		return false
	}
	hasDigit := strings.ContainsAny(words[0], "234567")
	if len(words) > 1 { // a sentence that goes on
		return hasDigit && len(words[0]) >= 8
	}
	return hasDigit || len(words[0]) >= 12
}

// maxWrapped is how many lines a URI is looked for in.
const maxWrapped = 20

// A rest is what may be the rest of a URI, and how many lines further down it
// stands.
type rest struct {
	text string
	more int
}

// literals returns the strings that follow a quoted URI as the next elements of
// an array, or as literals that a program joins. One before a colon or an equals
// sign is the name of a field.
func (f *finder) literals(i int, behind, quote string, last bool) (rests []rest) {
	for j := i; len(rests) < maxWrapped; {
		behind = strings.TrimLeft(behind, " \t,+.-\\")
		if behind == "" && last && j+1 < min(len(f.lines), i+maxWrapped) {
			j++
			behind = strings.TrimSpace(f.lines[j])
			continue
		}
		literal, opened := strings.CutPrefix(behind, quote)
		literal, after, closed := strings.Cut(literal, quote)
		if next := strings.TrimLeft(after, " \t"); !opened || !closed || !isRest(literal) || next != "" && strings.Contains(":=", next[:1]) {
			return rests
		}
		rests = append(rests, rest{literal, f.through(i, j)})
		behind = after
	}
	return rests
}

// through returns how many lines after line i are done with once line j is read
// in part: a line that has a URI too is still to be looked at.
func (f *finder) through(i, j int) int {
	if j > i && nextURI(f.lines[j], 0) >= 0 {
		j--
	}
	return j - i
}

// unwrapped joins a URI that ends its line with the lines after it that are its
// rest.
func (f *finder) unwrapped(i int, text string) (uri string, more int, err error) {
	var rests []rest
	bullet := "" // of a list, whose next item may be the rest
	if item := strings.TrimSpace(f.lines[i]); len(item) > 2 && strings.ContainsAny(item[:1], "-*+") && isBlank(item[1]) {
		bullet = item[:2]
	}
	for n := 1; n <= maxWrapped && i+n < len(f.lines); n++ {
		line := strings.TrimSpace(strings.TrimPrefix(strings.Trim(f.lines[i+n], ">| \t"), bullet))
		line, _, _ = strings.Cut(line, "<br")
		if line == "" && i+n+1 < len(f.lines) && hasParameter(f.lines[i+n+1]) {
			continue // mail with empty lines between
		}
		if !isRest(line) {
			break
		}
		rests = append(rests, rest{line, n})
	}
	end := endOfSecret(text)
	if len(rests) > 0 && end != "" {
		text = strings.TrimRight(text, "=") // of a mail message, too
	}
	uri, more, err = f.joined(text, rests)
	for n := 1; err == nil && more == 0 && end != "" && n <= maxWrapped && i+n < len(f.lines) && nextURI(f.lines[i+n], 0) < 0; n++ {
		if line := f.lines[i+n]; mayGoOn(end, line) {
			return "", 0, refuse("what follows may be the rest of the URI, which is needed on one line")
		} else if strings.ContainsFunc(line, unicode.IsLetter) {
			break
		}
	}
	return uri, more, err
}

// joined joins a URI with what may be its rest.
func (f *finder) joined(text string, rests []rest) (uri string, more int, err error) {
	joined, more, sure, some := text, 0, false, false
	for _, r := range rests {
		if len(joined)+len(r.text) > maxURI {
			break
		}
		sure = hasParameter(r.text)
		joined, more, some = joined+r.text, r.more, some || sure
	}
	if joined == text {
		return text, 0, nil
	}
	unclear := refuse("what follows may be the rest of the URI, which is needed on one line")
	short, shortLabel, shortErr := ParseURI(secret.New(text))
	long, longLabel, longErr := ParseURI(secret.New(joined))
	switch {
	case errors.Is(shortErr, ErrMigration):
		return joined, more, nil // its base64 ends in an error where that is wrong
	case longErr == nil && sure:
		return joined, more, nil
	case shortErr != nil && longErr != nil:
		return text, more, shortErr
	case shortErr == nil && longErr != nil && !some:
		return text, 0, nil // no rest of it
	case shortErr != nil && longErr == nil:
		return joined, more, nil
	case shortErr == nil && longErr == nil && sameKey(short, long) && shortLabel == longLabel:
		return text, more, nil
	case shortErr == nil && longErr == nil && sameKey(short, long) && !some && strings.EqualFold(shortLabel.Issuer, prefixOf(text)):
		return text, 0, nil // its issuer is whole, as the label shows
	}
	return "", more, unclear
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
