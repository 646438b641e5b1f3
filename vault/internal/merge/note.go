package merge

import (
	"bytes"
	"encoding/json"
	"slices"
	"time"
)

// A Note writes down, while a changed vault is encoded, what a merge with
// another copy will have to know: when a field was written last, what was
// removed, and which reservation of a code was given back. It finds out by
// comparing what is about to be stored with what was, so that no code which
// changes a vault has to think of it.
type Note struct {
	now    time.Time
	buried map[string]bool
	graves []string // ids
}

// NewNote returns a note of changes made at now to a vault where the objects
// with the ids buried were removed before.
func NewNote(now time.Time, buried []string) *Note {
	n := &Note{now: now.UTC(), buried: map[string]bool{}}
	for _, id := range buried {
		n.buried[id] = true
	}
	return n
}

// Removed returns the ids of the objects that are to have tombstones, removed at
// the time of the note.
func (n *Note) Removed() []string { return n.graves }

// Stamp returns stamps, the changed_at of the vault as a whole, with the named
// fields as written at now.
func (n *Note) Stamp(stamps []byte, names ...string) ([]byte, error) {
	if len(names) == 0 {
		return stamps, nil
	}
	o := object{}
	if stamps != nil {
		parsed, err := Parse(stamps)
		if err != nil {
			return nil, err
		}
		o[ChangedAt] = parsed
	}
	for _, name := range names {
		touch(o, name, stamp(o, name), n.now)
	}
	return json.Marshal(o[ChangedAt])
}

// StampOf returns when the named field was written last by stamps, the zero time
// for never.
func StampOf(stamps []byte, name string) time.Time {
	o, err := Parse(stamps)
	if err != nil {
		return time.Time{}
	}
	return instantOf(o, name)
}

// List notes the changes between two versions of the named list of the vault, in
// after. Most of a large vault is as it was, and is not looked into. Encode, which
// may be nil, brings an object that was looked into to the form in which it is
// encoded the next time, so that it is the same to the byte until it changes.
func (n *Note) List(name string, before, after []json.RawMessage, encode func([]byte) ([]byte, error)) error {
	same := func(i, j int) bool { return bytes.Equal(before[i], after[j]) && !derived(after[j]) }
	first := 0
	for first < len(before) && first < len(after) && same(first, first) {
		first++
	}
	last := 0
	for last < len(before)-first && last < len(after)-first && same(len(before)-1-last, len(after)-1-last) {
		last++
	}
	var old []object
	for _, raw := range before[first : len(before)-last] {
		o, err := Parse(raw)
		if err != nil {
			return err
		}
		old = append(old, o)
	}
	var fresh []object
	var at []int // where they stand in after
	for i := first; i < len(after)-last; i++ {
		// Of what is new in a vault where nothing was removed, all is as it is.
		if len(old) == 0 && len(n.buried) == 0 && plain(after[i]) {
			continue
		}
		o, err := Parse(after[i])
		if err != nil {
			return err
		}
		fresh, at = append(fresh, o), append(at, i)
	}
	n.objects(name, "", old, fresh)
	for i, o := range fresh {
		raw, err := json.Marshal(o)
		if err == nil && encode != nil {
			raw, err = encode(raw)
		}
		if err != nil {
			return err
		}
		after[at[i]] = raw
	}
	return nil
}

// Notes returns the names of the fields that merges keep in accounts and codes
// beside what these are.
func Notes() []string {
	return []string{ChangedAt, Reservations, fieldReleased, OTPID, fieldOTPOthers, SplitOf, OwnName, fieldOwnNumber}
}

// derived reports whether a merge has made something in an object up: a name, a
// number or an account. A change of the vault by its user makes that true.
func derived(raw []byte) bool {
	return has(raw, OwnName, fieldOwnNumber, SplitOf, fieldOTPOthers)
}

// plain reports whether a new object has nothing that [Note.added] changes.
func plain(raw []byte) bool { return !derived(raw) && !has(raw, OTPID, listCodes) }

// has reports whether one of the names, quoted, is in an object.
func has(raw []byte, names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return bytes.Contains(raw, []byte(`"`+name+`"`)) })
}

// objects notes the changes between two versions of a list, in after. The owner
// is the id of the account that the list is in, or "".
func (n *Note) objects(list, owner string, before, after []object) {
	old, kept := byID(before), byID(after)
	for id := range old {
		if kept[id] == nil {
			n.bury(id)
		}
	}
	for _, o := range after {
		was := old[text(o, fieldID)]
		if was == nil {
			n.added(list, owner, o)
			codes, _ := elements(o[listCodes])
			n.objects(listCodes, text(o, fieldID), nil, codes)
			continue
		}
		n.changed(list, was, o)
	}
}

// bury leaves a tombstone.
func (n *Note) bury(id string) {
	if n.buried[id] {
		return
	}
	n.buried[id] = true
	n.graves = append(n.graves, id)
}

// added gives a new object an id that no tombstone has, and one that other
// copies give it too where that can be.
func (n *Note) added(list, owner string, o object) {
	if list == listCodes {
		noteReservation(o)
		delete(o, fieldOwnNumber)
		for i := 0; ; i++ {
			if id := CodeID(owner, text(o, "code"), i); !n.buried[id] {
				o[fieldID] = id
				return
			}
		}
	}
	if n.buried[text(o, fieldID)] {
		o[fieldID] = NewID()
	}
	// What merges of another vault derived says nothing here.
	for _, name := range []string{OwnName, SplitOf, OTPID, fieldOTPOthers} {
		delete(o, name)
	}
	if otp, ok := o[fieldOTP].(object); ok && list == listAccounts {
		n.nameKey(o, otp)
	}
}

// changed notes what happened to an object.
func (n *Note) changed(list string, before, after object) {
	if list == listCodes {
		noteReservation(after)
		delete(after, fieldOwnNumber)
	}
	n.renamed(after)
	if list == listAccounts {
		n.rekeyed(before, after)
	}
	for name := range fieldsOf(before, after) {
		if !isRegister(list, name) {
			continue
		}
		old, wasList := elements(before[name])
		fresh, isList := elements(after[name])
		if wasList || isList {
			n.objects(name, text(after, fieldID), old, fresh)
			continue
		}
		if canonical(before[name]) != canonical(after[name]) {
			n.touch(name, before, after)
		}
	}
}

func (n *Note) touch(name string, before, after object) {
	old := stamp(before, name)
	if other := stamp(after, name); other.After(old) {
		old = other
	}
	touch(after, name, old, n.now)
}

// isRegister reports whether a field is one whose last value wins, or a list of
// objects.
func isRegister(list, name string) bool {
	switch name {
	case fieldID, fieldAddedAt, "created_at", fieldUpdatedAt, fieldRemovedAt, fieldRetiredAt, ChangedAt,
		fieldOTP, OTPID, fieldOTPOthers, SplitOf, OwnName, fieldOwnNumber:
		return false
	}
	return list != listCodes || !slices.Contains(markFields(), name)
}

// renamed makes a name that a merge made up the true one.
func (n *Note) renamed(o object) {
	if o[OwnName] != nil {
		delete(o, OwnName)
		touch(o, fieldName, stamp(o, fieldName), n.now)
	}
}
