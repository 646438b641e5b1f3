package wrap

import (
	"context"

	"npmotp/internal/npm/tools"
	"npmotp/internal/ptyrun"
	"npmotp/internal/ui"
)

// A Terminal is where commands run that are answered at their prompt.
type Terminal struct {
	UI *ui.UI
	// Equip gives a session its streams and its helper.
	Equip func(s *ptyrun.Session)
	// Prepare makes the stage of a session that has no program yet, nil where it
	// cannot: then the session tries, and says so.
	Prepare func(s *ptyrun.Session) *ptyrun.Stage
	// Release takes back, before a command of the user's starts, what protects
	// this process and would be inherited.
	Release func()
}

// Run runs a session. Whoever speaks while it lasts does it with beside, which
// the asker is made with: between the lines of the command.
func (t Terminal) Run(ctx context.Context, s *ptyrun.Session, asker func(beside *ui.UI) ptyrun.Ask) (answers int, err error) {
	beside := t.UI.Beside(s.Talk())
	s.Warn = func(text string) { beside.Warnf("%s", text) }
	s.Agreed = t.UI.Yes
	if !t.UI.NoInput {
		s.Confirm = func(ctx context.Context, question string) (bool, error) {
			return t.UI.Terminal.Confirm(ctx, "\nnpmotp: "+question) // below the program's own
		}
	}
	s.Ask = asker(beside)
	t.Release()
	t.Equip(s)
	return tools.Converse(ctx, s)
}
