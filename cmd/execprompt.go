package cmd

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"npmotp/internal/agent"
	"npmotp/internal/npmrun"
	"npmotp/internal/ptyrun"
	"npmotp/internal/secret"
)

// terminalMonitor is the name of the hidden command that stands between this
// process and a command that is answered at its prompt.
const terminalMonitor = "terminal-monitor"

func newTerminalMonitorCmd(app *App) *cobra.Command {
	return &cobra.Command{
		Use:                terminalMonitor,
		Short:              "Lead the terminal of a command that is answered at its prompt",
		Hidden:             true,
		DisableFlagParsing: true,
		RunE: func(*cobra.Command, []string) error {
			app.reopen() // for the command, which is started from here
			return &statusError{ptyrun.Monitor()}
		},
	}
}

// runAtPrompt runs the planned command on a pseudo-terminal and answers it
// there.
func (app *App) runAtPrompt(ctx context.Context, w *answerer, plan *npmrun.Plan) error {
	_, err := app.converse(ctx, plan, w.options, w.last.Value, 0, func(talking *App) ptyrun.Ask {
		w.app = talking
		return w.code
	})
	return err
}

// converse runs the planned command on a pseudo-terminal, ends it when it asks
// more than limit times (0 is no limit), and returns how many answers it got.
// The code goes along unless the plan is to have it at the prompt. The asker is
// made with an app that may speak while the command runs.
func (app *App) converse(ctx context.Context, plan *npmrun.Plan, o execOptions, code secret.Text, limit int, asker func(talking *App) ptyrun.Ask) (int, error) {
	app.announce(plan, o)
	s, err := plan.Session(code)
	if err != nil {
		return 0, err
	}
	// Whoever speaks while the command runs does it between the command's lines.
	talking := *app
	talking.Err, talking.ErrTTY = s.Talk(), false
	s.Warn = func(text string) { talking.warnf("%s", text) }
	if !app.flags.noInput {
		s.Confirm = func(ctx context.Context, question string) (bool, error) {
			return app.Prompt.Confirm(ctx, "npmotp: "+question)
		}
	}
	s.MaxAnswers = limit
	s.Ask = asker(&talking)
	app.reopen()
	answers, err := app.Converse(ctx, s)
	if answers == 0 && plan.AtPrompt {
		app.explainf(o, "%s did not ask for a password", plan.Tool)
	}
	return answers, err
}

// enrolmentQuestion is how npm asks for a password of the secret that it has
// just shown, which is in no vault yet (lib/commands/profile.js).
const enrolmentQuestion = "And an OTP code"

// An answerer yields the passwords for one run.
type answerer struct {
	app     *App
	giver   *giver
	account agent.Account
	options execOptions
	last    agent.Code
	sent    bool // the last one went along with the command
}

// code returns a password for a question. One that was refused is not sent
// again, whatever the account says of reuse.
func (w *answerer) code(ctx context.Context, p ptyrun.Prompt) (secret.Text, error) {
	if strings.HasPrefix(p.Text, enrolmentQuestion) {
		return secret.Text{}, ptyrun.ErrLeave
	}
	w.app.explainf(w.options, "the command asks %q, for the %s time", p.Text, ordinal(p.Again+1))
	if !w.giver.redial(ctx) {
		w.app.warnf("the vault was locked in the meantime: type the password yourself; 'npmotp code' prints it")
		return secret.Text{}, ptyrun.ErrLeave
	}
	code, err := w.app.freshCode(ctx, w.giver, w.account, w.options.minRemaining)
	refused := p.Refused || w.sent && p.Again == 0
	if err == nil && refused && !code.From.After(w.last.From) && w.account.Counter == nil {
		code, err = w.app.codeOfStep(ctx, w.giver, code, code.Until)
	}
	w.last = code
	return code.Value, err
}

func ordinal(n int) string {
	switch n {
	case 1:
		return "first"
	case 2:
		return "second"
	default:
		return "next"
	}
}
