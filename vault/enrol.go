package vault

import (
	"fmt"
	"slices"
	"time"
)

// Begin stores a as the account of an enrolment that is under way: its key is
// on disk before the registry knows that somebody has it. It is [Account.Pending]
// until [Contents.Finish].
//
// An earlier enrolment that did not come to its end, of the same user at the
// same registry, makes way: the registry has given out a new secret, so the old
// one is good for nothing. Every other account stays as it is; while one has
// the name, the new account is called after it. Same tells whether two registry
// URLs are one registry.
func (c *Contents) Begin(a Account, same func(x, y string) bool, now time.Time) (*Account, error) {
	for i := range c.Accounts {
		old := &c.Accounts[i]
		if !old.Pending || !same(old.Registry, a.Registry) || old.Username != a.Username {
			continue
		}
		old.Key, old.Level, old.Issuer, old.UpdatedAt = a.Key, a.Level, a.Issuer, now.UTC()
		if a.Name != old.Name {
			old.Wanted = a.Name
		}
		return old, nil
	}
	wanted := a.Name
	a.Name = c.freeName(wanted, "new")
	if a.Name != wanted {
		a.Wanted = wanted
	}
	a.Pending = true
	return c.Add(a, now)
}

// freeName returns a name that no account has: name itself, or with a remark.
func (c *Contents) freeName(name, remark string) string {
	free := name
	for n := 2; c.byName(free) != nil; n++ {
		free = fmt.Sprintf("%s (%s)", name, remark)
		if n > 2 {
			free = fmt.Sprintf("%s (%s %d)", name, remark, n-1)
		}
	}
	return free
}

// Finish makes the account with an id an ordinary one: the registry has taken a
// code of it. Older accounts of the same user at the same registry are
// archived, as the registry knows one secret of a user. It returns the account,
// or nil when it is not there any more.
func (c *Contents) Finish(id string, same func(x, y string) bool, now time.Time) *Account {
	a := c.byID(id)
	if a == nil || !a.Pending {
		return a
	}
	for i := range c.Accounts {
		old := &c.Accounts[i]
		if old == a || !old.ArchivedAt.IsZero() || !same(old.Registry, a.Registry) {
			continue
		}
		if old.Username != a.Username && old.Name != a.Wanted {
			continue
		}
		if c.Default == old.ID {
			c.Default = a.ID
		}
		c.archive(old, now)
	}
	if a.Wanted != "" && c.byName(a.Wanted) == nil {
		a.Name = a.Wanted
	}
	a.Pending, a.Wanted, a.UpdatedAt = false, "", now.UTC()
	return a
}

// Archive puts the account with an id away: its secret is good for nothing any
// more. It is found by its exact name only. It returns the name that it has
// then, or "" when there is no such account.
func (c *Contents) Archive(id string, now time.Time) string {
	a := c.byID(id)
	if a == nil {
		return ""
	}
	if c.Default == id {
		c.Default = ""
	}
	c.archive(a, now)
	return a.Name
}

// archive gives the name of a free for its successor.
func (c *Contents) archive(a *Account, now time.Time) {
	name := a.Name
	a.Name = ""
	a.Name = c.freeName(fmt.Sprintf("%s until %s", name, now.UTC().Format(time.DateOnly)), "older")
	a.Pending, a.ArchivedAt, a.UpdatedAt = false, now.UTC(), now.UTC()
}

func (c *Contents) byID(id string) *Account {
	for i := range c.Accounts {
		if c.Accounts[i].ID == id {
			return &c.Accounts[i]
		}
	}
	return nil
}

// NoteMove notes that recovery codes which never were in this vault went
// elsewhere: sent holds them. An earlier note with the id replaced is taken back.
func (a *Account) NoteMove(replaced string, sent *Account, m Move, now time.Time) {
	a.Moved = slices.DeleteFunc(a.Moved, func(old Move) bool { return old.ID == replaced })
	m.Codes, m.MovedAt = len(sent.RecoveryCodes), now.UTC()
	m.LastNumber, m.LastSet = sent.lastNumber(), sent.newestSet()
	a.Moved = append(a.Moved, m)
	a.UpdatedAt = now.UTC()
}

// Archived tells whether a was put away.
func (a *Account) Archived() bool { return !a.ArchivedAt.IsZero() }
