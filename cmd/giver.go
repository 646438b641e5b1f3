package cmd

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"npmotp/internal/agent"
	"npmotp/internal/atomicfile"
	"npmotp/vault"
)

// A giver yields passwords: from the agent while it is unlocked, and else from
// the vault, for which the passphrase is needed.
type giver struct {
	app    *App
	client *agent.Client // nil when there is no agent
	vault  *opened       // nil until it is needed
}

// giver returns a giver; the caller closes it. It unlocks the vault where there
// is no agent.
func (app *App) giver(ctx context.Context) (*giver, error) {
	g := &giver{app: app, client: app.dialAgent(ctx)}
	if g.client == nil {
		if err := g.open(ctx); err != nil {
			return nil, err
		}
	}
	return g, nil
}

// close ends the connection to the agent.
func (g *giver) close() {
	if g.client != nil {
		_ = g.client.Close()
		g.client = nil
	}
}

// redial connects to the agent anew, which drops those that say nothing for
// long, and reports whether a password can be had without a passphrase.
func (g *giver) redial(ctx context.Context) bool {
	if g.vault != nil {
		return true
	}
	g.close()
	g.client = g.app.dialAgent(ctx)
	return g.client != nil
}

func (g *giver) open(ctx context.Context) (err error) {
	if g.vault == nil {
		g.vault, err = g.app.opened(ctx)
	}
	return err
}

// opened unlocks the vault.
func (app *App) opened(ctx context.Context) (*opened, error) {
	app.heed()
	v, err := app.unlock(ctx)
	if err != nil {
		return nil, err
	}
	contents, err := v.Contents(ctx)
	if err != nil {
		return nil, err
	}
	return &opened{v: v, contents: contents, now: app.Now}, nil
}

// asked returns the answer of the agent, or of the vault where the agent has
// none to give.
func asked[T any](ctx context.Context, g *giver, query string, client func(*agent.Client) (T, error), vault func(*opened) (T, error)) (answer T, err error) {
	if g.client != nil {
		answer, err = client(g.client)
		if !g.gone(ctx, err) {
			return answer, fromAgent(err, query)
		}
	}
	if err := g.open(ctx); err != nil {
		return answer, err
	}
	return vault(g.vault)
}

// gone reports whether the agent has ended or does not answer. Then the
// passphrase is asked for, and the user told why.
func (g *giver) gone(ctx context.Context, err error) bool {
	if err == nil || ctx.Err() != nil {
		return false
	}
	if e, ok := errors.AsType[*agent.Error](err); ok && e.Kind != agent.KindEnded {
		return false
	}
	if !errors.Is(err, agent.ErrNone) {
		g.app.warnf("%v", err)
	}
	g.close()
	return true
}

// code returns a password of the account that query names; see [opened.Code].
func (g *giver) code(ctx context.Context, query string, timeBased bool) (agent.Code, error) {
	return asked(ctx, g, query,
		func(c *agent.Client) (agent.Code, error) { return c.Code(query, timeBased) },
		func(o *opened) (agent.Code, error) { return o.Code(ctx, query, timeBased) })
}

// find describes the account that query names.
func (g *giver) find(ctx context.Context, query string) (agent.Account, error) {
	return asked(ctx, g, query,
		func(c *agent.Client) (agent.Account, error) { return c.Find(query) },
		func(o *opened) (agent.Account, error) { return o.Find(ctx, query) })
}

// list describes all accounts.
func (g *giver) list(ctx context.Context) ([]agent.Account, error) {
	return asked(ctx, g, "",
		func(c *agent.Client) ([]agent.Account, error) { return c.List() },
		func(o *opened) ([]agent.Account, error) { return o.List(), nil })
}

