package cmd

import "github.com/spf13/cobra"

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
