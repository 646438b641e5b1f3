package vault

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"time"
)

// slotsRegister is stamped in the contents when the slots, which are outside of
// them, are exchanged: the copy of a vault whose slots are newer tells which
// passphrase opens a merged one.
const slotsRegister = "slots_hash"

// A note writes down, while a changed vault is encoded, what a merge with
// another copy will have to know: when a field was written last, what was
// removed, and which reservation of a code was given back. It finds out by
// comparing what is about to be stored with what was, so that no code which
// changes a vault has to think of it.
type note struct {
	now    time.Time
	buried map[string]bool
	graves []json.RawMessage // new tombstones
}

// encodeChange is encode for contents that a change made at now of what was
// stored before.
func (c *Contents) encodeChange(slotsHash string, now time.Time) ([]byte, error) {
	w, err := c.wire(slotsHash)
	if err != nil {
		return nil, err
	}
	before := c.stored
	if before == nil {
		before = &wireContents{}
	}
	n := &note{now: now.UTC(), buried: map[string]bool{}}
	for _, t := range c.Tombstones {
		n.buried[t.ID] = true
	}
	lists := w.lists()
	for name, old := range before.lists() {
		if err := n.list(name, *old, *lists[name]); err != nil {
			return nil, err
		}
	}
	w.Tombstones = append(w.Tombstones, n.graves...)
	x, err := n.registers(before, w, c.extra)
	if err != nil {
		return nil, err
	}
	return w.pad(x)
}

// lists returns the lists of objects whose changes are noted.
func (w *wireContents) lists() map[string]*[]json.RawMessage {
	return map[string]*[]json.RawMessage{
		listAccounts: &w.Accounts, listDevices: &w.Devices, "identities": &w.Identities,
	}
}

// registers notes changes of what belongs to the vault as a whole.
func (n *note) registers(before, after *wireContents, x extra) (extra, error) {
	changed := map[string]bool{
		"default": before.Default != after.Default,
		// A merge does not know the slots of what it made.
		slotsRegister: before.SlotsHash != "" && before.SlotsHash != after.SlotsHash,
	}
	o := object{}
	if stamps := x[fieldChangedAt]; stamps != nil {
		parsed, err := parseObject(stamps)
		if err != nil {
			return nil, err
		}
		o[fieldChangedAt] = parsed
	}
	for name, is := range changed {
		if is {
			touch(o, name, stamp(o, name), n.now)
		}
	}
	if o[fieldChangedAt] == nil {
		return x, nil
	}
	raw, err := json.Marshal(o[fieldChangedAt])
	if err != nil {
		return nil, err
	}
	x = maps.Clone(x)
	if x == nil {
		x = extra{}
	}
	x[fieldChangedAt] = raw
	return x, nil
}

// list notes the changes between two versions of a list of the vault, in after.
// Most of a large vault is as it was, and is not looked into.
func (n *note) list(name string, before, after []json.RawMessage) error {
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
		o, err := parseObject(raw)
		if err != nil {
			return err
		}
		old = append(old, o)
	}
	fresh := make([]object, len(after)-last-first)
	for i := range fresh {
		var err error
		if fresh[i], err = parseObject(after[first+i]); err != nil {
			return err
		}
	}
	if err := n.objects(name, "", old, fresh); err != nil {
		return err
	}
	for i, o := range fresh {
		raw, err := json.Marshal(o)
		if err == nil && name == listAccounts {
			raw, err = asEncoded(raw)
		}
		if err != nil {
			return err
		}
		after[first+i] = raw
	}
	return nil
}

// asEncoded writes an account in the order in which it is encoded when it is
// stored the next time, so that one that has not changed until then is the same
// to the byte.
func asEncoded(raw []byte) ([]byte, error) {
	a, err := decodeAccount(raw)
	if err != nil {
		return nil, err
	}
	return a.encode()
}

// derived reports whether a merge has made something in an object up: a name, a
// number or an account. A change of the vault by its user makes that true.
func derived(raw []byte) bool {
	for _, name := range []string{fieldOwnName, fieldOwnNumber, fieldSplitOf, fieldOTPOthers} {
		if bytes.Contains(raw, []byte(`"`+name+`"`)) {
			return true
		}
	}
	return false
}

// objects notes the changes between two versions of a list, in after. The owner
// is the id of the account that the list is in, or "".
func (n *note) objects(list, owner string, before, after []object) error {
	old, kept := byID(before), byID(after)
	for id := range old {
		if kept[id] == nil {
			n.bury(id)
		}
	}
	for _, o := range after {
		was := old[text(o, fieldID)]
		if was == nil {
			if err := n.added(list, owner, o); err != nil {
				return err
			}
			codes, _ := elements(o[listCodes])
			if err := n.objects(listCodes, text(o, fieldID), nil, codes); err != nil {
				return err
			}
			continue
		}
		if err := n.changed(list, was, o); err != nil {
			return err
		}
	}
	return nil
}

// bury leaves a tombstone.
func (n *note) bury(id string) {
	if n.buried[id] {
		return
	}
	n.buried[id] = true
	raw, err := json.Marshal(wireTombstone{ID: id, RemovedAt: n.now})
	if err == nil { // which it is for a string and a time of this age
		n.graves = append(n.graves, raw)
	}
}

// added gives a new object an id that no tombstone has, and one that other
// copies give it too where that can be.
func (n *note) added(list, owner string, o object) error {
	if list == listCodes {
		noteReservation(o)
		delete(o, fieldOwnNumber)
		for i := 0; ; i++ {
			id, err := codeID(owner, text(o, "code"), i)
			if err != nil {
				return err
			}
			if !n.buried[id] {
				o[fieldID] = id
				return nil
			}
		}
	}
	if n.buried[text(o, fieldID)] {
		o[fieldID] = newID()
	}
	// What merges of another vault derived says nothing here.
	for _, name := range []string{fieldOwnName, fieldSplitOf, fieldOTPID, fieldOTPOthers} {
		delete(o, name)
	}
	if otp, ok := o[fieldOTP].(object); ok && list == listAccounts {
		n.nameKey(o, otp)
	}
	return nil
}

// changed notes what happened to an object.
func (n *note) changed(list string, before, after object) error {
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
			if err := n.objects(name, text(after, fieldID), old, fresh); err != nil {
				return err
			}
			continue
		}
		if canonical(before[name]) != canonical(after[name]) {
			n.touch(name, before, after)
		}
	}
	return nil
}

func (n *note) touch(name string, before, after object) {
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
	case fieldID, fieldAddedAt, "created_at", fieldUpdatedAt, fieldRemovedAt, fieldRetiredAt, fieldChangedAt,
		fieldOTP, fieldOTPID, fieldOTPOthers, fieldSplitOf, fieldOwnName, fieldOwnNumber:
		return false
	}
	return list != listCodes || !slices.Contains(markFields(), name)
}

// renamed makes a name that a merge made up the true one.
func (n *note) renamed(o object) {
	if o[fieldOwnName] != nil {
		delete(o, fieldOwnName)
		touch(o, fieldName, stamp(o, fieldName), n.now)
	}
}
