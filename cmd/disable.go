package cmd

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"npmotp/internal/enrol"
	"npmotp/internal/npmconfig"
	"npmotp/internal/ptyrun"
	"npmotp/internal/secret"
	"npmotp/vault"
)

func newDisableCmd(app *App) *cobra.Command {
	var registry string
	cmd := &cobra.Command{
		Use:   "disable [ACCOUNT]",
		Short: "Turn two-factor authentication off, by npm's own dialogue",
		Long: `Run "npm profile disable-2fa" and answer its question for a password. You type
npm's password at npm's own prompt. Once the registry has turned two-factor
authentication off the account is archived: it is kept with its secret, goes
by its exact name only, and is listed by 'npmotp list --all'.

Think twice: npmjs.com has let nobody turn on authenticator apps since autumn
2025, so what is turned off there may not be turned on again.`,
		Annotations: vaultStatuses(),
		Example:     "  npmotp disable work",
		Args:        argsBetween(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runDisable(cmd.Context(), app, firstArg(args), registry)
		},
		ValidArgsFunction: app.completeAccount,
	}
	cmd.Flags().StringVar(&registry, "registry", "", "the registry's `URL` (default: the one that npm talks to here)")
	return cmd
}

func runDisable(ctx context.Context, app *App, query, registry string) error {
	if err := app.needDialogue("disable", "profile disable-2fa"); err != nil {
		return err
	}
	target, err := app.npmTarget(registry, "profile", "disable-2fa")
	if err != nil {
		return err
	}
	v, err := app.unlock(ctx)
	if err != nil {
		return err
	}
	a, err := accountAt(ctx, v, query, target)
	if err != nil {
		return err
	}
	if a.Key == nil {
		return withHint(fmt.Errorf("%w in %q", vault.ErrNoKey, a.Name), "'npmotp recover %s' uses its recovery codes", shellQuote(a.Name))
	}
	app.tellTarget(target)
	app.sayf("%s", onceOff(target))
	question := fmt.Sprintf("turn two-factor authentication off for %q?", a.Name)
	if err := app.confirm(ctx, question, "say --yes to turn it off"); err != nil {
		return err
	}
	return app.disable(ctx, v, a, target)
}

// onceOff says what turning it off may mean.
func onceOff(t npmconfig.Target) string {
	if sameOrigin(t.Registry, vault.DefaultRegistry) {
		return "npmjs.com closed the enrolment of authenticator apps in autumn 2025: what is turned off may not be turned on again"
	}
	return "the registry may not let it be turned on again: npmjs.com, for one, closed the enrolment of authenticator apps in autumn 2025"
}

// accountAt returns the account that query names, which must belong to the
// registry, or the only one there.
func accountAt(ctx context.Context, v *vault.Vault, query string, t npmconfig.Target) (*vault.Account, error) {
	c, err := v.Contents(ctx)
	if err != nil {
		return nil, err
	}
	here := func(registry string) bool { return sameOrigin(registry, t.Registry) }
	if query != "" {
		a, err := c.Find(query)
		if err == nil && !here(a.Registry) {
			return nil, withHint(fmt.Errorf("%q %s, and npm talks to %s (%s)", a.Name, belongsTo(a.Registry), t.Registry, t.Source),
				"%s", registryHint(a.Name, a.Registry))
		}
		return a, err
	}
	a, err := pickKnown(c, "", here)
	if err == nil && a == nil {
		err = fmt.Errorf("%w for the registry %s", vault.ErrNoAccount, t.Registry)
	}
	return a, err
}

// disable has npm's dialogue, answers with passwords of a, and archives it.
func (app *App) disable(ctx context.Context, v *vault.Vault, a *vault.Account, t npmconfig.Target) error {
	answer := func(ctx context.Context, app *App, _ ptyrun.Prompt) (secret.Text, error) {
		return app.passwordOf(ctx, v, a)
	}
	const attempts = 2
	for attempt := 1; ; attempt++ {
		d := &enrol.Dialogue{}
		verdict, err := app.holdDialogue(ctx, d, answer, npmWords(t, "profile", "disable-2fa"), nil)
		switch {
		case verdict == enrol.Disabled:
			return app.archive(ctx, v, a)
		case verdict == enrol.Off:
			return app.archiveOff(ctx, v, a, t)
		case verdict == enrol.BadCode && attempt < attempts && ctx.Err() == nil:
			app.sayf("the registry did not take the password; npm runs once more, and gets a later one")
			continue
		}
		hint, failed := npmFailure(d, verdict, t, err)
		return app.speaking(fmt.Errorf("two-factor authentication was not turned off: %w", failed), hint)
	}
}

// archive puts an account away that is good for nothing any more.
func (app *App) archive(ctx context.Context, v *vault.Vault, a *vault.Account) error {
	name := ""
	err := v.Update(context.WithoutCancel(ctx), func(c *vault.Contents) error {
		if name = c.Archive(a.ID, app.Now()); name == "" {
			return errGone
		}
		return nil
	})
	if err != nil {
		return err
	}
	app.sayf("two-factor authentication of %q is off; the account is archived as %q", a.Name, name)
	return nil
}

// archiveOff is for an account that npm says is off already.
func (app *App) archiveOff(ctx context.Context, v *vault.Vault, a *vault.Account, t npmconfig.Target) error {
	app.sayf("npm says that two-factor authentication is off at %s, for the user that npm is logged in with", t.Registry)
	hint := fmt.Sprintf("'npmotp remove %s' removes it", shellQuote(a.Name))
	err := app.confirm(ctx, fmt.Sprintf("archive %q, of %s?", a.Name, a.AddedAt.Format(time.DateOnly)), hint)
	if errors.Is(err, errDeclined) {
		return withHint(err, "%s", hint)
	}
	if err != nil {
		return err
	}
	return app.archive(ctx, v, a)
}
