package enroll

import (
	"context"
	"errors"
	"fmt"

	"npmotp/internal/codes"
	"npmotp/internal/ptyrun"
	"npmotp/internal/secret"
	"npmotp/internal/ui"
	"npmotp/vault"
)

// Disable turns two-factor authentication off and archives the account that query
// names, or the only one of the registry. One that has no key does it with a
// recovery code.
func (p *Procedure) Disable(ctx context.Context, query string) error {
	if err := p.begin(ctx, "disable", false, "profile", "disable-2fa"); err != nil {
		return err
	}
	a, err := p.accountAt(ctx, query)
	if err != nil {
		return err
	}
	r := &recovery{Procedure: p, account: a}
	with := ""
	if a.Key == nil {
		if err := r.ready(); err != nil {
			return err
		}
		with = ", with a recovery code"
	}
	p.tellTarget()
	p.UI.Sayf("%s", p.onceOff())
	question := fmt.Sprintf("turn two-factor authentication off for %q%s?", a.Name, with)
	if err := p.UI.Confirm(ctx, question, "say --yes to turn it off"); err != nil {
		return err
	}
	if a.Key == nil {
		return r.off(ctx)
	}
	return p.disable(ctx, a)
}

// onceOff says what turning it off may mean.
func (p *Procedure) onceOff() string {
	if p.here(vault.DefaultRegistry) {
		return "npmjs.com closed the enrolment of authenticator apps in autumn 2025: what is turned off may not be turned on again"
	}
	return "the registry may not let it be turned on again: npmjs.com, for one, closed the enrolment of authenticator apps in autumn 2025"
}

// accountAt returns the account that query names, which must belong to the
// registry, or the only one there.
func (p *Procedure) accountAt(ctx context.Context, query string) (*vault.Account, error) {
	c, err := p.vault.Contents()
	if err != nil {
		return nil, err
	}
	if query != "" {
		a, err := codes.Pick(ctx, p.UI, c, query)
		if err == nil && !p.here(a.Registry) {
			return nil, p.elsewhere(a)
		}
		return a, err
	}
	a, err := pickKnown(c, "", p.here)
	if err != nil || a != nil {
		return a, err
	}
	r := &recovery{Procedure: p} // where the key is elsewhere
	if err := r.look(ctx); err != nil || r.account != nil {
		return r.account, err
	}
	return nil, fmt.Errorf("%w for the registry %s", vault.ErrNoAccount, p.target.Registry)
}

// disable has npm's dialogue, answers with codes of a, and archives it.
func (p *Procedure) disable(ctx context.Context, a *vault.Account) error {
	answer := func(ctx context.Context, _ *ui.UI, _ ptyrun.Prompt) (secret.Text, error) {
		return p.codeOf(ctx, a)
	}
	for attempt := 1; ; attempt++ {
		d := &Dialogue{}
		verdict, err := p.hold(ctx, d, answer, exchange{words: p.npm("profile", "disable-2fa")})
		switch {
		case verdict == Disabled:
			return p.archive(ctx, a)
		case verdict == Off:
			return p.archiveOff(ctx, a)
		case p.again(ctx, verdict, attempt):
			continue
		}
		hint, failed := p.failure(d, verdict, err)
		return p.speaking(fmt.Errorf("two-factor authentication was not turned off: %w", failed), hint)
	}
}

// archive puts an account away that is good for nothing any more.
func (p *Procedure) archive(ctx context.Context, a *vault.Account) error {
	name := ""
	err := p.vault.Update(context.WithoutCancel(ctx), func(c *vault.Contents) error {
		stored := c.ByID(a.ID)
		if stored == nil {
			return errGone
		}
		if c.Default == stored.ID {
			c.Default = ""
		}
		putAway(c, stored, p.Now())
		name = stored.Name
		return nil
	})
	if err != nil {
		return err
	}
	p.UI.Sayf("two-factor authentication of %q is off; the account is archived as %q", a.Name, name)
	return nil
}

// archiveOff is for an account that npm says is off already.
func (p *Procedure) archiveOff(ctx context.Context, a *vault.Account) error {
	p.UI.Sayf("npm says that two-factor authentication is off at %s, for the user that npm is logged in with", p.target.Registry)
	hint := fmt.Sprintf("'npmotp remove %s' removes it", ui.Quote(a.Name))
	err := p.UI.Confirm(ctx, fmt.Sprintf("archive %q, of %s?", a.Name, ui.Day(a.AddedAt)), hint)
	if errors.Is(err, ui.ErrDeclined) {
		return ui.WithHint(err, "%s", hint)
	}
	if err != nil {
		return err
	}
	return p.archive(ctx, a)
}
