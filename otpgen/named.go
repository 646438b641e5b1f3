package otpgen

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"npmotp/internal/secret"
)

// ItemLabel returns the label of an item of a password manager. Its title is a
// name that the user chose; of npm's own pages the address says more, and so it does
// where an item that is called npm has another one: that of a registry of one's own.
func ItemLabel(title, user string, addresses ...string) Label {
	first := ""
	for _, address := range strings.FieldsFunc(strings.Join(addresses, " "), func(r rune) bool { return unicode.IsSpace(r) || r == ',' || r == ';' }) {
		if address != "" && !strings.Contains(address, "://") {
			address = "https://" + address
		}
		u, err := url.Parse(address)
		if err != nil || title != "" && u.Scheme != "http" && u.Scheme != "https" {
			continue
		}
		host := strings.TrimPrefix(strings.ToLower(u.Hostname()), "www.")
		first = cmp.Or(first, host)
		switch {
		case strings.HasSuffix("."+host, ".npmjs.com"), strings.HasSuffix("."+host, ".npmjs.org"):
			return Label{Issuer: "npm", Account: user}
		case IsSteam(host):
			return Label{Issuer: "Steam", Account: user}
		}
	}
	// Apple's titles name the user too.
	title = strings.TrimSpace(strings.TrimSuffix(title, "("+user+")"))
	if lower := strings.ToLower(title); lower == "npm" || lower == "npmjs" {
		title = cmp.Or(first, title)
	}
	if l := SplitLabel("", title); user+first == "" && l.Issuer != "" && strings.Contains(title, ":") {
		return l // the title is a label
	}
	return Label{Issuer: cmp.Or(title, first), Account: user}
}

// FindLogins returns otpauth URIs for the secrets that stand in a field of a login
// and are none, as in what "pass show" prints: a password in the first line, and
// fields below it. Several logins are told apart by blank lines.
func FindLogins(text secret.Text) []Found {
	whole, keys := readLogin(text.Reveal())
	if keys < 2 {
		return slices.Repeat([]Found{whole.found(1)}, keys)
	}
	var found []Found
	var block strings.Builder
	n, begin := 0, 1
	for line := range strings.Lines(text.Reveal() + "\n\n") {
		block.WriteString(line)
		if n++; strings.TrimSpace(line) != "" {
			continue
		}
		switch l, keys := readLogin(block.String()); {
		case keys == 1:
			found = append(found, l.found(begin))
		case keys > 1:
			found = append(found, Found{Line: begin, Err: refuse("several secrets stand in one login: part the logins with blank lines")})
		}
		block.Reset()
		begin = n + 1
	}
	return found
}

// A login is the fields of one.
type login struct {
	kind, secret, parameters string
	label                    Label
	wrapped                  bool // its secret may go on in the next line
}

func (l login) found(line int) Found {
	if l.wrapped {
		return Found{Line: line, Err: refuse("what follows may be the rest of the secret, which is needed on one line")}
	}
	return Found{Line: line, URI: l.uri()}
}

func (l login) uri() secret.Text {
	text := "otpauth://" + l.kind + "/" + escape(l.label.Account) + "?secret=" + escape(l.secret)
	if l.label.Issuer != "" {
		text += "&issuer=" + escape(l.label.Issuer)
	}
	if strings.Contains(l.secret, "://") {
		text = l.secret
	}
	return secret.New(text + l.parameters)
}

