package cmd

import (
	"github.com/spf13/cobra"

	"npmotp/internal/clip"
)

// clearClipboard is the name of the hidden command that a copy leaves behind.
const clearClipboard = "clear-clipboard"

func newClearClipboardCmd(app *App) *cobra.Command {
	return &cobra.Command{
		Use:    clearClipboard,
		Short:  "Clear the clipboard when its time has come",
		Hidden: true,
		Args:   noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return clip.Clipboard{Getenv: app.Getenv}.Clear(cmd.Context(), app.In, app.Now)
		},
	}
}
