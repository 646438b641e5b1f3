// Package intake turns what a user has of an enrolment (a picture of npm's QR
// code, what the terminal showed, an otpauth URI, a typed secret) into a key
// with its label and the recovery codes that came with it.
//
// Labels are cleaned here, on the way in: a QR code is a stranger's text.
package intake

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"npmotp/internal/cleantext"
	"npmotp/internal/plaintext"
	"npmotp/internal/recoverycode"
	"npmotp/internal/secret"
	"npmotp/otpgen"
	"npmotp/scan"
)

// maxText bounds what is read as text, in bytes; a terminal session of an hour
// is a fraction of it.
const maxText = 20 << 20

// Errors that callers branch on.
var (
	// ErrEmpty says that the input has nothing in it.
	ErrEmpty = errors.New("the input is empty")
	// ErrBeside says that a text has a secret, and nothing that tells it from the rest.
	ErrBeside = errors.New("other text stands beside the secret")
)

// An Enrolment is one key as its issuer gave it.
type Enrolment struct {
	Key           otpgen.Key
	Label         otpgen.Label // cleaned
	RecoveryCodes []secret.Text
	Repeated      int // recovery codes that stood there more than once
}

// Picture reads the QR code in a picture.
func Picture(ctx context.Context, r io.Reader) (Enrolment, error) {
	return Pictures(ctx, r)
}

// Pictures reads the QR code in pictures that belong together, as those of
// several displays do.
func Pictures(ctx context.Context, pictures ...io.Reader) (Enrolment, error) {
	var codes []secret.Text
	var failed error
	for _, r := range pictures {
		found, err := scan.Decode(ctx, r)
		codes = append(codes, found...)
		failed = cmp.Or(failed, err)
	}
	if len(codes) == 0 && failed != nil {
		return Enrolment{}, failed
	}
	uri, err := scan.Pick(codes)
	if err != nil {
		return Enrolment{}, err
	}
	return URI(uri)
}

// Terminal reads what a terminal showed: the QR code, a URI or the secret below
// it, and the recovery codes if the enrolment was completed there. It also reads
// a login with a field for the secret, as password managers show one.
func Terminal(ctx context.Context, r io.Reader) (Enrolment, error) {
	text, err := Text(r)
	if err != nil {
		return Enrolment{}, err
	}
	screen, err := scan.Text(ctx, strings.NewReader(text.Reveal()))
	if err != nil {
		return Enrolment{}, err
	}
	if len(screen.Codes) == 0 {
		if screen.Codes, err = uris(otpgen.FindURIs(screen.Plain)); err != nil {
			return Enrolment{}, err
		}
	}
	key, err := screen.Pick()
	if found := otpgen.FindLogins(screen.Plain); errors.Is(err, scan.ErrNoCode) && len(found) > 0 {
		if screen.Codes, err = uris(found); err == nil {
			key, err = scan.Pick(screen.Codes)
		}
	}
	if errors.Is(err, scan.ErrNoCode) && onlySecret(text) {
		err = scan.ErrLines
	} else if errors.Is(err, scan.ErrNotShown) && hasSecret(text) {
		err = ErrBeside
	} else if codes, _, none := recoverycode.Find(screen.Plain); errors.Is(err, scan.ErrNoCode) && none == nil && len(codes[0].Reveal()) == 64 {
		err = fmt.Errorf("%w: it has recovery codes, which 'npmotp recovery add' stores", scan.ErrNoCode)
	}
	if err != nil {
		return Enrolment{}, err
	}
	e, err := URI(key)
	if errors.Is(err, otpgen.ErrNotURI) {
		e, err = Typed(key)
	}
	if err != nil {
		return Enrolment{}, err
	}
	printed, ok := afterAnnouncement(screen.Plain)
	if !ok {
		return e, nil
	}
	e.RecoveryCodes, e.Repeated, err = recoverycode.Find(printed)
	return e, err
}

// onlySecret reports whether a text has nothing but a secret, on several lines.
func onlySecret(text secret.Text) bool {
	for line := range strings.Lines(text.Reveal()) {
		words := strings.Fields(line)
		for i, word := range words {
			if last := i == len(words)-1; len(word) > len(words[0]) || !last && len(word) != len(words[0]) {
				return false // words, and no groups
			}
		}
	}
	_, err := otpgen.ParseSecret(text)
	return err == nil
}

// hasSecret reports whether a line of a text is a secret, in capitals or groups of four.
func hasSecret(text secret.Text) bool {
	for line := range strings.Lines(text.Reveal()) {
		words := strings.Fields(line)
		isSecret := len(words) == 1 && words[0] == strings.ToUpper(words[0]) || len(words) > 3 && len(words[0]) == 4 && len(words[1]) == 4
		if _, err := otpgen.ParseSecret(secret.New(line)); err == nil && isSecret && strings.ContainsAny(line, "234567") {
			return true
		}
	}
	return false
}

