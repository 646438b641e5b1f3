package vault

import (
	"errors"
	"maps"
	"slices"

	"npmotp/internal/jsonobject"
	"npmotp/internal/secret"
	"npmotp/vault/internal/merge"
)

// EncodeAccount returns the JSON of a as it stands in the vault. It holds the
// secrets of a: what is done with it but encrypting it is a leak.
func EncodeAccount(a *Account) (secret.Text, error) {
	if err := a.validate(); err != nil {
		return secret.Text{}, err
	}
	raw, err := jsonobject.Encode(a, (*Account).fields, 0)
	return secret.New(string(raw)), err
}

// DecodeAccount is the inverse of [EncodeAccount], for an account of another
// vault. It refuses accounts that would not work; it does not clean names. Fields
// that this version does not know are kept.
func DecodeAccount(raw secret.Text) (Account, error) {
	var a Account
	if err := jsonobject.Decode([]byte(raw.Reveal()), &a, (*Account).fields); err != nil {
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

// RecoveryCode returns the recovery code with an id, or nil.
func (a *Account) RecoveryCode(id string) *RecoveryCode {
	if i := slices.IndexFunc(a.RecoveryCodes, func(r RecoveryCode) bool { return r.ID == id }); i >= 0 {
		return &a.RecoveryCodes[i]
	}
	return nil
}
