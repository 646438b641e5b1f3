package cmd

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"npmotp/internal/agent"
	"npmotp/internal/npmrun"
	"npmotp/internal/ptyrun"
	"npmotp/internal/secret"
	"npmotp/vault"
)

// recoveryGiver returns a giver with the vault itself open: the agent gives no
// recovery codes.
func (app *App) recoveryGiver(ctx context.Context) (*giver, error) {
	g := &giver{app: app}
	return g, g.open(ctx)
}

// checkRecovery says what does not go with --recovery. A recovery code gets in
// without the key for as long as it is unused, so it is only ever typed.
func (o execOptions) checkRecovery() error {
	switch {
	case o.last && !o.recovery:
		return usageErrorf("--last is for --recovery")
	case !o.recovery:
		return nil
	case o.via != "" && o.via != npmrun.Prompt.String() && o.via != viaAuto:
		return usageErrorf("--recovery types the code at the prompt, so it does not go with --via %s", o.via)
	case o.flag != "" || o.variable != "":
		return usageErrorf("--recovery types the code at the prompt, so it goes with neither --flag nor --env")
	}
	return nil
}

// recoveryLeft fails when a has no unused recovery code, or only the last one
// and nothing says that it may be used.
func (o execOptions) recoveryLeft(a agent.Account) error {
	switch {
	case a.RecoveryCodes == 0:
		return fmt.Errorf("%w in %q", vault.ErrNoCodes, a.Name)
	case a.RecoveryCodes == 1 && !o.last:
		return withHint(fmt.Errorf("%q has one unused recovery code left, which is the last way in", a.Name),
			"make new codes where you log in to the registry; or, if it is meant, say 'npmotp exec --recovery --last ...'")
	}
	return nil
}

// runRecovery runs the planned command and answers its first question with a
// recovery code of a. The code is reserved on disk before it is typed, and its
// state afterwards is what is known then: used when the command succeeded,
// unused when it was not typed, and else still reserved.
func (app *App) runRecovery(ctx context.Context, g *giver, a agent.Account, plan *npmrun.Plan, o execOptions) error {
	r := &reserver{
		app: app, vault: g.vault.v, account: a.Name, last: o.last,
		purpose: strings.TrimSpace("exec " + plan.Tool + " " + plan.Subcommand),
	}
	answers, runErr := app.converse(ctx, plan, o, secret.Text{}, 1, func(*App) ptyrun.Ask { return r.code })
	return r.settle(context.WithoutCancel(ctx), answers, runErr)
}

// A reserver yields one recovery code.
type reserver struct {
	app              *App
	vault            *vault.Vault
	account, purpose string
	last, asked      bool
	number, left     int // number is 0 until a code is reserved
}

// code reserves a recovery code for a question.
func (r *reserver) code(ctx context.Context, p ptyrun.Prompt) (secret.Text, error) {
	if strings.HasPrefix(p.Text, enrolmentQuestion) || r.number != 0 {
		return secret.Text{}, ptyrun.ErrLeave
	}
	r.asked = true
	code, _, left, err := r.vault.Reserve(ctx, r.account, r.purpose, r.app.Now())
	if err != nil {
		return secret.Text{}, err
	}
	r.number, r.left = code.Number, left
	if left == 0 && !r.last { // another process took one since
		return secret.Text{}, fmt.Errorf("%q has one unused recovery code left, which only --last uses", r.account)
	}
	return code.Code, nil
}

// settle notes what became of the code, and tells.
func (r *reserver) settle(ctx context.Context, answers int, runErr error) error {
	name := shellQuote(r.account)
	switch {
	case r.asked && r.number == 0:
		return runErr
	case r.number == 0:
		r.app.sayf("no recovery code was asked for, and none is used up")
		return runErr
	case answers == 0:
		if err := r.mark(ctx, vault.Unused); err != nil {
			r.app.warnf("recovery code number %d of %q was not typed, but stays reserved: %v", r.number, r.account, err)
			r.app.sayf("hint: npmotp recovery mark %s %d unused", name, r.number)
		}
		return runErr
	case errors.Is(runErr, ptyrun.ErrTooManyQuestions):
		r.app.warnf("recovery code number %d of %q was not taken; it stays reserved", r.number, r.account)
		r.app.sayf("hint: npm itself sends codes of 64 digits only; type others where you log in to the registry. 'npmotp recovery mark %s %d unused' gives it back", name, r.number)
	case runErr != nil:
		r.app.warnf("whether the registry took recovery code number %d of %q is not known; it stays reserved", r.number, r.account)
		r.app.sayf("hint: if the registry took it: npmotp recovery mark %s %d used; if not: unused", name, r.number)
	default:
		if err := r.mark(ctx, vault.Used); err != nil {
			r.app.warnf("recovery code number %d of %q is used up, but stays reserved: %v", r.number, r.account, err)
			r.app.sayf("hint: npmotp recovery mark %s %d used", name, r.number)
			break
		}
		r.app.sayf("recovery code number %d of %q is used up", r.number, r.account)
	}
	r.app.warnFewCodes(r.account, r.left)
	return runErr
}

func (r *reserver) mark(ctx context.Context, state vault.CodeState) error {
	return r.vault.Update(ctx, func(c *vault.Contents) error {
		a, err := c.Find(r.account)
		if err != nil {
			return err
		}
		return a.Mark(r.number, state, r.app.Now())
	})
}
