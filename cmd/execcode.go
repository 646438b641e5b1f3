package cmd

import (
	"context"
	"fmt"
	"time"

	"npmotp/internal/agent"
)

// staleClaim is how far ahead of the clock a noted step may lie before it is
// taken for the trace of a clock that was wrong.
const staleClaim = 10 * time.Minute

// freshCode returns a password of a that no run of exec has sent before, with
// at least the given time left, and waits for it. Where the account's registry
// takes a password more than once, the present one does.
func (app *App) freshCode(ctx context.Context, g *giver, a agent.Account, least time.Duration) (agent.Code, error) {
	if a.Counter != nil || a.Reuse {
		return g.fresh(ctx, a.Name, false, least)
	}
	code, err := g.code(ctx, a.Name, true)
	if err != nil {
		return agent.Code{}, err
	}
	now, period := app.Now(), code.Until.Sub(code.From)
	if least > period {
		return agent.Code{}, usageErrorf("a password of %q lasts %s, so %s can never be left", a.Name, period, least)
	}
	step, err := app.Ledger.Claim(ctx, a.ID, func(last time.Time) (time.Time, error) {
		step := code.From
		if code.Until.Sub(now) < least {
			step = code.Until
		}
		if !last.After(now.Add(staleClaim)) && !step.After(last) {
			step = last.Add(period)
		}
		return step, nil
	})
	if err != nil {
		return agent.Code{}, fmt.Errorf("noting that a password is used: %w", err)
	}
	return app.codeOfStep(ctx, g, code, step)
}

// codeOfStep waits for a step, the present one or one to come, and returns its
// password. Code is the present one.
func (app *App) codeOfStep(ctx context.Context, g *giver, code agent.Code, step time.Time) (agent.Code, error) {
	if err := app.waitUntil(ctx, step); err != nil {
		return agent.Code{}, err
	}
	if step.After(code.Until) || step.After(code.From) && code.Next.Len() == 0 {
		var err error
		if code, err = g.code(ctx, code.Account, true); err != nil {
			return agent.Code{}, err
		}
	}
	if step.After(code.From) { // also when a timer fired a moment early
		return following(code), nil
	}
	return code, nil
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
