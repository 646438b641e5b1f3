package cmd

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"npmotp/internal/cleantext"
	"npmotp/internal/codes"
	"npmotp/internal/registry"
	"npmotp/internal/ui"
	"npmotp/vault"
)

// attributes are the flags that describe an account, of add and edit.
type attributes struct {
	issuer, username, registry, level, reuse, confirm string
}

func (at *attributes) addFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&at.issuer, "issuer", "", "who gave the secret, such as npm")
	f.StringVar(&at.username, "username", "", "your user name at the registry")
	f.StringVar(&at.registry, "registry", "", "the registry's `URL`, or none (default: npm's, unless the key is another service's)")
	f.StringVar(&at.level, "level", "", "what the registry asks codes for: auth-only or auth-and-writes")
	f.StringVar(&at.reuse, "reuse", "", "how often a code of one time step may be sent: auto, once or allow")
	f.StringVar(&at.confirm, "confirm", "", "whether the agent gives a code only after a yes: auto, always or never")
	completeChoices(cmd, "confirm", vault.ConfirmAuto.String(), "always", "never")
	completeChoices(cmd, "level", string(vault.AuthOnly), string(vault.AuthAndWrites))
	completeChoices(cmd, "reuse", vault.ReuseAuto.String(), "once", "allow")
}

// apply sets on a what the flags of cmd set.
func (at *attributes) apply(cmd *cobra.Command, a *vault.Account) (err error) {
	for flag, value := range map[string]*string{"issuer": &a.Issuer, "username": &a.Username} {
		if given, _ := cmd.Flags().GetString(flag); given != "" {
			clean, err := ui.Name(given)
			if err != nil {
				return err
			}
			*value = clean
		} else if cmd.Flags().Changed(flag) {
			*value = ""
		}
	}
	switch {
	case !cmd.Flags().Changed("registry"):
	case at.registry == noRegistry:
		a.Registry = ""
	default:
		address, err := parseRegistry(at.registry)
		if err != nil {
			return err
		}
		a.Registry = address
	}
	if cmd.Flags().Changed("reuse") {
		if a.Reuse, err = vault.ParseReuse(at.reuse); err != nil {
			return ui.Usagef("--reuse: %v", err)
		}
	}
	if cmd.Flags().Changed("confirm") {
		if a.Confirm, err = vault.ParseConfirm(at.confirm); err != nil {
			return ui.Usagef("--confirm: %v", err)
		}
	}
	if cmd.Flags().Changed("level") {
		if a.Level, err = vault.ParseLevel(at.level); err != nil {
			return ui.Usagef("--level %v", err)
		}
	}
	return nil
}

// noRegistry is what people write and read for the key of another service.
const noRegistry = "none"

// parseRegistry reads the --registry flag.
func parseRegistry(s string) (string, error) {
	a, err := registry.ParseTyped(s)
	if err != nil {
		return "", ui.Usagef("--registry: %v", err) // without what was typed, which may hold a password
	}
	return a.String(), nil
}

func newEditCmd(app *App) *cobra.Command {
	var at attributes
	var secret bool
	cmd := &cobra.Command{
		Use:   "edit [ACCOUNT]",
		Short: "Change what is stored about an account",
		Long: `Change the issuer, user name, registry, level, reuse or confirm of an account,
whose name is written in full.

--secret asks for another key, a secret or an otpauth URI. The recovery codes
and the rest stay. The first code of the new key is shown, to be typed at the
registry; until then the account keeps the old key.

--reuse says whether exec and approve may send a code again within its half
minute: allow, once, or auto, which does it at npm's own registry, and at
another one when it was seen to take that. Once a registry was seen to refuse
it, auto waits for the next code there. A code that was refused is never sent
again.

--confirm says whether the agent gives a code only after a yes: always, never,
or auto, which is as 'npmotp unlock' was told.`,
		Annotations: vaultStatuses(),
		Example:     "  npmotp edit work --level auth-only\n  npmotp edit work --registry https://npm.example.org/\n  npmotp edit work --secret",
		Args:        argsBetween(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !changedAny(cmd, "issuer", "username", "registry", "level", "reuse", "confirm", "secret") {
				return ui.Usagef("nothing to change: give --issuer, --username, --registry, --level, --reuse, --confirm or --secret")
			}
			var probe vault.Account
			if err := at.apply(cmd, &probe); err != nil {
				return err
			}
			change := func(a *vault.Account) error {
				a.UpdatedAt = app.Now().UTC()
				return at.apply(cmd, a)
			}
			if secret {
				return app.replaceKey(cmd.Context(), firstArg(args), change)
			}
			return app.changeAccount(cmd.Context(), firstArg(args), (*vault.Contents).Named, func(_ *vault.Contents, a *vault.Account) error { return change(a) }, "changed %q")
		},
		ValidArgsFunction: app.completeAccount,
	}
	at.addFlags(cmd)
	cmd.Flags().BoolVar(&secret, "secret", false, "replace the key")
	return cmd
}

