package enroll

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"npmotp/internal/ui"
	"npmotp/vault"
)

// conclude says how the enrolment ended and puts into the vault what npm told.
// Err is that of the run of npm.
func (e *enrolment) conclude(ctx context.Context, verdict Verdict, err error) error {
	if failed := e.dialogue.Failed(); failed != nil {
		return e.unfinished(failed, "")
	}
	switch verdict {
	case Enabled:
		if e.forwarding != nil {
			e.forwarding.tell(e.UI)
		} else {
			e.UI.Sayf("%s stored in %q", ui.Plural(e.dialogue.CodesStored(), "recovery code"), e.stored.Name)
			e.UI.Hintf("whoever has this laptop has the secret and the recovery codes; keep the codes elsewhere too")
		}
		e.UI.Sayf("two-factor authentication is on (%s)", e.level)
		return nil
	case Already, Changed, On:
		return e.wasOn(context.WithoutCancel(ctx), verdict)
	case NotOffered, Refused:
		return e.unfinished(fmt.Errorf("two-factor authentication was not turned on; npm says: %s", cmp.Or(e.dialogue.Answer(), "it was refused")), e.refusedHint())
	case BadCode:
		return e.unfinished(errors.New("the registry took neither of two codes"), e.badCodeHint())
	case BadPassword, LoggedOut, Unreachable, Disabled, Off, LoggedIn, Cancelled, Unclear:
	}
	hint, failed := e.failure(e.dialogue, verdict, err)
	return e.unfinished(failed, hint)
}

// unfinished adds to an error what the vault has of the enrolment, and how it
// goes on.
func (e *enrolment) unfinished(err error, hint string) error {
	switch {
	case e.stored == nil || !e.stored.Pending:
	case e.typed:
		err = fmt.Errorf("%w; the secret stays in the vault as %q, and the registry may have turned two-factor authentication on", err, e.stored.Name)
		hint = cmp.Or(hint, fmt.Sprintf("'npmotp enroll %s' looks how far it came", ui.Quote(e.stored.Name)))
	default:
		err = fmt.Errorf("%w; the secret stays in the vault as %q, pending", err, e.stored.Name)
		hint = cmp.Or(hint, fmt.Sprintf("'npmotp enroll %s' begins again", ui.Quote(e.stored.Name)))
	}
	return e.speaking(err, hint)
}

func (e *enrolment) refusedHint() string {
	if e.here(vault.DefaultRegistry) {
		return "npmjs.com closed the enrolment of authenticator apps in autumn 2025; if one is on for your account, 'npmotp add' stores its secret: keep it on"
	}
	return "ask whoever runs the registry whether it has two-factor authentication; 'npmotp add' stores a secret that you have already"
}

func (e *enrolment) badCodeHint() string {
	if e.stored == nil && e.known != nil {
		return fmt.Sprintf("is the clock right, and is %q the account that npm is logged in with? 'npm whoami' tells", e.known.Name)
	}
	return "is the clock of this machine right?"
}

// wasOn settles an enrolment after npm said that the second factor was on
// before.
func (e *enrolment) wasOn(ctx context.Context, verdict Verdict) error {
	if verdict == On && e.known != nil && e.known.Level != e.level && !e.known.Pending {
		return ui.WithHint(errors.New("npm 6 cannot change the level: it fails over a setting of its own, and nothing was changed"), "run it with npm 8 or later")
	}
	if e.known == nil {
		return ui.WithHint(errors.New("two-factor authentication is on already, with a secret that the vault does not have"),
			"'npmotp add' stores it, if your authenticator app can show it; keep it on: it may not be turned on again")
	}
	level := vault.Level(cmp.Or(e.dialogue.Level(), string(e.known.Level)))
	var name string
	was := *e.known
	err := e.vault.Update(ctx, func(c *vault.Contents) error {
		a := Finish(c, was.ID, e.Now())
		if a == nil {
			return errGone
		}
		a.Level, name = level, a.Name
		if a.Level != was.Level {
			a.UpdatedAt = e.Now().UTC()
		}
		return nil
	})
	if err != nil {
		return err
	}
	switch {
	case was.Pending:
		e.UI.Sayf("the registry had turned two-factor authentication on, with the secret in %q", name)
		e.UI.Warnf("its recovery codes were never stored")
		e.UI.Hintf("make new ones where you log in to the registry, then run 'npmotp recovery add %s'", ui.Quote(name))
	case verdict == Changed:
		e.UI.Sayf("the registry asks codes of %q at the level %s now", name, level)
		if e.dialogue.Answer() != "" {
			e.UI.Sayf("npm reports an error although the level has changed; that is npm's mistake")
		}
	default:
		e.UI.Sayf("two-factor authentication is on already (%s), with the secret in %q", level, name)
	}
	return nil
}
