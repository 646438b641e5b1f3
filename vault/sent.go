package vault

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"npmotp/internal/secret"
	"npmotp/vault/internal/merge"
)

// EncodeAccount returns the JSON of a as it stands in the vault. It holds the
// secrets of a: what is done with it but encrypting it is a leak.
func EncodeAccount(a *Account) (secret.Text, error) {
	if err := a.validate(); err != nil {
		return secret.Text{}, err
	}
	raw, err := a.encode()
	return secret.New(string(raw)), err
}

// DecodeAccount is the inverse of [EncodeAccount], for an account of another
// vault. It refuses accounts that would not work; it does not clean names. Fields
// that this version does not know are kept.
func DecodeAccount(raw secret.Text) (Account, error) {
	a, err := decodeAccount(json.RawMessage(raw.Reveal()))
	if err != nil {
		return Account{}, err
	}
	if a.ID == "" {
		return Account{}, errors.New("an account without an id")
	}
	a.extra = withoutNotes(a.extra)
	for i := range a.RecoveryCodes {
		a.RecoveryCodes[i].extra = withoutNotes(a.RecoveryCodes[i].extra)
	}
	return a, a.validate()
}

// withoutNotes returns x without what copies of one vault note for a merge. In
// another vault it says nothing, a stranger could write that he was always right,
// and a second key among it is not what was asked to be sent.
func withoutNotes(x extra) extra {
	x = maps.Clone(x)
	for _, name := range merge.Notes() {
		delete(x, name)
	}
	return x
}

// CopyFor returns a copy of a that shares nothing with it and holds, as asked for,
// the OTP key and the codes of the newest set. What was moved away from this vault is
// not told; fields that this version does not know are in a copy of both only,
// because they can be anything.
func (a *Account) CopyFor(key, codes bool) Account {
	c := *a
	c.Key, c.RecoveryCodes, c.Moved, c.extra = nil, nil, nil, nil
	if key && codes {
		c.extra = withoutNotes(a.extra)
	}
	if key && a.Key != nil {
		k := *a.Key
		c.Key = &k
	}
	if codes {
		for _, r := range a.RecoveryCodes {
			if r.RetiredAt.IsZero() {
				r.extra = withoutNotes(r.extra)
				c.RecoveryCodes = append(c.RecoveryCodes, r)
			}
		}
	}
	return c
}

// Forget takes out of the vault what sent, a copy that [Account.CopyFor] made,
// holds of the account with its id, and notes as m where it went. The error is
// that of a vault in which these have changed since the copy was made; nothing is
// forgotten then.
func (c *Contents) Forget(sent *Account, m Move, now time.Time) error {
	i := slices.IndexFunc(c.Accounts, func(a Account) bool { return a.ID == sent.ID })
	if i < 0 {
		return fmt.Errorf("%w: %q was removed meanwhile", ErrNoAccount, sent.Name)
	}
	a := &c.Accounts[i]
	if err := a.stillHolds(sent); err != nil {
		return err
	}
	m.Codes, m.Secret, m.MovedAt = 0, sent.Key != nil, now.UTC()
	m.LastNumber, m.LastSet = a.lastNumber(), a.newestSet()
	if sent.Key != nil {
		a.Key = nil
	}
	for _, r := range sent.RecoveryCodes {
		if r.offered() {
			m.Codes++
		}
		c.bury(r.ID, now)
	}
	a.RecoveryCodes = slices.DeleteFunc(a.RecoveryCodes, func(r RecoveryCode) bool {
		return sent.code(r.ID) != nil
	})
	a.Moved = append(a.Moved, m)
	a.UpdatedAt = now.UTC()
	return nil
}

// NoteSent notes as m that the recovery codes in sent, which were never in the
// vault, went to a device. As with [Account.AddRecoveryCodes] the older sets are
// retired, and the numbers are not given again.
func (a *Account) NoteSent(sent *Account, m Move, now time.Time) {
	now = now.UTC()
	m.Codes, m.Secret, m.MovedAt = sent.UnusedCodes(), false, now
	m.LastNumber, m.LastSet = sent.lastNumber(), sent.newestSet()
	for i := range a.RecoveryCodes {
		if r := &a.RecoveryCodes[i]; r.RetiredAt.IsZero() && r.Set < m.LastSet {
			r.RetiredAt = now
		}
	}
	a.Moved = append(a.Moved, m)
	a.UpdatedAt = now
}

// stillHolds reports as an error that a part of sent is not in a as it was sent.
func (a *Account) stillHolds(sent *Account) error {
	changed := fmt.Errorf("%q was changed meanwhile by another npmotp", a.Name)
	if k := sent.Key; k != nil && (a.Key == nil || !a.Key.Secret.Equal(k.Secret) || a.Key.Counter != k.Counter) {
		return changed
	}
	for _, r := range sent.RecoveryCodes {
		mine := a.code(r.ID)
		if mine == nil || mine.State != r.State || mine.RetiredAt != r.RetiredAt {
			return changed
		}
	}
	return nil
}

// code returns the recovery code with an id, or nil.
func (a *Account) code(id string) *RecoveryCode {
	if i := slices.IndexFunc(a.RecoveryCodes, func(r RecoveryCode) bool { return r.ID == id }); i >= 0 {
		return &a.RecoveryCodes[i]
	}
	return nil
}
