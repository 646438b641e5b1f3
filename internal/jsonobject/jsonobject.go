// Package jsonobject writes and reads objects of JSON whose fields are said once, for
// both, and keeps those that it does not know as they were written: a file of a later
// version loses nothing by being changed by an earlier one.
//
// Encoding/json would read each byte of a large text four times, once for each way in
// which it is needed. Here it is cut into its parts once. No error quotes the text,
// which can hold secrets.
package jsonobject

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"npmotp/internal/secret"
)

// A Coder writes an object, or reads one, whichever it was made for. After an error it
// does nothing more.
type Coder struct {
	reading bool
	out     []byte   // what is written
	parts   []cut    // the fields of the object that is read
	next    int      // where in parts the next one is expected
	known   []string // the names of those that were asked for
	within  *Coder   // reads the objects in this one
	err     error
}

// A cut is a field of an object that is read.
type cut struct {
	name, value []byte
	taken       bool
}

// Extra holds the fields of an object that this version does not know.
type Extra map[string]json.RawMessage

var errJSON = errors.New("not the JSON that npmotp writes")

// Encode returns the JSON of v, which has the given fields.
// Size is how long it is expected to be, in bytes.
func Encode[T any](v *T, fields func(*T, *Coder), size int) (json.RawMessage, error) {
	c := &Coder{out: make([]byte, 0, size)}
	object(c, nil, v, fields)
	return c.out, c.err
}

// Decode is the inverse of [Encode].
func Decode[T any](data []byte, v *T, fields func(*T, *Coder)) error {
	c := &Coder{reading: true}
	object(c, data, v, fields)
	return c.err
}

// object writes v, or reads it from value.
func object[T any](c *Coder, value []byte, v *T, fields func(*T, *Coder)) {
	if !c.reading {
		c.out = append(c.out, '{')
		fields(v, c)
		c.out[len(c.out)-1] = '}' // in the place of the last comma
		return
	}
	c.parts, c.next, c.known = c.parts[:0], 0, c.known[:0]
	c.err = eachField(value, func(name, value []byte) error {
		c.parts = append(c.parts, cut{name: name, value: value})
		return nil
	})
	fields(v, c)
}

// take returns the value of a field that is read, if there is one.
func (c *Coder) take(name string) (value []byte, ok bool) {
	c.known = append(c.known, name)
	for i := range c.parts {
		at := (c.next + i) % len(c.parts)
		if p := &c.parts[at]; !p.taken && string(p.name) == name {
			p.taken, c.next = true, at+1
			return p.value, true
		}
	}
	return nil, false
}

// Rest writes or reads the fields that are not known; it comes last. A name that
// stands there twice, or that other readers of JSON take for a known one because they
// do not tell letters of another case apart, is refused: the two would read different
// vaults.
func (c *Coder) Rest(x *Extra) {
	if !c.reading {
		if len(*x) == 0 {
			return // most have none, and to sort those costs two allocations
		}
		for _, name := range slices.Sorted(maps.Keys(*x)) {
			c.name(name)
			c.out = append(append(c.out, (*x)[name]...), ',')
		}
		return
	}
	for _, p := range c.parts {
		if c.err != nil || p.taken {
			continue
		}
		name := string(p.name)
		alike := func(known string) bool { return strings.EqualFold(known, name) }
		if _, twice := (*x)[name]; twice || !json.Valid(p.value) || slices.ContainsFunc(c.known, alike) {
			c.err = errJSON
			return
		}
		if *x == nil {
			*x = Extra{}
		}
		(*x)[name] = p.value
	}
}

// name writes what stands before a value.
func (c *Coder) name(name string) {
	c.out = append(appendText(c.out, name), ':')
}

// A Presence says whether an object has a field whose value is nothing.
type Presence bool

// What may be said of it.
const (
	Always Presence = true
	IfSet  Presence = false
)

// field writes a field by put, or reads it by get.
func field[T comparable](c *Coder, name string, v *T, p Presence, put func([]byte, T) []byte, get func([]byte, *T) error) {
	var zero T
	switch {
	case c.err != nil:
	case c.reading:
		if value, ok := c.take(name); ok && get(value, v) != nil {
			c.err = errJSON
		}
	case p == Always || *v != zero:
		c.name(name)
		c.out = append(put(c.out, *v), ',')
	}
}

