package wrap

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"npmotp/internal/agent"
	"npmotp/internal/npm/tools"
	"npmotp/internal/ptyrun"
	"npmotp/internal/secret"
	"npmotp/internal/ui"
	"npmotp/vault"
)

// fewCodes is how many codes are left when the warnings begin.
const fewCodes = 2

// WarnFewCodes warns when few unused recovery codes of an account are left.
func WarnFewCodes(u *ui.UI, account string, left int) {
	if left <= fewCodes {
		u.Warnf("%s left in %q", ui.Plural(left, "unused recovery code"), account)
	}
}

// checkRecovery says what does not go with --recovery. A recovery code gets in
// without the key for as long as it is unused, so it is typed, and goes along only
// where npm would not take it typed and nothing else could read it.
func (o Options) checkRecovery() error {
	switch {
	case o.Prompt != "" && (o.Flag != "" || o.Env != "" || o.Via != "" && o.Via != tools.Prompt.String() && o.Via != viaAuto):
		return ui.Usagef("--prompt types the code, so it goes with neither --flag, --env nor another --via")
	case o.Prompt != "" && o.Recovery:
		return ui.Usagef("a recovery code is typed where npm asks for one, so --recovery does not go with --prompt")
	case o.Last && !o.Recovery:
		return ui.Usagef("--last is for --recovery")
	case !o.Recovery:
		return nil
	case o.Via != "" && o.Via != tools.Prompt.String() && o.Via != viaAuto:
		return ui.Usagef("--recovery decides itself how the code reaches the command, and does not go with --via %s", o.Via)
	case o.Flag != "" || o.Env != "":
		return ui.Usagef("--recovery decides itself how the code reaches the command, and goes with neither --flag nor --env")
	}
	return nil
}

// recoveryLeft fails when a has no unused recovery code, or only the last one
// and nothing says that it may be used.
func (o Options) recoveryLeft(a agent.Account) error {
	switch {
	case a.RecoveryCodes == 0:
		return fmt.Errorf("%w in %q", vault.ErrNoCodes, a.Name)
	case a.RecoveryCodes == 1 && !o.Last:
		return ui.WithHint(fmt.Errorf("%q has one unused recovery code left, which is the last way in", a.Name),
			"make new codes where you log in to the registry; or, if it is meant, say 'npmotp exec --recovery --last ...'")
	}
	return nil
}

// recoveryWay has the next recovery code of a go along in the environment where npm
// does not take it typed. Only an npm that starts nothing else gets it so.
func (x *run) recoveryWay(a agent.Account) error {
	own, err := x.Codes.Vault().Contents.Find(a.Name)
	if err != nil {
		return err
	}
	next := own.NextCode()
	if x.plan.Tool != "npm" || next == nil || tools.TakesAtPrompt(next.Code) {
		return nil
	}
	why := fmt.Errorf("recovery code number %d of %q has %d characters, and npm takes those of 64 hexadecimal digits at its prompt",
		next.Number, a.Name, next.Code.Len())
	switch {
	case !x.plan.Quiet:
		return ui.WithHint(fmt.Errorf("%w; in the environment of %q, scripts could read it", why, strings.Join(x.argv, " ")),
			"what runs none gets it: npm %s", strings.Join(tools.Quiet(), ", "))
	case x.o.Via == tools.Prompt.String():
		return ui.WithHint(why, "leave out --via prompt: then it goes along in the environment of npm, which starts nothing else here")
	}
	x.options.Via, x.options.Environ = tools.Env, tools.NoBrowser(x.options.Environ)
	return x.replan()
}

// recover runs the planned command with a recovery code of a: its first question is
// answered with it, unless it goes along. The code is reserved on disk before it
// is sent, and its state afterwards is what is known then: used when the command
// succeeded, unused when it was not sent, and else still reserved.
func (x *run) recover(ctx context.Context, a agent.Account) error {
	r := &reserver{
		run: x, vault: x.Codes.Vault().Vault, account: a.Name,
		purpose: strings.TrimSpace("exec " + x.plan.Tool + " " + x.plan.Subcommand),
	}
	var sent secret.Text
	if !x.plan.AtPrompt {
		var err error
		if sent, err = r.reserve(ctx); err != nil {
			return err
		}
	}
	answers, runErr := x.converse(ctx, a, sent, 1, func(*ui.UI) ptyrun.Ask { return r.code })
	return r.conclude(context.WithoutCancel(ctx), answers > 0 || sent.Len() > 0, runErr)
}

// A reserver yields one recovery code.
type reserver struct {
	*run
	vault            *vault.Vault
	account, purpose string
	asked            bool
	number, left     int // number is 0 until a code is reserved
}

// code reserves a recovery code for a question.
func (r *reserver) code(ctx context.Context, p ptyrun.Prompt) (secret.Text, error) {
	switch {
	case strings.HasPrefix(p.Text, enrolmentQuestion):
		return secret.Text{}, ptyrun.ErrLeave
	case r.number != 0 && !r.plan.AtPrompt:
		return secret.Text{}, ptyrun.ErrTooManyQuestions // it was sent already
	case r.number != 0:
		return secret.Text{}, ptyrun.ErrLeave
	}
	r.asked = true
	return r.reserve(ctx)
}

// reserve takes a recovery code.
func (r *reserver) reserve(ctx context.Context) (secret.Text, error) {
	code, _, left, err := r.vault.Reserve(ctx, r.account, r.purpose, r.Now())
	if err != nil {
		return secret.Text{}, err
	}
	r.number, r.left = code.Number, left
	if left == 0 && !r.o.Last { // another process took one since
		return secret.Text{}, fmt.Errorf("%q has one unused recovery code left, which only --last uses", r.account)
	}
	return code.Code, nil
}

// conclude notes what became of the code, and tells.
func (r *reserver) conclude(ctx context.Context, sent bool, runErr error) error {
	name := ui.Quote(r.account)
	switch {
	case r.asked && r.number == 0:
		return runErr
	case r.number == 0:
		r.UI.Sayf("no recovery code was asked for, and none is used up")
		return runErr
	case !sent:
		if err := r.mark(ctx, vault.Unused); err != nil {
			r.UI.Warnf("recovery code number %d of %q was not typed, but stays reserved: %v", r.number, r.account, err)
			r.UI.Hintf("npmotp recovery mark %s %d unused", name, r.number)
		}
		return runErr
	case errors.Is(runErr, ptyrun.ErrTooManyQuestions):
		r.UI.Warnf("recovery code number %d of %q was not taken; it stays reserved", r.number, r.account)
		r.UI.Hintf("if it is still good: npmotp recovery mark %s %d unused", name, r.number)
	case runErr != nil:
		r.UI.Warnf("whether the registry took recovery code number %d of %q is not known; it stays reserved", r.number, r.account)
		r.UI.Hintf("if the registry took it: npmotp recovery mark %s %d used; if not: unused", name, r.number)
	default:
		if err := r.mark(ctx, vault.Used); err != nil {
			r.UI.Warnf("recovery code number %d of %q is used up, but stays reserved: %v", r.number, r.account, err)
			r.UI.Hintf("npmotp recovery mark %s %d used", name, r.number)
			break
		}
		r.UI.Sayf("recovery code number %d of %q is used up", r.number, r.account)
	}
	WarnFewCodes(r.UI, r.account, r.left)
	return runErr
}

func (r *reserver) mark(ctx context.Context, state vault.CodeState) error {
	return r.vault.Update(ctx, func(c *vault.Contents) error {
		a, err := c.Find(r.account)
		if err != nil {
			return err
		}
		return a.Mark(r.number, state, r.Now())
	})
}
