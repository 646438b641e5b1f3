package enroll

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"npmotp/internal/intake"
	"npmotp/internal/ptyrun"
	"npmotp/internal/secret"
	"npmotp/internal/ui"
	"npmotp/vault"
)

// attempt runs npm's dialogue once.
func (e *enrolment) attempt(ctx context.Context) (Verdict, error) {
	// What npm shows only once is stored even when the user wants to stop.
	keep := context.WithoutCancel(ctx)
	e.stored, e.typed = nil, false
	e.dialogue = &Dialogue{
		Show:   e.o.Show,
		Secret: func(found intake.Enrolment) (string, error) { return e.store(keep, found) },
		Codes:  func(codes []secret.Text) error { return e.keepCodes(keep, codes) },
	}
	words := e.npm("profile", "enable-2fa", string(e.level))
	var err error
	if e.tap, err = e.witness(); err != nil {
		return Unclear, err
	}
	return e.hold(ctx, e.dialogue, e.answer, exchange{words: words, tap: e.tap})
}

// answer is an [answerer].
func (e *enrolment) answer(ctx context.Context, beside *ui.UI, q ptyrun.Prompt) (secret.Text, error) {
	if strings.HasPrefix(q.Text, Question) {
		if !e.dialogue.Asking() || e.stored == nil {
			return secret.Text{}, ptyrun.ErrLeave
		}
		code, err := e.codeOf(ctx, e.stored)
		if err == nil {
			e.typed = true
			e.dialogue.Answered()
			e.tap.Stay()
		}
		return code, err
	}
	if e.known == nil {
		beside.Sayf("two-factor authentication is on already, and its secret is not in the vault: type a code from your app")
		return secret.Text{}, ptyrun.ErrLeave
	}
	return e.codeOf(ctx, e.known)
}

// store puts what npm wants to be scanned into the vault.
func (e *enrolment) store(ctx context.Context, found intake.Enrolment) (string, error) {
	name := cmp.Or(e.o.Name, found.Label.Account, "npm")
	key := found.Key
	err := e.vault.Update(ctx, func(c *vault.Contents) error {
		a, err := Begin(c, vault.Account{
			Name: name, Issuer: found.Label.Issuer, Username: found.Label.Account,
			Registry: e.target.Registry, Level: e.level, Key: &key,
		}, e.Now())
		if err != nil {
			return err
		}
		e.stored = a
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
func (e *enrolment) storeCodes(ctx context.Context, codes []secret.Text) error {
	if e.stored == nil {
		return errGone
	}
	if e.forwarding != nil {
		return e.sendCodes(ctx, codes)
	}
	return e.vault.Update(ctx, func(c *vault.Contents) error {
		first := e.stored.Pending
		a := Finish(c, e.stored.ID, e.Now())
		if a == nil {
			return errGone
		}
		if _, err := a.AddRecoveryCodes(codes, !first, e.Now()); err != nil {
			return err
		}
		e.stored = a
		return nil
	})
}
