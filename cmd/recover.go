package cmd

import "github.com/spf13/cobra"

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
