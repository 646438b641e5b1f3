package cmd

import (
	"cmp"
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"npmotp/internal/enrol"
	"npmotp/internal/npmconfig"
	"npmotp/internal/ptyrun"
	"npmotp/vault"
)

type enrollOptions struct {
	name, level, registry string
	recoveryTo, output    string
	show                  bool
}

func newEnrollCmd(app *App) *cobra.Command {
	var o enrollOptions
	cmd := &cobra.Command{
		Use:   "enroll [NAME]",
		Short: "Turn two-factor authentication on, by npm's own dialogue",
		Long: `Run "npm profile enable-2fa" and answer its questions about the second factor.
You type npm's password at npm's own prompt.

The secret that npm shows is stored before its first password is typed, the
recovery codes before anything else is printed; neither comes to the screen,
unless --show is given. Until the registry has taken the first password the
account is pending: if anything goes wrong, run the same command again.

--recovery-to DEVICE keeps the recovery codes out of this vault: they go into
a file that only that laptop opens, with 'npmotp receive'.

Where two-factor authentication is on already, --level changes what the
registry asks a password for. The registry is the one that npm would talk to
here. NAME is what the account is called; without one, as the registry calls
the user.

npmjs.com has let nobody turn on authenticator apps since autumn 2025; those
that were on go on working. If yours is one of them, 'npmotp add' stores its
secret. Do not turn it off: it may not be turned on again.`,
		Annotations: vaultStatuses(),
		Example: `  npmotp enroll
  npmotp enroll work --registry https://npm.example.org/
  npmotp enroll --level auth-only`,
		Args: argsBetween(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.name = firstArg(args)
			return runEnroll(cmd.Context(), app, o)
		},
		ValidArgsFunction: app.completeAccount,
	}
	f := cmd.Flags()
	f.StringVar(&o.level, "level", "", "what passwords are asked for: auth-only or auth-and-writes (default: as it is, or auth-and-writes)")
	f.StringVar(&o.registry, "registry", "", "the registry's `URL` (default: the one that npm talks to here)")
	f.StringVar(&o.recoveryTo, "recovery-to", "", "seal the recovery codes for the `DEVICE`, instead of storing them here")
	f.StringVarP(&o.output, "output", "o", "", "with --recovery-to, the `FILE` for the codes (default: recovery-codes-for-DEVICE.age here)")
	f.BoolVar(&o.show, "show", false, "show the QR code, the secret and the recovery codes, as npm prints them")
	return cmd
}

func runEnroll(ctx context.Context, app *App, o enrollOptions) error {
	if o.name != "" {
		var err error
		if o.name, err = cleanName(o.name); err != nil {
			return err
		}
	}
	if o.level != "" {
		if _, err := vault.ParseLevel(o.level); err != nil {
			return usageErrorf("--level %v", err)
		}
	}
	if o.output != "" && o.recoveryTo == "" {
		return usageErrorf("--output goes with --recovery-to")
	}
	if err := app.needDialogue("enroll", "profile enable-2fa"); err != nil {
		return err
	}
	target, err := app.npmTarget(o.registry, "profile", "enable-2fa")
	if err != nil {
		return err
	}
	e := &enrolling{app: app, o: o, target: target}
	app.silent = true // this command says itself what is pending
	if e.v, err = app.unlockOrCreate(ctx); err != nil {
		return err
	}
	return e.run(ctx)
}

// An enrolling is an enrolment on its way.
type enrolling struct {
	app    *App
	v      *vault.Vault
	o      enrollOptions
	target npmconfig.Target

	known      *vault.Account // what the vault has for the registry; nil for nothing
	level      vault.Level
	dialogue   *enrol.Dialogue
	tap        *ptyrun.Tap
	stored     *vault.Account // what this run has stored
	forwarding *forwarding    // nil to store the recovery codes here
	typed      bool           // a password of it was typed
}

func (e *enrolling) run(ctx context.Context) error {
	if err := e.look(ctx); err != nil {
		return err
	}
	e.tellBefore()
	const attempts = 2
	for attempt := 1; ; attempt++ {
		verdict, err := e.attempt(ctx)
		if verdict == enrol.BadCode && attempt < attempts && ctx.Err() == nil {
			e.app.sayf("the registry did not take the password; npm runs once more, and gets a later one")
			continue
		}
		return e.conclude(ctx, verdict, err)
	}
}

// here reports whether a URL is that of the registry.
func (e *enrolling) here(registry string) bool { return sameOrigin(registry, e.target.Registry) }

// look finds what the vault has for the registry.
func (e *enrolling) look(ctx context.Context) error {
	c, err := e.v.Contents(ctx)
	if err != nil {
		return err
	}
	e.known, err = pickKnown(c, e.o.name, e.here)
	if err != nil {
		return err
	}
	if err := e.forward(c); err != nil {
		return err
	}
	e.level = vault.Level(e.o.level)
	if e.known != nil {
		e.level = cmp.Or(e.level, e.known.Level)
	}
	e.level = cmp.Or(e.level, vault.AuthAndWrites)
	return nil
}

// pickKnown returns the account with a key that npm may ask a password of: the
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
			return nil, withHint(fmt.Errorf("%w: %q %s", vault.ErrNameTaken, a.Name, belongsTo(a.Registry)),
				"give another NAME; %s", registryHint(a.Name, a.Registry))
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
func (e *enrolling) tellBefore() {
	e.app.tellTarget(e.target)
	if sameOrigin(e.target.Registry, vault.DefaultRegistry) && e.known == nil {
		e.app.sayf("note: npmjs.com has let nobody turn on authenticator apps since autumn 2025, and may refuse; one that is on goes on working")
	}
	if e.known != nil && e.known.Pending {
		e.app.sayf("the enrolment of %q, of %s, did not come to its end; npm will tell how far it came", e.known.Name, day(e.known.UpdatedAt))
	}
}
