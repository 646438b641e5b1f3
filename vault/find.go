package vault

import (
	"errors"
	"fmt"
	"strings"
)

// An AmbiguousError lists the accounts that a query may mean.
type AmbiguousError struct {
	Query   string
	Matches []string // names, sorted as the accounts are
}

// Error implements error.
func (e *AmbiguousError) Error() string {
	if e.Query == "" {
		return "several accounts to choose from: " + quoted(e.Matches, ", ")
	}
	return fmt.Sprintf("%q may be %s", e.Query, quoted(e.Matches, " or "))
}

// An InexactError says that what cannot be taken back was asked for with less
// than the name of an account. It is an [ErrNoAccount].
type InexactError struct {
	Query   string
	Matches []string // names of accounts that [Contents.Find] might take it for
}

// Error implements error.
func (e *InexactError) Error() string {
	return fmt.Sprintf("no account has the name %q, which this needs in full: write %s", e.Query, quoted(e.Matches, " or "))
}

// Unwrap returns ErrNoAccount.
func (e *InexactError) Unwrap() error { return ErrNoAccount }

func quoted(names []string, separator string) string {
	all := make([]string, len(names))
	for i, name := range names {
		all[i] = fmt.Sprintf("%q", name)
	}
	return strings.Join(all, separator)
}

// Find returns the account that query names. That is the one of exactly this
// name, or else the one that fits best: its name, issuer, user name or registry
// is query, else begins with it, else has it as a part, and letters count in
// either case. Among those that fit alike, the one whose own name fits best is
// meant. Several that fit alike in both are an [*AmbiguousError].
//
// An empty query means the default account, the only one, or the only one that
// belongs to a registry. An account that was put away goes by its exact name only.
func (c *Contents) Find(query string) (*Account, error) {
	if query == "" {
		return c.findDefault()
	}
	if a := c.ByName(query); a != nil {
		return a, nil
	}
	var found []*Account
	var names []string
	best, folded := rank{}, strings.ToLower(query)
	for i := range c.Accounts {
		a := &c.Accounts[i]
		if a.Archived() {
			continue
		}
		r := a.rank(query, folded)
		if r.any == unlike || r.less(best) {
			continue
		}
		if best.less(r) {
			found, names = found[:0], names[:0]
		}
		best, found, names = r, append(found, a), append(names, a.Name)
	}
	switch len(found) {
	case 0:
		return nil, fmt.Errorf("%w: %q", ErrNoAccount, query)
	case 1:
		return found[0], nil
	}
	return nil, &AmbiguousError{Query: query, Matches: names}
}

// Named returns the account of exactly that name, or the default one for none. It is
// for what cannot be taken back: what [Contents.Find] would have guessed is the
// text of an [*InexactError].
func (c *Contents) Named(name string) (*Account, error) {
	a, err := c.Find(name)
	if err == nil && (name == "" || a.Name == name) {
		return a, nil
	}
	if err == nil {
		return nil, &InexactError{Query: name, Matches: []string{a.Name}}
	}
	if e, ok := errors.AsType[*AmbiguousError](err); ok && name != "" {
		return nil, &InexactError{Query: name, Matches: e.Matches}
	}
	return nil, err
}

// A fit is how well a text fits a query: better for a larger one.
type fit int

const (
	unlike fit = iota
	part
	beginning
	equal
)

// A rank is how well an account fits a query: by any of its texts, and by its name
// with letters in their own case before those in the other.
type rank struct {
	any  fit
	name int
}

func (r rank) less(s rank) bool { return r.any < s.any || r.any == s.any && r.name < s.name }

// rank returns how a fits query, whose letters in lower case are folded.
func (a *Account) rank(query, folded string) rank {
	inAnyCase := fitOf(strings.ToLower(a.Name), folded)
	r := rank{any: inAnyCase, name: 2 * int(inAnyCase)}
	if fitOf(a.Name, query) == inAnyCase {
		r.name++
	}
	address := strings.ToLower(strings.TrimSuffix(a.Registry, "/"))
	_, host, _ := strings.Cut(address, "://")
	for _, text := range [...]string{strings.ToLower(a.Issuer), strings.ToLower(a.Username), address, host} {
		r.any = max(r.any, fitOf(text, strings.TrimSuffix(folded, "/")))
	}
	return r
}

// leastPart is the length in bytes from which a query may stand for a part of a
// text: one or two letters are in nearly each.
const leastPart = 3

func fitOf(text, query string) fit {
	switch {
	case query == "":
		return unlike
	case text == query:
		return equal
	case strings.HasPrefix(text, query):
		return beginning
	case len(query) >= leastPart && strings.Contains(text, query):
		return part
	}
	return unlike
}

func (c *Contents) findDefault() (*Account, error) {
	var present []*Account
	for i := range c.Accounts {
		if a := &c.Accounts[i]; !a.Archived() {
			present = append(present, a)
		}
	}
	switch {
	case len(c.Accounts) == 0:
		return nil, ErrEmpty
	case len(present) == 0:
		return nil, ErrAllArchived
	case len(present) == 1:
		return present[0], nil
	}
	e := &AmbiguousError{}
	var registered []*Account
	for _, a := range present {
		if a.ID == c.Default {
			return a, nil
		}
		if a.Registry != "" {
			registered = append(registered, a)
		}
		e.Matches = append(e.Matches, a.Name)
	}
	if len(registered) == 1 {
		return registered[0], nil
	}
	return nil, e
}
