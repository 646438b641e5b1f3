package scan

import (
	"errors"
	"fmt"

	"npmotp/internal/secret"
)

// Errors that callers branch on. [errors.Is] finds [ErrNoCode] in every error
// that means "the input was read and holds no one-time password key".
var (
	ErrNoCode   = errors.New("no QR code found")
	ErrTooLarge = errors.New("too large")
	ErrDamaged  = errors.New("the picture is damaged or cut off: save or take it again")
	// ErrContent is what a [*ContentError] wraps, and ErrParts a [*PartsError].
	ErrContent = fmt.Errorf("%w that holds a one-time password key", ErrNoCode)
	ErrParts   = fmt.Errorf("%w that is whole", ErrNoCode)
	// ErrNotShown is [ErrNoCode] of a text, which no picture need be taken of again.
	ErrNotShown = fmt.Errorf("%w in the text, and no secret", ErrNoCode)
	// ErrLines says that a secret was wrapped: which of the lines are parts of it is not
	// known.
	ErrLines = errors.New("the secret is spread over several lines")
	// ErrAnimation is [ErrNoCode] of an animation of which not all frames are read.
	ErrAnimation = fmt.Errorf("%w at the beginning of an animated picture, and the other frames are not read", ErrNoCode)
	// ErrNotPicture is what [Decode] says of text and of formats it does not know.
	ErrNotPicture = errors.New("this is not a picture")
	// ErrDeadline is what a picture ends with that is searched for too long.
	ErrDeadline = fmt.Errorf("%w in the time allowed: crop the picture to the QR code", ErrNoCode)
)

// A FormatError says that the input is in a format that is known by name but
// not read.
type FormatError struct {
	Format string // with its article, as in "a PDF document"
	Mend   string // what to do instead
}

// Error implements error.
func (e *FormatError) Error() string {
	return "this is " + e.Format + ", which cannot be read: " + e.Mend
}

// A ContentError says that the QR codes found hold something else than a
// one-time password key. It is an [ErrNoCode].
type ContentError struct {
	Holds string // what they hold, without any secret: "a link to https://example.com"
}

// Error implements error.
func (e *ContentError) Error() string {
	return "the QR code holds " + e.Holds + ", not a one-time password key"
}

// Unwrap returns [ErrContent].
func (e *ContentError) Unwrap() error { return ErrContent }

// A SeveralError says that the input holds different one-time password keys,
// of which the caller wanted one.
type SeveralError struct {
	Labels []string      // one for each key, free of control characters
	Keys   []secret.Text // the keys themselves, for a caller that can ask
}

// Error implements error.
func (e *SeveralError) Error() string {
	return fmt.Sprintf("%d different one-time password keys found (%s): give the one you want alone",
		len(e.Labels), quoteList(e.Labels))
}
