package enroll

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"npmotp/internal/codes"
	"npmotp/internal/npm/tools"
	"npmotp/internal/ui"
	"npmotp/vault"
)

// What a recovery code is used for, as the vault notes it.
const (
	forLogin   = "npm login"
	forDisable = "npm profile disable-2fa"
)

// A recovery is one on its way.
type recovery struct {
	*Procedure
	query   string
	account *vault.Account // nil when the vault has none, or it is archived
}

// Recover gets back into npm with recovery codes of the account that query names,
// or the only one of the registry.
func (p *Procedure) Recover(ctx context.Context, query string) error {
	if err := p.begin(ctx, "recover", false, "profile", "disable-2fa"); err != nil {
		return err
	}
	r := &recovery{Procedure: p, query: query}
	if err := r.look(ctx); err != nil {
		return err
	}
	p.tellTarget()
	user, err := r.whoami(ctx)
	if err == nil && user == "" {
		user, err = r.login(ctx)
	}
	if err != nil {
		return err
	}
	p.UI.Sayf("npm is logged in to %s as %s", p.target.Registry, user)
	mode, err := r.mode(ctx)
	if err != nil {
		return err
	}
	if err := r.conclude(ctx, forLogin); err != nil {
		return err
	}
	if mode != "disabled" {
		if err := r.disable(ctx, mode); err != nil {
			return err
		}
	} else if err := r.isOff(ctx); err != nil {
		return err
	}
	return r.enroll(ctx)
}

// look finds the account whose recovery codes are used.
func (r *recovery) look(ctx context.Context) error {
	c, err := r.vault.Contents()
	if err != nil {
		return err
	}
	var found []*vault.Account
	for i := range c.Accounts {
		a := &c.Accounts[i]
		if r.query == "" && !a.Archived() && len(a.RecoveryCodes) > 0 && r.here(a.Registry) {
			found = append(found, a)
		}
	}
	switch {
	case len(found) == 1:
		r.account = found[0]
		return nil
	case len(found) > 1:
		e := &vault.AmbiguousError{}
		for _, a := range found {
			e.Matches = append(e.Matches, a.Name)
		}
		return e
	case r.query == "":
		return nil // the steps that need codes may be done
	}
	a, err := codes.Pick(ctx, r.UI, c, r.query)
	switch {
	case errors.Is(err, vault.ErrNoAccount):
		return nil
	case err != nil:
		return err
	case !r.here(a.Registry):
		return r.elsewhere(a)
	}
	if !a.Archived() {
		r.account = a
	}
	return nil
}

// whoami returns the user that npm is logged in as, or "" when it is logged out.
func (r *recovery) whoami(ctx context.Context) (string, error) {
	out, said, err := tools.Output(ctx, r.Environ, r.npm("whoami")...)
	if exit, ok := errors.AsType[*tools.ExitError](err); ok {
		return "", exit.Err
	}
	switch {
	case err == nil:
		return out, nil
	case strings.Contains(said, "ENEEDAUTH"), strings.Contains(said, "E401"):
		return "", nil
	}
	return "", r.failed("npm cannot tell whether it is logged in", said)
}

// mode returns the level that the registry has, or "disabled".
func (r *recovery) mode(ctx context.Context) (string, error) {
	out, said, err := tools.Output(ctx, r.Environ, r.npm("profile", "get", "two-factor auth")...)
	if err != nil {
		return "", r.failed("npm cannot tell whether two-factor authentication is on", said)
	}
	return out, nil
}

// failed quotes npm's first line about an error.
func (r *recovery) failed(what, said string) error {
	return fmt.Errorf("%s; npm says: %s", what, Errors(said))
}

// login is the first step.
func (r *recovery) login(ctx context.Context) (string, error) {
	r.UI.Sayf("step 1 of 3: 'npm login' with a recovery code; npm is logged out")
	if err := r.ready(); err != nil {
		return "", err
	}
	if err := r.UI.Confirm(ctx, fmt.Sprintf("run npm login, and answer with a recovery code of %q?", r.account.Name), "say --yes to log in"); err != nil {
		return "", err
	}
	d := &Dialogue{}
	if err := r.spend(ctx, d, forLogin, LoggedIn, "login"); err != nil {
		return "", err
	}
	user, err := r.whoami(ctx)
	if err == nil && user == "" {
		err = errors.New("npm says that it has logged in, and then that it has not")
	}
	return user, err
}

// disable is the second step.
func (r *recovery) disable(ctx context.Context, mode string) error {
	r.UI.Sayf("step 2 of 3: 'npm profile disable-2fa' with a recovery code; it is on now (%s)", mode)
	if err := r.ready(); err != nil {
		return err
	}
	r.UI.Warnf("%s", r.onceOff())
	r.UI.Sayf("instead, you can stop here, log in at the registry's web site with a recovery code ('npmotp recovery use %s'),", ui.Quote(r.account.Name))
	r.UI.Sayf("and add a security key or a new device there; what is on stays on meanwhile")
	question := fmt.Sprintf("turn two-factor authentication off, with a recovery code of %q?", r.account.Name)
	if err := r.UI.Confirm(ctx, question, "say --yes to turn it off"); err != nil {
		return err
	}
	return r.off(ctx)
}

// off turns it off with a recovery code.
func (r *recovery) off(ctx context.Context) error {
	d := &Dialogue{}
	if err := r.spend(ctx, d, forDisable, Disabled, "profile", "disable-2fa"); err != nil {
		return err
	}
	return r.archive(ctx, r.account)
}

// isOff is for a second step that is done, perhaps by a run that did not get to
// say so.
func (r *recovery) isOff(ctx context.Context) error {
	r.UI.Sayf("step 2 of 3 is done: two-factor authentication is off")
	if r.account == nil || r.account.Pending {
		return nil
	}
	if err := r.conclude(ctx, forDisable); err != nil {
		return err
	}
	return r.archiveOff(ctx, r.account)
}

// enroll is the third step.
func (r *recovery) enroll(ctx context.Context) error {
	r.UI.Sayf("step 3 of 3: 'npm profile enable-2fa', with a new secret")
	question := "turn two-factor authentication on again?"
	if err := r.UI.Confirm(ctx, question, "say --yes to turn it on"); err != nil {
		return ui.WithHint(err, "'npmotp enroll' turns it on later")
	}
	e := &enrolment{Procedure: r.Procedure, o: Options{Name: r.query}}
	if r.account != nil {
		e.o.Name, e.o.Level = r.account.Name, r.account.Level
	}
	return e.run(ctx)
}
