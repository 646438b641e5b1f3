package cmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"npmotp/internal/enrol"
	"npmotp/internal/ui"
	"npmotp/internal/wrap"
	"npmotp/vault"
)

// conclude says how the enrolment ended and puts into the vault what npm told.
// Err is that of the run of npm.
func (e *enrolling) conclude(ctx context.Context, verdict enrol.Verdict, err error) error {
	app := e.app
	if failed := e.dialogue.Failed(); failed != nil {
		return e.unfinished(failed, "")
	}
	switch verdict {
	case enrol.Enabled:
		if e.forwarding != nil {
			e.forwarding.tell(app)
		} else {
			app.Sayf("%s stored in %q", ui.Plural(e.dialogue.CodesStored(), "recovery code"), e.stored.Name)
			app.Hintf("whoever has this laptop has the secret and the recovery codes; keep the codes elsewhere too")
		}
		app.Sayf("two-factor authentication is on (%s)", e.level)
		return nil
	case enrol.Already, enrol.Changed, enrol.On:
		return e.wasOn(context.WithoutCancel(ctx), verdict)
	case enrol.NotOffered, enrol.Refused:
		return e.unfinished(fmt.Errorf("two-factor authentication was not turned on; npm says: %s", cmp.Or(e.dialogue.Answer(), "it was refused")), e.refusedHint())
	case enrol.BadCode:
		return e.unfinished(errors.New("the registry took neither of two passwords"), e.badCodeHint())
	case enrol.BadPassword, enrol.LoggedOut, enrol.Unreachable, enrol.Disabled, enrol.Off, enrol.LoggedIn, enrol.Cancelled, enrol.Unclear:
	}
	hint, failed := npmFailure(e.dialogue, verdict, e.target, err)
	return e.unfinished(failed, hint)
}

// unfinished adds to an error what the vault has of the enrolment, and how it
// goes on.
func (e *enrolling) unfinished(err error, hint string) error {
	switch {
	case e.stored == nil || !e.stored.Pending:
	case e.typed:
		err = fmt.Errorf("%w; the secret stays in the vault as %q, and the registry may have turned two-factor authentication on", err, e.stored.Name)
		hint = cmp.Or(hint, fmt.Sprintf("'npmotp enroll %s' looks how far it came", ui.Quote(e.stored.Name)))
	default:
		err = fmt.Errorf("%w; the secret stays in the vault as %q, pending", err, e.stored.Name)
		hint = cmp.Or(hint, fmt.Sprintf("'npmotp enroll %s' begins again", ui.Quote(e.stored.Name)))
	}
	return e.app.speaking(err, hint)
}

func (e *enrolling) refusedHint() string {
	if wrap.SameOrigin(e.target.Registry, vault.DefaultRegistry) {
		return "npmjs.com closed the enrolment of authenticator apps in autumn 2025; if one is on for your account, 'npmotp add' stores its secret: keep it on"
	}
	return "ask whoever runs the registry whether it has two-factor authentication; 'npmotp add' stores a secret that you have already"
}

func (e *enrolling) badCodeHint() string {
	if e.stored == nil && e.known != nil {
		return fmt.Sprintf("is the clock right, and is %q the account that npm is logged in with? 'npm whoami' tells", e.known.Name)
	}
	return "is the clock of this machine right?"
}

// wasOn settles an enrolment after npm said that the second factor was on
// before.
func (e *enrolling) wasOn(ctx context.Context, verdict enrol.Verdict) error {
	app := e.app
	if verdict == enrol.On && e.known != nil && e.known.Level != e.level && !e.known.Pending {
		return ui.WithHint(errors.New("npm 6 cannot change the level: it fails over a setting of its own, and nothing was changed"), "run it with npm 8 or later")
	}
	if e.known == nil {
		return ui.WithHint(errors.New("two-factor authentication is on already, with a secret that the vault does not have"),
			"'npmotp add' stores it, if your authenticator app can show it; keep it on: it may not be turned on again")
	}
	level := vault.Level(cmp.Or(e.dialogue.Level(), string(e.known.Level)))
	var name string
	was := *e.known
	err := e.v.Update(ctx, func(c *vault.Contents) error {
		a := c.Finish(was.ID, wrap.SameOrigin, app.Now())
		if a == nil {
			return errGone
		}
		a.Level, name = level, a.Name
		if a.Level != was.Level {
			a.UpdatedAt = app.Now().UTC()
		}
		return nil
	})
	if err != nil {
		return err
	}
	switch {
	case was.Pending:
		app.Sayf("the registry had turned two-factor authentication on, with the secret in %q", name)
		app.Warnf("its recovery codes were never stored")
		app.Hintf("make new ones where you log in to the registry, then run 'npmotp recovery add %s'", ui.Quote(name))
	case verdict == enrol.Changed:
		app.Sayf("the registry asks passwords of %q at the level %s now", name, level)
		if verdict == enrol.Changed && e.dialogue.Answer() != "" {
			app.Sayf("npm reports an error although the level has changed; that is npm's mistake")
		}
	default:
		app.Sayf("two-factor authentication is on already (%s), with the secret in %q", level, name)
	}
	return nil
}
