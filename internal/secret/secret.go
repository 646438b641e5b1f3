// Package secret holds the type that every passphrase, one-time password key
// and recovery code travels in.
//
// A [Text] redacts itself in fmt and log/slog and refuses to be marshalled, so
// that a secret reaches a screen, a log or a file only where the code says
// Reveal. It does not wipe memory: Go's garbage collector makes no promise
// about copies, and age takes passphrases as strings.
package secret

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"log/slog"
)

const redacted = "[redacted]"

// ErrMarshal is returned by every attempt to marshal a [Text]. A Text that
// marshalled to a placeholder would sooner or later be written over the only
// copy of what it stands for.
var ErrMarshal = errors.New("a secret cannot be marshalled")

// A Text is a secret string: a passphrase, an OTP key, or a recovery code.
// The zero Text is empty.
//
// The string sits behind a closure, not in a field, because fmt does not call
// methods on unexported struct fields: with a string or a *[]byte inside,
// printing a struct that holds a Text would print the secret. The closure also
// makes == on a Text a compile error; use [Text.Equal].
type Text struct {
	reveal func() string
}

// New returns a Text that holds s.
func New(s string) Text {
	return Text{reveal: func() string { return s }}
}

// Reveal returns the secret. Each call is a place where a secret can escape.
func (t Text) Reveal() string {
	if t.reveal == nil {
		return ""
	}
	return t.reveal()
}

// Len returns the length of the secret in bytes.
func (t Text) Len() int { return len(t.Reveal()) }

// Equal reports whether t and u hold the same string. Its time depends on the
// lengths only.
func (t Text) Equal(u Text) bool {
	return subtle.ConstantTimeCompare([]byte(t.Reveal()), []byte(u.Reveal())) == 1
}

// Format implements [fmt.Formatter] by redacting, for every verb.
func (t Text) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// String implements [fmt.Stringer] by redacting, for callers that concatenate.
func (t Text) String() string { return redacted }

// LogValue implements [slog.LogValuer] by redacting.
func (t Text) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText implements [encoding.TextMarshaler] by refusing.
func (t Text) MarshalText() ([]byte, error) { return nil, ErrMarshal }

// MarshalJSON implements [encoding/json.Marshaler] by refusing.
func (t Text) MarshalJSON() ([]byte, error) { return nil, ErrMarshal }

// MarshalBinary implements [encoding.BinaryMarshaler] by refusing.
func (t Text) MarshalBinary() ([]byte, error) { return nil, ErrMarshal }
