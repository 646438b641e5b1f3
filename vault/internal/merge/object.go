package merge

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"sort"
	"time"
)

// The fields that a merge treats in a way of their own. All others, those of
// later versions too, are registers: the value that was written last wins.
const (
	fieldID        = "id"
	fieldAddedAt   = "added_at"
	fieldUpdatedAt = "updated_at"
	fieldRemovedAt = "removed_at"
	// ChangedAt holds when each register of an object was written last. A
	// register that is not in it has its first value.
	ChangedAt = "changed_at"

	listAccounts   = "accounts"
	listDevices    = "devices"
	listTombstones = "tombstones"
	listCodes      = "recovery_codes"
)

// An Object is a JSON object as encoding/json decodes it, with numbers kept as
// they are written. A merge works on these, and not on the types of a version,
// so that it treats a field that only a later version knows like any other.
type Object = map[string]any

type object = Object

// Parse reads an object. Its error does not quote data, which holds secrets.
func Parse(data []byte) (Object, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var o object
	if d.Decode(&o) != nil || o == nil {
		return nil, errors.New("not the JSON that npmotp writes")
	}
	return o, nil
}

// canonical writes a value so that equal values are equal texts. Absent is the
// smallest.
func canonical(v any) string {
	if v == nil {
		return ""
	}
	text, err := json.Marshal(v)
	if err != nil {
		return "" // what came from JSON goes back
	}
	return string(text)
}

func text(o object, name string) string {
	s, _ := o[name].(string)
	return s
}

func instantOf(o object, name string) time.Time { return timeOf(o[name]) }

// timeOf returns the time that v is, the zero time for anything else.
func timeOf(v any) time.Time {
	s, _ := v.(string)
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}

func number(o object, name string) int {
	n, _ := o[name].(json.Number)
	i, err := n.Int64()
	if err != nil {
		return 0
	}
	return int(i)
}

// elements returns the list of objects with ids that v is. A list of anything
// else is a value like a text.
func elements(v any) ([]object, bool) {
	list, ok := v.([]any)
	if !ok || len(list) == 0 {
		return nil, false
	}
	found := make([]object, len(list))
	for i, e := range list {
		o, _ := e.(object)
		if text(o, fieldID) == "" {
			return nil, false
		}
		found[i] = o
	}
	return found, true
}

// sortBy sorts objects. In this program package sort takes less room than slices, whose
// sorts are compiled for each type.
func sortBy(list []object, order func(a, b object) int) {
	sort.Slice(list, func(i, j int) bool { return order(list[i], list[j]) < 0 })
}

// listed is the inverse of elements, in the order that does not depend on where
// an element came from.
func listed(list []object) []any {
	sortBy(list, func(a, b object) int {
		return cmp.Or(
			cmp.Compare(number(a, fieldNumber), number(b, fieldNumber)),
			firstOf(a).Compare(firstOf(b)),
			cmp.Compare(text(a, fieldName), text(b, fieldName)),
			cmp.Compare(text(a, fieldID), text(b, fieldID)),
		)
	})
	values := make([]any, len(list))
	for i, o := range list {
		values[i] = o
	}
	return values
}

// firstOf returns when an object came to be, by whatever name it has for that.
func firstOf(o object) time.Time {
	for _, name := range []string{fieldAddedAt, "created_at", "moved_at", fieldRemovedAt} {
		if t := instantOf(o, name); !t.IsZero() {
			return t
		}
	}
	return time.Time{}
}

func byID(list []object) map[string]object {
	index := make(map[string]object, len(list))
	for _, o := range list {
		index[text(o, fieldID)] = o
	}
	return index
}

// stamp returns when a register of o was written last, the zero time for its
// first value.
func stamp(o object, name string) time.Time {
	stamps, _ := o[ChangedAt].(object)
	return instantOf(stamps, name)
}

func setStamp(o object, name string, t time.Time) {
	if t.IsZero() {
		return
	}
	stamps, ok := o[ChangedAt].(object)
	if !ok {
		stamps = object{}
		o[ChangedAt] = stamps
	}
	stamps[name] = t.UTC().Format(time.RFC3339Nano)
}

// unstamp forgets when a register was written.
func unstamp(o object, name string) {
	stamps, ok := o[ChangedAt].(object)
	if !ok {
		return
	}
	if delete(stamps, name); len(stamps) == 0 {
		delete(o, ChangedAt)
	}
}

// touch stamps a register as written now. A clock that is behind the one that
// wrote the old value must not make the new one lose.
func touch(o object, name string, old, now time.Time) {
	if earliest := old.Add(time.Nanosecond); now.Before(earliest) {
		now = earliest
	}
	setStamp(o, name, now)
}

// set stores a value, or removes the field for nil.
func set(o object, name string, v any) {
	if v == nil {
		delete(o, name)
		return
	}
	o[name] = v
}

// NewID returns a random id of 128 bits.
func NewID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails, see crypto/rand
	return hex.EncodeToString(b[:])
}
