package cmd

import (
	"context"
	"fmt"
	"time"

	"npmotp/otpgen"
	"npmotp/vault"
)

// staleClaim is how far ahead of the clock a noted step may lie before it is
// taken for the trace of a clock that was wrong.
const staleClaim = 10 * time.Minute

// freshCode returns a password of a that no run of exec has sent before, with
// at least the given time left, and waits for it. Where the account's registry
// takes a password more than once, the present one does.
func (app *App) freshCode(ctx context.Context, v *vault.Vault, a *vault.Account, least time.Duration) (otpgen.Code, error) {
	if a.IsHOTP() || a.Reuse {
		return app.codeOf(ctx, v, a, app.Now(), least)
	}
	now := app.Now()
	code, err := a.Code(now)
	if err != nil {
		return otpgen.Code{}, err
	}
	if period := code.Until.Sub(code.From); least > period {
		return otpgen.Code{}, usageErrorf("a password of %q lasts %s, so %s can never be left", a.Name, period, least)
	}
	step, err := app.Ledger.Claim(ctx, a.ID, func(last time.Time) (time.Time, error) {
		if last.After(now.Add(staleClaim)) {
			last = time.Time{}
		}
		if code.Remaining(now) < least {
			code, err = a.Code(code.Until)
		}
		if err == nil && !code.From.After(last) {
			code, err = a.Code(last.Add(a.Key.Period))
		}
		return code.From, err
	})
	if err != nil {
		return otpgen.Code{}, fmt.Errorf("noting that a password is used: %w", err)
	}
	return code, app.waitUntil(ctx, step)
}

// waitUntil waits for the beginning of a step. On a terminal a countdown shows.
func (app *App) waitUntil(ctx context.Context, step time.Time) error {
	left := step.Sub(app.Now())
	if left <= 0 {
		return nil
	}
	if !app.ErrTTY {
		app.sayf("the next password begins in %s; waiting for it", seconds(left))
		return app.Wait(ctx, left)
	}
	for left > 0 {
		_, _ = fmt.Fprintf(app.Err, "\rnpmotp: the next password begins in %s \b", seconds(left))
		if err := app.Wait(ctx, min(left, time.Second)); err != nil {
			return err
		}
		left = step.Sub(app.Now())
	}
	// The countdown goes, so that the command has the line to itself.
	_, _ = fmt.Fprint(app.Err, "\r\033[K")
	return nil
}
