package otpgen

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"npmotp/internal/secret"
)

const (
	defaultPeriod = 30 * time.Second
	maxURI        = 8192 // a QR code holds 7089 characters at most (ISO/IEC 18004)
)

// ParseURI reads an otpauth URI as issuers put it into QR codes. The format is
// Google Authenticator's "Key Uri Format"; there is no standard.
//
// Refused is what would give wrong codes, or codes that may be wrong:
// unknown types, algorithms, lengths and periods, a parameter that stands
// there twice with different values, an HOTP key without a counter, secrets
// that are not base32 or shorter than 80 bits, and keys for Steam, also those
// that only the issuer tells. So is a parameter that is nearly one of these. An
// empty parameter counts as absent. Other parameters are ignored.
//
// Any case is accepted in scheme, type, parameter names, algorithm and secret;
// the secret is read like that of [ParseSecret]. "algo" is "algorithm",
// "&amp;" is "&", and Apple's scheme "apple-otpauth" is "otpauth". Percent signs
// that begin no escape stand for themselves. So do "&" in an issuer and "#", as
// cutting there would lose the parameters after it; so does "+" in the label,
// where addresses have it, while in a parameter it is a space.
//
// The label is split at its first colon, an escaped one if there is no other.
// What stands before it is the issuer, unless the issuer parameter says
// something else: then the parameter is the issuer and the prefix is dropped.
// Names are returned without the spaces around them and otherwise as written.
//
// No error holds any part of u. [ErrNotURI] and [ErrMigration] tell what else
// a QR code may hold.
func ParseURI(u secret.Text) (Key, Label, error) {
	text := strings.TrimFunc(u.Reveal(), func(r rune) bool { return unicode.IsSpace(r) || r == '\ufeff' })
	kind, rest, err := parseScheme(text)
	if err != nil {
		return Key{}, Label{}, err
	}
	path, query, _ := strings.Cut(rest, "?")
	p, err := parseQuery(query)
	if err != nil {
		return Key{}, Label{}, err
	}
	k, err := p.key(kind)
	if err != nil {
		return Key{}, Label{}, err
	}
	l := parseLabel(strings.TrimPrefix(path, "/"))
	issuer, err := value(p, "issuer", func(s string) (string, error) { return s, nil }, l.Issuer)
	if err != nil {
		return Key{}, Label{}, err
	}
	if cut := len(issuer) < len(l.Issuer) && strings.HasPrefix(l.Issuer, issuer); cut && strings.HasSuffix(query, "issuer="+issuer) {
		return Key{}, Label{}, refuse("the URI ends inside a parameter")
	}
	l.Issuer = issuer
	if l.IsSteam() && len(p["digits"]) == 0 {
		return Key{}, Label{}, errSteam()
	}
	return k, l, nil
}

// LabelOf returns the label of a URI that [ParseURI] refuses, to name it by.
func LabelOf(u secret.Text) Label {
	_, rest, _ := strings.Cut(u.Reveal(), "://")
	path, query, ok := strings.Cut(rest, "?")
	_, path, _ = strings.Cut(path, "/")
	l := parseLabel(path)
	if _, err := parseSecret(l.Account, true); !ok || err == nil {
		return Label{} // the secret may stand there
	}
	for part := range strings.SplitSeq(query, "&") {
		if name, v, _ := strings.Cut(part, "="); strings.EqualFold(name, "issuer") && v != "" {
			l.Issuer = unescape(strings.ReplaceAll(v, "+", " "))
		}
	}
	return l
}

// IsSteam reports whether an issuer is Steam, whose codes have letters. Programs
// that do not know that export its keys as totp.
func IsSteam(issuer string) bool {
	words := strings.Fields(strings.ToLower(issuer))
	name := strings.Join(words, "")
	return name == "steam" || name == "steamguard" || len(words) > 1 && words[0] == "steam" ||
		strings.HasSuffix(name, "steampowered.com") || strings.HasSuffix(name, "steamcommunity.com")
}

