package vault

import (
	"encoding/json"
	"fmt"
	"slices"

	"npmotp/vault/internal/merge"
)

// The kinds of a [Change] and what can happen to them.
const (
	KindAccount    = "account"
	KindDevice     = "device"
	KindDefault    = "default"
	KindPassphrase = "passphrase"

	ChangeAdded   = "added"
	ChangeRemoved = "removed"
	ChangeChanged = "changed"
)

// A Change is one difference between two contents, without secrets.
type Change struct {
	Kind    string
	Name    string // what the account or the device is called now, or was
	What    string
	Details []string // what a changed or added one has that it had not
}

// Diff returns what has to change in before for it to become after.
func Diff(before, after *Contents) []Change {
	var changes []Change
	old := map[string]*Account{}
	for i := range before.Accounts {
		old[before.Accounts[i].ID] = &before.Accounts[i]
	}
	for i := range after.Accounts {
		a := &after.Accounts[i]
		was := old[a.ID]
		delete(old, a.ID)
		if c, ok := diffAccount(after, was, a); ok {
			changes = append(changes, c)
		}
	}
	for _, a := range before.Accounts {
		if old[a.ID] != nil {
			changes = append(changes, Change{Kind: KindAccount, Name: a.Name, What: ChangeRemoved})
		}
	}
	changes = append(changes, diffDevices(before, after)...)
	if before.Default != after.Default {
		name := ""
		if a := after.ByID(after.Default); a != nil {
			name = a.Name
		}
		changes = append(changes, Change{Kind: KindDefault, Name: name, What: ChangeChanged})
	}
	return changes
}

func diffAccount(after *Contents, was, a *Account) (Change, bool) {
	c := Change{Kind: KindAccount, Name: a.Name, What: ChangeChanged}
	if was == nil {
		c.What = ChangeAdded
		if n := len(a.RecoveryCodes); n > 0 {
			c.Details = append(c.Details, count(n, "recovery code"))
		}
		if of := after.splitOf(a); of != "" {
			c.Details = append(c.Details, fmt.Sprintf("the other of two secrets of %q", of))
		} else if own := a.ownName(); own != "" {
			c.Details = append(c.Details, fmt.Sprintf("called %q there, which is taken", own))
		}
		if same := after.SameSecret(a); same != "" {
			c.Details = append(c.Details, fmt.Sprintf("the same secret as %q", same))
		}
		return c, true
	}
	if was.Name != a.Name {
		c.Details = append(c.Details, fmt.Sprintf("name, it was %q", was.Name))
	}
	for _, f := range []struct {
		name    string
		changed bool
	}{
		{"issuer", was.Issuer != a.Issuer},
		{"user name", was.Username != a.Username},
		{"registry", was.Registry != a.Registry},
		{"level", was.Level != a.Level},
		{"reuse", was.Reuse != a.Reuse},
		{"confirm", was.Confirm != a.Confirm},
		{"state", was.Pending != a.Pending},
		{"archived", was.Archived() != a.Archived()},
		{"secret", !sameKey(was, a)},
		{"counter", sameKey(was, a) && a.Key != nil && was.Key.Counter != a.Key.Counter},
	} {
		if f.changed {
			c.Details = append(c.Details, f.name)
		}
	}
	c.Details = append(c.Details, diffCodes(was, a)...)
	return c, len(c.Details) > 0
}

func sameKey(a, b *Account) bool {
	if a.Key == nil || b.Key == nil {
		return a.Key == b.Key
	}
	x, y := a.Key, b.Key
	return x.Secret.Equal(y.Secret) && x.Kind == y.Kind && x.Alg == y.Alg && x.Digits == y.Digits && x.Period == y.Period
}

// diffCodes tells of each state how many codes came to it.
func diffCodes(was, a *Account) []string {
	old := map[string]RecoveryCode{}
	for _, r := range was.RecoveryCodes {
		old[r.ID] = r
	}
	counts := map[string]int{}
	for _, r := range a.RecoveryCodes {
		before, had := old[r.ID]
		delete(old, r.ID)
		switch {
		case !had:
			counts["added"]++
			continue
		case before.State != r.State:
			counts[string(r.State)]++
		case before.takenApart(&r):
			counts["taken on another laptop, too"]++
		}
		if before.RetiredAt.IsZero() && !r.RetiredAt.IsZero() {
			counts["retired"]++
		}
		if before.Number != r.Number {
			counts["renumbered"]++
		}
	}
	counts["removed"] = len(old)
	var details []string
	for what, n := range counts {
		if n > 0 {
			details = append(details, count(n, "recovery code")+" "+what)
		}
	}
	slices.Sort(details)
	if len(a.Moved) != len(was.Moved) {
		details = append(details, "moved to another laptop")
	}
	return details
}

// takenApart reports whether after, what a merge made of r, knows that the code was
// handed out elsewhere as well, before the laptops met: there may be two people who
// count on it, and the registry takes it once.
func (r *RecoveryCode) takenApart(after *RecoveryCode) bool {
	if r.State == Used { // which is final, and the merge keeps the first use
		return !r.ReservedAt.Equal(after.ReservedAt) || !r.UsedAt.Equal(after.UsedAt)
	}
	return elementsOf(after.extra, merge.Reservations) > max(1, elementsOf(r.extra, merge.Reservations))
}

func diffDevices(before, after *Contents) []Change {
	var changes []Change
	old := map[string]Device{}
	for _, d := range before.Devices {
		old[d.ID] = d
	}
	for _, d := range after.Devices {
		was, had := old[d.ID]
		delete(old, d.ID)
		switch {
		case !had:
			changes = append(changes, Change{Kind: KindDevice, Name: d.Name, What: ChangeAdded})
		case was.Name != d.Name || was.Recipient != d.Recipient:
			changes = append(changes, Change{Kind: KindDevice, Name: d.Name, What: ChangeChanged})
		}
	}
	for _, d := range before.Devices {
		if _, gone := old[d.ID]; gone {
			changes = append(changes, Change{Kind: KindDevice, Name: d.Name, What: ChangeRemoved})
		}
	}
	return changes
}

// splitOf returns the name of the account that a holds a second secret of.
func (c *Contents) splitOf(a *Account) string {
	if of := c.ByID(textOf(a.extra, merge.SplitOf)); of != nil {
		return of.Name
	}
	return ""
}

// ownName returns the name of a that another account had already.
func (a *Account) ownName() string { return textOf(a.extra, merge.OwnName) }

func textOf(x extra, name string) string {
	var s string
	if json.Unmarshal(x[name], &s) != nil {
		return ""
	}
	return s
}

// elementsOf returns how many elements a list has.
func elementsOf(x extra, name string) int {
	var list []json.RawMessage
	if json.Unmarshal(x[name], &list) != nil {
		return 0
	}
	return len(list)
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