// announcement is what npm prints before the codes (lib/commands/profile.js of
// npm 6 to 12: "Below are your recovery codes, please print these out").
// The first letter is left out: it may be a capital elsewhere.
const announcement = "ecovery codes"

func afterAnnouncement(plain secret.Text) (secret.Text, bool) {
	text := plain.Reveal()
	at := strings.Index(text, announcement)
	if at < 0 {
		return secret.Text{}, false
	}
	_, rest, ok := strings.Cut(text[at:], "\n")
	return secret.New(rest), ok
}

// URI reads the otpauth URI in a text. Several are a [*scan.SeveralError].
func URI(text secret.Text) (Enrolment, error) {
	found, err := uris(otpgen.FindURIs(text))
	if err != nil {
		return Enrolment{}, err
	}
	if len(found) > 1 {
		if text, err = scan.Pick(found); err != nil {
			return Enrolment{}, err
		}
	} else if len(found) == 1 {
		text = found[0]
	}
	key, label, err := otpgen.ParseURI(text)
	if err != nil {
		return Enrolment{}, err
	}
	return Enrolment{Key: key, Label: cleanLabel(label)}, nil
}

// uris returns the URIs that were found in a text.
func uris(found []otpgen.Found) ([]secret.Text, error) {
	var uris []secret.Text
	for _, f := range found {
		if f.Err != nil {
			return nil, f.Err
		}
		uris = append(uris, f.URI)
	}
	return uris, nil
}

// cleanLabel cleans names, which may be escaped as Latin-1.
func cleanLabel(l otpgen.Label) otpgen.Label {
	clean := func(name string) string { return cleantext.Name(plaintext.Decode([]byte(name))) }
	return otpgen.SplitLabel(clean(l.Issuer), clean(l.Account))
}

// Typed reads a bare secret, which npm's defaults complete. A URI is taken for
// what it is.
func Typed(text secret.Text) (Enrolment, error) {
	key, err := otpgen.NewKey(text)
	if errors.Is(err, otpgen.ErrIsURI) {
		return URI(text)
	}
	return Enrolment{Key: key}, err
}

// line reads a secret, a URI, or either of them in a field ("Secret: ...", JSON).
func line(text secret.Text) (Enrolment, error) {
	e, err := Typed(text)
	if err == nil || errors.Is(err, otpgen.ErrNotURI) {
		return e, err
	}
	fields := secret.New(strings.NewReplacer("{", "\n", ",", "\n", "}", "\n").Replace(text.Reveal()))
	if found := otpgen.FindLogins(fields); len(found) == 1 && found[0].Err == nil {
		return URI(found[0].URI)
	}
	if found, _ := uris(otpgen.FindURIs(text)); len(found) > 0 {
		return URI(text)
	}
	return e, err
}

// Any reads an input of unknown kind, as standard input is: a picture, a
// terminal's output, an otpauth URI or a bare secret.
func Any(ctx context.Context, r io.Reader) (Enrolment, error) {
	buffered := bufio.NewReaderSize(r, 512)
	head, err := buffered.Peek(512)
	if len(head) == 0 {
		if err == nil || errors.Is(err, io.EOF) {
			err = ErrEmpty
		}
		return Enrolment{}, err
	}
	if scan.IsPicture(head) {
		return Picture(ctx, buffered)
	}
	text, err := Text(buffered)
	if err != nil {
		return Enrolment{}, err
	}
	// One line is a secret or a URI, and the reasons against it are said in
	// their terms; more than one is a screen.
	if trimmed := strings.TrimSpace(text.Reveal()); !strings.ContainsAny(trimmed, "\n\x1b") {
		if trimmed == "" {
			return Enrolment{}, ErrEmpty
		}
		return line(secret.New(strings.Trim(trimmed, "\"'`")))
	}
	return Terminal(ctx, strings.NewReader(text.Reveal()))
}

// RecoveryCodes finds the recovery codes in a text, which may be a terminal's
// raw output.
func RecoveryCodes(ctx context.Context, text secret.Text) (codes []secret.Text, repeated int, err error) {
	if strings.ContainsRune(text.Reveal(), '\x1b') {
		screen, err := scan.Text(ctx, strings.NewReader(text.Reveal()))
		if err != nil {
			return nil, 0, err
		}
		text = screen.Plain
	}
	if printed, ok := afterAnnouncement(text); ok {
		text = printed
	}
	return recoverycode.Find(text)
}

// Text reads all of r as a text that may be a secret.
func Text(r io.Reader) (secret.Text, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxText+1))
	if err != nil {
		return secret.Text{}, err
	}
	if len(data) > maxText {
		return secret.Text{}, fmt.Errorf("%w: more than %d MB of text", scan.ErrTooLarge, maxText>>20)
	}
	return secret.New(plaintext.Decode(data)), nil
}
