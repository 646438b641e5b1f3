package wrap

import (
	"context"
	"errors"
	"strings"

	"npmotp/internal/agent"
	"npmotp/internal/codes"
	"npmotp/internal/ptyrun"
	"npmotp/internal/secret"
	"npmotp/internal/ui"
)

// enrolmentQuestion is how npm asks for a code of the secret that it has
// just shown, which is in no vault yet (lib/commands/profile.js).
const enrolmentQuestion = "And an OTP code"

// answer runs the planned command on a pseudo-terminal and answers it there. A
// code that went along with the command is sent.
func (x *run) answer(ctx context.Context, a agent.Account, sent codes.Sent) error {
	w := &answerer{run: x, account: a, last: sent}
	answers, err := x.converse(ctx, a, sent.Value, 0, func(beside *ui.UI) ptyrun.Ask {
		x.Codes.UI = beside
		return w.code
	})
	x.Codes.UI = x.UI
	if err == nil && (answers > 0 || !x.plan.AtPrompt) {
		x.Codes.Took(context.WithoutCancel(ctx), w.last)
	}
	return err
}

// converse runs the planned command on a pseudo-terminal, ends it when it asks
// more than limit times (0 is no limit), and returns how many answers it got.
// The code goes along unless the plan is to have it at the prompt.
func (x *run) converse(ctx context.Context, a agent.Account, code secret.Text, limit int, asker func(beside *ui.UI) ptyrun.Ask) (int, error) {
	for _, w := range x.plan.Warnings {
		x.UI.Warnf("%s", w)
	}
	x.UI.Explainf("%s", x.plan.Why)
	s, err := x.plan.Session(code)
	if err != nil {
		return 0, err
	}
	s.MaxAnswers, s.Shared, s.Stage, x.stage = limit, x.shared(), x.stage, nil
	s.Nested = s.Nested || x.version != "" // a script may start the npm that asks
	s.Judge = (&judge{run: x, account: a}).verdict
	running, end := context.WithCancel(ctx)
	defer end()
	x.Codes.KeepOpen(running)
	answers, err := x.Terminal.Run(ctx, s, asker)
	if answers == 0 && x.plan.AtPrompt {
		x.UI.Explainf("%s did not ask for a code", x.plan.ToolArgv[0])
	}
	return answers, err
}

// shared reports whether others may open the terminal: what is asked in words of its
// own may be asked by way of /dev/tty, as ssh does.
func (x *run) shared() bool { return x.o.Shared || x.plan.Literal }

// An answerer yields the codes for one run.
type answerer struct {
	*run
	account agent.Account
	last    codes.Sent // the code that was sent last; the zero Sent before
}

// code returns a code for a question. One that was refused is not sent again,
// whatever the account says of reuse.
func (w *answerer) code(ctx context.Context, p ptyrun.Prompt) (secret.Text, error) {
	if strings.HasPrefix(p.Text, enrolmentQuestion) {
		return secret.Text{}, ptyrun.ErrLeave
	}
	w.Codes.UI.Explainf("the command asks %q, for the %s time", p.Text, ordinal(p.Again+1))
	if !w.Codes.Reconnect(ctx) {
		return secret.Text{}, w.locked()
	}
	switch {
	case w.last.Value.Len() == 0:
	case p.Refused || p.Again == 0:
		w.Codes.Refused(ctx, w.last)
	default:
		w.Codes.Took(ctx, w.last)
	}
	code, err := w.Codes.ToSend(ctx, w.account, w.to, w.o.MinRemaining)
	w.last = code
	if errors.Is(err, codes.ErrLocked) { // the agent ended between the two
		err = w.locked()
	}
	return code.Value, err
}

// locked leaves the question to the user.
func (w *answerer) locked() error {
	w.Codes.UI.Warnf("the vault was locked in the meantime: type the code yourself; 'npmotp code' prints it")
	return ptyrun.ErrLeave
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