// fresh returns a password that has at least so much left, for which it waits.
// Of a counter-based account it uses one up, unless timeBased forbids that.
func (g *giver) fresh(ctx context.Context, query string, timeBased bool, least time.Duration) (agent.Code, error) {
	code, err := g.code(ctx, query, timeBased)
	at := g.app.Now()
	if err != nil || code.Until.IsZero() || code.Until.Sub(at) >= least {
		return code, err
	}
	if period := code.Until.Sub(code.From); least > period {
		return agent.Code{}, usageErrorf("a password of %q lasts %s, so %s can never be left", code.Account, period, least)
	}
	left := max(0, code.Until.Sub(at))
	g.app.sayf("the present password ends in %s; waiting for the next one", seconds(left))
	if err := g.app.Wait(ctx, left); err != nil {
		return agent.Code{}, err
	}
	next, err := g.code(ctx, query, timeBased)
	if err == nil && next.Until.Equal(code.Until) {
		// A timer may fire a moment early.
		return following(code), nil
	}
	return next, err
}

// following returns the password after code, without the one after that.
func following(code agent.Code) agent.Code {
	return agent.Code{Account: code.Account, Value: code.Next, From: code.Until, Until: code.Until.Add(code.Until.Sub(code.From))}
}

// dialAgent returns a connection to the agent of the vault, or nil. A
// passphrase or identity file on the command line asks for the vault itself.
func (app *App) dialAgent(ctx context.Context) *agent.Client {
	if app.flags.passphraseFile != "" || app.flags.identity != "" {
		return nil
	}
	_, endpoint, err := app.endpoint()
	if err != nil {
		return nil // what is wrong with the path is said when the vault is opened
	}
	c, err := agent.Dial(ctx, endpoint)
	if err != nil {
		if !errors.Is(err, agent.ErrNone) {
			app.warnf("%v", err)
		}
		return nil
	}
	c.Warn = func(text string) { app.warnf("%s", text) }
	return c
}

// endpoint returns where the agent of the vault is, and the path of the vault
// that its name is made of: absolute and without symbolic links, so that all
// names of a vault lead to one agent.
func (app *App) endpoint() (path string, e agent.Endpoint, err error) {
	if path, err = app.vaultPath(); err != nil {
		return "", e, err
	}
	if path, err = atomicfile.Resolve(path); err != nil {
		return "", e, err
	}
	if !filepath.IsAbs(path) {
		wd, err := os.Getwd()
		if err != nil {
			return "", e, err
		}
		if wd, err = filepath.EvalSymlinks(wd); err != nil {
			return "", e, err
		}
		path = filepath.Join(wd, path)
	}
	folder := agent.Folder(app.Getenv("XDG_RUNTIME_DIR"), stateDir(app.Getenv))
	if folder == "" {
		return "", e, withHint(errNoHome, "set XDG_RUNTIME_DIR to a folder of yours")
	}
	return path, agent.EndpointOf(folder, path), nil
}

// Kinds of errors that go over the socket, and what they are here.
func agentErrors() []struct {
	kind string
	err  error
} {
	return []struct {
		kind string
		err  error
	}{
		{"no-account", vault.ErrNoAccount},
		{"no-key", vault.ErrNoKey},
		{"counter-based", errCounted},
		{"no-vault", vault.ErrNoVault},
		{"damaged", vault.ErrFormat},
		{"replaced", vault.ErrRolledBack},
		{"busy", vault.ErrBusy},
	}
}

const kindAmbiguous = "ambiguous"

// toAgent returns err as it goes over the socket.
func toAgent(err error) error {
	if err == nil || errors.Is(err, agent.ErrEnded) {
		return err
	}
	if e, ok := errors.AsType[*vault.AmbiguousError](err); ok {
		return &agent.Error{Kind: kindAmbiguous, Message: "several accounts to choose from", Matches: e.Matches}
	}
	for _, known := range agentErrors() {
		if errors.Is(err, known.err) {
			return &agent.Error{Kind: known.kind, Message: err.Error()}
		}
	}
	return err
}

// fromAgent is the inverse of toAgent.
func fromAgent(err error, query string) error {
	e, ok := errors.AsType[*agent.Error](err)
	if !ok {
		return err
	}
	if e.Kind == kindAmbiguous {
		return &vault.AmbiguousError{Query: query, Matches: e.Matches}
	}
	for _, known := range agentErrors() {
		if e.Kind == known.kind {
			return &toldError{msg: e.Message, err: known.err}
		}
	}
	return err
}

// A toldError is an error that the agent told, with the words it had there.
type toldError struct {
	msg string
	err error
}

func (e *toldError) Error() string { return e.msg }
func (e *toldError) Unwrap() error { return e.err }
