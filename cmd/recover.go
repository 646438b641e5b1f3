package cmd

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"npmotp/internal/enrol"
	"npmotp/internal/npmconfig"
	"npmotp/internal/npmrun"
	"npmotp/vault"
)

// What a recovery code is used for, as the vault notes it.
const (
	forLogin   = "npm login"
	forDisable = "npm profile disable-2fa"
)

func newRecoverCmd(app *App) *cobra.Command {
	var registry string
	cmd := &cobra.Command{
		Use:   "recover [ACCOUNT]",
		Short: "Get back into npm with recovery codes after losing a device",
		Long: `Go through npm's procedure for a lost device, with recovery codes of ACCOUNT:

  1. npm login, with one recovery code, where npm is logged out
  2. npm profile disable-2fa, with another one
  3. npm profile enable-2fa, with a new secret and new recovery codes

Each step is named and asked about before it is taken. A code is reserved on
disk before it is sent, and used once npm says that it was taken. After an
interruption run the same command again: npm tells which steps are done.

After the second step your account has no second factor, and npmjs.com may not
let you turn on another one of this kind: it closed the enrolment of
authenticator apps in autumn 2025. You can stop after the first step, log in
at the registry's web site with a recovery code, and add a security key there.`,
		Annotations: vaultStatuses(exitNoCodes),
		Example:     "  npmotp recover work",
		Args:        argsBetween(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runRecover(cmd.Context(), app, firstArg(args), registry)
		},
		ValidArgsFunction: app.completeAccount,
	}
	cmd.Flags().StringVar(&registry, "registry", "", "the registry's `URL` (default: the one that npm talks to here)")
	return cmd
}

// A recovering is a recovery on its way.
type recovering struct {
	app     *App
	v       *vault.Vault
	target  npmconfig.Target
	query   string
	account *vault.Account // nil when the vault has none, or it is archived
}

func runRecover(ctx context.Context, app *App, query, registry string) error {
	if err := app.needDialogue("recover", "profile disable-2fa"); err != nil {
		return err
	}
	target, err := app.npmTarget(registry, "profile", "disable-2fa")
	if err != nil {
		return err
	}
	r := &recovering{app: app, target: target, query: query}
	app.silent = true
	if r.v, err = app.unlock(ctx); err != nil {
		return err
	}
	if err := r.look(ctx); err != nil {
		return err
	}
	app.tellTarget(target)
	user, err := r.whoami(ctx)
	if err == nil && user == "" {
		user, err = r.login(ctx)
	}
	if err != nil {
		return err
	}
	app.sayf("npm is logged in to %s as %s", target.Registry, user)
	mode, err := r.mode(ctx)
	if err != nil {
		return err
	}
	if err := r.settle(ctx, forLogin); err != nil {
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
func (r *recovering) look(ctx context.Context) error {
	c, err := r.v.Contents(ctx)
	if err != nil {
		return err
	}
	var found []*vault.Account
	for i := range c.Accounts {
		a := &c.Accounts[i]
		if r.query == "" && !a.Archived() && len(a.RecoveryCodes) > 0 && sameOrigin(a.Registry, r.target.Registry) {
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
	a, err := c.Find(r.query)
	switch {
	case errors.Is(err, vault.ErrNoAccount):
		return nil
	case err != nil:
		return err
	case !sameOrigin(a.Registry, r.target.Registry):
		return withHint(fmt.Errorf("%q belongs to %s, and npm talks to %s (%s)", a.Name, a.Registry, r.target.Registry, r.target.Source),
			"--registry %s has npm talk to the account's registry", shellQuote(a.Registry))
	}
	if !a.Archived() {
		r.account = a
	}
	return nil
}

// whoami returns the user that npm is logged in as, or "" when it is logged out.
func (r *recovering) whoami(ctx context.Context) (string, error) {
	out, said, err := npmrun.Output(ctx, r.app.Environ(), npmWords(r.target, "whoami")...)
	if exit, ok := errors.AsType[*npmrun.ExitError](err); ok {
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
func (r *recovering) mode(ctx context.Context) (string, error) {
	out, said, err := npmrun.Output(ctx, r.app.Environ(), npmWords(r.target, "profile", "get", "two-factor auth")...)
	if err != nil {
		return "", r.failed("npm cannot tell whether two-factor authentication is on", said)
	}
	return out, nil
}

// failed quotes npm's first line about an error.
func (r *recovering) failed(what, said string) error {
	return fmt.Errorf("%s; npm says: %s", what, enrol.Errors(said))
}

// login is the first step.
func (r *recovering) login(ctx context.Context) (string, error) {
	app := r.app
	app.sayf("step 1 of 3: 'npm login' with a recovery code; npm is logged out")
	if err := r.ready(); err != nil {
		return "", err
	}
	if err := app.confirm(ctx, fmt.Sprintf("run npm login, and answer with a recovery code of %q?", r.account.Name), "say --yes to log in"); err != nil {
		return "", err
	}
	d := &enrol.Dialogue{}
	if err := r.spend(ctx, d, forLogin, enrol.LoggedIn, "login"); err != nil {
		return "", err
	}
	user, err := r.whoami(ctx)
	if err == nil && user == "" {
		err = errors.New("npm says that it has logged in, and then that it has not")
	}
	return user, err
}

// disable is the second step.
func (r *recovering) disable(ctx context.Context, mode string) error {
	app := r.app
	app.sayf("step 2 of 3: 'npm profile disable-2fa' with a recovery code; it is on now (%s)", mode)
	if err := r.ready(); err != nil {
		return err
	}
	app.warnf("%s", onceOff(r.target))
	app.sayf("instead, you can stop here, log in at the registry's web site with a recovery code ('npmotp recovery use %s'),", shellQuote(r.account.Name))
	app.sayf("and add a security key or a new device there; what is on stays on meanwhile")
	question := fmt.Sprintf("turn two-factor authentication off, with a recovery code of %q?", r.account.Name)
	if err := app.confirm(ctx, question, "say --yes to turn it off"); err != nil {
		return err
	}
	d := &enrol.Dialogue{}
	if err := r.spend(ctx, d, forDisable, enrol.Disabled, "profile", "disable-2fa"); err != nil {
		return err
	}
	return app.archive(ctx, r.v, r.account)
}

// isOff is for a second step that is done, perhaps by a run that did not get to
// say so.
func (r *recovering) isOff(ctx context.Context) error {
	r.app.sayf("step 2 of 3 is done: two-factor authentication is off")
	if r.account == nil || r.account.Pending {
		return nil
	}
	if err := r.settle(ctx, forDisable); err != nil {
		return err
	}
	return r.app.archiveOff(ctx, r.v, r.account, r.target)
}

// enroll is the third step.
func (r *recovering) enroll(ctx context.Context) error {
	app := r.app
	app.sayf("step 3 of 3: 'npm profile enable-2fa', with a new secret")
	question := "turn two-factor authentication on again?"
	if err := app.confirm(ctx, question, "say --yes to turn it on"); err != nil {
		return withHint(err, "'npmotp enroll' turns it on later")
	}
	e := &enrolling{app: app, v: r.v, target: r.target, o: enrollOptions{name: r.query}}
	if r.account != nil {
		e.o.name, e.o.level = r.account.Name, string(r.account.Level)
	}
	return e.run(ctx)
}
