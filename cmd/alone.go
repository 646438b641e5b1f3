package cmd

import (
	"github.com/spf13/cobra"
)

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