// readLogin reads the fields of a login, and counts its different secrets.
func readLogin(text string) (l login, keys int) {
	const around = " \t\r\"',"
	var title, user, address string
	l.kind = "totp"
	last := "" // the secret, until the line after it
	first, hasPassword := strings.TrimSpace(text), false
	first, _, _ = strings.Cut(first, "\n")
	for line := range strings.Lines(text) {
		if bare := strings.TrimSpace(line); bare != "" {
			l.wrapped = l.wrapped || last != "" && isRestOfSecret(last, bare)
			last = ""
		}
		name, value, ok := strings.Cut(withoutElement(strings.TrimSpace(line)), ":")
		uri := strings.HasPrefix(value, "//")
		value = strings.Trim(value, around)
		switch name = strings.ToLower(strings.Trim(name, around+"-*")); name {
		case "user", "username", "login", "email", "account", "account name":
			user = value
		case "url", "uri", "website", "web site", "site", "host", "domain":
			if !strings.Contains(value, "otpauth") {
				address = value
			}
		case "issuer", "service", "title", "name":
			title = value
		case "password", "pass", "pw", "passwort":
			hasPassword = true
		case "digits", "number of digits", "code length":
			l.parameters += "&digits=" + escape(value)
		case "period", "interval", "time step", "timestep":
			l.parameters += "&period=" + escape(value)
		case "algorithm", "algo", "hash", "hash algorithm":
			l.parameters += "&algorithm=" + escape(value)
		case "counter":
			l.parameters += "&counter=" + escape(value)
		case "type":
			if kind := strings.ToLower(value); kind == "hotp" || kind == "steam" {
				l.kind = kind
			}
		case "totp", "otp", "otpauth", "hotp", "2fa", "totp_secret", "otp_secret", "totp-secret", "otp-secret", "totp secret", "otp secret",
			"secret", "secret key", "setup key", "seed", "totp key", "otp key", "2fa key", "2fa secret", "authenticator key":
			if strings.HasPrefix(value, "//") {
				value = "otpauth:" + value // gopass takes the scheme of a URI for a name
			}
			_, err := ParseSecret(secret.New(value))
			if name == "secret" && !strings.ContainsAny(value, " :") { // what gopass calls the entry
				title = cmp.Or(title, siteOf(value))
			}
			isKey := err == nil || strings.HasPrefix(value, "otpauth:") && !strings.Contains(line, "otpauth://")
			if ok && !uri && isKey {
				last = value
			}
			if last != "" && value != l.secret {
				l.secret = value
				keys++
			}
		}
	}
	if first = strings.TrimSpace(first); title == "" && hasPassword && isTitle(first) {
		title = first // which is the password where there is no field of it
	}
	l.label = ItemLabel(title, user, address)
	return l, keys
}

// withoutElement writes an element of XML that has a line to itself as a field.
func withoutElement(line string) string {
	name, value, ok := strings.Cut(strings.TrimPrefix(line, "<"), ">")
	value, closed := strings.CutSuffix(value, "</"+name+">")
	if !ok || !closed || !strings.HasPrefix(line, "<") {
		return line
	}
	return name + ": " + value
}

// isRestOfSecret reports whether a line may be the rest of a secret: it has its letters,
// in one word or in groups.
func isRestOfSecret(before, line string) bool {
	words := strings.Fields(line)
	for i, word := range words {
		if last := i == len(words)-1; len(word) > len(words[0]) || !last && len(word) != len(words[0]) {
			return false
		}
	}
	if before == strings.ToUpper(before) {
		line = strings.ReplaceAll(line, "=", "")
	} else {
		line = strings.ToUpper(line)
	}
	return len(words) > 0 && !strings.ContainsFunc(strings.Map(dropSeparator, line), func(r rune) bool { return !inAlphabet(r) }) && strings.ContainsFunc(line, inAlphabet)
}

// A place is where a URI was found: its line, and what stands before it there.
type place struct {
	line   int
	before string
}

// nameAll gives the URIs that have no issuer, or no account, the one that the text
// names beside them: without an issuer they would be taken for npm's.
func (f *finder) nameAll() {
	for n, found := range f.found {
		k, l, err := ParseURI(found.URI)
		if err != nil {
			l = LabelOf(found.URI)
		}
		path, query, ok := strings.Cut(found.URI.Reveal(), "?")
		if !ok || found.Err != nil || errors.Is(err, ErrMigration) || errors.Is(err, ErrNotURI) {
			continue
		}
		named, parameters := f.lookBeside(f.places[n], l.Account)
		if parameters != "" && err == nil {
			other, _, err := ParseURI(secret.New(path + "?" + query + parameters))
			if twice := strings.Contains(fmt.Sprint(err), "two different values"); twice || err == nil && !sameKey(k, other) {
				f.found[n] = Found{Line: found.Line, Err: refuse("fields beside the URI say something else of its digits, period or algorithm")}
				continue
			}
		}
		if l.Account == "" && named.Account != "" {
			if path = strings.TrimSuffix(path, "/"); strings.Count(path, "/") == 2 {
				path += "/"
			}
			path += escape(named.Account)
		}
		if l.Issuer == "" && named.Issuer != "" {
			query = "issuer=" + escape(named.Issuer) + "&" + query
		}
		f.found[n].URI = secret.New(path + "?" + query)
	}
}

