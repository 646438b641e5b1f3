package otpimport

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"npmotp/otpgen"
)

// An object is a JSON object whose fields are not decoded yet.
type object map[string]json.RawMessage

var errTwice = errors.New("it has a field twice")

// objectOf decodes a JSON object.
func objectOf(text string) (object, error) {
	dec := json.NewDecoder(strings.NewReader(text))
	if begin, err := dec.Token(); err != nil || begin != json.Delim('{') {
		return nil, errors.New("it is not a JSON object")
	}
	o := object{}
	var twice error
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return nil, errors.New("its JSON is not well formed")
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return nil, errors.New("its JSON is not well formed")
		}
		field, _ := name.(string)
		if o[field] != nil {
			twice = errTwice
		}
		o[field] = value
	}
	return o, twice
}

// names returns the names of the fields, in order.
func (o object) names() []string { return slices.Sorted(maps.Keys(o)) }

// has reports whether o has all of the fields.
func (o object) has(fields ...string) bool {
	for _, f := range fields {
		if o[f] == nil {
			return false
		}
	}
	return true
}

// text returns the value of a field, if that is a string or a number.
func (o object) text(field string) (text string, ok bool) {
	value := o[field]
	switch {
	case value == nil || string(value) == "null":
		return "", true
	case value[0] == '"':
		ok = json.Unmarshal(value, &text) == nil
		return text, ok
	}
	c := value[0]
	return string(value), c == '-' || '0' <= c && c <= '9'
}

// name returns the first of the fields that is not empty. What is no text is no
// name.
func (o object) name(fields ...string) string {
	for _, f := range fields {
		if text, ok := o.text(f); ok && text != "" {
			return text
		}
	}
	return ""
}

// inner returns the object in a field, or one without fields.
func (o object) inner(field string) object {
	in, _ := objectOf(string(o[field]))
	return in
}

// lower returns o with the names of its fields in small letters, but for two that
// become one.
func (o object) lower() object {
	lower := object{}
	for name, value := range o {
		if small := strings.ToLower(name); o[small] == nil || small == name {
			lower[small] = value
		} else {
			lower[name] = value
		}
	}
	return lower
}

// An entry is one element of a JSON list that holds a key.
type entry struct {
	object
	number int
	err    error
}

// each calls fn with the elements of a JSON list, or the values of an object,
// until it returns false.
func (in *input) each(list string, fn func(*entry) bool) error {
	damaged := fmt.Errorf("%w: it is not the JSON of its format", ErrDamaged)
	dec := json.NewDecoder(strings.NewReader(list))
	begin, err := dec.Token()
	if err != nil || begin != json.Delim('[') && begin != json.Delim('{') {
		return damaged
	}
	for n := 1; dec.More(); n++ {
		if err := in.step(); err != nil {
			return err
		}
		if n > maxEntries {
			return tooMany()
		}
		if begin == json.Delim('{') {
			if _, err := dec.Token(); err != nil { // the name of the field
				return damaged
			}
		}
		var raw json.RawMessage
		if dec.Decode(&raw) != nil {
			return damaged
		}
		e := &entry{number: n}
		e.object, e.err = objectOf(string(raw))
		if !fn(e) {
			return nil
		}
	}
	return nil
}

// eachKey calls fn with the elements of a JSON list of keys. One that is no
// object is an entry that cannot be used.
func (in *input) eachKey(list string, fn func(*entry)) error {
	return in.each(list, func(e *entry) bool {
		if e.object == nil {
			in.add(entryName("entry", e.number), otpgen.Key{}, e.err)
		} else {
			fn(e)
		}
		return true
	})
}

// eachInner calls fn with the elements of a list inside an entry. A list that is
// missing or cannot be read is an entry that cannot be used.
func (in *input) eachInner(e *entry, field string, fn func(*entry)) {
	if err := in.eachKey(string(e.object[field]), fn); err != nil && in.ctx.Err() == nil {
		in.add(entryName("entry", e.number), otpgen.Key{}, fmt.Errorf("its list %q cannot be read", field))
	}
}

// merge takes the fields of an inner object for those of the entry.
func (e *entry) merge(field string) {
	inner, err := objectOf(string(e.object[field]))
	if err != nil && string(e.object[field]) != "null" && e.object[field] != nil {
		e.err = err
	}
	e.object = maps.Clone(e.object)
	delete(e.object, field)
	for name, value := range inner {
		if name != "name" && name != "issuer" || e.object[name] == nil {
			e.object[name] = value
		}
	}
}

