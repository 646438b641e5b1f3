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
		b, err := c.StageKey(name, stored, now)
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
		a, err := c.TakeStaged(name, staged, now)
		if err != nil {
			return err
		}
		return change(a)
	})
}
