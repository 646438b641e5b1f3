package cmd

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"npmotp/internal/enrol"
	"npmotp/internal/intake"
	"npmotp/internal/npmrun"
	"npmotp/internal/ptyrun"
	"npmotp/internal/secret"
	"npmotp/vault"
)

// attempt runs npm's dialogue once.
func (e *enrolling) attempt(ctx context.Context) (enrol.Verdict, error) {
	// What npm shows only once is stored even when the user wants to stop.
	keep := context.WithoutCancel(ctx)
	e.stored, e.typed = nil, false
	e.dialogue = &enrol.Dialogue{
		Show:   e.o.show,
		Secret: func(found intake.Enrolment) (string, error) { return e.store(keep, found) },
		Codes:  func(codes []secret.Text) error { return e.storeCodes(keep, codes) },
	}
	words := []string{"profile", "enable-2fa", string(e.level)}
	if e.o.registry != "" {
		words = append(words, "--registry="+e.target.Registry)
	}
	return e.app.converse(ctx, e.dialogue, e.answer, words)
}

// converse has one dialogue with npm.
func (app *App) converse(ctx context.Context, d *enrol.Dialogue, answer dialogueAnswer, words []string) (enrol.Verdict, error) {
	s, err := npmrun.Dialogue(app.Environ(), words...)
	if err != nil {
		return enrol.Unclear, err
	}
	const most = 2
	s.MaxAnswers, s.Relay = most, d
	// Whoever speaks while npm runs does it between npm's lines.
	talking := *app
	talking.Err, talking.ErrTTY = s.Talk(), false
	d.Say = func(text string) { talking.sayf("%s", text) }
	s.Warn = func(text string) { talking.warnf("%s", text) }
	s.Confirm = func(ctx context.Context, question string) (bool, error) {
		return app.Prompt.Confirm(ctx, "npmotp: "+question)
	}
	s.Ask = func(ctx context.Context, p ptyrun.Prompt) (secret.Text, error) { return answer(ctx, &talking, p) }
	app.reopen()
	_, err = app.Converse(ctx, s)
	return d.Verdict(), err
}

// A dialogueAnswer returns the text to type at a prompt of npm's. It speaks by
// the app that it is given.
type dialogueAnswer func(ctx context.Context, app *App, p ptyrun.Prompt) (secret.Text, error)

// answer is a [dialogueAnswer].
func (e *enrolling) answer(ctx context.Context, app *App, p ptyrun.Prompt) (secret.Text, error) {
	if strings.HasPrefix(p.Text, enrol.Question) {
		if !e.dialogue.Asking() || e.stored == nil {
			return secret.Text{}, ptyrun.ErrLeave
		}
		code, err := app.passwordOf(ctx, e.v, e.stored)
		if err == nil {
			e.typed = true
			e.dialogue.Answered()
		}
		return code, err
	}
	if e.known == nil {
		app.sayf("two-factor authentication is on already, and its secret is not in the vault: type a password from your app")
		return secret.Text{}, ptyrun.ErrLeave
	}
	return app.passwordOf(ctx, e.v, e.known)
}

// passwordOf returns a password of an account that was sent to nobody yet.
func (app *App) passwordOf(ctx context.Context, v *vault.Vault, a *vault.Account) (secret.Text, error) {
	contents, err := v.Contents(ctx)
	if err != nil {
		return secret.Text{}, err
	}
	g := &giver{app: app, vault: &opened{v: v, contents: contents, now: app.Now}}
	code, err := app.freshCode(ctx, g, describeStored(a), execMinRemaining)
	return code.Value, err
}

// store puts what npm wants to be scanned into the vault.
func (e *enrolling) store(ctx context.Context, found intake.Enrolment) (string, error) {
	name := e.o.name
	for _, other := range []string{found.Label.Account, "npm"} {
		if name == "" {
			name = other
		}
	}
	key := found.Key
	err := e.v.Update(ctx, func(c *vault.Contents) error {
		a, err := c.Begin(vault.Account{
			Name: name, Issuer: found.Label.Issuer, Username: found.Label.Account,
			Registry: e.target.Registry, Level: e.level, Key: &key,
		}, sameOrigin, e.app.Now())
		if err != nil {
			return err
		}
		stored := *a
		e.stored = &stored
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("the secret could not be stored, so npm was ended: %w", err)
	}
	return fmt.Sprintf("npmotp: the secret is stored in %q; the QR code agrees with it", e.stored.Name), nil
}

var errGone = errors.New("the account was removed meanwhile")

// storeCodes puts recovery codes into the vault. The first ones tell that the
// registry has turned the second factor on.
func (e *enrolling) storeCodes(ctx context.Context, codes []secret.Text) error {
	return e.v.Update(ctx, func(c *vault.Contents) error {
		if e.stored == nil {
			return errGone
		}
		first := e.stored.Pending
		a := c.Finish(e.stored.ID, sameOrigin, e.app.Now())
		if a == nil {
			return errGone
		}
		retired, err := a.AddRecoveryCodes(codes, !first, e.app.Now())
		if err != nil {
			return err
		}
		e.retired += retired
		stored := *a
		e.stored = &stored
		return nil
	})
}

// tellPending says that an enrolment did not come to its end, when the vault is
// opened for something else.
func (app *App) tellPending(c *vault.Contents) {
	if app.silent {
		return
	}
	for i := range c.Accounts {
		if a := &c.Accounts[i]; a.Pending {
			app.sayf("note: the enrolment of %q did not come to its end; 'npmotp enroll %s' looks how far it came", a.Name, shellQuote(a.Name))
		}
	}
}
