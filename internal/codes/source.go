// Package codes is where a one-time password comes from: from the agent while it
// is unlocked, and else from the vault, for which the passphrase is asked.
//
// It waits for a fresh code where the present one is about to end, and keeps a
// ledger of the codes that were sent, so that none is sent twice.
package codes

import (
	"context"
	"errors"
	"fmt"
	"time"

	"npmotp/internal/agent"
	"npmotp/internal/confirm"
	"npmotp/internal/ui"
)

// ErrLocked says that the passphrase is needed and may not be asked for.
var ErrLocked = errors.New("the vault is locked")

// A Source yields codes and what is known of accounts without their secrets.
// The caller closes it.
type Source struct {
	UI *ui.UI // may be exchanged at any time
	// Dial returns a connection to the agent, or nil where there is none.
	Dial func(ctx context.Context, warn func(text string)) *agent.Client
	// Unlock opens the vault.
	Unlock func(ctx context.Context) (*Unlocked, error)
	Ledger Ledger
	Now    func() time.Time
	// Wait returns after d, or earlier with the cause when ctx is done.
	Wait func(ctx context.Context, d time.Duration) error

	client *agent.Client // nil while there is no agent
	// refused are the refused steps of accounts in this run, also where there is no
	// folder to note them in.
	refused map[string][]Step
	// explained tells that the user knows why codes are waited for.
	explained bool
	vault     *Unlocked // nil until it is needed
}

// Open connects to the agent, and unlocks the vault where there is none.
func (s *Source) Open(ctx context.Context) error {
	if s.vault != nil || s.client != nil {
		return nil
	}
	if s.dial(ctx) {
		return nil
	}
	_, err := s.OpenVault(ctx)
	return err
}

// OpenVault unlocks the vault itself, for what the agent does not give.
func (s *Source) OpenVault(ctx context.Context) (u *Unlocked, err error) {
	if s.vault == nil {
		s.vault, err = s.Unlock(ctx)
	}
	return s.vault, err
}

// Vault returns the open vault, or nil while codes come from the agent.
func (s *Source) Vault() *Unlocked { return s.vault }

// Use has codes come from a vault that is open already.
func (s *Source) Use(u *Unlocked) {
	s.Close()
	s.vault = u
}

// Close ends the connection to the agent.
func (s *Source) Close() {
	if s.client != nil {
		_ = s.client.Close()
		s.client = nil
	}
}

// Reconnect connects to the agent anew, which drops those that say nothing for
// long, and reports whether a code can be had without a passphrase.
func (s *Source) Reconnect(ctx context.Context) bool {
	if s.vault != nil {
		return true
	}
	s.Close()
	return s.dial(ctx)
}

// KeepOpen counts a run as use of the agent until ctx ends, so that a build
// that takes long does not lock the vault before the code is asked for.
func (s *Source) KeepOpen(ctx context.Context) {
	if s.client == nil {
		return
	}
	go func() {
		for {
			c := s.Dial(ctx, func(string) {})
			if c == nil {
				return
			}
			status, err := c.Use()
			_ = c.Close()
			if err != nil || status.Idle == 0 {
				return
			}
			select {
			case <-ctx.Done():
				return
			case <-time.After(time.Duration(status.Idle) * time.Second / 3):
			}
		}
	}()
}

// dial connects to the agent, and reports whether there is one.
func (s *Source) dial(ctx context.Context) bool {
	s.client = s.Dial(ctx, func(text string) { s.UI.Warnf("%s", text) })
	if s.client == nil {
		return false
	}
	s.client.Asking = func(way confirm.Way) {
		// On a terminal the question is seen, and pinentry may have drawn on it by now.
		if way != confirm.Terminal && way != confirm.Pinentry {
			s.UI.Sayf("a code needs your yes: you are asked by %s", way)
		}
	}
	return true
}

// Allow has the codes of the account with a name, or of all accounts for "", given
// without another question for as long as this process runs. Where somebody has to
// say yes to that, they are asked now.
func (s *Source) Allow(ctx context.Context, name string) error {
	if s.client == nil {
		return nil // who typed the passphrase said yes
	}
	_, err := ask(ctx, s, name,
		func(c *agent.Client) (none struct{}, err error) { return none, c.Allow(name) },
		func(*Unlocked) (none struct{}, err error) { return none, nil })
	return err
}

// named returns the answer about the account that query names, as [Pick] has it.
func named[T any](ctx context.Context, s *Source, query string, client func(c *agent.Client, query string) (T, error), vault func(u *Unlocked, query string) (T, error)) (T, error) {
	about := func(query string) (T, error) {
		return ask(ctx, s, query,
			func(c *agent.Client) (T, error) { return client(c, query) },
			func(u *Unlocked) (T, error) { return vault(u, query) })
	}
	answer, err := about(query)
	if err == nil {
		return answer, nil
	}
	name, err := Choose(ctx, s.UI, err)
	if err != nil {
		return answer, err
	}
	return about(name)
}

// ask returns the answer of the agent, or of the vault where the agent has none
// to give.
func ask[T any](ctx context.Context, s *Source, query string, client func(*agent.Client) (T, error), vault func(*Unlocked) (T, error)) (answer T, err error) {
	if s.client != nil {
		answer, err = client(s.client)
		if !s.ended(ctx, err) {
			return answer, fromAgent(err, query)
		}
	}
	u, err := s.OpenVault(ctx)
	if err != nil {
		return answer, err
	}
	return vault(u)
}

// ended reports whether the agent has ended or does not answer. Then the
// passphrase is asked for, and the user told why.
func (s *Source) ended(ctx context.Context, err error) bool {
	if err == nil || ctx.Err() != nil {
		return false
	}
	if e, ok := errors.AsType[*agent.Error](err); ok && e.Kind != agent.KindEnded {
		return false
	}
	if !errors.Is(err, agent.ErrNone) {
		s.UI.Warnf("%v", err)
	}
	s.Close()
	return true
}

