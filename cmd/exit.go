package cmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"npmotp/internal/agefile"
	"npmotp/internal/approve"
	"npmotp/internal/bundle"
	"npmotp/internal/codes"
	"npmotp/internal/filelock"
	"npmotp/internal/intake"
	"npmotp/internal/npm/tools"
	"npmotp/internal/otpexport"
	"npmotp/internal/otpimport"
	"npmotp/internal/passphrase"
	"npmotp/internal/recoverycode"
	"npmotp/internal/sheet"
	"npmotp/internal/statefile"
	"npmotp/internal/ui"
	"npmotp/otpgen"
	"npmotp/scan"
	"npmotp/vault"
)

// Exit statuses. They are part of the interface (doc/exit-status.md): a number
// keeps its meaning for ever.
const (
	exitOK       = 0
	exitFailure  = 1
	exitUsage    = 2
	exitNotFound = 3
	exitLocked   = 4
	exitVault    = 5
	exitNoCodes  = 6

	// The statuses of exec before its command runs, as those of env(1) and
	// timeout(1).
	exitExecFailed = 125
)

// errNeedsIdentity says that no passphrase opens the vault.
var errNeedsIdentity = errors.New("the vault opens with an identity only")

// errNoNew says that there is nobody to ask for a new passphrase.
var errNoNew = errors.New("nobody can be asked for the new passphrase")

// A signalError is the cause of a context that a signal ended.
type signalError struct {
	name   string
	status int
}

func (e *signalError) Error() string { return e.name }

// A statusError gives the exit status of something that has said all there is
// to say.
type statusError struct{ status int }

func (e *statusError) Error() string { return fmt.Sprintf("exit status %d", e.status) }

// A row of the table below: the errors of one kind, their exit status, and
// what the user can do about them.
type row struct {
	err    error
	status int
	hint   string
}

