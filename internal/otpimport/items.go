package otpimport

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"npmotp/internal/secret"
	"npmotp/otpgen"
)

// An item is a text of JSON that may have URIs, or an object with a bare secret, and
// what the objects around it call it.
type item struct {
	said
	text  string
	entry *entry
	field string // the innermost one that may be a name
	bare  bool   // the text is not yet followed by what stands beside it
}

// A said is what an object says of its key.
type said struct {
	title, user string
	addresses   []string
}

// or takes what s does not say from t. Who has a title has the addresses with it.
func (s *said) or(t said) {
	if s.title == "" {
		s.title, s.addresses = t.title, append(slices.Clip(s.addresses), t.addresses...)
	}
	s.user = cmp.Or(s.user, t.user)
}

// A level is an array or an object of JSON while it is read.
type level struct {
	said  // by the objects in it that have no keys
	field string
	texts []string // of an array
	entry *entry   // an object; its arrays and objects are empty here
	items []item
}

// items returns what JSON has of keys. The strings of an array are the lines of a text,
// for a URI may go on in the next one. What an object says holds for what stands
// further in, and what one without keys says ("metadata") for the one around it.
func (in *input) items() []item {
	if in.itemsOf != nil {
		return in.itemsOf
	}
	dec := json.NewDecoder(strings.NewReader(in.text))
	dec.UseNumber()
	levels, field, named := []*level{{}}, "", false
	for {
		token, err := dec.Token()
		top := levels[len(levels)-1]
		if err != nil { // the end, for it is valid
			in.itemsOf = append([]item{}, top.close()...)
			return in.itemsOf
		}
		delim, _ := token.(json.Delim)
		if name, ok := token.(string); ok && top.entry != nil && !named {
			field, named = name, true
			continue
		}
		switch delim {
		case '[', '{':
			inner := &level{field: field}
			if delim == '{' {
				inner.entry = &entry{object: object{}}
			}
			if top.entry != nil {
				top.set(field, []byte("[]"))
			}
			levels = append(levels, inner)
		case ']', '}':
			levels = levels[:len(levels)-1]
			levels[len(levels)-1].take(top)
		default:
			top.keep(field, token)
		}
		field, named = "", false
	}
}

func (l *level) set(field string, raw json.RawMessage) {
	if l.entry.object[field] != nil {
		l.entry.err = errTwice
	}
	l.entry.object[field] = raw
}

// keep keeps a value that is no array and no object.
func (l *level) keep(field string, token json.Token) {
	text, _ := token.(string)
	if l.entry == nil {
		l.texts = append(l.texts, text)
		return
	}
	raw, _ := json.Marshal(token) // what was read can be written
	l.set(field, raw)
	if mayHaveURI(text) {
		l.items = append(l.items, item{text: text, field: field, bare: true})
	}
}

// mayHaveURI reports whether a text may have a URI that is a key, or is refused as one.
func mayHaveURI(text string) bool {
	lower := strings.ToLower(text)
	return slices.ContainsFunc([]string{"otpauth", "steam://", "motp://", "?secret="}, func(part string) bool { return strings.Contains(lower, part) })
}

// isAddress reports whether a field has addresses.
func isAddress(field string) bool {
	field = strings.ToLower(field)
	return !strings.Contains(field, "otp") && slices.ContainsFunc([]string{"url", "uri", "website", "domain", "href"}, func(word string) bool { return strings.Contains(field, word) })
}

// take takes over what an inner array or object has.
func (l *level) take(inner *level) {
	items := inner.close()
	for i := range items {
		if name := items[i].field; name == "" || strings.ContainsAny(name, "0123456789_$") || otpgen.NamesNobody(name) {
			items[i].field = inner.field
		}
	}
	l.items = append(l.items, items...)
	switch {
	case len(items) > 0:
	case isAddress(inner.field), l.entry == nil && isAddress(l.field):
		l.addresses = append(l.addresses, inner.addresses...)
	case l.entry != nil && inner.entry != nil:
		l.or(inner.said)
	}
}