// IsSteam reports whether a label is one of Steam, which may be all that it says.
func (l Label) IsSteam() bool {
	l = SplitLabel(l.Issuer, l.Account)
	return IsSteam(cmp.Or(l.Issuer, l.Account))
}

// SplitLabel returns the label of an account that a program calls by one name:
// the issuer that stands before a colon goes to the issuer, if that is the same
// in any case or was not known. One that is not known may stand before a dash with
// blanks or before a bracket too, or be the host before a slash.
func SplitLabel(issuer, name string) Label {
	l := Label{Issuer: strings.TrimSpace(issuer), Account: strings.TrimSpace(name)}
	prefix, account, ok := strings.Cut(l.Account, ":")
	prefix, account = strings.TrimSpace(prefix), strings.TrimSpace(account)
	if !ok && l.Issuer == "" {
		for _, between := range []string{" - ", " (", "/"} {
			prefix, account, ok := strings.Cut(l.Account, between)
			if ok && prefix != "" && account != "" && (between != "/" || isHost(prefix) || strings.EqualFold(prefix, "npm")) {
				return Label{Issuer: prefix, Account: strings.TrimSuffix(account, ")")}
			}
		}
	}
	if !ok || strings.HasPrefix(account, "//") {
		return l
	}
	if l.Issuer == "" || strings.EqualFold(prefix, l.Issuer) {
		l.Issuer, l.Account = cmp.Or(l.Issuer, prefix), account
	}
	return l
}

// URI returns the canonical otpauth URI of k. [ParseURI] makes the same key
// and label of it, provided that k is valid and that there are no spaces
// around the names in l.
func (k Key) URI(l Label) secret.Text {
	var b strings.Builder
	b.WriteString("otpauth://" + k.Kind.String() + "/")
	if l.Issuer != "" || strings.Contains(l.Account, ":") {
		b.WriteString(escape(l.Issuer) + ":")
	}
	b.WriteString(escape(l.Account) + "?secret=" + k.Secret.Reveal())
	if l.Issuer != "" {
		b.WriteString("&issuer=" + escape(l.Issuer))
	}
	b.WriteString("&algorithm=" + k.Alg.String() + "&digits=" + strconv.Itoa(k.Digits))
	if k.Kind == HOTP {
		b.WriteString("&counter=" + strconv.FormatUint(k.Counter, 10))
	} else {
		b.WriteString("&period=" + strconv.FormatInt(int64(k.Period/time.Second), 10))
	}
	return secret.New(b.String())
}

// parseScheme reads the scheme and the type, and returns what follows them.
func parseScheme(text string) (kind Kind, rest string, err error) {
	if len(text) > maxURI {
		return 0, "", refuse("the URI is longer than a QR code can be")
	}
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok {
		return 0, "", refuseAs(ErrNotURI, "this is not an otpauth URI")
	}
	switch strings.ToLower(scheme) {
	case "otpauth", "apple-otpauth":
	case "otpauth-migration":
		return 0, "", refuseAs(ErrMigration, "this is an export of Google Authenticator, which can hold many keys: import it")
	case "steam":
		return 0, "", errSteam()
	case "motp":
		return 0, "", refuse("this is a Mobile-OTP key: only totp and hotp keys can be used")
	default:
		return 0, "", refuseAs(ErrNotURI, "this is not an otpauth URI")
	}
	end := strings.IndexAny(rest, "/?")
	if end < 0 {
		end = len(rest)
	}
	kind, err = ParseKind(rest[:end])
	return kind, rest[end:], err
}

