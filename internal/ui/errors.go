package ui

import (
	"fmt"
	"strings"
)

// A UsageError is a wrong command line.
type UsageError struct {
	Msg  string
	Hint string
}

// Error implements error.
func (e *UsageError) Error() string { return e.Msg }

// Usagef returns a [*UsageError] without a hint.
func Usagef(format string, args ...any) error {
	return &UsageError{Msg: fmt.Sprintf(format, args...)}
}

// A HintError adds to an error what to type instead.
type HintError struct {
	Err  error
	Hint string
}

// Error implements error.
func (e *HintError) Error() string { return e.Err.Error() }

// Unwrap returns Err.
func (e *HintError) Unwrap() error { return e.Err }

// WithHint adds a hint to err.
func WithHint(err error, format string, args ...any) error {
	return &HintError{Err: err, Hint: fmt.Sprintf(format, args...)}
}

// Named puts the name of a file before err, unless err names it, as those of package
// os do.
func Named(file string, err error) error {
	if strings.Contains(" "+err.Error()+":", " "+file+":") {
		return err
	}
	return fmt.Errorf("%s: %w", file, err)
}
