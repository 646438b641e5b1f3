package codes_test

import (
	"errors"
	"testing"
	"time"

	"npmotp/internal/codes"
	"npmotp/internal/secret"
	"npmotp/otpgen"
	"npmotp/vault"
)

// A new key takes the place of the old one when the registry has taken a code of it:
// whatever happens meanwhile, the account has one of the two.
func TestReplaceKey(t *testing.T) {
	now := time.Unix(59, 0)
	old := secret.New(adaSecret)
	fresh, err := otpgen.NewKey(secret.New("MFRGGZDFMZTWQ2LKMFRGGZDFMZTWQ2LK"))
	if err != nil {
		t.Fatal(err)
	}
	counting := fresh
	counting.Kind, counting.Period, counting.Counter = otpgen.HOTP, 0, 7
	refused := errors.New("the registry refused it")
	remove := func(v *vault.Vault, name string) error {
		return v.Update(t.Context(), func(c *vault.Contents) error { _, err := c.Remove(name, now); return err })
	}
	for name, tt := range map[string]struct {
		key     otpgen.Key
		show    func(v *vault.Vault) error
		failure error
		secret  secret.Text // of the account afterwards, if there is one
		counter uint64
	}{
		"taken":                       {fresh, func(*vault.Vault) error { return nil }, nil, fresh.Secret, 0},
		"a counter, used by the show": {counting, func(*vault.Vault) error { return nil }, nil, fresh.Secret, 8},
		"refused":                     {fresh, func(*vault.Vault) error { return refused }, refused, old, 0},
		"the new one is removed":      {fresh, func(v *vault.Vault) error { return remove(v, "ada (new key)") }, vault.ErrNoAccount, old, 0},
		"the account is removed":      {fresh, func(v *vault.Vault) error { return remove(v, "ada") }, vault.ErrNoAccount, secret.Text{}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			v := newVault(t)
			show := func(a *vault.Account) error {
				if a.Key.Counter != tt.key.Counter || !a.Key.Secret.Equal(fresh.Secret) {
					t.Error("what is shown is not the new key")
				}
				return tt.show(v)
			}
			err := codes.ReplaceKey(t.Context(), v, "ada", tt.key, now, show, func(*vault.Account) error { return nil })
			if !errors.Is(err, tt.failure) {
				t.Errorf("got %v", err)
			}
			c, err := v.Contents()
			if err != nil {
				t.Fatal(err)
			}
			if a := c.ByName("ada"); a != nil && (!a.Key.Secret.Equal(tt.secret) || a.Key.Counter != tt.counter) || a == nil && tt.secret.Len() > 0 {
				t.Errorf("the account is %+v", a)
			}
			if tt.failure == nil && len(c.Accounts) != 2 {
				t.Errorf("%d accounts, want 2", len(c.Accounts))
			}
		})
	}
}
