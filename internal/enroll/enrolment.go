package enroll

import (
	"cmp"
	"context"
	"fmt"

	"npmotp/internal/ptyrun"
	"npmotp/internal/ui"
	"npmotp/internal/wrap"
	"npmotp/vault"
)

// Options are what the user says about an enrolment.
type Options struct {
	Name       string      // of the account, or "" for what the registry calls the user
	Level      vault.Level // "" for what it is, or [vault.AuthAndWrites]
	RecoveryTo string      // the device that the recovery codes are sealed for, or ""
	Output     string      // the file for them, or ""
	Show       bool        // the secret, the QR code and the recovery codes
}

// Enroll turns two-factor authentication on.
func (p *Procedure) Enroll(ctx context.Context, o Options) error {
	if err := p.begin(ctx, "enroll", true, "profile", "enable-2fa"); err != nil {
		return err
	}
	e := &enrolment{Procedure: p, o: o}
	return e.run(ctx)
}

// An enrolment is one on its way.
type enrolment struct {
	*Procedure
	o Options

	known      *vault.Account // what the vault has for the registry; nil for nothing
	level      vault.Level
	dialogue   *Dialogue
	tap        *ptyrun.Tap
	stored     *vault.Account // what this run has stored
	forwarding *forwarding    // nil to store the recovery codes here
	typed      bool           // a code of it was typed
}

func (e *enrolment) run(ctx context.Context) error {
	if err := e.look(); err != nil {
		return err
	}
	e.tellBefore()
	for attempt := 1; ; attempt++ {
		verdict, err := e.attempt(ctx)
		if !e.again(ctx, verdict, attempt) {
			return e.conclude(ctx, verdict, err)
		}
	}
}

// look finds what the vault has for the registry.
func (e *enrolment) look() error {
	c, err := e.vault.Contents()
	if err != nil {
		return err
	}
	e.known, err = pickKnown(c, e.o.Name, e.here)
	if err != nil {
		return err
	}
	if err := e.forward(c); err != nil {
		return err
	}
	e.level = e.o.Level
	if e.known != nil {
		e.level = cmp.Or(e.level, e.known.Level)
	}
	e.level = cmp.Or(e.level, vault.AuthAndWrites)
	return nil
}

// pickKnown returns the account with a key that npm may ask a code of: the
// one that is named, or the only one of the registry. Before one that is
// pending comes one that is not.
func pickKnown(c *vault.Contents, name string, here func(string) bool) (*vault.Account, error) {
	var ready, pending []*vault.Account
	for i := range c.Accounts {
		a := &c.Accounts[i]
		if a.Archived() {
			continue
		}
		if a.Name == name && !here(a.Registry) {
			return nil, ui.WithHint(fmt.Errorf("%w: %q %s", vault.ErrNameTaken, a.Name, wrap.BelongsTo(a.Registry)),
				"give another NAME; %s", wrap.RegistryHint(a.Name, a.Registry))
		}
		switch {
		case a.Key == nil || !here(a.Registry):
		case a.Name == name:
			return a, nil
		case a.Pending:
			pending = append(pending, a)
		default:
			ready = append(ready, a)
		}
	}
	if len(ready) == 0 {
		ready = pending
	}
	switch len(ready) {
	case 0:
		return nil, nil //nolint:nilnil // there is none, which is no error
	case 1:
		return ready[0], nil
	}
	e := &vault.AmbiguousError{}
	for _, a := range ready {
		if a.ID == c.Default {
			return a, nil
		}
		e.Matches = append(e.Matches, a.Name)
	}
	if name != "" {
		return nil, nil //nolint:nilnil // a new account is named
	}
	return nil, e
}

// tellBefore says what was found, before npm speaks.
func (e *enrolment) tellBefore() {
	e.tellTarget()
	if e.here(vault.DefaultRegistry) && e.known == nil {
		e.UI.Sayf("note: npmjs.com has let nobody turn on authenticator apps since autumn 2025, and may refuse; one that is on goes on working")
	}
	if e.known != nil && e.known.Pending {
		e.UI.Sayf("the enrolment of %q, of %s, did not come to its end; npm will tell how far it came", e.known.Name, ui.Day(e.known.UpdatedAt))
	}
}
