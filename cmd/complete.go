package cmd

import (
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"npmotp/internal/cleantext"
	"npmotp/vault"
)

// completeAccount completes the name of an account, the first argument, while
// the agent is unlocked. Nothing is asked in the middle of a command line.
func (app *App) completeAccount(cmd *cobra.Command, args []string, begin string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return app.completeAccountFlag(cmd, args, begin)
}

// completeChoices completes the value of a flag that is one of a few words.
func completeChoices(cmd *cobra.Command, flag string, choices ...string) {
	_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(choices, cobra.ShellCompDirectiveNoFileComp))
}

// completeMark completes the arguments of "recovery mark": an account or none, a number,
// and what became of the code.
func (app *App) completeMark(cmd *cobra.Command, args []string, begin string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		if _, err := strconv.Atoi(args[len(args)-1]); err == nil {
			return []string{string(vault.Used), string(vault.Unused)}, cobra.ShellCompDirectiveNoFileComp
		}
	}
	return app.completeAccount(cmd, args, begin)
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
