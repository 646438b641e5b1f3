package cmd

import (
	"context"
	"errors"
	"fmt"
	"time"

	"npmotp/internal/agent"
	"npmotp/vault"
)

// errCounted says that an account's passwords go by a counter, where a time was
// asked for.
var errCounted = errors.New("is counter-based: --at, --next and --min-remaining are for time-based accounts")

// opened yields passwords and descriptions from an open vault. It is what the
// agent keeps, and what a command has where there is no agent.
type opened struct {
	v        *vault.Vault
	contents *vault.Contents
	now      func() time.Time
}

// Code returns the present password of the account that query names. Of a
// counter-based account it uses one up, unless timeBased forbids that.
func (o *opened) Code(ctx context.Context, query string, timeBased bool) (agent.Code, error) {
	a, err := o.contents.Find(query)
	if err != nil {
		return agent.Code{}, err
	}
	if !a.IsHOTP() {
		return codeAt(a, o.now())
	}
	if timeBased {
		return agent.Code{}, fmt.Errorf("%q %w", a.Name, errCounted)
	}
	code, err := o.v.NextHOTP(ctx, a.Name, o.now())
	return agent.Code{Account: a.Name, Value: code.Value}, err
}

// At returns the password of the account that query names at another time.
func (o *opened) At(query string, at time.Time) (agent.Code, error) {
	a, err := o.contents.Find(query)
	if err != nil {
		return agent.Code{}, err
	}
	if a.IsHOTP() {
		return agent.Code{}, fmt.Errorf("%q %w", a.Name, errCounted)
	}
	return codeAt(a, at)
}

// codeAt returns the password of a time-based account at t, with the one after.
func codeAt(a *vault.Account, t time.Time) (agent.Code, error) {
	code, err := a.Code(t)
	if err != nil {
		return agent.Code{}, err
	}
	next, err := a.Code(code.Until)
	return agent.Code{Account: a.Name, Value: code.Value, From: code.From, Until: code.Until, Next: next.Value}, err
}

// Find describes the account that query names.
func (o *opened) Find(_ context.Context, query string) (agent.Account, error) {
	a, err := o.contents.Find(query)
	if err != nil {
		return agent.Account{}, err
	}
	return describe(o.contents, a), nil
}

// List describes all accounts.
func (o *opened) List() []agent.Account {
	accounts := make([]agent.Account, len(o.contents.Accounts))
	for i := range o.contents.Accounts {
		accounts[i] = describe(o.contents, &o.contents.Accounts[i])
	}
	return accounts
}

// describe returns what an account shows without its secrets.
func describe(c *vault.Contents, a *vault.Account) agent.Account {
	d := agent.Account{
		ID: a.ID, Name: a.Name, Issuer: a.Issuer, Username: a.Username, Registry: a.Registry, Level: string(a.Level),
		Reuse: a.Reuse, Type: typeName(a), RecoveryCodes: a.UnusedCodes(), Default: a.ID == c.Default,
		Pending: a.Pending, ArchivedAt: a.ArchivedAt,
		AddedAt: a.AddedAt, UpdatedAt: a.UpdatedAt,
	}
	if k := a.Key; k != nil {
		d.Algorithm, d.Digits = k.Alg.String(), k.Digits
		if a.IsHOTP() {
			counter := k.Counter
			d.Counter = &counter
		} else {
			d.Period = int(k.Period / time.Second)
		}
	}
	return d
}
