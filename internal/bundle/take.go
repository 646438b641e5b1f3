package bundle

import (
	"fmt"
	"time"

	"npmotp/vault"
)

// An Import says what became of one account that another laptop sent.
type Import struct {
	Name      string // as it is called here
	SentAs    string // as it is called there
	New       bool   // there was no such account here
	Key       bool   // its OTP key is new here
	Codes     int    // recovery codes that are new here
	Updated   int    // codes of which the sender knew more
	Outdated  int    // codes of which this vault knows more: the sender's are older
	Secondary string // name of the account here that has another secret and was kept
}

// Changes reports whether the import changes anything here.
func (i Import) Changes() bool { return i.New || i.Key || i.Codes > 0 || i.Updated > 0 }

// Take stores accounts that another laptop sent. They are known by their ids, and
// an account of the same registry that has the same secret, or the same recovery
// code, is the same whatever its id; recovery codes are known by their ids or
// texts. What has been used up anywhere
// is used up: used goes before reserved, that before unused, and the larger of two
// counters counts. Two accounts of one id with different secrets are both kept.
// Names, registries and levels of an account that is here already stay, because a
// bundle is not signed.
func Take(c *vault.Contents, accounts []vault.Account, now time.Time) ([]Import, error) {
	now = now.UTC()
	var done []Import
	for _, sent := range accounts {
		if sent.AddedAt.After(now) {
			sent.AddedAt = now
		}
		if sent.UpdatedAt.After(now) {
			sent.UpdatedAt = now
		}
		i := Import{SentAs: sent.Name}
		mine, other := counterpart(c, &sent)
		if mine == nil {
			mine = admit(c, &sent, other, &i)
		} else {
			adopt(mine, &sent, &i)
		}
		takeCodes(c, mine, sent.RecoveryCodes, &i, now)
		if i.Changes() && !i.New {
			mine.UpdatedAt = now
		}
		i.Name = mine.Name
		done = append(done, i)
	}
	return done, c.Validate()
}

// counterpart returns the account here that sent is, or nil; other is one of the
// same id with another secret.
func counterpart(c *vault.Contents, sent *vault.Account) (mine, other *vault.Account) {
	for i := range c.Accounts {
		a := &c.Accounts[i]
		if a.ID != sent.ID {
			continue
		}
		if a.Key == nil || sent.Key == nil || a.Key.Secret.Equal(sent.Key.Secret) {
			return a, nil
		}
		other = a
	}
	for i := range c.Accounts {
		a := &c.Accounts[i]
		if a.Registry == sent.Registry && share(a, sent) {
			return a, nil
		}
	}
	return nil, other
}

// share reports whether a and b have the same secret or, where one has none, a
// recovery code in common.
func share(a, b *vault.Account) bool {
	if a.Key != nil && b.Key != nil {
		return a.Key.Secret.Equal(b.Key.Secret)
	}
	for i := range b.RecoveryCodes {
		if codeLike(a, &b.RecoveryCodes[i]) != nil {
			return true
		}
	}
	return false
}

// codeLike returns the code of a that r is, by its id or text, or nil.
func codeLike(a *vault.Account, r *vault.RecoveryCode) *vault.RecoveryCode {
	if mine := a.RecoveryCode(r.ID); mine != nil {
		return mine
	}
	for i := range a.RecoveryCodes {
		if a.RecoveryCodes[i].Code.Equal(r.Code) {
			return &a.RecoveryCodes[i]
		}
	}
	return nil
}

// admit stores sent as a new account, without its codes.
func admit(c *vault.Contents, sent, other *vault.Account, i *Import) *vault.Account {
	a := *sent
	a.RecoveryCodes, a.Moved = nil, nil
	if other != nil {
		i.Secondary = other.Name
		a.ID = vault.NewID()
	}
	// Who receives an account wants it, also when it was removed here once. It is a
	// new one then: other copies of this vault go by the tombstone.
	if c.Buried(a.ID) {
		a.ID = vault.NewID()
	}
	for n := 2; c.ByName(a.Name) != nil; n++ {
		a.Name = fmt.Sprintf("%s (%d)", sent.Name, n)
	}
	i.New, i.Key = true, a.Key != nil
	c.Accounts = append(c.Accounts, a)
	return &c.Accounts[len(c.Accounts)-1]
}

// adopt takes the key of sent, or its counter.
func adopt(a, sent *vault.Account, i *Import) {
	switch k := sent.Key; {
	case k == nil:
	case a.Key == nil:
		copied := *k
		a.Key, i.Key = &copied, true
	case k.Counter > a.Key.Counter:
		a.Key.Counter = k.Counter
		i.Updated++
	case k.Counter < a.Key.Counter:
		i.Outdated++
	}
}

func takeCodes(c *vault.Contents, a *vault.Account, codes []vault.RecoveryCode, i *Import, now time.Time) {
	for _, sent := range codes {
		if mine := codeLike(a, &sent); mine != nil {
			catchUp(mine, &sent, i)
			continue
		}
		newest := a.NewestSet()
		switch {
		case !sent.RetiredAt.IsZero():
		case sent.Set < newest:
			// A newer set is known here, so npm does not take this one any more.
			sent.RetiredAt = now
			i.Outdated++
		case sent.Set > newest:
			a.RetireBefore(sent.Set, now)
		}
		settle(c, a, &sent)
		a.RecoveryCodes = append(a.RecoveryCodes, sent)
		i.Codes++
	}
}

// settle gives a code that comes into a an id and a number that are free.
func settle(c *vault.Contents, a *vault.Account, sent *vault.RecoveryCode) {
	// A code that was moved away and comes back is a new one: its old id has a
	// tombstone, which other copies of this vault go by.
	if c.Buried(sent.ID) {
		sent.ID = vault.NewID()
	}
	for _, r := range a.RecoveryCodes {
		if r.Number == sent.Number {
			sent.Number = a.LastNumber() + 1
			return
		}
	}
}

// catchUp takes from sent what it knows more of the same code.
func catchUp(r, sent *vault.RecoveryCode, i *Import) {
	changed := false
	switch mine, theirs := rank(r.State), rank(sent.State); {
	case theirs > mine:
		r.State, r.ReservedAt, r.UsedAt, r.UsedFor = sent.State, sent.ReservedAt, sent.UsedAt, sent.UsedFor
		changed = true
	case theirs < mine:
		i.Outdated++
	}
	if r.RetiredAt.IsZero() && !sent.RetiredAt.IsZero() {
		r.RetiredAt, changed = sent.RetiredAt, true
	}
	if changed {
		i.Updated++
	}
}

// rank orders the states by how much of a code is used up.
func rank(s vault.CodeState) int {
	switch s {
	case vault.Used:
		return 2
	case vault.Reserved:
		return 1
	default:
		return 0
	}
}
