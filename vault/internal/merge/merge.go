// Package merge joins copies of the contents of a vault that were changed apart,
// and notes in a changed one what a later merge will have to know. It works on
// plain JSON objects and knows no type of the vault.
package merge

import (
	"maps"
	"slices"
)

// Join joins two copies of the contents of a vault. It is commutative,
// associative and idempotent. The arguments are changed and not to be used again.
func Join(a, b Object) Object { return join(bare(a), bare(b)).render() }

// A state is a copy of a vault without what merges derived from it: names and
// numbers that were made unique, and accounts that hold a second secret.
type state struct {
	doc  object
	keys map[string]keys // by account
}

// Canonical writes the contents of a vault so that those that a merge makes no
// difference between are equal texts. It changes its argument.
func Canonical(o Object) string {
	delete(o, "generation")
	delete(o, "parent")
	sortLists(o)
	return canonical(o)
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

// bare returns the state of a copy.
func bare(doc object) state {
	s := state{doc: doc, keys: map[string]keys{}}
	for _, list := range []string{listAccounts, listDevices} {
		kept := []any{}
		all, _ := elements(doc[list])
		for _, o := range all {
			restoreName(o)
			if o[SplitOf] != nil {
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
	return s
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
		case ChangedAt:
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
		stamps, _ := o[ChangedAt].(object)
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
