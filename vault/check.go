package vault

import (
	"errors"
	"fmt"
	"time"
)

// A Report is what [Vault.Check] found.
type Report struct {
	Generation    uint64
	Slots         []SlotReport
	Accounts      int
	RecoveryCodes int // unused ones
	Backups       []BackupReport
	Leftovers     []string // temporary files of saves that were killed
}

// A BackupReport says whether a backup is readable.
type BackupReport struct {
	Backup
	Err error // nil when it opens with the same passphrase
}

// ErrOtherPassphrase says that a backup was made under another passphrase and
// could not be looked into.
var ErrOtherPassphrase = errors.New("made under another passphrase")

// Check reads the whole vault and its backups anew and computes a code of
// every account. The error says what is wrong with the vault itself; what is
// wrong with a backup stands in the report.
func (v *Vault) Check(now time.Time) (*Report, error) {
	c, contents, err := v.present()
	if err != nil {
		return nil, err
	}
	r := &Report{Generation: contents.Generation, Accounts: len(contents.Accounts)}
	if r.Slots, err = contents.slots(c); err != nil {
		return nil, err
	}
	for i := range contents.Accounts {
		a := &contents.Accounts[i]
		r.RecoveryCodes += a.UnusedCodes()
		if err := a.check(now); err != nil {
			return nil, fmt.Errorf("%w: account %q: %w", ErrFormat, a.Name, err)
		}
	}
	backups, err := v.file.Backups()
	if err != nil {
		return nil, err
	}
	for _, b := range backups {
		r.Backups = append(r.Backups, BackupReport{Backup: b, Err: v.checkBackup(b)})
	}
	r.Leftovers, err = v.file.Leftovers()
	return r, err
}

// check computes a code, of an HOTP account without using it up.
func (a *Account) check(now time.Time) error {
	switch {
	case a.Key == nil:
		return nil
	case a.IsHOTP():
		_, _, err := a.Key.HOTP()
		return err
	default:
		_, err := a.Key.At(now)
		return err
	}
}

func (v *Vault) checkBackup(b Backup) error {
	c, err := readContainer(b.Path)
	if err != nil {
		return err
	}
	if _, err = v.decode(c); errors.Is(err, ErrOtherIdentity) {
		return ErrOtherPassphrase
	}
	return err
}