// outcomes is the only place where errors become numbers and hints.
func outcomes() []row {
	return []row{
		{vault.ErrEmpty, exitNotFound, "'npmotp add' adds an account"},
		{vault.ErrAllArchived, exitNotFound, "'npmotp list --all' shows them; 'npmotp add' adds an account"},
		{approve.ErrNotStaged, exitNotFound, ""},
		{vault.ErrNoGeneration, exitNotFound, "'npmotp restore' lists the generations that there are"},
		{vault.ErrNoAccount, exitNotFound, "'npmotp list' shows the accounts"},
		{vault.ErrNoDevice, exitNotFound, "'npmotp device list' shows the devices, 'npmotp device add' stores one"},
		{vault.ErrDeviceTaken, exitUsage, "'npmotp device list' shows the devices; 'npmotp device remove' forgets one"},
		{vault.ErrSentAway, exitUsage, ""},
		{vault.ErrRecipient, exitUsage, "'npmotp device id' prints the recipient of the laptop it runs on"},
		{bundle.ErrForeign, exitLocked, "compare 'npmotp device id' here with 'npmotp device list' there, and have it sent to this laptop; one that was altered on its way can look like this too"},
		{bundle.ErrCut, exitVault, "copy the whole of it, from the first line to the last"},
		{bundle.ErrAltered, exitVault, "copy it again, as a file and not as text where that is possible, or have it sent again"},
		{bundle.ErrNoBundle, exitNotFound, "a bundle is what 'npmotp send' writes: a file, text that begins with -----BEGIN AGE ENCRYPTED FILE-----, or with --qr pictures"},
		{bundle.ErrTooLarge, exitVault, ""},
		{bundle.ErrInvalid, exitVault, "have it sent again with 'npmotp send'"},
		{bundle.ErrNothing, exitNotFound, "'npmotp list' shows what each account has"},
		{vault.ErrNoSuchCode, exitNotFound, "'npmotp recovery list' shows the numbers"},
		{recoverycode.ErrNone, exitNotFound, "paste what npm printed below \"recovery codes\", or the codes themselves, one on each line"},
		{scan.ErrLines, exitUsage, "give it on one line"},
		{intake.ErrBeside, exitUsage, "give only the secret"},
		{intake.ErrEmpty, exitNotFound, ""},
		{sheet.ErrNotSheet, exitNotFound, "'npmotp recovery sheet' makes the page whose QR code is read here"},
		{sheet.ErrDamaged, exitNotFound, "take the photo again, or type the codes from the page"},
		{otpgen.ErrMigration, exitNotFound, "give it to 'npmotp import'"},
		{otpimport.ErrUnknown, exitNotFound, "'npmotp import --help' lists the formats; --format names one"},
		{otpimport.ErrUnread, exitNotFound, "'npmotp import --help' lists the formats that are read"},
		{otpimport.ErrNoKeys, exitNotFound, ""},
		{otpimport.ErrDamaged, exitNotFound, "export it anew"},
		{otpimport.ErrCost, exitNotFound, "export it anew; a program's own exports ask for less"},
		{otpimport.ErrPassword, exitLocked, "it is the one that was set for the export, not the passphrase of the vault"},
		{otpimport.ErrNoPassword, exitLocked, "type the password of the export at a terminal, or name a file that holds it with --password-file"},
		{otpexport.ErrUnfit, exitUsage, "leave them out with --only, or take another --format"},
		{otpexport.ErrTooLarge, exitFailure, "enlarge the window, take a smaller font, or write a picture with -o FILE.png"},
		{scan.ErrContent, exitNotFound, "npm shows the QR code that is meant when two-factor authentication is enabled"},
		{scan.ErrParts, exitNotFound, ""},
		{scan.ErrAnimation, exitNotFound, "take a screenshot while it shows the QR code"},
		{scan.ErrNotShown, exitNotFound, "give all that npm printed, from its command on; or give the secret below the QR code to 'npmotp add' at its prompt"},
		{scan.ErrNoCode, exitNotFound, "crop the picture to the QR code, or give the secret below it to 'npmotp add' at its prompt"},
		{scan.ErrNotPicture, exitNotFound, "for what a terminal showed, use --text"},
		{scan.ErrDisagree, exitNotFound, ""},
		{agefile.ErrPassphrase, exitLocked, ""},
		{vault.ErrNoSlotFits, exitLocked, "'npmotp slot list' shows the recipients that can open it; its passphrase opens it without --identity"},
		{errNeedsIdentity, exitLocked, "name the identity file with --identity or NPMOTP_IDENTITY_FILE"},
		{errNoNew, exitLocked, ""},
		{vault.ErrNoSlot, exitNotFound, "'npmotp slot list' shows the ids and names"},
		{agefile.ErrRecipient, exitUsage, ""},
		{vault.ErrLastSlot, exitUsage, "add another with 'npmotp slot add' first"},
		{vault.ErrManySlots, exitUsage, "'npmotp slot remove' makes room"},
		{vault.ErrSlotExists, exitUsage, ""},
		{vault.ErrSlotName, exitUsage, ""},
		{vault.ErrNoPassphraseSlot, exitUsage, "'npmotp slot list' shows the slots; 'npmotp slot add --passphrase' adds one"},
		{vault.ErrSlotsChanged, exitVault, "look at 'npmotp slot list', then run it again"},
		{codes.ErrLocked, exitLocked, "type the passphrase at a terminal, run 'npmotp unlock' first, or name a file that holds it with --passphrase-file or NPMOTP_PASSPHRASE_FILE"},
		{codes.ErrRefused, exitLocked, ""},
		{passphrase.ErrEmptyLine, exitLocked, "put the passphrase into its first line"},
		{ui.ErrNoTerminal, exitLocked, "without a terminal, give the passphrase with --passphrase-file, NPMOTP_PASSPHRASE_FILE, NPMOTP_PASSPHRASE_COMMAND or NPMOTP_PASSPHRASE"},
		{vault.ErrNoVault, exitVault, "'npmotp init' creates a vault, and so does 'npmotp add'"},
		{vault.ErrExists, exitVault, "'npmotp add' adds to it; name another file with --vault"},
		{vault.ErrCostly, exitVault, ""},
		{vault.ErrLineEnds, exitVault, "say 'vault.npmotp -text' in .gitattributes and check it out anew, or mend the file: tr -d '\\r' < FILE > NEW"},
		{vault.ErrFormat, exitVault, "the older copies of a vault are in the folder 'backups' beside it; open one with --vault to see what it holds"},
		{vault.ErrOtherIdentity, exitVault, ""},
		{vault.ErrRolledBack, exitVault, "put the newest copy back, or join it with 'npmotp merge FILE'; if this file is the one you want, 'npmotp restore --accept' says so"},
		{vault.ErrOtherVault, exitVault, "only copies of one vault can be merged; 'npmotp send' moves accounts between vaults"},
		{filelock.ErrNotLock, exitVault, ""},
		{vault.ErrBusy, exitVault, "wait for the other npmotp to end, or end it"},
		{vault.ErrNoCodes, exitNoCodes, "make new codes where you log in to the registry, then run 'npmotp recovery add'"},
		{vault.ErrNoKey, exitNotFound, "'npmotp recovery use' gives one of its recovery codes"},
		{codes.ErrCounterBased, exitUsage, ""},
		{vault.ErrNameTaken, exitUsage, "give another NAME, or change the account with 'npmotp edit' or 'npmotp remove'"},
		{otpgen.ErrInvalid, exitUsage, ""},
		{tools.ErrNoCommand, exitUsage, "for example: npmotp exec npm publish"},
		{tools.ErrNoWay, exitUsage, ""},
		{statefile.ErrDamaged, exitFailure, "move it away: it is begun anew"},
		{ui.ErrInterrupted, 130, ""},
		// After those that it may wrap.
		{agefile.ErrIdentity, exitLocked, ""},
	}
}