// lookBeside returns what fields around a URI call it, or what stands before it on its
// line or above it, and the parameters among the fields. A name that is the account's
// is no issuer.
func (f *finder) lookBeside(p place, account string) (l Label, parameters string) {
	if f.around.fields == nil || f.around.line != p.line {
		f.around = f.lookAround(p.line)
	}
	here, _ := readLogin(strings.NewReplacer(",", "\n", "{", "\n", "|", "\n").Replace(p.before))
	for _, near := range append([]login{here}, f.around.fields...) {
		l.Account = cmp.Or(l.Account, near.label.Account)
		if !strings.EqualFold(near.label.Issuer, account) {
			l.Issuer = cmp.Or(l.Issuer, near.label.Issuer)
		}
		parameters += near.parameters
	}
	l.Issuer = cmp.Or(l.Issuer, nameBefore(p.before, account), nameBefore(f.around.head, account))
	return l, parameters
}

// An around is what stands around a line.
type around struct {
	line   int
	fields []login // above and below it
	head   string  // what a line above it calls what follows
}

func (f *finder) lookAround(line int) around {
	a := around{line: line, fields: []login{}}
	blocks := [][]string{f.lines}
	if len(f.found) > 1 {
		blocks = f.blocks(line)
	}
	for _, block := range blocks {
		l, _ := readLogin(strings.Join(block, "\n"))
		a.fields = append(a.fields, l)
	}
	for i := line - 1; line-i < maxWrapped && a.head == "" && i >= 0 && nextURI(f.lines[i], 0) < 0; i-- {
		above := strings.TrimSpace(f.lines[i])
		item := strings.TrimLeft(above, "*-#/ \t")
		switch opener := strings.TrimRight(above, " \t{["); {
		case strings.HasPrefix(above, ":"): // a drawer of Org mode
		case strings.HasSuffix(opener, ":"):
			a.head = opener
		case strings.HasPrefix(above, "[") && strings.HasSuffix(above, "]"):
			a.head = strings.Trim(above, "[]") + ":"
		case item != above && !strings.Contains(item, ":"), len(f.found) > 1 && i == line-1 && (isTitle(above) || siteOf(above) != "" && !strings.Contains(above, " ")) && (f.gap(i-1) || nextURI(f.lines[i-1], 0) >= 0):
			a.head = item + ":"
		}
	}
	return a
}

// isTitle reports whether a line can be the title of the URI below it. What "pass
// show" has there is a password.
func isTitle(line string) bool {
	line = strings.TrimLeft(line, "0123456789.)# \t")
	first, _ := utf8.DecodeRuneInString(line)
	return len(line) <= 40 && !strings.ContainsAny(line, "0123456789:") && (unicode.IsUpper(first) || strings.EqualFold(line, "npm"))
}

// blocks returns the lines around one of several URIs that may speak of it: those
// above it, and those below it that do not belong to the next. A block ends at a
// blank line, a brace and an item of a list. Where the first URI of a block has no
// line above it, the lines below each are its own.
func (f *finder) blocks(line int) [][]string {
	isItem := func(i int) bool { return strings.HasPrefix(strings.TrimSpace(f.lines[i]), "- ") }
	isURI := func(i int) bool { return nextURI(f.lines[i], 0) >= 0 }
	begin, end := line, line+1
	for !isItem(begin) && !f.gap(begin-1) && !isURI(begin-1) && line-begin < maxWrapped {
		begin--
	}
	for !f.gap(end) && !isItem(end) && !isURI(end) && end-line < maxWrapped {
		end++
	}
	if isItem(begin) || f.gap(begin-1) {
		f.below = begin == line
	}
	above, below := f.lines[begin:line], f.lines[line+1:end]
	switch {
	case f.below:
		return [][]string{below}
	case f.gap(end) || isItem(end):
		return [][]string{above, below}
	}
	return [][]string{above}
}

