package tools

import "fmt"

// An ExitError is the status to end with after [Run]: 127 when the command was
// not found, 126 when it is there but does not execute, 125 when nothing was
// tried, and else the command's own. They are those of env(1) and timeout(1).
type ExitError struct {
	Status int
	// Err says what went wrong before the command ran. It is nil for the
	// command's own status, of which nothing is to be said.
	Err error
}

// The statuses of a command that did not run.
const (
	statusNotTried      = 125
	statusNotExecutable = 126
	statusNotFound      = 127
)

// Error implements error.
func (e *ExitError) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("exit status %d", e.Status)
	}
	return e.Err.Error()
}

// Unwrap returns Err.
func (e *ExitError) Unwrap() error { return e.Err }