// EndBySignal ends the process by SIGINT when its status is the one that stands
// for it: a shell, or make, goes on after a command that merely says so.
func EndBySignal(status int) {
	if status != 128+int(syscall.SIGINT) {
		return
	}
	signal.Reset(syscall.SIGINT)
	if self, err := os.FindProcess(os.Getpid()); err == nil && self.Signal(syscall.SIGINT) == nil {
		time.Sleep(time.Second) // it is on its way
	}
}

// outcome returns the exit status of err and the hint for it.
func outcome(err error) (status int, hint string) {
	if err == nil {
		return exitOK, ""
	}
	status, hint = classify(err)
	// These two carry the status of something else, whatever they wrap.
	if e, ok := errors.AsType[*tools.ExitError](err); ok {
		status = e.Status
	}
	if e, ok := errors.AsType[*statusError](err); ok {
		status = e.status
	}
	return status, hint
}

func classify(err error) (status int, hint string) {
	if e, ok := errors.AsType[*ui.HintError](err); ok {
		hint = e.Hint
	}
	if e, ok := errors.AsType[*vault.MovedError](err); ok && hint == "" {
		hint = fmt.Sprintf("use it on %q, or have it sent back: npmotp send there, npmotp receive here", e.Move.DeviceName)
	}
	for _, r := range outcomes() {
		if errors.Is(err, r.err) {
			return r.status, cmp.Or(hint, r.hint)
		}
	}
	status, typed := classifyType(err)
	return status, cmp.Or(hint, typed)
}

// classifyType does for errors that carry data what the table does for others.
func classifyType(err error) (status int, hint string) {
	if e, ok := errors.AsType[*ui.UsageError](err); ok {
		return exitUsage, e.Hint
	}
	if e, ok := errors.AsType[*signalError](err); ok {
		return e.status, ""
	}
	if e, ok := errors.AsType[*agefile.PluginError](err); ok {
		return exitFailure, fmt.Sprintf("install %s, or put its folder into PATH", e.Program)
	}
	switch {
	case isA[*vault.AmbiguousError](err):
		return exitNotFound, "name the account; 'npmotp default NAME' sets one for when none is named"
	case isA[*scan.SeveralError](err):
		return exitNotFound, ""
	case isA[*vault.VersionError](err), isA[*bundle.VersionError](err), isA[*statefile.VersionError](err):
		return exitVault, "update npmotp on this machine"
	case isA[*otpimport.PartsError](err):
		return exitUsage, "give the pictures of all its QR codes at once, or take what is there with --only"
	case isA[*bundle.MissingError](err):
		return exitNotFound, "give the pictures of all parts at once, in any order"
	case isA[*vault.DuplicateError](err), isA[*recoverycode.CutError](err), isA[*recoverycode.DoubtError](err):
		return exitUsage, ""
	case isA[*recoverycode.CheckError](err):
		return exitUsage, "compare the groups with the sheet; each is four characters"
	case errors.Is(err, context.Canceled):
		return 130, ""
	}
	return exitFailure, ""
}

func isA[T error](err error) bool {
	_, ok := errors.AsType[T](err)
	return ok
}

// report prints err for people. What ended by a signal, or has spoken for
// itself, gets no words.
func (app *App) report(err error) {
	status, hint := outcome(err)
	if status == exitOK {
		return
	}
	if isA[*statusError](err) {
		return
	}
	e, ran := errors.AsType[*tools.ExitError](err)
	if ran && e.Err == nil || !ran && (status == 129 || status == 130 || status == 143) {
		return
	}
	if path := app.Getenv("NPMOTP_VAULT"); path != "" && app.flags.vault == "" && errors.Is(err, vault.ErrFormat) {
		err = fmt.Errorf("%w: it is the file %s, which NPMOTP_VAULT names", err, path)
	}
	app.Fail(err, hint)
}
