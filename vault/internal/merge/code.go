package merge

import (
	"cmp"
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"sort"
)

const (
	// Reservations is the field of a recovery code that lists who took it: those
	// that hold. fieldReleased has the ids of those that were given back. Two
	// laptops can reserve one code; to give back the one of them does not give
	// back the other.
	Reservations  = "reservations"
	fieldReleased = "released"

	fieldState      = "state"
	fieldSet        = "set"
	fieldReservedAt = "reserved_at"
	fieldUsedAt     = "used_at"
	fieldUsedFor    = "used_for"
	fieldRetiredAt  = "retired_at"

	// The values of a state.
	unused   = "unused"
	reserved = "reserved"
	used     = "used"
)

// markFields are what a code's state consists of.
func markFields() []string {
	return []string{
		fieldState, fieldReservedAt, fieldUsedAt, fieldUsedFor, Reservations, fieldReleased,
		fieldNumber, fieldSet,
	}
}

// joinCode joins two copies of a recovery code.
func joinCode(a, b object) object {
	out := joinObjects(without(a, markFields()), without(b, markFields()))
	for _, name := range []string{fieldNumber, fieldSet} {
		out[name] = json.Number(fmt.Sprint(max(number(a, name), number(b, name))))
	}
	if first := firstUsed(a, b); first != nil {
		for _, name := range []string{fieldState, fieldReservedAt, fieldUsedAt, fieldUsedFor} {
			set(out, name, first[name])
		}
		return out
	}
	released := releasedIn(a, b)
	live := map[string]object{}
	for _, r := range append(reservations(a), reservations(b)...) {
		if id := text(r, fieldID); !slices.Contains(released, any(id)) {
			live[id] = r
		}
	}
	setReservations(out, live, released)
	return out
}

// firstUsed returns the copy whose account of how the code was used stays: the
// earlier one. It returns nil when the code is used in neither.
func firstUsed(a, b object) object {
	usedA, usedB := text(a, fieldState) == used, text(b, fieldState) == used
	switch {
	case !usedA && !usedB:
		return nil
	case !usedA:
		return b
	case !usedB:
		return a
	}
	tuple := func(o object) string {
		return canonical([]any{o[fieldReservedAt], o[fieldUsedFor], o[fieldUsedAt]})
	}
	if cmp.Or(instantOf(a, fieldUsedAt).Compare(instantOf(b, fieldUsedAt)), cmp.Compare(tuple(a), tuple(b))) <= 0 {
		return a
	}
	return b
}

// reservations returns those of a reserved code. One that was reserved by a
// version without them has one that its time names.
func reservations(o object) []object {
	if list, ok := elements(o[Reservations]); ok {
		return list
	}
	if text(o, fieldState) != reserved {
		return nil
	}
	return []object{newReservation(o, "at "+text(o, fieldReservedAt))}
}

func newReservation(code object, id string) object {
	r := object{fieldID: id}
	set(r, "at", code[fieldReservedAt])
	set(r, "for", code[fieldUsedFor])
	return r
}

// setReservations gives a code that is not used the state that its
// reservations make.
func setReservations(o object, live map[string]object, released []any) {
	o[fieldState] = unused
	for _, name := range []string{fieldReservedAt, fieldUsedAt, fieldUsedFor, Reservations, fieldReleased} {
		delete(o, name)
	}
	if len(released) > 0 {
		o[fieldReleased] = released
	}
	if len(live) == 0 {
		return
	}
	var list []object
	for _, r := range live {
		list = append(list, r)
	}
	sortBy(list, func(a, b object) int {
		return cmp.Or(instantOf(a, "at").Compare(instantOf(b, "at")), cmp.Compare(text(a, fieldID), text(b, fieldID)))
	})
	values := make([]any, len(list))
	for i, r := range list {
		values[i] = r
	}
	o[fieldState], o[Reservations] = reserved, values
	set(o, fieldReservedAt, list[0]["at"])
	set(o, fieldUsedFor, list[0]["for"])
}

// releasedIn returns the ids of the reservations that were given back in any of
// the copies of a code.
func releasedIn(copies ...object) []any {
	var ids []any
	for _, o := range copies {
		released, _ := o[fieldReleased].([]any)
		for _, id := range released {
			if !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	sort.Slice(ids, func(i, j int) bool { return canonical(ids[i]) < canonical(ids[j]) })
	return ids
}

func without(o object, names []string) object {
	rest := object{}
	for name, v := range o {
		if !slices.Contains(names, name) {
			rest[name] = v
		}
	}
	return rest
}

// noteReservation brings the reservations of a code in line with the state that
// a change of the vault gave it.
func noteReservation(code object) {
	live, released := map[string]object{}, releasedIn(code)
	for _, r := range reservations(code) {
		live[text(r, fieldID)] = r
	}
	switch text(code, fieldState) {
	case used:
		delete(code, Reservations)
		delete(code, fieldReleased)
	case unused:
		for id := range live {
			released = append(released, id)
		}
		setReservations(code, nil, releasedIn(object{fieldReleased: released}))
	case reserved:
		if _, ok := elements(code[Reservations]); !ok {
			id := NewID()
			setReservations(code, map[string]object{id: newReservation(code, id)}, released)
		}
	}
}

// CodeID returns the id of a recovery code: the same on every laptop that the
// code is pasted on, so that a merge sees one code and not two. The n-th is for
// a code that was removed and comes back.
//
// The id of a code that was moved to another laptop stays behind as a tombstone.
// The rounds keep it from being a way to guess the shortest codes of npm, which
// have 64 bits.
func CodeID(account, code string, n int) string {
	const rounds = 1 << 10
	salt := fmt.Sprintf("npmotp recovery code %d of %s", n, account)
	id, err := pbkdf2.Key(sha256.New, code, []byte(salt), rounds, 16)
	if err != nil {
		panic(err) // of lengths and hashes that are not allowed, which these are
	}
	return hex.EncodeToString(id)
}
