package enroll

import (
	"fmt"
	"time"

	"npmotp/internal/registry"
	"npmotp/vault"
)

// Begin stores a as the account of an enrolment that is under way: its key is
// on disk before the registry knows that somebody has it. It is [vault.Account.Pending]
// until [Finish].
//
// An earlier enrolment that did not come to its end, of the same user at the
// same registry, makes way: the registry has given out a new secret, so the old
// one is good for nothing. Every other account stays as it is; while one has
// the name, the new account is called after it.
func Begin(c *vault.Contents, a vault.Account, now time.Time) (*vault.Account, error) {
	for i := range c.Accounts {
		old := &c.Accounts[i]
		if !old.Pending || !registry.Same(old.Registry, a.Registry) || old.Username != a.Username {
			continue
		}
		old.Key, old.Level, old.Issuer, old.UpdatedAt = a.Key, a.Level, a.Issuer, now.UTC()
		if a.Name != old.Name {
			old.Wanted = a.Name
		}
		return old, nil
	}
	wanted := a.Name
	a.Name = c.FreeName(wanted, "new")
	if a.Name != wanted {
		a.Wanted = wanted
	}
	a.Pending = true
	return c.Add(a, now)
}

// Finish makes the account with an id an ordinary one: the registry has taken a
// code of it. Older accounts of the same user at the same registry are
// archived, as the registry knows one secret of a user. It returns the account,
// or nil when it is not there any more.
func Finish(c *vault.Contents, id string, now time.Time) *vault.Account {
	a := c.ByID(id)
	if a == nil || !a.Pending {
		return a
	}
	for i := range c.Accounts {
		old := &c.Accounts[i]
		if old == a || !old.ArchivedAt.IsZero() || !registry.Same(old.Registry, a.Registry) {
			continue
		}
		if old.Username != a.Username && old.Name != a.Wanted {
			continue
		}
		if c.Default == old.ID {
			c.Default = a.ID
		}
		putAway(c, old, now)
	}
	if a.Wanted != "" && c.ByName(a.Wanted) == nil {
		a.Name = a.Wanted
	}
	a.Pending, a.Wanted, a.UpdatedAt = false, "", now.UTC()
	return a
}

// putAway archives a, whose secret is good for nothing any more, and frees its name
// for its successor.
func putAway(c *vault.Contents, a *vault.Account, now time.Time) {
	name := a.Name
	a.Name = ""
	a.Name = c.FreeName(fmt.Sprintf("%s until %s", name, now.UTC().Format(time.DateOnly)), "older")
	a.Pending, a.ArchivedAt, a.UpdatedAt = false, now.UTC(), now.UTC()
}
