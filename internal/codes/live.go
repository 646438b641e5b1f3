package codes

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

// A Live is a vault that is kept open for the agent, and read again whenever
// the file has changed. It implements [agent.Source].
type Live struct {
	file     *vault.File
	path     string
	identity secret.Text
	now      func() time.Time

	mu     sync.Mutex
	seen   fs.FileInfo // the file that was read
	vault  *Unlocked
	all    []agent.Account // of the vault; nil until it is asked for
	reads  uint64
	locked bool // in memory

	warnings sync.Mutex
	warning  string
}

// NewLive returns the vault at path, which opens with the vault identity. It is
// read when it is first asked for something.
func NewLive(path string, identity secret.Text, now func() time.Time, options vault.Options) *Live {
	l := &Live{path: path, identity: identity, now: now}
	options.Warn = func(err error) { l.warn(err.Error()) }
	l.file = vault.At(path, options)
	return l
}

func (l *Live) warn(text string) {
	l.warnings.Lock()
	defer l.warnings.Unlock()
	l.warning = text
}

// refresh reads the vault again if the file has changed. The caller holds l.mu.
func (l *Live) refresh(ctx context.Context) error {
	// Before the read: a change in between is seen the next time.
	info, err := os.Stat(l.path)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%w: %s", vault.ErrNoVault, l.path)
	}
	if err != nil {
		return err
	}
	if l.vault != nil && sameFile(l.seen, info) {
		return nil
	}
	l.warn("")
	v, err := l.file.Open(ctx, vault.ByIdentity(l.identity))
	if errors.Is(err, vault.ErrOtherIdentity) {
		return agent.ErrEnded
	}
	if err != nil {
		return err
	}
	contents, err := v.Contents()
	if err != nil {
		return err
	}
	l.vault, l.all, l.seen = &Unlocked{Vault: v, Contents: contents, Now: l.now}, nil, info
	l.reads++
	l.locked = harden.Lock() == nil
	return nil
}

// current returns the vault as it is on the disk.
func (l *Live) current(ctx context.Context) (*Unlocked, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	err := l.refresh(ctx)
	return l.vault, err
}

// Code implements [agent.Source].
func (l *Live) Code(ctx context.Context, query string, timeBased bool) (agent.Code, error) {
	u, err := l.current(ctx)
	if err != nil {
		return agent.Code{}, toAgent(err)
	}
	code, err := u.Code(ctx, query, timeBased)
	return code, toAgent(err)
}

// Find implements [agent.Source].
func (l *Live) Find(ctx context.Context, query string) (agent.Account, error) {
	u, err := l.current(ctx)
	if err != nil {
		return agent.Account{}, toAgent(err)
	}
	a, err := u.Find(query)
	return a, toAgent(err)
}

// List implements [agent.Source]. The accounts are described once for all the
// pages that a client asks for.
func (l *Live) List(ctx context.Context) ([]agent.Account, uint64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.refresh(ctx); err != nil {
		return nil, 0, toAgent(err)
	}
	if l.all == nil {
		l.all = l.vault.List()
	}
	return l.all, l.reads, nil
}

// Check implements [agent.Source].
func (l *Live) Check(ctx context.Context) error {
	_, err := l.current(ctx)
	return err
}

// Warning implements [agent.Source].
func (l *Live) Warning() string {
	l.warnings.Lock()
	defer l.warnings.Unlock()
	return l.warning
}

// InMemory reports whether all that was read is kept from being swapped.
func (l *Live) InMemory() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.locked
}

// sameFile reports whether a file has not been written since. Every save is a
// new file that takes the place of the old one.
func sameFile(a, b fs.FileInfo) bool {
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}
