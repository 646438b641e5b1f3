// Package ptyrun runs a program on a pseudo-terminal of its own and answers the
// questions that the program asks there.
//
// To the program the pseudo-terminal is the user's: keys, window size, job
// control, signals and the exit status pass as if nothing were between, and
// output passes byte for byte. Two things are changed. A question for a
// one-time password is answered with what an [Ask] yields, and the echo of the
// answer shows as asterisks.
//
// An answer is typed only when the program itself asks: its prompt is the last
// thing on the screen, it reads, and nothing else has the terminal open that
// could read in its place. Where the system cannot tell, the user is asked.
//
// A process started outside the program's tree that has other means of reading
// the program's memory or terminal, such as a debugger of the same user, is not
// kept away.
package ptyrun

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"npmotp/internal/secret"
)

// Errors that callers branch on.
var (
	// ErrUnsupported means that there are no pseudo-terminals on this system.
	ErrUnsupported = errors.New("there are no pseudo-terminals on this system")
	// ErrTooManyQuestions means that the program asked again after
	// [Session.MaxAnswers] answers. It was ended.
	ErrTooManyQuestions = errors.New("the program asks again")
	// ErrLeave is returned by an [Ask] to leave the question to the user.
	ErrLeave = errors.New("the question is left to the user")
)

// A Prompt is a question that a program asks.
type Prompt struct {
	Text string // as in the [Pattern] that it fits
	// Again counts the answers that this run has typed already.
	Again int
	// Refused tells that the program asks again without having printed
	// anything of its work since the last answer.
	Refused bool
}

// An Ask returns the text to type at a prompt. Its context ends when the
// question is no longer on the screen. With [ErrLeave] the user answers; any
// other error ends the program.
//
// It must not start processes or read the terminal.
type Ask func(ctx context.Context, p Prompt) (secret.Text, error)

// A Pattern is the prompt of a program: what stands between the start of a line
// and the cursor while the program waits.
type Pattern struct {
	// Text is the prompt without blanks at its end. Signs before it that are
	// neither letters nor digits, such as "? ", do not count.
	Text string
	// Intro are the lines that the program prints, and prints again when it
	// redraws, before the prompt.
	Intro []string
	// Below tells that the program may have gone to the next line when it waits.
	Below bool
}

// A Session is a program to run on a pseudo-terminal.
type Session struct {
	Path          string // the program's file
	Argv, Environ []string
	// Helper is the command that ends up in [Monitor]: this program with a
	// hidden command. It must do nothing else: a test binary that does not know
	// the command would run its tests again, and start itself without end.
	Helper []string
	// Stage is what [Session.Prepare] made; nil has Run make one.
	Stage *Stage
	// Stdin, Stdout and Stderr are the streams of this process. When Stdin is a
	// terminal its keys go to the program as they come. Stderr reaches the
	// program itself only when it is neither a terminal nor Stdout's file.
	Stdin, Stdout, Stderr *os.File

	Prompts []Pattern
	Ask     Ask
	// MaxAnswers ends the program when it asks once more; 0 is no limit.
	MaxAnswers int
	// Nested tells that another program which this one starts may be the one
	// that asks. It cannot be told from a script then, so Judge and Confirm decide.
	Nested bool
	// Judge, if set, judges the process that asks before it is answered. It gets
	// that process and those from the program down to it, each the parent of the
	// next, and is not called where the system does not tell them.
	Judge func(line []Process) Verdict
	// Confirm asks the user whether to answer where that cannot be known; nil
	// counts as no. The terminal is in its usual mode meanwhile. A yes is for the
	// whole run.
	Confirm func(ctx context.Context, question string) (bool, error)
	// Agreed tells that the user has said yes to that beforehand.
	Agreed bool
	// Shared lets other processes open the program's terminal, as a script does
	// that asks by way of /dev/tty. Otherwise only what the program starts has it,
	// and root.
	Shared bool
	// Warn tells the user something. It may write to [Session.Talk].
	Warn func(text string)
	// Relay decides what the user sees of the output; nil shows all of it.
	Relay Relay
	// Tap, if set, sees the output first and outlives this process.
	Tap *Tap

	screen talker
}

// A Result is how a run ended.
type Result struct {
	// Status is the program's exit status, or 128+n when signal n ended it.
	Status int
	// Answers counts the answers that were typed.
	Answers int
}

// A Process is the program, or one that could read an answer in its place.
type Process struct {
	PID  int
	Name string
}

// A Verdict is what is thought of a process that asks. The zero Verdict has it
// answered.
type Verdict struct {
	Refused  string // why it gets no answer
	Question string // what the user has to say yes to first
}

// A BlockedError says why a question was not answered.
type BlockedError struct {
	Why       string
	Processes []Process
	Question  string // what the user is asked instead
	Final     bool   // no yes of the user's changes it
}

// Error implements error.
func (e *BlockedError) Error() string {
	if len(e.Processes) == 0 {
		return "the question is not answered: " + e.Why
	}
	var names []string
	for _, p := range e.Processes {
		names = append(names, fmt.Sprintf("%q (process %d)", p.Name, p.PID))
	}
	return "the question is not answered: " + e.Why + ": " + strings.Join(names, ", ")
}

// A StartError says that the program could not be executed.
type StartError struct {
	Path string
	Err  error
}

// Error implements error.
func (e *StartError) Error() string { return e.Path + ": " + e.Err.Error() }

// Unwrap returns Err.
func (e *StartError) Unwrap() error { return e.Err }
