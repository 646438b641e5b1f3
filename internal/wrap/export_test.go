package wrap

import (
	"npmotp/internal/agent"
	"npmotp/internal/ptyrun"
)

// Only is only, for its table.
var Only = only

// Judge returns what judges the processes of a command that gets the codes of an
// account.
func (r *Runner) Judge(o Options, a agent.Account, argv []string) (func([]ptyrun.Process) ptyrun.Verdict, error) {
	x, err := r.plan(o, argv)
	if err == nil {
		_, err = x.targets()
	}
	return (&judge{run: x, account: a}).verdict, err
}
