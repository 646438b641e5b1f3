// Package cmd is the command line of npmotp.
//
// A command checks its flags, unlocks the vault, calls one function of a domain
// package, and prints. Three rules hold everywhere: standard output is data and
// nothing else; standard error is talk, each line with "npmotp:" before it;
// questions go to the terminal, past both.
package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"npmotp/internal/codes"
	"npmotp/internal/npm/tools"
	"npmotp/internal/ptyrun"
	"npmotp/internal/screen"
	"npmotp/internal/secret"
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
	// Converse runs a command on a pseudo-terminal, and returns how often it
	// was answered.
	Converse func(ctx context.Context, s *ptyrun.Session) (int, error)
	// Ledger knows which codes were sent.
	Ledger codes.Ledger
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
	Text() (secret.Text, error)
}

// globalFlags are the flags of every command.
type globalFlags struct {
	vault          string
	passphraseFile string
	identity       string
	json           bool
}

// Main runs the command line args, without the program's name, and returns the
// exit status.
func Main(args []string, app *App) int {
	if len(args) == 1 && args[0] == versionFlag {
		err := app.printVersion()
		app.report(err)
		status, _ := outcome(err)
		return status
	}
	ctx, catch := notify(context.Background())
	app.catchSignals = catch
	app.reopen = func() {}
	if app.Harden != nil {
		// Where it fails, the rest of the protection still holds.
		app.reopen, _ = app.Harden()
	}
	out := &checkedWriter{w: app.Out}
	app.Out = out
	root := newRoot(app, firstArg(args))
	root.SetArgs(args)
	root.SetIn(app.In)
	root.SetOut(app.Out)
	root.SetErr(app.Err)
	err := root.ExecuteContext(ctx)
	_, final := errors.AsType[*tools.ExitError](err)
	if cause := context.Cause(ctx); err != nil && cause != nil && !final {
		err = cause
	}
	if err == nil {
		err = out.err // of a write that cobra made and did not check
	}
	app.report(err)
	status, _ := outcome(err)
	return status
}

// notify returns a context that ends with a [signalError] on SIGINT, SIGTERM
// and SIGHUP once catch has been called. That holds for the rest of the process.
func notify(parent context.Context) (ctx context.Context, catch func()) {
	ctx, cancel := context.WithCancelCause(parent)
	return ctx, sync.OnceFunc(func() {
		signals := make(chan os.Signal, 1)
		signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
		go func() {
			s := <-signals
			if number, ok := s.(syscall.Signal); ok {
				cancel(&signalError{name: s.String(), status: 128 + int(number)})
			}
		}()
	})
}

// A checkedWriter remembers the first error of a write.
type checkedWriter struct {
	w   io.Writer
	err error
}

func (c *checkedWriter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	if err != nil && c.err == nil {
		c.err = err
	}
	return n, err
}

// NewRoot returns the command tree, without what only Main sets up: signals end
// the process.
func NewRoot(app *App) *cobra.Command {
	app.catchSignals = func() {}
	return newRoot(app, "")
}

// newRoot returns the root and the commands that a command line with the given
// first argument can name: all of them, or one that is built alone.
func newRoot(app *App, first string) *cobra.Command {
	var showVersion bool
	root := &cobra.Command{
		Use:   "npmotp",
		Short: "The second factor for npm on a laptop, offline",
		Long: `npmotp keeps the key of your npm two-factor authentication and the recovery
codes in one encrypted file, prints one-time passwords, and runs npm with one.`,
		Annotations: statuses(exitUsage),
		Example: `  npmotp demo               show everything in a throwaway vault
  npmotp add --qr qr.png    store the key in the QR code that npm drew
  npmotp code               print a one-time password
  npmotp exec npm publish   run npm publish with one
  npmotp recovery add       store the recovery codes that npm printed`,
		Args:          noArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRun: func(cmd *cobra.Command, _ []string) {
			if _, late := cmd.Annotations[lateSignals]; !late {
				app.catchSignals()
			}
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			if showVersion {
				return app.printVersion()
			}
			return cmd.Help()
		},
	}
	root.Flags().BoolVar(&showVersion, "version", false, "print the version")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return &ui.UsageError{Msg: err.Error(), Hint: fmt.Sprintf("'%s --help' lists the flags", cmd.CommandPath())}
	})
	f := root.PersistentFlags()
	f.StringVar(&app.flags.vault, "vault", "", "the vault `FILE` (default: NPMOTP_VAULT, or npmotp/vault.npmotp in the data folder)")
	f.StringVar(&app.flags.passphraseFile, "passphrase-file", "", "read the passphrase from `FILE`")
	f.StringVar(&app.flags.identity, "identity", "", "open the vault with the age identity or SSH private key in `FILE`")
	f.BoolVar(&app.NoInput, "no-input", false, "ask nothing; fail where a question would be needed")
	f.BoolVar(&app.Yes, "yes", false, "answer confirmations with yes")
	f.BoolVar(&app.flags.json, "json", false, "print data as JSON")
	f.BoolVarP(&app.Quiet, "quiet", "q", false, "print no notices, only data, warnings and errors")
	root.SetHelpFunc(printHelp)
	if addAlone(root, app, first) {
		return root
	}
	addGroup(root, groupDaily, "Every day:",
		newAddCmd(app), newCodeCmd(app), newExecCmd(app), newRecoveryCmd(app),
		newUnlockCmd(app), newLockCmd(app), newStatusCmd(app))
	addGroup(root, groupDialogues, "By npm's own dialogues:", newEnrollCmd(app), newDisableCmd(app), newRecoverCmd(app))
	addGroup(root, groupAccounts, "Accounts:",
		newListCmd(app), newShowCmd(app), newEditCmd(app), newRenameCmd(app), newRemoveCmd(app), newDefaultCmd(app), newImportCmd(app))
	addGroup(root, groupVault, "The vault:",
		newInitCmd(app), newPasswdCmd(app), newSlotCmd(app), newCheckCmd(app), newBackupCmd(app), newRestoreCmd(app), newDoctorCmd(app))
	addGroup(root, groupDevices, "Another laptop:",
		newDeviceCmd(app), newSendCmd(app), newReceiveCmd(app), newMergeCmd(app), newSyncCmd(app))
	root.AddCommand(newDemoCmd(app), newVersionCmd(app), newClearClipboardCmd(app), newTerminalMonitorCmd(app), newWitnessCmd(app), newAgentCmd(app))
	root.InitDefaultCompletionCmd()
	root.SetHelpCommand(newHelpCmd())
	root.InitDefaultHelpCmd()
	return root
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