// gap reports whether a line belongs to no block.
func (f *finder) gap(i int) bool {
	if i < 0 || i >= len(f.lines) {
		return true
	}
	text := strings.TrimSpace(f.lines[i])
	return text == "" || text[0] == '{' || text[0] == '}'
}

// nameBefore returns the name that stands before a URI on its line, with a separator
// between, or one capital: "GitHub: otpauth://...". Words that say what a key is name
// nobody, and a sentence is no name.
func nameBefore(before, account string) string {
	const marks = " \t\"'`*_~([<{#>+•"
	before = strings.TrimRight(withoutTags(before), marks)
	named := strings.TrimRight(before, ":=,;|-–—→"+marks)
	if strings.ContainsAny(named, "<$\\") || strings.Contains(named, "//") {
		return ""
	}
	if word := strings.Trim(named, marks+"-"); named == before && (strings.ContainsAny(word, " \t") || strings.ToLower(word) == word) {
		return "" // only the name of a service has a capital
	}
	for part := range strings.FieldsFuncSeq(named, func(r rune) bool { return strings.ContainsRune(":=,;|\t(", r) }) {
		var words []string
		for word := range strings.FieldsSeq(part) {
			if word = strings.TrimFunc(word, unicode.IsPunct); strings.ContainsAny(word, "/@") {
				if word = siteOf(word); word == "" {
					return ""
				}
			}
			switch lower := strings.ToLower(word); {
			case strings.HasPrefix(lower, "npm"):
				return "npm"
			case account != "" && strings.EqualFold(word, account):
				return ""
			case strings.ContainsFunc(word, unicode.IsLetter) && !slices.Contains(wordsForKeys(), lower):
				words = append(words, word)
			}
		}
		if len(words) > 3 {
			return ""
		}
		if len(words) > 0 {
			return strings.Join(words, " ")
		}
	}
	return ""
}

// withoutTags puts a bar in the place of each tag of HTML.
func withoutTags(line string) string {
	for {
		before, rest, opened := strings.Cut(line, "<")
		tag, after, closed := strings.Cut(rest, ">")
		if !opened || !closed || tag == "" || strings.Contains(tag, "<") {
			return line
		}
		line = before + "|" + after
	}
}

// siteOf returns the site in the path of an entry of a password store, which ends in the
// user, or "" for what is none.
func siteOf(path string) string {
	parts := strings.Split(strings.TrimSuffix(strings.TrimSuffix(path, ".gpg"), ".age"), "/")
	if len(parts) < 2 || slices.Contains(parts, "") || strings.Contains(parts[0], "@") {
		return ""
	}
	for _, part := range parts {
		if strings.HasPrefix(strings.ToLower(part), "npm") {
			return part
		}
	}
	for _, part := range parts {
		if isHost(part) {
			return part
		}
	}
	return parts[len(parts)-2]
}

// isHost reports whether a text looks like the name of a host.
func isHost(text string) bool {
	name, domain, ok := strings.Cut(text, ".")
	return ok && name != "" && len(domain) > 1 && !strings.ContainsAny(text, "@ /") && strings.IndexFunc(domain, func(r rune) bool { return unicode.IsDigit(r) }) < 0
}

// NamesNobody reports whether a name is made of words that say what a key is, and not
// whose.
func NamesNobody(name string) bool {
	for word := range strings.FieldsFuncSeq(strings.ToLower(name), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '-' }) {
		if !slices.Contains(wordsForKeys(), word) || word == "x" { // which is a service too
			return false
		}
	}
	return true
}

// wordsForKeys returns words that people and programs put before a key and that name
// no service.
func wordsForKeys() []string {
	return strings.Fields(`otp otpauth totp hotp totpauth uri url link key keys secret seed code codes qr qrcode token auth authenticator authentication
		2fa mfa tfa two two-factor factor second one-time onetime one time password verification login_totp otpurl otp_url otp_uri otpauth_uri totp_uri
		value data payload text note notes content body field string item entry export import backup raw
		my your our the a an this that is it for of in into to on at by with from as and or new old here below following
		use scan open add see enter copy paste save keep please manually app application recovery accounts
		work personal private home laptop phone main account user login x`)
}
