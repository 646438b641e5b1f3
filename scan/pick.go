package scan

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"npmotp/internal/secret"
)

const (
	schemeKey       = "otpauth://"
	schemeMigration = "otpauth-migration://"
	maxLabel        = 64
)

// Pick chooses the one-time password key among the contents of several QR
// codes: the otpauth URI, or else the otpauth-migration URI. The same content
// twice counts once. Different keys are a [*SeveralError], none at all is
// [ErrNoCode], and codes that hold something else are a [*ContentError].
func Pick(codes []secret.Text) (secret.Text, error) {
	for _, scheme := range []string{schemeKey, schemeMigration} {
		var found []secret.Text
		for _, c := range codes {
			if hasScheme(c.Reveal(), scheme) && !contains(found, c) {
				found = append(found, c)
			}
		}
		switch {
		case len(found) == 1:
			return found[0], nil
		case len(found) > 1:
			e := &SeveralError{Keys: found}
			for _, c := range found {
				e.Labels = append(e.Labels, keyLabel(c.Reveal()))
			}
			return secret.Text{}, e
		}
	}
	if len(codes) == 0 {
		return secret.Text{}, ErrNoCode
	}
	return secret.Text{}, &ContentError{Holds: holds(codes[0].Reveal())}
}

func contains(list []secret.Text, t secret.Text) bool { return slices.ContainsFunc(list, t.Equal) }

// hasScheme compares as RFC 3986 section 3.1 asks: without regard to case.
func hasScheme(s, scheme string) bool {
	return len(s) >= len(scheme) && strings.EqualFold(s[:len(scheme)], scheme)
}

// isKey reports whether s is what a user of this package looks for.
func isKey(s string) bool {
	return hasScheme(s, schemeKey) || hasScheme(s, schemeMigration)
}

// keyLabel returns the account name in an otpauth URI, for a message. It never
// returns anything that follows the question mark, where the secret stands.
func keyLabel(uri string) string {
	if hasScheme(uri, schemeMigration) {
		return "an export of several keys"
	}
	label, _, _ := strings.Cut(uri[len(schemeKey):], "?")
	if _, after, ok := strings.Cut(label, "/"); ok {
		label = after
	}
	if u, err := url.PathUnescape(label); err == nil {
		label = u
	}
	if label = clean(label); label == "" {
		return "no name"
	}
	return label
}

// holds describes the content of a QR code that is not a key. Only the scheme
// and the host of a URL are repeated: its path and query may be secret.
func holds(s string) string {
	if u, err := url.Parse(strings.TrimSpace(s)); err == nil && u.Scheme != "" && u.Hostname() != "" {
		return "a link to " + clean(strings.ToLower(u.Scheme+"://"+u.Hostname()))
	}
	if hasScheme(s, "npmotp-sheet-") {
		return "the recovery codes of a printed sheet"
	}
	if hasScheme(s, "wifi:") {
		return "the password of a wireless network"
	}
	return fmt.Sprintf("text (%d bytes)", len(s))
}

// clean drops what could change how a terminal shows the rest: control
// characters, and the format characters of Unicode (bidirectional marks,
// zero-width characters).
func clean(s string) string {
	s = strings.ToValidUTF8(s, "")
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029' {
			return -1
		}
		return r
	}, s)
	if r := []rune(s); len(r) > maxLabel {
		s = string(r[:maxLabel]) + "..."
	}
	return strings.TrimSpace(s)
}

func quoteList(list []string) string {
	q := make([]string, len(list))
	for i, l := range list {
		q[i] = fmt.Sprintf("%q", l)
	}
	return strings.Join(q, ", ")
}