// parseLabel splits the label before it decodes it, so that an escaped colon
// in a name is not taken for the separator when there is a plain one.
func parseLabel(path string) Label {
	issuer, account, ok := strings.Cut(path, ":")
	if ok {
		issuer, account = unescape(issuer), unescape(account)
	} else if issuer, account, ok = strings.Cut(unescape(path), ":"); !ok {
		issuer, account = "", issuer
	}
	return Label{Issuer: strings.Trim(issuer, " "), Account: strings.Trim(account, " ")}
}

// params holds the values of each parameter that is not empty.
type params map[string][]string

// parseQuery reads the parameters. An error says that one is nearly one that
// changes codes: it cannot be ignored.
func parseQuery(query string) (params, error) {
	p := params{}
	last, empty := "", false // the parameter before, and whether it has no value
	for part := range strings.SplitSeq(query, "&") {
		name, v, ok := strings.Cut(part, "=")
		name = strings.TrimPrefix(strings.ToLower(strings.Trim(unescape(name), " ")), "amp;")
		if name == "algo" {
			name = "algorithm"
		}
		joined := holdsParameter(v)
		v = strings.Trim(unescape(strings.ReplaceAll(v, "+", " ")), " ")
		switch issuer := p["issuer"]; {
		case !isParameter(name) && (isSlip(name) || empty && (!ok && name != "" || name == "" && v != "")):
			return nil, refuse("the URI has a parameter that is nearly one that changes codes: it was cut, joined or mistyped")
		case !ok && !isParameter(name) && last == "issuer" && len(issuer) > 0 && part != "":
			issuer[len(issuer)-1] += "&" + strings.Trim(unescape(part), " ")
			continue
		case !ok && last == "secret" && strings.Contains(name, ";"):
			return nil, refuse("there is a sign inside the secret that no URI has")
		case joined:
			return nil, refuse("the URI has two parameters that are not separated by &")
		case v != "":
			p[name] = append(p[name], v)
		}
		last, empty = name, v == "" && isParameter(name)
	}
	if empty && slices.Contains(parameters()[1:4], last) || isCut(query) {
		return nil, refuse("the URI ends inside a parameter")
	}
	for name, values := range p {
		if len(p["issuer"]) == 0 && (name == "service" || name == "provider" || Nearly(name, "issuer")) {
			p["issuer"] = values
		}
	}
	return p, nil
}

// isCut reports whether a query ends with a name, or the beginning of one.
func isCut(query string) bool {
	separator := strings.LastIndexByte(query, '&')
	end := query[separator+1:]
	if end == "" {
		return separator >= 0
	}
	return slices.ContainsFunc(parameters(), func(name string) bool {
		return len(end) <= len(name) && strings.EqualFold(end, name[:len(end)])
	})
}

// parameters returns the names of those that are read.
func parameters() []string {
	return []string{"secret", "algorithm", "digits", "period", "counter", "issuer", "encoder"}
}

func isParameter(name string) bool { return slices.Contains(parameters(), name) || name == "algo" }

func isSlip(name string) bool { return Nearly(name, parameters()[:5]...) }

// Nearly reports whether a name is none of the known ones and looks like one: it
// is one but for one character, or a piece of a long one, or has that in it.
// Where the names change codes, it cannot be ignored.
func Nearly(name string, known ...string) bool {
	return !slices.Contains(known, name) && slices.ContainsFunc(known, func(known string) bool {
		if len(known) > 4 && oneApart(name, known) {
			return true
		}
		piece := len(name) > 1 && (strings.HasPrefix(known, name) || strings.HasSuffix(known, name))
		return len(known) > 5 && (piece || strings.Contains(name, known))
	})
}

// holdsParameter reports whether a value goes on with a parameter.
func holdsParameter(value string) bool {
	words := strings.Split(strings.ToLower(value), "=")
	return slices.ContainsFunc(words[:len(words)-1], func(word string) bool {
		return slices.Contains(parameters()[:5], word) || isSlip(word)
	})
}

