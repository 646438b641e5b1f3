package cmd

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// release is set by the linker when a release is built:
// -ldflags "-X npmotp/cmd.release=v1.2.3".
var release string //nolint:gochecknoglobals // the linker sets nothing else

// version returns the version of this program. Without a release it is that of
// the module, which "go install" at a version knows.
func version() string {
	if release != "" {
		return release
	}
	info, ok := debug.ReadBuildInfo()
	if ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "unknown"
}

// versionFlag alone on the command line is answered without the command tree.
const versionFlag = "--version"

func (app *App) printVersion() error {
	_, err := fmt.Fprintf(app.Out, "npmotp %s\n", version())
	return err
}

func newVersionCmd(app *App) *cobra.Command {
	return &cobra.Command{
		Use:         "version",
		Short:       "Print the version",
		Long:        "Print the version of npmotp, of Go, and the system it was built for.",
		Annotations: statuses(exitUsage),
		Example:     "  npmotp version --json",
		Args:        noArgs,
		RunE: func(_ *cobra.Command, _ []string) error {
			if app.flags.json {
				return app.JSON(struct {
					Version string `json:"version"`
					Go      string `json:"go"`
					OS      string `json:"os"`
					Arch    string `json:"arch"`
				}{version(), runtime.Version(), runtime.GOOS, runtime.GOARCH})
			}
			_, err := fmt.Fprintf(app.Out, "npmotp %s (%s, %s/%s)\n", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return err
		},
	}
}
