package npmtest

import (
	"os/exec"
	"testing"
)

// Run runs this npm in the folder dir with the environment of [NPM.Env] and no
// terminal, and returns what it printed.
func (n NPM) Run(t testing.TB, dir string, env []string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), n.Path, args...)
	cmd.Dir, cmd.Env = dir, env
	out, err := cmd.CombinedOutput()
	return string(out), err
}
