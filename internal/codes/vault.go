package codes

import (
	"context"
	"errors"
	"fmt"
	"time"

	"npmotp/internal/agent"
	"npmotp/vault"
)

// ErrCounterBased says that an account's codes go by a counter, where a time
// was asked for.
var ErrCounterBased = errors.New("is counter-based: --at, --next and --min-remaining are for time-based accounts")

// An Unlocked is an open vault that yields codes and descriptions. It is what
// the agent keeps, and what a command has where there is no agent.
type Unlocked struct {
	Vault    *vault.Vault
	Contents *vault.Contents
	Now      func() time.Time
}

// Code returns the present code of the account that query names. It uses up one
// of a counter-based account, unless timeBased forbids that.
func (u *Unlocked) Code(ctx context.Context, query string, timeBased bool) (agent.Code, error) {
	a, err := u.Contents.Find(query)
	if err != nil {
		return agent.Code{}, err
	}
	if !a.IsHOTP() {
		return codeAt(a, u.Now())
	}
	if timeBased {
		return agent.Code{}, fmt.Errorf("%q %w", a.Name, ErrCounterBased)
	}
	code, err := u.Vault.NextHOTP(ctx, a.Name, u.Now())
	return agent.Code{Account: a.Name, Value: code.Value}, err
}

// At returns the code of the account that query names at another time.
func (u *Unlocked) At(query string, at time.Time) (agent.Code, error) {
	a, err := u.Contents.Find(query)
	if err != nil {
		return agent.Code{}, err
	}
	if a.IsHOTP() {
		return agent.Code{}, fmt.Errorf("%q %w", a.Name, ErrCounterBased)
	}
	return codeAt(a, at)
}

// codeAt returns the code of a time-based account at t, with the one after.
func codeAt(a *vault.Account, t time.Time) (agent.Code, error) {
	code, err := a.Code(t)
	if err != nil {
		return agent.Code{}, err
	}
	next, err := a.Code(code.Until)
	return agent.Code{Account: a.Name, Value: code.Value, From: code.From, Until: code.Until, Next: next.Value}, err
}

// Find describes the account that query names.
func (u *Unlocked) Find(query string) (agent.Account, error) {
	a, err := u.Contents.Find(query)
	if err != nil {
		return agent.Account{}, err
	}
	return Describe(u.Contents, a), nil
}

// List describes all accounts.
func (u *Unlocked) List() []agent.Account {
	accounts := make([]agent.Account, len(u.Contents.Accounts))
	for i := range u.Contents.Accounts {
		accounts[i] = Describe(u.Contents, &u.Contents.Accounts[i])
	}
	return accounts
}

// Describe returns what an account shows without its secrets.
func Describe(c *vault.Contents, a *vault.Account) agent.Account {
	d := agent.Account{
		ID: a.ID, Name: a.Name, Issuer: a.Issuer, Username: a.Username, Registry: a.Registry, Level: string(a.Level),
		Reuse: a.Reuse.String(), Confirm: a.Confirm.String(), RecoveryCodes: a.UnusedCodes(), Default: a.ID == c.Default,
		Pending: a.Pending, ArchivedAt: a.ArchivedAt,
		AddedAt: a.AddedAt, UpdatedAt: a.UpdatedAt,
	}
	if k := a.Key; k != nil {
		d.Type, d.Algorithm, d.Digits = k.Kind.String(), k.Alg.String(), k.Digits
		if a.IsHOTP() {
			counter := k.Counter
			d.Counter = &counter
		} else {
			d.Period = int(k.Period / time.Second)
		}
	}
	return d
}
