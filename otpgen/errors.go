package otpgen

import "errors"

// Errors that callers branch on. Every refusal of an input matches
// [ErrInvalid]; some match one of the others as well.
var (
	// ErrInvalid is matched by every error about an input that cannot be used.
	ErrInvalid = errors.New("not usable as a key for one-time passwords")
	// ErrIsURI is returned by [ParseSecret] for a URI, which [ParseURI] reads.
	ErrIsURI = errors.New("an otpauth URI, not a bare secret")
	// ErrNotURI is returned by [ParseURI] for anything but an otpauth URI, such
	// as the web address in some other QR code.
	ErrNotURI = errors.New("not an otpauth URI")
	// ErrMigration is returned by [ParseURI] for an export of Google
	// Authenticator, which holds many keys and is imported another way.
	ErrMigration = errors.New("an export of Google Authenticator")
	// ErrCounter is returned by [Key.HOTP] at the end of the counter.
	ErrCounter = errors.New("the counter of this key is used up")
)

// An inputError refuses an input. Its text is fixed but for numbers that count
// characters: it holds nothing of the input.
type inputError struct {
	text string
	kind error // one of the sentinels, or nil
}

func (e *inputError) Error() string { return e.text }

// Is makes every inputError match [ErrInvalid].
func (e *inputError) Is(target error) bool { return target == ErrInvalid || target == e.kind }

func refuse(text string) error { return &inputError{text: text} }

func refuseAs(kind error, text string) error { return &inputError{text: text, kind: kind} }

func errSteam() error {
	return refuse("this is a Steam Guard key, whose codes have letters: only totp and hotp keys can be used")
}