// The names that programs have for the fields that change a password.
func kindNames() []string {
	return []string{"type", "kind", "tokenType", "tokentype"}
}

func algorithmNames() []string {
	return []string{"algorithm", "algo"}
}

func digitsNames() []string {
	return []string{"digits"}
}

func periodNames() []string {
	return []string{"period", "timer", "interval", "step", "timeStep", "timestep"}
}

func counterNames() []string {
	return []string{"counter"}
}

// record reads the fields of a key. Whole says that the program always writes
// all of them, so that one is missing only where the file was changed.
func (e *entry) record(whole bool) record {
	k := record{err: e.err}
	get := func(names []string) (text string) {
		found := ""
		for _, name := range names {
			value, ok := e.text(name)
			switch {
			case !ok:
				found, text = name, unreadable
			case value != "" && found != "" && value != text:
				k.err = fmt.Errorf("its fields %q and %q differ", found, name)
			case value != "":
				found, text = name, value
			}
		}
		return text
	}
	k.kind, k.secret, k.algorithm = get(kindNames()), get([]string{"secret"}), get(algorithmNames())
	k.digits, k.period, k.counter = get(digitsNames()), get(periodNames()), get(counterNames())
	if whole && k.err == nil && (k.algorithm == "" || k.digits == "" || k.period == "" && !strings.EqualFold(k.kind, "hotp")) {
		k.err = errors.New("its algorithm, number of digits or period is missing")
	}
	if k.err == nil && k.kind == "" && strings.Trim(k.counter, "0") != "" {
		k.err = errors.New("it has a counter, and its type is not known")
	}
	if k.err == nil {
		k.err = e.slip()
	}
	if k.err == nil && (k.algorithm == "" || k.digits == "" || k.period == "") && e.hasNumber() {
		k.err = errors.New("it has a number that is not known, where its number of digits or period is missing")
	}
	return k
}

// hasNumber reports whether a field that is not known may be a number of digits or a
// period: it has such a number, and is no count or place of the program's own.
func (e *entry) hasNumber() bool {
	for name := range e.object {
		text, ok := e.text(name)
		n, err := strconv.Atoi(text)
		harmless := strings.HasSuffix(strings.ToLower(name), "id") || slices.ContainsFunc([]string{"order", "index", "position", "sort", "used", "icon", "color", "version", "counter", "created", "updated"}, func(word string) bool {
			return strings.Contains(strings.ToLower(name), word)
		})
		if ok && err == nil && n > 4 && n < 1000 && !harmless && !slices.Contains(knownNames(), name) {
			return true
		}
	}
	return false
}

func knownNames() []string {
	return slices.Concat(kindNames(), algorithmNames(), digitsNames(), periodNames(), counterNames(), []string{"secret"})
}

// unreadable stands for a value that is no text. It is an error only where the
// key uses the field.
const unreadable = "\x00"

// namesAlgorithm reports whether a value is the name of a hash function, and no
// more than that.
func namesAlgorithm(value json.RawMessage) bool {
	if len(value) > 20 {
		return false
	}
	name := strings.NewReplacer("hmac", "", "-", "", "_", "", " ", "").Replace(strings.ToLower(strings.Trim(string(value), `"`)))
	digits := strings.TrimPrefix(strings.TrimPrefix(name, "sha"), "md")
	return digits != name && digits != "" && strings.Trim(digits, "0123456789") == ""
}

// slip returns an error if a field is nearly one that changes passwords, or
// names an algorithm.
func (e *entry) slip() error {
	known := knownNames()
	for _, name := range e.names() {
		if slices.Contains(known, name) {
			continue
		}
		if otpgen.Nearly(strings.ToLower(name), known...) || namesAlgorithm(e.object[name]) {
			return errors.New("it has a field that is nearly one that changes passwords, or an algorithm where none is known")
		}
		switch text, _ := e.text(name); strings.ToLower(name) {
		case "encoding", "offset", "t0", "epoch", "encrypted":
			if text != "" && text != "0" && text != "false" && !strings.EqualFold(text, "base32") {
				return fmt.Errorf("it has the field %q, which changes its passwords", strings.ToLower(name))
			}
		}
	}
	return nil
}
