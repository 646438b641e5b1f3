package cmd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"

	"npmotp/internal/agent"
	"npmotp/internal/harden"
	"npmotp/internal/secret"
	"npmotp/vault"
)

// A keeper keeps a vault open for the agent. It reads the file again when it
// has changed.
type keeper struct {
	file     *vault.File
	path     string
	identity secret.Text
	now      func() time.Time

	mu     sync.Mutex
	seen   fs.FileInfo // the file that was read
	vault  *opened
	state  uint64 // counts the reads
	locked bool   // in memory

	warnings sync.Mutex
	warning  string
}

// newKeeper returns a keeper of the vault that an order names.
func (app *App) newKeeper(o agent.Order) *keeper {
	k := &keeper{path: o.Vault, identity: o.Identity, now: app.Now}
	warn := vault.WithWarnings(func(err error) { k.warn(err.Error()) })
	k.file = vault.At(o.Vault, append([]vault.Option{warn}, app.VaultOptions...)...)
	return k
}

func (k *keeper) warn(text string) {
	k.warnings.Lock()
	defer k.warnings.Unlock()
	k.warning = text
}

// current returns the vault as it is on the disk.
func (k *keeper) current(ctx context.Context) (*opened, uint64, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	// Before the read: a change in between is seen the next time.
	info, err := os.Stat(k.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, fmt.Errorf("%w: %s", vault.ErrNoVault, k.path)
	}
	if err != nil {
		return nil, 0, err
	}
	if k.vault != nil && sameFile(k.seen, info) {
		return k.vault, k.state, nil
	}
	k.warn("")
	v, err := k.file.UnlockWith(ctx, k.identity)
	if errors.Is(err, vault.ErrOtherIdentity) {
		return nil, 0, agent.ErrEnded
	}
	if err != nil {
		return nil, 0, err
	}
	contents, err := v.Contents(ctx)
	if err != nil {
		return nil, 0, err
	}
	k.vault, k.seen = &opened{v: v, contents: contents, now: k.now}, info
	k.state++
	k.locked = harden.Lock() == nil
	return k.vault, k.state, nil
}

// sameFile reports whether a file has not been written since. Every save is a
// new file that takes the place of the old one.
func sameFile(a, b fs.FileInfo) bool {
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

// Code implements [agent.Source].
func (k *keeper) Code(ctx context.Context, query string, timeBased bool) (agent.Code, error) {
	o, _, err := k.current(ctx)
	if err != nil {
		return agent.Code{}, toAgent(err)
	}
	code, err := o.Code(ctx, query, timeBased)
	return code, toAgent(err)
}

// Find implements [agent.Source].
func (k *keeper) Find(ctx context.Context, query string) (agent.Account, error) {
	o, _, err := k.current(ctx)
	if err != nil {
		return agent.Account{}, toAgent(err)
	}
	a, err := o.Find(ctx, query)
	return a, toAgent(err)
}

// List implements [agent.Source].
func (k *keeper) List(ctx context.Context) ([]agent.Account, uint64, error) {
	o, state, err := k.current(ctx)
	if err != nil {
		return nil, 0, toAgent(err)
	}
	return o.List(), state, nil
}

// Check implements [agent.Source].
func (k *keeper) Check(ctx context.Context) error {
	_, _, err := k.current(ctx)
	return err
}

// Warning implements [agent.Source].
func (k *keeper) Warning() string {
	k.warnings.Lock()
	defer k.warnings.Unlock()
	return k.warning
}

// inMemory reports whether all that was read is kept from being swapped.
func (k *keeper) inMemory() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.locked
}