// oneApart reports whether two different words become the same by one
// character that is changed, put in or taken out, or by two that change places.
func oneApart(s, t string) bool {
	if d := len(s) - len(t); d < -1 || d > 3 {
		return false
	}
	a, b := []rune(s), []rune(t)
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	return len(a) <= 1 && len(b) <= 1 || len(a) == 2 && len(b) == 2 && a[0] == b[1] && a[1] == b[0]
}

func (p params) key(kind Kind) (Key, error) {
	if len(p["encoder"]) > 0 {
		// KeePassXC and pquerna/otp mark Steam keys of type totp this way.
		return Key{}, errSteam()
	}
	text, err := value(p, "secret", func(s string) (string, error) { return parseSecret(s, true) }, "")
	if err != nil {
		return Key{}, err
	}
	if text == "" {
		return Key{}, refuse("the URI has no secret")
	}
	k := Key{Kind: kind, Secret: secret.New(text)}
	if k.Alg, err = value(p, "algorithm", ParseAlg, SHA1); err != nil {
		return Key{}, err
	}
	digits, err := value(p, "digits", parseNumber, minDigits)
	if err != nil {
		return Key{}, err
	}
	k.Digits = int(min(digits, maxDigits+1))
	switch kind {
	case HOTP:
		if len(p["counter"]) == 0 {
			return Key{}, refuse("the URI has no counter, which a hotp key needs")
		}
		if k.Counter, err = value(p, "counter", parseNumber, 0); err != nil {
			return Key{}, err
		}
	case TOTP:
		const beyond = uint64(maxPeriod/time.Second) + 1
		seconds, err := value(p, "period", parseNumber, uint64(defaultPeriod/time.Second))
		if err != nil {
			return Key{}, err
		}
		if seconds >= 10_000 && seconds%1000 == 0 {
			return Key{}, refuse("the period is in milliseconds, it seems")
		}
		k.Period = time.Duration(min(seconds, beyond)) * time.Second
	}
	if err := k.Validate(); err != nil {
		return Key{}, err
	}
	return k, p.contradict(k)
}

// contradict returns an error if a parameter that is not read says by its name or its
// value that it changes codes, and differs from what is read.
func (p params) contradict(k Key) error {
	for name, values := range p {
		if isParameter(name) {
			continue
		}
		for _, v := range values {
			n, err := strconv.Atoi(v)
			isNumber := err == nil && n > 0
			alg, err := ParseAlg(v)
			switch {
			case err == nil && alg != k.Alg,
				isNumber && slices.Contains([]string{"length", "size", "codelength"}, name) && n != k.Digits && n < 16,
				isNumber && slices.Contains([]string{"interval", "step", "timestep"}, name) && time.Duration(n)*time.Second != k.Period:
				return refuse("the URI has a parameter that is not known and may change its codes")
			}
		}
	}
	return nil
}

// value returns the value of a parameter, or absent when there is none. It
// compares repeated values by what they mean: digits=6 and digits=06 agree.
func value[T comparable](p params, name string, parse func(string) (T, error), absent T) (T, error) {
	v := absent
	for i, s := range p[name] {
		next, err := parse(s)
		if err != nil {
			return absent, err
		}
		if i > 0 && next != v {
			return absent, refuse("the URI has two different values of " + name)
		}
		v = next
	}
	return v, nil
}

// parseNumber reads a decimal number. The errors of strconv quote their input.
func parseNumber(s string) (uint64, error) {
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		return 0, refuse("digits, period and counter must be decimal numbers")
	}
	return n, nil
}

// unescape decodes percent escapes. Unlike [net/url.PathUnescape] it keeps
// what is none: issuers that forget to escape forget the percent sign too.
func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if c, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				b.WriteByte(byte(c))
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// escape encodes all but the unreserved characters of RFC 3986 section 2.3 and
// "@", which programs that do not decode labels would show as %40.
func escape(s string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~@", c) >= 0 {
			b.WriteByte(c)
		} else {
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		}
	}
	return b.String()
}
