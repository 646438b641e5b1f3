package otpgen

import (
	"encoding/base32"
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"npmotp/internal/secret"
)

// The limits of a secret in bytes. RFC 4226 section 4, R6 asks for 16, but ten
// bytes (16 characters) are what Google Authenticator started with and what
// many issuers still give out. Nine or fewer are refused: they are more likely
// a paste that lost its end than a key, and 72 bits are within reach of who
// has seen a few codes. The upper limit is four blocks of SHA-512, beyond
// what any issuer gives.
const (
	minSecret = 10
	maxSecret = 512

	minCharacters = 16 // of minSecret bytes in base32
)

// ParseSecret reads a secret that somebody typed or pasted, and returns it in
// the canonical form: base32 (RFC 4648 section 6) in upper case without
// padding, the unused bits of the last character zero. Two secrets with the
// same canonical form give the same codes.
//
// Spaces, dashes and invisible characters, lower case and padding do not
// matter. A character outside the alphabet is not guessed: the error says
// where it stands. Something else than a secret (a URI, hexadecimal digits, a
// recovery code, a one-time password) is called so where it can be told apart.
// A URI has an error of its own, [ErrIsURI].
func ParseSecret(s secret.Text) (secret.Text, error) {
	canonical, err := parseSecret(s.Reveal(), false)
	if err != nil {
		return secret.Text{}, err
	}
	return secret.New(canonical), nil
}

// parseSecret does the work of [ParseSecret]. A length that no number of whole
// bytes has is a slip of the fingers in a typed secret; odd allows it for
// secrets that no finger has touched, and then drops the last character, whose
// bits do not make up a byte. Google Authenticator reads such secrets the same
// way (Base32String.java).
func parseSecret(text string, odd bool) (string, error) {
	if isURI(text) {
		return "", refuseAs(ErrIsURI, "this is a URI, not a secret: the secret is what stands in it after secret=")
	}
	chars := []rune(strings.TrimRight(strings.Map(dropSeparator, text), "="))
	if len(chars) == 0 {
		return "", refuse("the secret is empty")
	}
	var wrong []int
	for i, r := range chars {
		if 'a' <= r && r <= 'z' {
			chars[i] = r - 'a' + 'A'
		} else if !inAlphabet(r) {
			wrong = append(wrong, i+1)
		}
	}
	if len(wrong) > 0 {
		return "", explain(chars, wrong)
	}
	words := strings.Fields(strings.ReplaceAll(text, "=", " "))
	if last := words[len(words)-1]; len(words) > 1 && len(words[0]) >= minCharacters && len(last) < len(words[0]) && (len(last) < minCharacters/2 || !strings.ContainsAny(last, "234567")) {
		return "", refuse("there is a word behind the secret, or its last group is cut")
	}
	if strings.HasSuffix(string(chars), "XXXX") || strings.HasPrefix(string(chars), "XXXX") {
		return "", refuse("the secret is hidden in part: it is needed in full")
	}
	given := len(chars)
	if rest := len(chars) % 8; rest == 1 || rest == 3 || rest == 6 {
		if !odd {
			return "", refuse(fmt.Sprintf("the secret has %d characters, which base32 never has: one is missing or one too many"+
				" (if the issuer shows it like this, leave out the last)", len(chars)))
		}
		chars = chars[:len(chars)-1]
	}
	key, err := encoding().DecodeString(string(chars))
	switch {
	case err != nil:
		return "", refuse("the secret is not base32")
	case len(key) < minSecret:
		return "", refuse(fmt.Sprintf("the secret has %d characters, and 16 (80 bits; RFC 4226 asks for 128) are the least:"+
			" its end may be missing", given))
	case len(key) > maxSecret:
		return "", refuse("the secret is longer than 512 bytes")
	}
	return encoding().EncodeToString(key), nil
}

// encoding returns the canonical encoding. Decoding with it ignores unused
// bits, so that decoding and encoding makes them zero.
func encoding() *base32.Encoding { return base32.StdEncoding.WithPadding(base32.NoPadding) }

func inAlphabet(r rune) bool { return 'A' <= r && r <= 'Z' || '2' <= r && r <= '7' }

// dropSeparator is for [strings.Map]. It drops white space, dashes of every
// kind, and the invisible characters that come along from web pages.
func dropSeparator(r rune) rune {
	if unicode.IsSpace(r) || unicode.In(r, unicode.Pd, unicode.Cf) {
		return -1
	}
	return r
}

func isURI(text string) bool {
	const prefix = "otpauth"
	text = strings.TrimSpace(text)
	return strings.Contains(text, "://") || len(text) > len(prefix) && strings.EqualFold(text[:len(prefix)], prefix) &&
		(text[len(prefix)] == ':' || text[len(prefix)] == '-')
}

// explain says what the characters probably are, given the 1-based positions
// of those that are not base32. It names positions and no characters.
func explain(chars []rune, wrong []int) error {
	digits, hex, typos := true, true, true
	for _, r := range chars {
		digit := '0' <= r && r <= '9'
		digits = digits && digit
		hex = hex && (digit || 'A' <= r && r <= 'F' || 'a' <= r && r <= 'f')
	}
	for _, i := range wrong {
		typos = typos && strings.ContainsRune("0189", chars[i-1])
	}
	switch n := len(chars); {
	case digits && n >= minDigits && n <= maxDigits:
		return refuse("this looks like a one-time password, not like the secret that they are made from")
	case hex && (n == 16 || n == 48 || n == 64):
		return refuse(fmt.Sprintf("this looks like a recovery code (%d hexadecimal digits), not like a secret in base32", n))
	case hex && n > 16 && n%2 == 0:
		return refuse(fmt.Sprintf("the secret looks hexadecimal (%d digits): it is needed in base32", n))
	case typos:
		return refuse(positions(wrong) + " not base32, which has no 0, 1, 8 and 9:" +
			" look again for the letters O, I or L, B and G (spaces and dashes are not counted)")
	}
	return refuse(positions(wrong) + " not base32, which is the letters A to Z and the digits 2 to 7" +
		" (spaces and dashes are not counted)")
}

// positions lists at most five positions, as the beginning of a sentence.
func positions(at []int) string {
	if len(at) == 1 {
		return "character " + strconv.Itoa(at[0]) + " of the secret is"
	}
	const most = 5
	var b strings.Builder
	b.WriteString("characters ")
	for i, n := range at[:min(len(at), most)] {
		switch {
		case i == 0:
		case i == len(at)-1:
			b.WriteString(" and ")
		default:
			b.WriteString(", ")
		}
		b.WriteString(strconv.Itoa(n))
	}
	if len(at) > most {
		b.WriteString(" and more")
	}
	b.WriteString(" of the secret are")
	return b.String()
}

// isCanonical reports whether s is surely what [ParseSecret] returns for it: whole
// groups of eight characters of the alphabet. Of others it says nothing.
func isCanonical(s string) bool {
	if len(s) == 0 || len(s)%8 != 0 || len(s) < minCharacters || len(s) > maxSecret*8/5 {
		return false
	}
	return strings.IndexFunc(s, func(r rune) bool { return !inAlphabet(r) }) < 0
}
