package cmd

import (
	"context"

	"github.com/spf13/cobra"

	"npmotp/internal/enroll"
	"npmotp/internal/ui"
	"npmotp/vault"
)

func newEnrollCmd(app *App) *cobra.Command {
	var (
		o               enroll.Options
		level, registry string
	)
	cmd := &cobra.Command{
		Use:   "enroll [NAME]",
		Short: "Turn two-factor authentication on, by npm's own dialogue",
		Long: `Run "npm profile enable-2fa" and answer its questions about the second factor.
You type npm's password at npm's own prompt.

The secret that npm shows is stored before its first code is typed, the
recovery codes before anything else is printed; neither comes to the screen,
unless --show is given. Until the registry has taken the first code the
account is pending: if anything goes wrong, run the same command again.

--recovery-to DEVICE keeps the recovery codes out of this vault: they go into
a file that only that laptop opens, with 'npmotp receive'.

Where two-factor authentication is on already, --level changes what the
registry asks a code for. The registry is the one that npm would talk to
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
			o.Name, o.Level = firstArg(args), vault.Level(level)
			return app.enroll(cmd.Context(), o, registry)
		},
		ValidArgsFunction: app.completeAccount,
	}
	f := cmd.Flags()
	f.StringVar(&level, "level", "", "what codes are asked for: auth-only or auth-and-writes (default: as it is, or auth-and-writes)")
	completeChoices(cmd, "level", string(vault.AuthOnly), string(vault.AuthAndWrites))
	f.StringVar(&registry, "registry", "", "the registry's `URL` (default: the one that npm talks to here)")
	f.StringVar(&o.RecoveryTo, "recovery-to", "", "seal the recovery codes for the `DEVICE`, instead of storing them here")
	f.StringVarP(&o.Output, "output", "o", "", "with --recovery-to, the `FILE` for the codes (default: recovery-codes-for-DEVICE.age here)")
	f.BoolVar(&o.Show, "show", false, "show the QR code, the secret and the recovery codes, as npm prints them")
	return cmd
}

func (app *App) enroll(ctx context.Context, o enroll.Options, registry string) (err error) {
	if o.Name != "" {
		if o.Name, err = ui.Name(o.Name); err != nil {
			return err
		}
	}
	if o.Level != "" {
		if _, err := vault.ParseLevel(string(o.Level)); err != nil {
			return ui.Usagef("--level %v", err)
		}
	}
	if o.Output != "" && o.RecoveryTo == "" {
		return ui.Usagef("--output goes with --recovery-to")
	}
	p, err := app.procedure(registry)
	if err != nil {
		return err
	}
	return p.Enroll(ctx, o)
}

// procedure returns what has npm's dialogues about the second factor.
func (app *App) procedure(registry string) (*enroll.Procedure, error) {
	p := &enroll.Procedure{
		UI: &app.UI, Terminal: app.terminal(), InTTY: app.InTTY, Environ: app.Environ(), Home: app.Getenv("HOME"),
		Now: app.Now, Codes: app.codes(), Self: []string{app.Self, enrolmentWitness},
	}
	var err error
	if registry != "" {
		if p.Registry, err = parseRegistry(registry); err != nil {
			return nil, err
		}
	}
	if p.Dir, err = app.Dir(); err != nil {
		return nil, err
	}
	if p.Path, err = app.vaultPath(); err != nil {
		return nil, err
	}
	p.Open = func(ctx context.Context, create bool) (*vault.Vault, error) {
		app.silent = true // these commands say themselves what is pending
		if create {
			return app.unlockOrCreate(ctx)
		}
		return app.unlock(ctx)
	}
	return p, nil
}

// enrolmentWitness is the name of the hidden command that stores the recovery
// codes of an enrolment.
const enrolmentWitness = "enrolment-witness"

func newWitnessCmd(app *App) *cobra.Command {
	return &cobra.Command{
		Use:    enrolmentWitness,
		Short:  "Store the recovery codes that npm prints",
		Hidden: true,
		Args:   noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return &statusError{enroll.Witness(cmd.Context(), app.Now, app.VaultOptions)}
		},
	}
}

// tellPending says that an enrolment did not come to its end, when the vault is
// opened for something else.
func (app *App) tellPending(c *vault.Contents) {
	if app.silent {
		return
	}
	for i := range c.Accounts {
		if a := &c.Accounts[i]; a.Pending {
			app.Sayf("note: the enrolment of %q did not come to its end; 'npmotp enroll %s' looks how far it came", a.Name, ui.Quote(a.Name))
		}
	}
}

func newDisableCmd(app *App) *cobra.Command {
	var registry string
	cmd := &cobra.Command{
		Use:   "disable [ACCOUNT]",
		Short: "Turn two-factor authentication off, by npm's own dialogue",
		Long: `Run "npm profile disable-2fa" and answer its question for a code. You type
npm's password at npm's own prompt. Once the registry has turned two-factor
authentication off the account is archived: it is kept with its secret, goes
by its exact name only, and is listed by 'npmotp list --all'. An account that
has no key does it with one of its recovery codes.

Think twice: npmjs.com has let nobody turn on authenticator apps since autumn
2025, so what is turned off there may not be turned on again.`,
		Annotations: vaultStatuses(),
		Example:     "  npmotp disable work",
		Args:        argsBetween(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := app.procedure(registry)
			if err != nil {
				return err
			}
			return p.Disable(cmd.Context(), firstArg(args))
		},
		ValidArgsFunction: app.completeAccount,
	}
	cmd.Flags().StringVar(&registry, "registry", "", "the registry's `URL` (default: the one that npm talks to here)")
	return cmd
}

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
			p, err := app.procedure(registry)
			if err != nil {
				return err
			}
			return p.Recover(cmd.Context(), firstArg(args))
		},
		ValidArgsFunction: app.completeAccount,
	}
	cmd.Flags().StringVar(&registry, "registry", "", "the registry's `URL` (default: the one that npm talks to here)")
	return cmd
}
