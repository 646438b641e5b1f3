package cmd

import (
	"github.com/spf13/cobra"

	"npmotp/internal/approve"
	"npmotp/internal/ui"
)

func newApproveCmd(app *App) *cobra.Command {
	var o approve.Options
	cmd := &cobra.Command{
		Use:   "approve [ID...]",
		Short: "Approve npm's staged packages, each with a code",
		Long: `Approve packages that were staged with npm stage publish, each with a code of
its own, at the pace that the registry takes codes.

Without ID it lists what is staged, for you to tick: arrows move, space ticks,
a ticks all, v shows what would change against the published version, enter
approves. ID is that of npm stage list, its beginning, or a package's name with
or without its version. What other packages of the project's workspaces need
comes before them; where one fails, those that need it are left. What is left
after an interruption waits for the next run.

Without a terminal give IDs, or --all, and --yes. npm has to be 11.15 or later.
The code goes only to the registry that the account belongs to, in the
environment of npm stage approve, which runs no scripts.`,
		Annotations: statuses(exitUsage, exitNotFound, exitLocked, exitVault),
		Example:     "  npmotp approve\n  npmotp approve --json | jq -r '.[].id'\n  npmotp approve @ada/core @ada/cli@2.0.0 --yes\n  npmotp approve --all --tag next --yes",
		Args:        cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Chosen, o.JSON = args, app.flags.json
			if o.All && len(args) > 0 {
				return ui.Usagef("--all goes without IDs")
			}
			if o.Registry != "" {
				var err error
				if o.Registry, err = parseRegistry(o.Registry); err != nil {
					return err
				}
			}
			r, err := app.runner()
			if err != nil {
				return err
			}
			p := approve.Procedure{Runner: r}
			return p.Run(cmd.Context(), o)
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	f := cmd.Flags()
	f.BoolVar(&o.All, "all", false, "approve all that is staged")
	f.StringVar(&o.Tag, "tag", "", "only what is staged for the dist-tag `TAG`")
	f.BoolVar(&o.Reject, "reject", false, "reject instead, which deletes what is staged")
	f.BoolVar(&o.Diff, "diff", false, "only show what would change")
	f.BoolVar(&o.DryRun, "dry-run", false, "only print what would run, with the code as ******")
	f.StringVar(&o.Registry, "registry", "", "the registry at `URL` instead of the one that npm is set to")
	f.StringVarP(&o.Account, "account", "a", "", "the `ACCOUNT` whose code is used")
	_ = cmd.RegisterFlagCompletionFunc("account", app.completeAccountFlag)
	o.MinRemaining = execMinRemaining
	f.BoolVarP(&app.Verbose, "verbose", "v", false, "say why each decision is made")
	return cmd
}
