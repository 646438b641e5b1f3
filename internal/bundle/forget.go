package bundle

import (
	"fmt"
	"slices"
	"time"

	"npmotp/vault"
)

// Forget takes out of the vault what sent, a copy that [vault.Account.CopyFor] made,
// holds of the account with its id, and notes as m where it went. The error is
// that of a vault in which these have changed since the copy was made; nothing is
// forgotten then.
func Forget(c *vault.Contents, sent *vault.Account, m vault.Move, now time.Time) error {
	a := c.ByID(sent.ID)
	if a == nil {
		return fmt.Errorf("%w: %q was removed meanwhile", vault.ErrNoAccount, sent.Name)
	}
	if err := stillHolds(a, sent); err != nil {
		return err
	}
	m.Codes, m.Secret, m.MovedAt = sent.UnusedCodes(), sent.Key != nil, now.UTC()
	m.LastNumber, m.LastSet = a.LastNumber(), a.NewestSet()
	if sent.Key != nil {
		a.Key = nil
	}
	for _, r := range sent.RecoveryCodes {
		c.Bury(r.ID, now)
	}
	a.RecoveryCodes = slices.DeleteFunc(a.RecoveryCodes, func(r vault.RecoveryCode) bool {
		return sent.RecoveryCode(r.ID) != nil
	})
	a.Moved = append(a.Moved, m)
	a.UpdatedAt = now.UTC()
	return nil
}

// stillHolds reports as an error that a part of sent is not in a as it was sent.
func stillHolds(a, sent *vault.Account) error {
	changed := fmt.Errorf("%q was changed meanwhile by another npmotp", a.Name)
	if k := sent.Key; k != nil && (a.Key == nil || !a.Key.Secret.Equal(k.Secret) || a.Key.Counter != k.Counter) {
		return changed
	}
	for _, r := range sent.RecoveryCodes {
		mine := a.RecoveryCode(r.ID)
		if mine == nil || mine.State != r.State || mine.RetiredAt != r.RetiredAt {
			return changed
		}
	}
	return nil
}

// NoteSent notes as m that the recovery codes in sent, which were never in the vault
// of a, went to a device; an earlier note with the id replaced is taken back. As with
// [vault.Account.AddRecoveryCodes] the older sets are retired, and the numbers are not
// given again.
func NoteSent(a *vault.Account, replaced string, sent *vault.Account, m vault.Move, now time.Time) {
	now = now.UTC()
	m.Codes, m.Secret, m.MovedAt = sent.UnusedCodes(), false, now
	m.LastNumber, m.LastSet = sent.LastNumber(), sent.NewestSet()
	a.RetireBefore(m.LastSet, now)
	a.Moved = slices.DeleteFunc(a.Moved, func(old vault.Move) bool { return old.ID == replaced })
	a.Moved = append(a.Moved, m)
	a.UpdatedAt = now
}
