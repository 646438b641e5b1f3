package vault

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// ErrOtherVault says that a file is a vault, but no copy of this one.
var ErrOtherVault = errors.New("another vault, not a copy of this one")

// Merge joins two copies of a vault that were changed apart. It is pure, and
// commutative, associative and idempotent: laptops that merge the same copies,
// in whatever order and however often, end with the same contents.
//
//   - Accounts, devices, recovery codes and all other objects with an id are
//     joined by it. One that was removed in either copy is removed.
//   - A field of such an object has the value that was written last, by the
//     times that [Vault.Update] stores with each change. Of two written at one
//     time, the larger text wins.
//   - A used recovery code stays used, a reserved one reserved until the
//     reservation is given back by somebody who has seen it, a retired one
//     retired. A counter of HOTP is the larger one.
//   - Two secrets in one account are both kept, the second in an account beside
//     it. Two accounts of one name are both kept, the younger as "name (2)".
//
// The generation is the higher one; what stores the result raises it. Of the
// slots, which are not part of the contents, see [Vault.Merge].
func Merge(a, b *Contents) (*Contents, error) {
	if a.VaultID != b.VaultID {
		return nil, ErrOtherVault
	}
	left, err := a.bare()
	if err != nil {
		return nil, err
	}
	right, err := b.bare()
	if err != nil {
		return nil, err
	}
	data, err := json.Marshal(join(left, right).render())
	if err != nil {
		return nil, err
	}
	merged, _, err := decodeContents(data)
	if err != nil {
		return nil, fmt.Errorf("merging: %w", err)
	}
	return merged, nil
}

// A state is a copy of a vault without what merges derived from it: names and
// numbers that were made unique, and accounts that hold a second secret.
type state struct {
	doc  object
	keys map[string]keys // by account
}

// object returns the JSON of c.
func (c *Contents) object() (object, error) {
	w, err := c.wire("")
	if err != nil {
		return nil, err
	}
	data, err := encodeObject(w, c.extra)
	if err != nil {
		return nil, err
	}
	return parseObject(data)
}

// canonical writes c so that contents that a merge makes no difference between
// are equal texts.
func (c *Contents) canonical() (string, error) {
	o, err := c.object()
	if err != nil {
		return "", err
	}
	delete(o, "generation")
	delete(o, "parent")
	sortLists(o)
	return canonical(o), nil
}

func sortLists(o object) {
	for name, v := range o {
		if list, ok := elements(v); ok {
			for _, e := range list {
				sortLists(e)
			}
			o[name] = listed(list)
		}
	}
}

// bare returns the state of c.
func (c *Contents) bare() (state, error) {
	doc, err := c.object()
	if err != nil {
		return state{}, err
	}
	s := state{doc: doc, keys: map[string]keys{}}
	for _, list := range []string{listAccounts, listDevices} {
		kept := []any{}
		all, _ := elements(doc[list])
		for _, o := range all {
			restoreName(o)
			if o[fieldSplitOf] != nil {
				continue
			}
			if list == listAccounts {
				restoreNumbers(o)
				if k := cutKeys(o); len(k) > 0 {
					s.keys[text(o, fieldID)] = k
				}
			}
			kept = append(kept, o)
		}
		doc[list] = kept
	}
	return s, nil
}

// join returns the least state that has everything of a and b.
func join(a, b state) state {
	joined := state{doc: joinObjects(a.doc, b.doc), keys: a.keys}
	for id, k := range b.keys {
		joined.keys[id] = joinKeys(joined.keys[id], k)
	}
	older, newer := a.doc, b.doc
	if later(a.doc, b.doc) {
		older, newer = newer, older
	}
	for _, name := range []string{"generation", "parent"} {
		set(joined.doc, name, newer[name])
	}
	if number(older, "v") > number(newer, "v") {
		joined.doc["v"] = older["v"]
	}
	return joined
}

