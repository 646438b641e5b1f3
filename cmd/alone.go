package cmd

import (
	"github.com/spf13/cobra"
)

// patient reports whether a command line is one whose command calls the heed of
// its [App] itself, if it comes to that: as long as the agent answers, 'npmotp
// code' has nothing to put in order, and what handles signals takes a while to
// start.
func patient(args []string) bool { return firstArg(args) == "code" }

// addAlone adds the command of that name without the others, if it is one that
// people wait for many times a day: to build the whole tree takes as long as an
// empty program does. What such a command knows of the others is words.
func addAlone(root *cobra.Command, app *App, name string) bool {
	switch name {
	case "code":
		root.AddCommand(newCodeCmd(app))
	case "exec":
		root.AddCommand(newExecCmd(app))
	default:
		return false
	}
	root.CompletionOptions.DisableDefaultCmd = true
	return true
}
