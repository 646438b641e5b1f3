package cmd

import (
	"context"
	"os/exec"

	"github.com/spf13/cobra"

	"npmotp/internal/demo"
)

func newDemoCmd(app *App) *cobra.Command {
	return &cobra.Command{
		Use:   "demo",
		Short: "Show everything in a throwaway vault",
		Long: `Show everything in a throwaway vault, without asking anything: a picture of
npm's QR code is decoded, recovery codes are stored, a code is printed and
checked, and a stand-in for npm is run with a code appended. Your own
vault is not touched, and nothing is left behind.`,
		Annotations: statuses(exitUsage),
		Example:     "  npmotp demo",
		Args:        noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			output := func(ctx context.Context, argv, environ []string) ([]byte, error) {
				c := exec.CommandContext(ctx, argv[0], argv[1:]...) //nolint:gosec // the demo's own stand-in for npm
				c.Env, c.Stderr = environ, app.Err
				return c.Output()
			}
			return demo.Tour{Out: app.Out, Environ: app.Environ(), Now: app.Now, Output: output}.Run(cmd.Context())
		},
	}
}