// replaceKey asks for another key of an account.
func (app *App) replaceKey(ctx context.Context, query string, change func(*vault.Account) error) error {
	v, a, err := app.found(ctx, query, (*vault.Contents).Named)
	if err != nil {
		return err
	}
	e, err := app.chosen(ctx)(app.gatherOne(ctx, addOptions{}))
	if err != nil {
		return err
	}
	show := func(a *vault.Account) error {
		view, _, err := viewAdded(a, app.Now())
		if err != nil {
			return err
		}
		return app.printAdded([]addView{view}, false)
	}
	if err := codes.ReplaceKey(ctx, v, a.Name, e.Key, app.Now(), show, change); err != nil {
		return err
	}
	app.Sayf("%q has the new key; 'npmotp restore' brings the old one back until 'npmotp backup prune' removes it", a.Name)
	return nil
}

func changedAny(cmd *cobra.Command, flags ...string) bool {
	for _, f := range flags {
		if cmd.Flags().Changed(f) {
			return true
		}
	}
	return false
}

// A finder returns the account that a query names.
type finder func(c *vault.Contents, query string) (*vault.Account, error)

// pick is the finder of what can be taken back; for the rest it is
// [vault.Contents.Named].
func (app *App) pick(ctx context.Context) finder {
	return func(c *vault.Contents, query string) (*vault.Account, error) {
		return codes.Pick(ctx, &app.UI, c, query)
	}
}

// opened opens the vault and returns it with what it holds.
func (app *App) opened(ctx context.Context) (*vault.Vault, *vault.Contents, error) {
	v, err := app.unlock(ctx)
	if err != nil {
		return nil, nil, err
	}
	c, err := v.Contents()
	return v, c, err
}

// found opens the vault and returns it with the account that query names.
func (app *App) found(ctx context.Context, query string, find finder) (*vault.Vault, *vault.Account, error) {
	v, err := app.unlock(ctx)
	if err != nil {
		return nil, nil, err
	}
	var found vault.Account
	err = v.Look(func(c *vault.Contents) error {
		a, err := find(c, query)
		if err == nil {
			found = *a
		}
		return err
	})
	return v, &found, err
}

// account opens the vault and returns what it holds, with the account that query names,
// for commands that change nothing.
func (app *App) account(ctx context.Context, query string) (*vault.Contents, *vault.Account, error) {
	c, err := app.contents(ctx)
	if err != nil {
		return nil, nil, err
	}
	a, err := app.pick(ctx)(c, query)
	return c, a, err
}

