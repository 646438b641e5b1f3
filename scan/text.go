package scan

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"npmotp/internal/secret"
	"npmotp/internal/vt"
)

// ErrDisagree says that a QR code and the secret printed below it differ.
var ErrDisagree = errors.New("the QR code and the line \"Or enter code:\" hold different secrets: copy the output of one enrolment only")

var errLongText = fmt.Errorf("the text is %w: keep the part from the command npm profile to the recovery codes", ErrTooLarge)

// A Screen is what [Text] made of a terminal's output.
type Screen struct {
	Codes []secret.Text // the contents of the QR codes drawn in it
	Typed []secret.Text // the secrets in lines such as "Or enter code:"
	Plain secret.Text   // the text without escape sequences and what was overwritten

	missing error // why a QR code is not among them, or nil
}

// maxText is the size of the largest text that is read.
const maxText = 8 << 20

// Text reads what a terminal showed, in UTF-8: plain text, or raw output with its escape
// sequences, also those of a capture that spells or loses the escape character.
func Text(ctx context.Context, r io.Reader) (Screen, error) {
	data, err := readAll(r, "the text", maxText)
	if err != nil {
		return Screen{}, err
	}
	return bounded(ctx, errLongText, func(ctx context.Context) (Screen, error) {
		t := vt.New()
		t.Replay(ctx, unescape(fromConsole(string(data))))
		if ctx.Err() != nil {
			return Screen{}, context.Cause(ctx)
		}
		if t.Full {
			return Screen{}, errLongText
		}
		plain := t.Plain()
		s := Screen{Plain: secret.New(plain)}
		// The text is worth having without the codes, too.
		drawing, cancel := context.WithTimeout(ctx, deadline/2)
		defer cancel()
		s.Codes, s.missing = join(drawn(drawing, t.Lines))
		for _, m := range patterns().typedLine.FindAllStringSubmatchIndex(plain, -1) {
			v := bareSecret(plain[m[2]:m[3]])
			switch {
			case goesOn(plain[m[2]:m[3]], plain[m[1]:]):
				s.missing = cmp.Or(s.missing, ErrLines)
			case len(v) >= minSecret && !contains(s.Typed, secret.New(v)):
				s.Typed = append(s.Typed, secret.New(v))
			}
		}
		return s, nil
	})
}

// goesOn reports whether the line below a secret may be its rest: it has nothing but
// base32, in the same case.
func goesOn(typed, below string) bool {
	line, _, _ := strings.Cut(strings.TrimLeft(below, " \t\r\n│┃|"), "\n")
	line = strings.TrimRight(line, " \t\r│┃|")
	sameCase := (typed == strings.ToUpper(typed)) == (line == strings.ToUpper(line))
	isLonger := len(line) >= minSecret/2 || strings.ContainsAny(line, "234567")
	return line != "" && sameCase && isLonger && strings.Trim(bareSecret(line), "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == ""
}

// minSecret is the length of the shortest secret, in base32, that is believed.
const minSecret = 16

// bareSecret drops what base32 allows to be left out, and what eases typing.
func bareSecret(s string) string {
	return strings.ToUpper(strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' || r == '=' || r == '\t' {
			return -1
		}
		return r
	}, s))
}

// Pick returns the key that the screen showed: the otpauth URI of its QR code,
// or the secret below it where the code itself was not copied. Where both stand
// they must agree, else it is [ErrDisagree].
func (s Screen) Pick() (secret.Text, error) {
	if len(s.Codes) == 0 {
		switch len(s.Typed) {
		case 0:
			return secret.Text{}, cmp.Or(s.missing, ErrNotShown)
		case 1:
			return s.Typed[0], nil
		}
		e := &SeveralError{}
		for i := range s.Typed {
			e.Labels = append(e.Labels, fmt.Sprintf("secret %d", i+1))
		}
		return secret.Text{}, e
	}
	uri, err := Pick(s.Codes)
	if err != nil {
		return secret.Text{}, err
	}
	if len(s.Typed) > 0 && hasScheme(uri.Reveal(), schemeKey) && !contains(s.Typed, uriSecret(uri)) {
		return secret.Text{}, ErrDisagree
	}
	return uri, nil
}

// uriSecret returns the parameter of an otpauth URI that holds its secret.
func uriSecret(uri secret.Text) secret.Text {
	_, query, _ := strings.Cut(uri.Reveal(), "?")
	for field := range strings.SplitSeq(query, "&") {
		if k, v, ok := strings.Cut(field, "="); ok && strings.EqualFold(k, "secret") {
			v = strings.NewReplacer("%20", "", "+", "", "%3D", "", "%3d", "").Replace(v)
			return secret.New(bareSecret(v))
		}
	}
	return secret.Text{}
}
