package cmd

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"npmotp/internal/enrol"
	"npmotp/internal/intake"
	"npmotp/internal/ptyrun"
	"npmotp/internal/secret"
	"npmotp/internal/ui"
	"npmotp/internal/wrap"
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
		Codes:  func(codes []secret.Text) error { return e.keepCodes(keep, codes) },
	}
	words := npmWords(e.target, "profile", "enable-2fa", string(e.level))
	var err error
	if e.tap, err = e.witness(); err != nil {
		return enrol.Unclear, err
	}
	return e.app.holdDialogue(ctx, e.dialogue, e.answer, words, e.tap)
}

// answer is a [dialogueAnswer].
func (e *enrolling) answer(ctx context.Context, app *App, p ptyrun.Prompt) (secret.Text, error) {
	if strings.HasPrefix(p.Text, enrol.Question) {
		if !e.dialogue.Asking() || e.stored == nil {
			return secret.Text{}, ptyrun.ErrLeave
		}
		code, err := app.codeOf(ctx, e.v, e.stored)
		if err == nil {
			e.typed = true
			e.dialogue.Answered()
			e.tap.Stay()
		}
		return code, err
	}
	if e.known == nil {
		app.Sayf("two-factor authentication is on already, and its secret is not in the vault: type a password from your app")
		return secret.Text{}, ptyrun.ErrLeave
	}
	return app.codeOf(ctx, e.v, e.known)
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
		}, wrap.SameOrigin, e.app.Now())
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
	if e.stored == nil {
		return errGone
	}
	if e.forwarding != nil {
		return e.sendCodes(ctx, codes)
	}
	return e.v.Update(ctx, func(c *vault.Contents) error {
		first := e.stored.Pending
		a := c.Finish(e.stored.ID, wrap.SameOrigin, e.app.Now())
		if a == nil {
			return errGone
		}
		if _, err := a.AddRecoveryCodes(codes, !first, e.app.Now()); err != nil {
			return err
		}
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
			app.Sayf("note: the enrolment of %q did not come to its end; 'npmotp enroll %s' looks how far it came", a.Name, ui.Quote(a.Name))
		}
	}
}
