package vault

import (
	"fmt"
	"time"

	"npmotp/otpgen"
)

// StageKey stores a key for an account that keeps its own until [Contents.TakeStaged]:
// in an account beside it that is put away. It returns that one; a key that is staged
// already is not stored again.
func (c *Contents) StageKey(name string, key otpgen.Key, now time.Time) (*Account, error) {
	a, err := c.Named(name)
	if err != nil {
		return nil, err
	}
	if a.Key != nil && a.Key.Secret.Equal(key.Secret) {
		return nil, fmt.Errorf("%q has that secret already", a.Name)
	}
	for i := range c.Accounts {
		if b := &c.Accounts[i]; b.Wanted == a.Name && b.Archived() && b.Key != nil && b.Key.Secret.Equal(key.Secret) {
			return b, nil
		}
	}
	of := *a // adding moves the accounts
	b, err := c.Add(Account{
		Name: c.freeName(of.Name+" (new key)", "later"), Issuer: of.Issuer, Username: of.Username, Registry: of.Registry, Level: of.Level, Key: &key,
	}, now)
	if err == nil {
		b.Wanted, b.ArchivedAt = of.Name, now.UTC()
	}
	return b, err
}

// TakeStaged gives an account the key that was staged for it, which was in the account
// with the given id.
func (c *Contents) TakeStaged(name, staged string, now time.Time) (*Account, error) {
	beside := c.byID(staged)
	if beside == nil {
		return nil, fmt.Errorf("%w: the new key of %q was removed in the meantime", ErrNoAccount, name)
	}
	key := *beside.Key
	if _, err := c.Remove(beside.Name, now); err != nil {
		return nil, err
	}
	a, err := c.Named(name)
	if err != nil {
		return nil, err
	}
	a.Key, a.UpdatedAt = &key, now.UTC()
	return a, nil
}