// Text is a field that holds a string.
func (c *Coder) Text(name string, s *string, p Presence) {
	field(c, name, s, p, appendText, decodeText)
}

// Secret is a string that is always there.
func (c *Coder) Secret(name string, s *secret.Text) {
	text := s.Reveal()
	c.Text(name, &text, Always)
	if c.reading {
		*s = secret.New(text)
	}
}

// Int is a number.
func (c *Coder) Int(name string, n *int, p Presence) {
	put := func(b []byte, n int) []byte { return strconv.AppendInt(b, int64(n), 10) }
	field(c, name, n, p, put, decodeInt)
}

// Uint is a number without a sign.
func (c *Coder) Uint(name string, n *uint64, p Presence) {
	put := func(b []byte, n uint64) []byte { return strconv.AppendUint(b, n, 10) }
	field(c, name, n, p, put, decodeValue)
}

// Flag is a field that is there where it is true.
func (c *Coder) Flag(name string, set *bool) {
	field(c, name, set, IfSet, strconv.AppendBool, decodeValue)
}

// Time is a time, written in UTC.
func (c *Coder) Time(name string, t *time.Time, p Presence) {
	if !c.reading && p == IfSet && t.IsZero() {
		return
	}
	put := func(b []byte, t time.Time) []byte {
		b, err := t.UTC().AppendText(append(b, '"'))
		c.Fail(err)
		return append(b, '"')
	}
	field(c, name, t, Always, put, decodeTime)
}

func decodeTime(value []byte, t *time.Time) error { return t.UnmarshalJSON(value) }

// Raws writes or reads a list whose elements are encoded already, or are to be decoded
// later. One that is nil is left out.
func (c *Coder) Raws(name string, list *[]json.RawMessage) {
	switch {
	case c.err != nil:
	case c.reading:
		value, _ := c.take(name)
		c.err = eachElement(value, func(element []byte) error {
			*list = append(*list, element)
			return nil
		})
	case *list != nil:
		c.name(name)
		c.out = append(c.out, '[')
		for i, raw := range *list {
			if i > 0 {
				c.out = append(c.out, ',')
			}
			c.out = append(c.out, raw...)
		}
		c.out = append(c.out, "],"...)
	}
}

// List writes or reads a list of objects, which is left out where it is empty.
func List[T any](c *Coder, name string, all *[]T, fields func(*T, *Coder)) {
	var raws []json.RawMessage
	if !c.reading {
		c.Fail(Convert(false, name, all, &raws, fields))
	}
	c.Raws(name, &raws)
	if c.reading {
		c.Fail(Convert(true, name, all, &raws, fields))
	}
}

// Reading reports whether the object is read.
func (c *Coder) Reading() bool { return c.reading }

// Fail ends the writing or reading by an error, if there is one.
func (c *Coder) Fail(err error) {
	if c.err == nil {
		c.err = err
	}
}

// Optional writes or reads an object in the object, where there is one.
func Optional[T any](c *Coder, name string, v **T, fields func(*T, *Coder)) {
	switch {
	case c.err != nil:
	case !c.reading && *v != nil:
		c.name(name)
		object(c, nil, *v, fields)
		c.out = append(c.out, ',')
	case c.reading:
		if value, ok := c.take(name); ok && string(value) != "null" {
			*v = new(T)
			if c.within == nil {
				c.within = &Coder{reading: true}
			}
			object(c.within, value, *v, fields)
			c.err = c.within.err
		}
	}
}

// Convert encodes all objects to raws, or decodes them. What names one in an error.
func Convert[T any](reading bool, what string, all *[]T, raws *[]json.RawMessage, fields func(*T, *Coder)) error {
	c := &Coder{reading: reading}
	if !reading {
		for i := range *all {
			c.out = c.out[:0]
			if object(c, nil, &(*all)[i], fields); c.err != nil {
				return fmt.Errorf("%s %d: %w", what, i+1, c.err)
			}
			*raws = append(*raws, bytes.Clone(c.out))
		}
		return nil
	}
	if len(*raws) == 0 {
		return nil
	}
	*all = make([]T, len(*raws))
	for i, raw := range *raws {
		if object(c, raw, &(*all)[i], fields); c.err != nil {
			return fmt.Errorf("%s %d: %w", what, i+1, c.err)
		}
	}
	return nil
}
