package otpimport

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"npmotp/internal/secret"
	"npmotp/otpgen"
	"npmotp/vault"
)

// A Fate is what came of an entry.
type Fate string

// The fates of entries.
const (
	Imported  Fate = "imported"
	Duplicate Fate = "duplicate" // an account makes the same passwords
	Refused   Fate = "refused"
)

// An Outcome says what came of one entry.
type Outcome struct {
	Entry
	Fate Fate
	Name string // of the new account; of another entry, what the file calls it
	Of   string // the account that a duplicate is of
	// Code is the first password of a new account, as "npmotp add" shows it. Of a
	// counter-based one it is used up.
	Code secret.Text
}

// Store adds an account for each entry that can be used and is not there yet,
// and returns the outcomes in the order of the entries. Its time grows with the
// accounts and the entries, not with their product.
func Store(ctx context.Context, c *vault.Contents, entries []Entry, now time.Time) ([]Outcome, error) {
	known := make(map[identity]string, len(c.Accounts)+len(entries))
	names := newNames(len(c.Accounts) + len(entries))
	for i := range c.Accounts {
		a := &c.Accounts[i]
		names.taken[a.Name] = true
		if a.Key != nil {
			known[identityOf(a.Key)] = a.Name
		}
	}
	outcomes := make([]Outcome, len(entries))
	fresh := make([]int, 0, len(entries))
	for i, e := range entries {
		o := Outcome{Entry: e, Fate: Refused, Name: cmp.Or(e.Label.Account, e.Label.Issuer, fmt.Sprintf("entry %d", i+1))}
		if e.Err == nil {
			id := identityOf(&e.Key)
			if of, ok := known[id]; ok {
				o.Fate, o.Of = Duplicate, of
			} else {
				o.Fate, known[id] = Imported, ""
				names.claim(e.Label)
				fresh = append(fresh, i)
			}
		}
		outcomes[i] = o
	}
	accounts := make([]vault.Account, len(fresh))
	for at, i := range fresh {
		if err := ctx.Err(); err != nil {
			return nil, context.Cause(ctx)
		}
		o := &outcomes[i]
		o.Name = names.give(o.Label)
		known[identityOf(&o.Key)] = o.Name
		key, code, err := first(o.Key, now)
		if err != nil {
			return nil, err
		}
		o.Code = code.Value
		accounts[at] = vault.Account{Name: o.Name, Issuer: o.Label.Issuer, Username: o.Label.Account, Key: &key}
	}
	for i := range outcomes {
		if o := &outcomes[i]; o.Fate == Duplicate {
			o.Of = known[identityOf(&o.Key)]
		}
	}
	return outcomes, c.AddAll(accounts, now)
}

// first returns the first password of a key, and the key as it is to be stored.
func first(key otpgen.Key, now time.Time) (otpgen.Key, otpgen.Code, error) {
	if key.Kind == otpgen.HOTP {
		code, advanced, err := key.HOTP()
		return advanced, code, err
	}
	code, err := key.At(now)
	return key, code, err
}

// An identity is what the passwords of a key are made of. Two keys with the
// same secret and other digits are two keys.
type identity struct {
	kind   otpgen.Kind
	alg    otpgen.Alg
	secret string
	digits int
	period time.Duration
}

func identityOf(k *otpgen.Key) identity {
	id := identity{kind: k.Kind, alg: k.Alg, secret: k.Secret.Reveal(), digits: k.Digits}
	if k.Kind == otpgen.TOTP {
		id.period = k.Period
	}
	return id
}

// names finds names for new accounts.
type names struct {
	taken  map[string]bool
	claims map[string]int // how many new accounts would like a name
	last   map[string]int // the last number that was put behind a name
}

func newNames(size int) *names {
	return &names{taken: make(map[string]bool, size), claims: make(map[string]int, size), last: map[string]int{}}
}

// wished returns the names that an account with the label l would like: that of
// the user, and with the issuer.
func wished(l otpgen.Label) []string {
	if l.Account != "" && l.Issuer != "" {
		return []string{l.Account, l.Issuer + " " + l.Account}
	}
	return []string{cmp.Or(l.Account, l.Issuer, "npm")}
}

func (n *names) claim(l otpgen.Label) {
	for _, name := range wished(l) {
		n.claims[name]++
	}
}

// give returns the name for a new account: one that it would like and nobody
// has or claims, and else one with a number. So a name that fits several
// accounts is given bare to none of them.
func (n *names) give(l otpgen.Label) string {
	wishes := wished(l)
	base := wishes[len(wishes)-1]
	for _, name := range wishes {
		if !n.taken[name] && n.claims[name] == 1 {
			n.taken[name] = true
			return name
		}
	}
	if n.taken[base] && n.last[base] == 0 {
		n.last[base] = 1 // who has the bare name is the first
	}
	for {
		n.last[base]++
		name := fmt.Sprintf("%s %d", base, n.last[base])
		if !n.taken[name] && n.claims[name] == 0 {
			n.taken[name] = true
			return name
		}
	}
}