// Code returns the present code of the account that query names. It uses up one
// of a counter-based account, unless timeBased forbids that.
func (s *Source) Code(ctx context.Context, query string, timeBased bool) (agent.Code, error) {
	return named(ctx, s, query,
		func(c *agent.Client, query string) (agent.Code, error) { return c.Code(query, timeBased) },
		func(u *Unlocked, query string) (agent.Code, error) { return u.Code(ctx, query, timeBased) })
}

// Find describes the account that query names.
func (s *Source) Find(ctx context.Context, query string) (agent.Account, error) {
	return named(ctx, s, query,
		func(c *agent.Client, query string) (agent.Account, error) { return c.Find(query) },
		func(u *Unlocked, query string) (agent.Account, error) { return u.Find(query) })
}

// List describes all accounts.
func (s *Source) List(ctx context.Context) ([]agent.Account, error) {
	return ask(ctx, s, "",
		func(c *agent.Client) ([]agent.Account, error) { return c.List() },
		func(u *Unlocked) ([]agent.Account, error) { return u.List(), nil })
}

// Fresh returns a code that has at least so much time left, for which it waits.
// It uses up one of a counter-based account, unless timeBased forbids that.
func (s *Source) Fresh(ctx context.Context, query string, timeBased bool, least time.Duration) (agent.Code, error) {
	code, err := s.Code(ctx, query, timeBased)
	at := s.Now()
	if err != nil || code.Until.IsZero() || code.Until.Sub(at) >= least {
		return code, err
	}
	if err := checkLeast(code, least); err != nil {
		return agent.Code{}, err
	}
	if err := s.waitUntil(ctx, code.Until, "the present code ends in", "waiting for the next one"); err != nil {
		return agent.Code{}, err
	}
	next, err := s.Code(ctx, query, timeBased)
	if err == nil && next.Until.Equal(code.Until) {
		// A timer may fire a moment early.
		return Following(code), nil
	}
	return next, err
}

// checkLeast says when no code ever has so much time left.
func checkLeast(code agent.Code, least time.Duration) error {
	if period := code.Until.Sub(code.From); least > period {
		return ui.Usagef("a code of %q lasts %s, so %s can never be left", code.Account, period, least)
	}
	return nil
}

// Following returns the code after code, without the one after that.
func Following(code agent.Code) agent.Code {
	return agent.Code{Account: code.Account, Value: code.Next, From: code.Until, Until: code.Until.Add(code.Until.Sub(code.From))}
}

// A Sent is a code that goes to a registry.
type Sent struct {
	agent.Code
	Again bool // the registry was sent it before

	account, registry string // "" for a code that goes by a counter
}

// ToSend returns a code of a to send to a registry, with at least the given time
// left, and waits for it. One that was sent before is sent again only where the
// registry takes it; one that was refused is not.
func (s *Source) ToSend(ctx context.Context, a agent.Account, to string, least time.Duration) (Sent, error) {
	if a.Counter != nil {
		code, err := s.Fresh(ctx, a.Name, false, least)
		return Sent{Code: code}, err
	}
	code, err := s.Code(ctx, a.Name, true)
	if err != nil {
		return Sent{}, err
	}
	if err := checkLeast(code, least); err != nil {
		return Sent{}, err
	}
	now := s.Now()
	want := Choice{From: code.From, Period: code.Until.Sub(code.From), Twice: s.takesTwice(a, to)}
	if code.Until.Sub(now) < least {
		want.From = code.Until
	}
	again, waits, back := false, false, time.Duration(0)
	step, err := s.Ledger.Claim(ctx, a.ID, now, func(taken []Step) (step time.Time) {
		back = setBack(taken, now)
		step, again, waits = want.Pick(append(taken, s.refused[a.ID]...))
		return step
	})
	if err != nil {
		return Sent{}, fmt.Errorf("noting that a code is used: %w", err)
	}
	if back > 0 {
		s.warnSetBack(a, back)
	}
	if waits {
		s.explainWait(a, to)
	}
	code, err = s.ofStep(ctx, code, step)
	return Sent{Code: code, Again: again, account: a.ID, registry: to}, err
}

// warnSetBack says that a clock that was set back is or was wrong.
func (s *Source) warnSetBack(a agent.Account, back time.Duration) {
	long := ui.Span(back)
	if days := int(back / (24 * time.Hour)); days > 1 {
		long = ui.Plural(days, "day")
	}
	s.UI.Warnf("the clock is %s behind what it was when the last code of %q was sent: it was wrong then or is wrong now, and a wrong clock makes wrong codes; 'npmotp doctor' looks at it", long, a.Name)
}

// ofStep waits for a step, the present one or one to come, and returns its code.
// Code is the present one.
func (s *Source) ofStep(ctx context.Context, code agent.Code, step time.Time) (agent.Code, error) {
	if err := s.waitUntil(ctx, step, "the next code begins in", "waiting for it"); err != nil {
		return agent.Code{}, err
	}
	if step.After(code.Until) || step.After(code.From) && code.Next.Len() == 0 {
		var err error
		if code, err = s.Code(ctx, code.Account, true); err != nil {
			return agent.Code{}, err
		}
	}
	if step.After(code.From) { // also when a timer fired a moment early
		return Following(code), nil
	}
	return code, nil
}

// waitUntil waits for a time, which the user is told what happens then.
func (s *Source) waitUntil(ctx context.Context, at time.Time, what, then string) error {
	return s.UI.Countdown(what, then,
		func() time.Duration { return at.Sub(s.Now()) },
		func(d time.Duration) error { return s.Wait(ctx, d) })
}
