package enroll

import (
	"context"
	"fmt"
	"slices"

	"npmotp/internal/npm/tools"
	"npmotp/internal/ptyrun"
	"npmotp/internal/secret"
	"npmotp/internal/ui"
	"npmotp/vault"
)

// ready returns why there is no recovery code for a step, or nil.
func (r *recovery) ready() error {
	if r.account == nil {
		return ui.WithHint(fmt.Errorf("%w with recovery codes for %s", vault.ErrNoAccount, r.target.Registry), "'npmotp recovery add' stores recovery codes")
	}
	if r.account.UnusedCodes() == 0 {
		return fmt.Errorf("%w in %q", vault.ErrNoCodes, r.account.Name)
	}
	return nil
}

// spend has a dialogue with npm that is answered with a recovery code, or sends it
// from the start where npm would not take it typed. The code is reserved before
// that, and used when npm says what it says after it was taken.
func (r *recovery) spend(ctx context.Context, d *Dialogue, purpose string, want Verdict, words ...string) error {
	var (
		number int
		sent   secret.Text
		err    error
	)
	if next := r.account.NextCode(); next != nil && !tools.TakesAtPrompt(next.Code) {
		if sent, number, err = r.reserve(ctx, purpose); err != nil {
			return err
		}
	}
	asks := false
	answer := func(ctx context.Context, _ *ui.UI, _ ptyrun.Prompt) (code secret.Text, err error) {
		if asks = sent.Len() > 0; asks {
			return secret.Text{}, ptyrun.ErrTooManyQuestions
		}
		code, number, err = r.reserve(ctx, purpose)
		return code, err
	}
	verdict, err := r.hold(ctx, d, answer, exchange{words: r.npm(words...), code: sent})
	if asks {
		verdict = BadCode
	}
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
		a, err := c.Named(r.account.Name)
		if err != nil {
			return err
		}
		next, err := a.Reserve(purpose, r.Now())
		if err != nil {
			return err
		}
		code, number = next.Code, next.Number
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
		a, err := c.Named(r.account.Name)
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
	if err != nil {
		return err
	}
	for _, n := range numbers {
		r.UI.Sayf("recovery code number %d of %q is used (%s)", n, r.account.Name, purpose)
	}
	return nil
}