// changeAccount stores one changed account, and says so in the given words. What
// is asked about the account is asked before the vault is locked for the change.
func (app *App) changeAccount(ctx context.Context, query string, find finder, change func(*vault.Contents, *vault.Account) error, said string) error {
	v, a, err := app.found(ctx, query, find)
	if err != nil {
		return err
	}
	name := a.Name
	err = v.Update(ctx, func(c *vault.Contents) error {
		a, err := c.Named(name)
		if err == nil {
			if err = change(c, a); err == nil {
				name = a.Name
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	app.Sayf(said, name)
	return nil
}

func newRenameCmd(app *App) *cobra.Command {
	return &cobra.Command{
		Use:         "rename ACCOUNT NAME",
		Short:       "Give an account another name",
		Long:        `Give an account another name. Its present one is written in full.`,
		Annotations: vaultStatuses(),
		Example:     "  npmotp rename npm work",
		Args:        argsBetween(2, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			name, err := ui.Name(args[1])
			if err != nil {
				return err
			}
			return app.changeAccount(cmd.Context(), args[0], (*vault.Contents).Named, func(c *vault.Contents, a *vault.Account) error {
				_, err := c.Rename(a.Name, name, app.Now())
				return err
			}, "renamed to %q")
		},
		ValidArgsFunction: app.completeAccount,
	}
}

func newRemoveCmd(app *App) *cobra.Command {
	return &cobra.Command{
		Use:     "remove ACCOUNT",
		Aliases: []string{"rm"},
		Short:   "Remove an account with its secret and recovery codes",
		Long: `Remove an account with its secret and recovery codes. Its name is written in
full.

Turn off two-factor authentication at the registry first, or you may not get
in again. The last ten generations of the vault, in the folder "backups"
beside it, still hold the account.`,
		Annotations: vaultStatuses(),
		Example:     "  npmotp remove old-account",
		Args:        argsBetween(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runRemove(cmd.Context(), app, args[0])
		},
		ValidArgsFunction: app.completeAccount,
	}
}

func runRemove(ctx context.Context, app *App, query string) error {
	v, a, err := app.found(ctx, query, (*vault.Contents).Named)
	if err != nil {
		return err
	}
	what := fmt.Sprintf("%q with %s", a.Name, ui.Plural(a.UnusedCodes(), "unused recovery code"))
	if a.Key != nil {
		what = fmt.Sprintf("%q with its secret and %s", a.Name, ui.Plural(a.UnusedCodes(), "unused recovery code"))
	}
	if err := app.Confirm(ctx, "remove "+what+"?", "say --yes to remove it"); err != nil {
		return err
	}
	err = v.Update(ctx, func(c *vault.Contents) error {
		_, err := c.Remove(a.Name, app.Now())
		return err
	})
	if err != nil {
		return err
	}
	app.Sayf("removed %s", what)
	return nil
}

func newDefaultCmd(app *App) *cobra.Command {
	var none bool
	cmd := &cobra.Command{
		Use:   "default [ACCOUNT]",
		Short: "Show or set the account that is meant when none is named",
		Long: `Show the account that is meant when none is named, or set it. With --none
there is no default any more.`,
		Annotations: vaultStatuses(),
		Example:     "  npmotp default work\n  npmotp default",
		Args:        argsBetween(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case none && len(args) > 0:
				return ui.Usagef("--none goes without an account")
			case none:
				return runDefaultNone(cmd.Context(), app)
			case len(args) == 0:
				return runDefaultShow(cmd.Context(), app)
			}
			return app.changeAccount(cmd.Context(), args[0], app.pick(cmd.Context()), func(c *vault.Contents, a *vault.Account) error {
				c.Default = a.ID
				return nil
			}, "%q is the default now")
		},
		ValidArgsFunction: app.completeAccount,
	}
	cmd.Flags().BoolVar(&none, "none", false, "have no default")
	return cmd
}

func runDefaultNone(ctx context.Context, app *App) error {
	v, err := app.unlock(ctx)
	if err != nil {
		return err
	}
	return v.Update(ctx, func(c *vault.Contents) error {
		c.Default = ""
		return nil
	})
}

func runDefaultShow(ctx context.Context, app *App) error {
	c, err := app.contents(ctx)
	if err != nil {
		return err
	}
	a, err := c.Find("")
	if err != nil {
		return err
	}
	if app.flags.json {
		return app.JSON(struct {
			Name string `json:"name"`
		}{a.Name})
	}
	_, err = fmt.Fprintln(app.Out, cleantext.Show(a.Name))
	return err
}
