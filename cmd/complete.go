package cmd

import (
	"strings"

	"github.com/spf13/cobra"

	"npmotp/internal/cleantext"
)

// completeAccount completes the name of an account, the first argument, while
// the agent is unlocked. Nothing is asked in the middle of a command line.
func (app *App) completeAccount(cmd *cobra.Command, args []string, begin string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return app.completeAccountFlag(cmd, args, begin)
}

// completeAccountFlag is completeAccount for the value of a flag.
func (app *App) completeAccountFlag(cmd *cobra.Command, _ []string, begin string) ([]string, cobra.ShellCompDirective) {
	c := app.dialAgent(cmd.Context(), func(string) {})
	if c == nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	defer func() { _ = c.Close() }()
	accounts, err := c.List()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []string
	for _, a := range accounts {
		// A name that shows otherwise than it is would complete to another.
		if strings.HasPrefix(a.Name, begin) && a.ArchivedAt.IsZero() && cleantext.Show(a.Name) == a.Name {
			names = append(names, a.Name)
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
