package codes

import (
	"context"
	"fmt"
	"time"

	"npmotp/otpgen"
	"npmotp/vault"
)

// ReplaceKey gives an account another key, and has change make what other changes
// there are. The key is stored before show shows its first code, and is the account's
// when that is done: who cannot show the registry a code of the new key needs the old
// one. Show gets an account as it will be, but for the change.
func ReplaceKey(ctx context.Context, v *vault.Vault, name string, key otpgen.Key, now time.Time, show, change func(*vault.Account) error) error {
	stored := key
	if key.Kind == otpgen.HOTP {
		var err error
		if _, stored, err = key.HOTP(); err != nil { // the first code is used up by being shown
			return err
		}
	}
	var shown vault.Account
	var staged string
	err := v.Update(ctx, func(c *vault.Contents) error {
		b, err := stage(c, name, stored, now)
		if err != nil {
			return err
		}
		staged = b.ID
		a, err := c.Named(name)
		if err == nil {
			shown = *a
		}
		return err
	})
	if err != nil {
		return err
	}
	shown.Key = &key
	if err := show(&shown); err != nil {
		return fmt.Errorf("%w; %q keeps its old key", err, name)
	}
	return v.Update(ctx, func(c *vault.Contents) error {
		a, err := takeStaged(c, name, staged, now)
		if err != nil {
			return err
		}
		return change(a)
	})
}

// stage stores a key for an account that keeps its own until [takeStaged]: in an
// account beside it that is put away. A key that is staged already is not stored again.
func stage(c *vault.Contents, name string, key otpgen.Key, now time.Time) (*vault.Account, error) {
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
	b, err := c.Add(vault.Account{
		Name: c.FreeName(of.Name+" (new key)", "later"), Issuer: of.Issuer, Username: of.Username, Registry: of.Registry, Level: of.Level, Key: &key,
	}, now)
	if err == nil {
		b.Wanted, b.ArchivedAt = of.Name, now.UTC()
	}
	return b, err
}

// takeStaged gives an account the key that is in the account with the id staged.
func takeStaged(c *vault.Contents, name, staged string, now time.Time) (*vault.Account, error) {
	beside := c.ByID(staged)
	if beside == nil {
		return nil, fmt.Errorf("%w: the new key of %q was removed in the meantime", vault.ErrNoAccount, name)
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