// close returns the items of an array or an object, with what it says.
func (l *level) close() []item {
	if l.entry == nil {
		if text := strings.Join(l.texts, "\n"); mayHaveURI(text) {
			l.items = append(l.items, item{text: text})
		} else if isAddress(l.field) {
			l.addresses = append(l.addresses, l.texts...)
		}
		return l.items
	}
	o := l.entry.lower()
	var own said
	own.title = o.name("issuer", "service", "provider")
	if title := o.name("title", "name"); own.title == "" && !otpgen.NamesNobody(title) {
		own.title = title
	}
	own.user = o.name("username", "user", "login", "account", "accountname", "itemusername", "email", "itememail")
	for _, name := range []string{"label", "name"} { // beside an issuer, the name is the user's
		if text := o.name(name); own.user == "" && text != own.title && !otpgen.NamesNobody(text) {
			own.user = text
		}
	}
	for _, name := range o.names() {
		if text := o.name(name); isAddress(name) && !mayHaveURI(text) {
			own.addresses = append(own.addresses, text)
		}
	}
	own.or(l.said)
	l.said = own
	var beside strings.Builder
	for name, fields := range map[string][]string{"digits": digitsNames(), "period": periodNames(), "algorithm": algorithmNames()} {
		if value := o.name(fields...); value != "" {
			fmt.Fprintf(&beside, "\n%s: %s", name, value)
		}
	}
	for i := range l.items {
		if l.items[i].bare {
			l.items[i].text, l.items[i].bare = l.items[i].text+beside.String(), false
		}
	}
	if field, more := bareSecret(o); field != "" {
		e := &entry{object: maps.Clone(o), err: l.entry.err}
		if more {
			e.err = errors.New("it has two keys")
		}
		e.object["secret"] = o[field]
		if field != "secret" {
			delete(e.object, field)
		}
		if o.has("password") || strings.EqualFold(o.name("type"), "login") {
			delete(e.object, "type") // of the item
		}
		l.items = append(l.items, item{entry: e})
	}
	for i := range l.items {
		l.items[i].or(own)
	}
	return l.items
}

// bareSecret returns the field of an object that has a secret and is called so, or is
// the value of a field that is, and whether another one has another.
func bareSecret(o object) (field string, more bool) {
	isParametric := strings.Contains(strings.ToLower(o.name("type", "kind")), "otp") || o.name(slices.Concat(algorithmNames(), digitsNames(), periodNames(), []string{"issuer"})...) != ""
	for _, name := range o.names() {
		plain := strings.NewReplacer("-", "", "_", "", " ", "", "$", "", ":", "").Replace(name)
		called := slices.ContainsFunc([]string{"otp", "onetime", "2fa", "mfa", "oath", "authenticatorkey", "twofactor"}, func(word string) bool { return strings.Contains(plain, word) })
		called = called && !strings.Contains(plain, "recover") && !strings.Contains(plain, "backup")
		if !called && (!isParametric || !slices.Contains([]string{"secret", "key", "value", "seed", "secretkey"}, plain)) {
			continue
		}
		text := o.name(name)
		oneCase := text == strings.ToUpper(text) || text == strings.ToLower(text)
		cut := slices.Contains([]string{"totp", "totpuri", "otpauth", "totpsecret", "otpsecret"}, plain) && len(text) > 8 && strings.Trim(text, "0123456789") != "" && !mayHaveURI(text)
		if _, err := otpgen.ParseSecret(secret.New(text)); err == nil && oneCase || cut {
			more = more || field != "" && text != o.name(field)
			field = name
		}
	}
	return field, more
}

// addOne keeps the URIs in the text of an item, or its bare secret.
func (in *input) addOne(i item) error {
	label := otpgen.ItemLabel(i.title, i.user, i.addresses...)
	if i.entry != nil {
		in.addRecord(label, i.entry.record(false))
		return in.step()
	}
	if label.Issuer == "" && strings.HasPrefix(i.text, "otpauth://") {
		i.text = i.field + ": " + i.text
	}
	return in.addTexts(label, i.text)
}