// later reports whether a is of a higher generation than b.
func later(a, b object) bool {
	if x, y := number(a, "generation"), number(b, "generation"); x != y {
		return x > y
	}
	return text(a, "parent") > text(b, "parent")
}

// joinObjects joins two objects of one id, or two vaults.
func joinObjects(a, b object) object {
	out := object{}
	for name := range fieldsOf(a, b) {
		x, y := a[name], b[name]
		switch name {
		case fieldChangedAt:
			continue
		case fieldAddedAt, "created_at", fieldRemovedAt, fieldRetiredAt:
			set(out, name, earliest(x, y))
			continue
		case fieldUpdatedAt:
			set(out, name, latest(x, y))
			continue
		}
		if list, ok := joinLists(name, x, y); ok {
			out[name] = list
			continue
		}
		joinRegister(out, name, a, b)
	}
	return out
}

// fieldsOf returns the names of the fields that a or b has, or has lost.
func fieldsOf(a, b object) map[string]bool {
	names := map[string]bool{}
	for _, o := range []object{a, b} {
		for name := range o {
			names[name] = true
		}
		stamps, _ := o[fieldChangedAt].(object)
		for name := range stamps {
			names[name] = true
		}
	}
	return names
}

// joinRegister gives out the value that was written last.
func joinRegister(out object, name string, a, b object) {
	x, y := a[name], b[name]
	when, other := stamp(a, name), stamp(b, name)
	if other.After(when) || other.Equal(when) && canonical(y) > canonical(x) {
		x, when = y, other
	}
	set(out, name, x)
	setStamp(out, name, when)
}

// joinLists joins two lists of objects with ids; ok is false when x and y are
// something else.
func joinLists(name string, x, y any) (list []any, ok bool) {
	left, isLeft := elements(x)
	right, isRight := elements(y)
	if !isLeft && !isRight || !isLeft && !isNothing(x) || !isRight && !isNothing(y) {
		return nil, false
	}
	index := byID(left)
	for id, o := range byID(right) {
		if have, both := index[id]; both {
			o = joinElement(name, have, o)
		}
		index[id] = o
	}
	return listed(slices.Collect(maps.Values(index))), true
}

func isNothing(v any) bool {
	list, ok := v.([]any)
	return v == nil || ok && len(list) == 0
}

func joinElement(list string, a, b object) object {
	if list == listCodes {
		return joinCode(a, b)
	}
	return joinObjects(a, b)
}

func earliest(x, y any) any {
	if x == nil || y != nil && timeOf(y).Before(timeOf(x)) {
		return y
	}
	return x
}

func latest(x, y any) any {
	if x == nil || y != nil && timeOf(y).After(timeOf(x)) {
		return y
	}
	return x
}

func timeOf(v any) time.Time { return instantOf(object{"": v}, "") }

// render returns the JSON of a state: without what was removed, and valid.
func (s state) render() object {
	dead := map[string]bool{}
	tombstones, _ := elements(s.doc[listTombstones])
	for _, t := range tombstones {
		dead[text(t, fieldID)] = true
	}
	prune(s.doc, dead)
	accounts, _ := elements(s.doc[listAccounts])
	accounts = append(accounts, s.placeKeys(accounts, dead)...)
	uniqueNames(accounts)
	for _, a := range accounts {
		uniqueNumbers(a)
	}
	s.doc[listAccounts] = listed(accounts)
	if devices, ok := elements(s.doc[listDevices]); ok {
		uniqueNames(devices)
	}
	return s.doc
}

// prune takes the dead out of every list of objects.
func prune(o object, dead map[string]bool) {
	for name, v := range o {
		list, ok := elements(v)
		if !ok || name == listTombstones {
			continue
		}
		kept := []any{}
		for _, e := range list {
			if !dead[text(e, fieldID)] {
				prune(e, dead)
				kept = append(kept, e)
			}
		}
		set(o, name, kept)
	}
}
