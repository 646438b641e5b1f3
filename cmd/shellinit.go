package cmd

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"npmotp/internal/shellinit"
	"npmotp/internal/ui"
)

func newShellInitCmd(app *App) *cobra.Command {
	return &cobra.Command{
		Use:   "shell-init " + strings.Join(shellinit.Shells(), "|"),
		Short: "Print shell functions that run npm with a code where due",
		Long: `Print functions for npm, pnpm, yarn, bun and gem, for the start file of a
shell. They go through 'npmotp exec' for the sub-commands with which a code may
be due, if there is a vault, and are the tool itself everywhere else: in a
script, with another sub-command, without a vault. A function that is there
already stays.

doc/shell.md has where the line goes and how to undo it.`,
		Annotations: statuses(exitUsage),
		Example: `  eval "$(npmotp shell-init bash)"      in ~/.bashrc
  eval "$(npmotp shell-init zsh)"       in ~/.zshrc
  npmotp shell-init fish | source       in ~/.config/fish/config.fish`,
		Args:      argsBetween(1, 1),
		ValidArgs: shellinit.Shells(),
		RunE: func(_ *cobra.Command, args []string) error {
			script, ok := shellinit.Script(args[0], func(variable func(string) string) string {
				return filepath.Join(dataDir(variable), vaultName)
			})
			if !ok {
				return ui.Usagef("there are functions for %s, and none for %q", strings.Join(shellinit.Shells(), ", "), args[0])
			}
			_, err := fmt.Fprint(app.Out, script)
			return err
		},
	}
}
