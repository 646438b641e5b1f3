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

	"github.com/spf13/cobra"

	"npmotp/internal/npm/tools"
	"npmotp/internal/ptyrun"
	"npmotp/internal/ui"
)

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
	if len(args) == 1 && args[0] == terminalMonitor { // a command waits for it, which cobra would take longer
		app.reopen() // for the command, which is started from here
		return ptyrun.Monitor()
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
// and SIGHUP once catch has been called. That holds for the rest of the process, or
// until a SIGINT: another one ends the process, where nothing else ends a system call,
// as that of a file on a server that does not answer.
func notify(parent context.Context) (ctx context.Context, catch func()) {
	ctx, cancel := context.WithCancelCause(parent)
	return ctx, sync.OnceFunc(func() {
		signals := make(chan os.Signal, 1)
		signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
		go func() {
			s := <-signals
			if s == os.Interrupt {
				signal.Stop(signals)
			}
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
  npmotp exec npm publish   run npm publish with a one-time password
  npmotp recovery add       store the recovery codes that npm printed`,
		Args:          noArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRun: func(cmd *cobra.Command, _ []string) {
			if f := cmd.Flags().Lookup("output"); f != nil && f.Changed && f.Value.String() != "-" {
				app.State.Wrote(f.Value.String())
			}
			if _, late := cmd.Annotations[lateSignals]; !late {
				app.catchSignals()
			}
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			if showVersion {
				return app.printVersion()
			}
			return app.welcome(cmd)
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
		newAddCmd(app), newCodeCmd(app), newWatchCmd(app), newExecCmd(app), newRecoveryCmd(app),
		newUnlockCmd(app), newLockCmd(app), newStatusCmd(app))
	addGroup(root, groupDialogues, "By npm's own dialogues:", newEnrollCmd(app), newDisableCmd(app), newRecoverCmd(app), newApproveCmd(app))
	addGroup(root, groupAccounts, "Accounts:",
		newListCmd(app), newShowCmd(app), newEditCmd(app), newRenameCmd(app), newRemoveCmd(app), newDefaultCmd(app), newImportCmd(app), newExportCmd(app), newQRCmd(app))
	addGroup(root, groupVault, "The vault:",
		newInitCmd(app), newPasswdCmd(app), newSlotCmd(app), newCheckCmd(app), newBackupCmd(app), newRestoreCmd(app), newDoctorCmd(app))
	addGroup(root, groupDevices, "Another laptop:",
		newDeviceCmd(app), newSendCmd(app), newReceiveCmd(app), newMergeCmd(app), newSyncCmd(app))
	root.AddCommand(newDemoCmd(app), newShellInitCmd(app), newVersionCmd(app), newClearClipboardCmd(app), newWitnessCmd(app), newAgentCmd(app))
	root.InitDefaultCompletionCmd()
	root.SetHelpCommand(newHelpCmd())
	root.InitDefaultHelpCmd()
	return root
}

// welcome prints what to type first where there is no vault, and the help where
// there is one.
func (app *App) welcome(cmd *cobra.Command) error {
	f, err := app.file()
	if err != nil {
		return cmd.Help()
	}
	if exists, err := f.Exists(); exists || err != nil {
		return cmd.Help()
	}
	_, err = io.WriteString(app.Out, `npmotp is the second factor for npm on a laptop, offline. There is no vault yet:

  npmotp add --qr FILE   store a key, from a picture of its QR code
  npmotp code            print a one-time password

Instead of --qr: 'npmotp add' asks for the secret, 'npmotp import FILE' reads what other
apps export. 'npmotp demo' shows everything first, 'npmotp --help' lists the commands.
`)
	return err
}

// addAlone adds the command of that name without the others, if it is one that
// people wait for many times a day: to build the whole tree takes as long as an
// empty program does. What such a command knows of the others is words.
func addAlone(root *cobra.Command, app *App, name string) bool {
	switch name {
	case "code":
		root.AddCommand(newCodeCmd(app))
	case "exec":
		root.AddCommand(newExecCmd(app))
	default:
		return false
	}
	root.CompletionOptions.DisableDefaultCmd = true
	return true
}
