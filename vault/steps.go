package vault

import (
	"context"
	"time"

	"npmotp/otpgen"
)

// Reserve takes the next unused recovery code of the account that query names,
// and returns it with the account's name and the number of unused codes left.
//
// The code is on disk as [Reserved] before Reserve returns it: a crash in
// between costs the user a look at the list, while the other order could hand
// the same code out twice.
func (v *Vault) Reserve(ctx context.Context, query, purpose string, now time.Time) (code RecoveryCode, name string, left int, err error) {
	err = v.Update(ctx, func(c *Contents) error {
		a, err := c.Find(query)
		if err != nil {
			return err
		}
		if code, err = a.Reserve(purpose, now); err != nil {
			return err
		}
		name, left = a.Name, a.UnusedCodes()
		return nil
	})
	if err != nil {
		return RecoveryCode{}, "", 0, err
	}
	return code, name, left, nil
}

// NextHOTP returns the counter-based password of the account that query names.
// The advanced counter is on disk before the code is returned (RFC 4226
// section 7.2 has the server resynchronize when one is never sent).
func (v *Vault) NextHOTP(ctx context.Context, query string, now time.Time) (code otpgen.Code, err error) {
	err = v.Update(ctx, func(c *Contents) error {
		a, err := c.Find(query)
		if err != nil {
			return err
		}
		if a.Key == nil {
			return a.LacksKey()
		}
		var next otpgen.Key
		if code, next, err = a.Key.HOTP(); err == nil {
			a.Key = &next
		}
		a.UpdatedAt = now.UTC()
		return err
	})
	if err != nil {
		return otpgen.Code{}, err
	}
	return code, nil
}
