// Package cmd is the command line of npmotp.
//
// A command checks its flags, unlocks the vault, calls one function of a domain
// package, and prints. Three rules hold everywhere: standard output is data and
// nothing else; standard error is talk, each line with "npmotp:" before it;
// questions go to the terminal, past both.
package cmd

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"npmotp/internal/ptyrun"
	"npmotp/internal/screen"
	"npmotp/internal/secret"
	"npmotp/internal/statefile"
	"npmotp/internal/ui"
	"npmotp/vault"
)

// An App is what the commands touch of the world.
type App struct {
	ui.UI
	In    io.Reader
	InTTY bool
	// Size returns how many columns and lines the terminal of Out has.
	Size    func() (columns, lines int)
	Getenv  func(string) string
	Environ func() []string
	Dir     func() (string, error) // the working folder
	Now     func() time.Time
	// Wait returns after d, or earlier with the cause when ctx is done.
	Wait   func(ctx context.Context, d time.Duration) error
	Clip   Clipboard
	Screen screen.Screen
	// Exec becomes the command, or runs it where a process cannot be replaced.
	Exec func(ctx context.Context, argv, environ []string) error
	// Equip gives a command on a pseudo-terminal the streams of this process, and
	// its monitor.
	Equip func(s *ptyrun.Session)
	// State is the folder of what need not be backed up.
	State statefile.Folder
	// Self is the file of this program, which is started again as the agent.
	Self string
	// Harden closes the process to others of the same user. What it returns
	// takes back what the process's children would inherit.
	Harden func() (reopen func(), err error)
	// VaultOptions apply to every vault that is opened or created.
	VaultOptions vault.Options

	flags globalFlags
	// reopen is called before a command of the user's starts: it may leave core
	// files, and be traced.
	reopen func()
	// catchSignals makes signals end the context, and no longer the process. It
	// is called before there is something to put in order after a signal.
	catchSignals func()
	// silent keeps back the note about pending enrolments.
	silent bool
}

// A Clipboard takes a secret, and loses it again at the given time if it clears
// at all. It also gives what is on it.
type Clipboard interface {
	Copy(ctx context.Context, text secret.Text, until time.Time) error
	Clears() bool
	Picture(ctx context.Context) ([]byte, error)
	Text(ctx context.Context) (secret.Text, error)
}

// globalFlags are the flags of every command.
type globalFlags struct {
	vault          string
	passphraseFile string
	identity       string
	json           bool
}

// progress returns what says how far something came, once a second.
func (app *App) progress() func(format string, args ...any) {
	said := app.Now()
	return func(format string, args ...any) {
		if now := app.Now(); now.Sub(said) >= time.Second {
			said = now
			app.Sayf(format, args...)
		}
	}
}

// lateSignals is the annotation of a command that calls catchSignals itself, if
// it comes to that: what handles signals takes a while to start, and a command
// that is run many times a day has nothing to put in order until then.
const lateSignals = "late-signals"

// noArgs, oneArg and maxOneArg are the shapes of positional arguments; their
// errors are usage errors, which cobra's own are not.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if cmd.HasAvailableSubCommands() {
		return unknownCommand(cmd, args[0])
	}
	return ui.Usagef("%s takes no arguments", cmd.CommandPath())
}

func argsBetween(least, most int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) >= least && len(args) <= most {
			return nil
		}
		return &ui.UsageError{
			Msg:  fmt.Sprintf("%s was given %d arguments", cmd.CommandPath(), len(args)),
			Hint: "usage: " + cmd.UseLine(),
		}
	}
}

// firstArg returns the first argument, or "".
func firstArg(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return args[0]
}
