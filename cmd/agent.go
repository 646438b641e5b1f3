package cmd

import (
	"context"
	"errors"

	"npmotp/internal/agent"
	"npmotp/internal/codes"
	"npmotp/internal/ui"
)

// codes returns where codes come from; the caller closes it.
func (app *App) codes() *codes.Source {
	return &codes.Source{UI: &app.UI, Dial: app.dialAgent, Unlock: app.unlocked, Ledger: codes.Ledger(app.State), Now: app.Now, Wait: app.Wait}
}

// unlocked unlocks the vault.
func (app *App) unlocked(ctx context.Context) (*codes.Unlocked, error) {
	app.catchSignals()
	v, err := app.unlock(ctx)
	if err != nil {
		return nil, err
	}
	contents, err := v.Contents()
	if err != nil {
		return nil, err
	}
	return &codes.Unlocked{Vault: v, Contents: contents, Now: app.Now}, nil
}

// dialAgent returns a connection to the agent of the vault, or nil. A
// passphrase or identity file on the command line asks for the vault itself.
func (app *App) dialAgent(ctx context.Context, warn func(text string)) *agent.Client {
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
			warn(err.Error())
		}
		return nil
	}
	c.Warn = warn
	return c
}

// endpoint returns where the agent of the vault is, as [codes.AgentOf] has it.
func (app *App) endpoint() (path string, e agent.Endpoint, err error) {
	if path, err = app.vaultPath(); err != nil {
		return "", e, err
	}
	path, e, err = codes.AgentOf(path, app.Getenv("XDG_RUNTIME_DIR"), stateDir(app.Getenv))
	if err == nil && e.Folder == "" {
		err = ui.WithHint(errNoHome, "set XDG_RUNTIME_DIR to a folder of yours")
	}
	return path, e, err
}
