package enroll

import (
	"context"
	"fmt"
	"regexp"
	"slices"

	"npmotp/internal/ptyrun"
	"npmotp/internal/secret"
	"npmotp/internal/ui"
	"npmotp/vault"
)

// ready tells whether there is a recovery code for a step.
func (r *recovery) ready() error {
	if r.account == nil {
		return ui.WithHint(fmt.Errorf("%w with recovery codes for %s", vault.ErrNoAccount, r.target.Registry), "'npmotp recovery add' stores recovery codes")
	}
	if r.account.UnusedCodes() == 0 {
		return fmt.Errorf("%w in %q", vault.ErrNoCodes, r.account.Name)
	}
	if r.next(r.account) == nil {
		return ui.WithHint(fmt.Errorf("%w in %q that npm takes at its prompt: those have 64 hexadecimal digits", vault.ErrNoCodes, r.account.Name),
			"log in at the registry's web site with one; 'npmotp recovery use %s' gives it", ui.Quote(r.account.Name))
	}
	return nil
}

// next returns the code that is used next, or nil.
func (r *recovery) next(a *vault.Account) *vault.RecoveryCode {
	// What npm takes at its prompt for a one-time password
	// (lib/utils/read-user-info.js): other recovery codes are for the web site.
	typeable := regexp.MustCompile(`^(?:[0-9 ]+|[A-Fa-f0-9]{64})$`)
	for i := range a.RecoveryCodes {
		c := &a.RecoveryCodes[i]
		if c.State == vault.Unused && c.RetiredAt.IsZero() && typeable.MatchString(c.Code.Reveal()) {
			return c
		}
	}
	return nil
}

// spend has a dialogue with npm that is answered with a recovery code. The code
// is reserved before it is typed, and used when npm says what it says after it
// was taken.
func (r *recovery) spend(ctx context.Context, d *Dialogue, purpose string, want Verdict, words ...string) error {
	number := 0
	answer := func(ctx context.Context, _ *ui.UI, _ ptyrun.Prompt) (code secret.Text, err error) {
		code, number, err = r.reserve(ctx, purpose)
		return code, err
	}
	verdict, err := r.hold(ctx, d, answer, r.npm(words...), nil)
	if verdict == want {
		if number == 0 {
			r.UI.Sayf("npm asked for no code")
		}
		return r.conclude(context.WithoutCancel(ctx), purpose)
	}
	hint, failed := r.failure(d, verdict, err)
	if number == 0 {
		return r.speaking(failed, hint)
	}
	if verdict == BadCode {
		hint = fmt.Sprintf("run 'npmotp recover %s' again for the next code", ui.Quote(r.account.Name))
	}
	return r.speaking(fmt.Errorf("%w; recovery code number %d was sent, and stays reserved", failed, number), hint)
}

func reservedFor(c *vault.RecoveryCode, purpose string) bool {
	return c.State == vault.Reserved && c.UsedFor == purpose
}

// reserve takes the next code, on disk before it is returned.
func (r *recovery) reserve(ctx context.Context, purpose string) (code secret.Text, number int, err error) {
	err = r.vault.Update(context.WithoutCancel(ctx), func(c *vault.Contents) error {
		a, err := c.Find(r.account.Name)
		if err != nil {
			return err
		}
		next := r.next(a)
		if next == nil {
			return fmt.Errorf("%w in %q", vault.ErrNoCodes, a.Name)
		}
		code, number = next.Code, next.Number
		if err := a.Mark(number, vault.Reserved, r.Now()); err != nil {
			return err
		}
		next.UsedFor = purpose
		*r.account = *a
		return nil
	})
	return code, number, err
}

// conclude marks the codes that are reserved for a step as used, once the step is
// known to be done.
func (r *recovery) conclude(ctx context.Context, purpose string) error {
	if r.account == nil || !slices.ContainsFunc(r.account.RecoveryCodes, func(c vault.RecoveryCode) bool { return reservedFor(&c, purpose) }) {
		return nil
	}
	var numbers []int
	err := r.vault.Update(ctx, func(c *vault.Contents) error {
		a, err := c.Find(r.account.Name)
		if err != nil {
			return err
		}
		for i := range a.RecoveryCodes {
			code := &a.RecoveryCodes[i]
			if !reservedFor(code, purpose) {
				continue
			}
			numbers = append(numbers, code.Number)
			if err := a.Mark(code.Number, vault.Used, r.Now()); err != nil {
				return err
			}
		}
		*r.account = *a
		return nil
	})
	for _, n := range numbers {
		r.UI.Sayf("recovery code number %d of %q is used (%s)", n, r.account.Name, purpose)
	}
	return err
}
