package otpimport

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"npmotp/internal/secret"
	"npmotp/otpgen"
)

const schemeTransfer = "otpauth-migration://"

// find returns the URIs in the text of the file, and those of its logins.
func (in *input) find() []otpgen.Found {
	if in.uris == nil {
		in.uris = append([]otpgen.Found{}, otpgen.FindLogins(secret.New(in.text))...)
		if strings.Contains(in.text, "://") || strings.Contains(in.text, "%3") {
			in.uris = append(in.uris, otpgen.FindURIs(secret.New(in.text))...)
		}
	}
	return in.uris
}

func hasTransfer(in *input) bool {
	return slices.ContainsFunc(in.find(), func(f otpgen.Found) bool { return isTransfer(f.URI.Reveal()) })
}

func isTransfer(uri string) bool {
	return len(uri) >= len(schemeTransfer) && strings.EqualFold(uri[:len(schemeTransfer)], schemeTransfer)
}

func hasKey(in *input) bool { return len(in.find()) > 0 || strings.Contains(in.text, "otpauth") }

// readText reads the otpauth URIs in a text, whatever stands around them. Of
// JSON it reads each string by itself.
func readText(in *input) error {
	if in.json {
		return in.readStrings()
	}
	return in.addFound(in.find(), otpgen.Label{})
}

// A level is an array or an object of JSON while it is read.
type level struct {
	texts  []string
	names  []string          // of the texts in an object
	fields map[string]string // of an object
}

// named returns the texts of an object, each with its name before it where all of
// them are URIs: then the names are those of keys.
func (l *level) named() []string {
	for _, text := range l.texts {
		if !strings.HasPrefix(text, "otpauth://") {
			return l.texts
		}
	}
	named := make([]string, len(l.texts))
	for i, text := range l.texts {
		named[i] = l.names[i] + " " + text
	}
	return named
}

// readStrings reads the strings of JSON. Those of an array are the lines of a text,
// for a URI may go on in the next one. An object names a URI that has no issuer.
func (in *input) readStrings() error {
	dec := json.NewDecoder(strings.NewReader(in.text))
	levels, field := []*level{{}}, ""
	for {
		token, err := dec.Token()
		top := levels[len(levels)-1]
		if errors.Is(err, io.EOF) {
			return in.addTexts(otpgen.Label{}, strings.Join(top.texts, "\n"))
		}
		if err != nil {
			return fmt.Errorf("%w: its JSON is not well formed", ErrDamaged)
		}
		text, isText := token.(string)
		if isText && top.fields != nil && field == "" {
			field = text + ":"
			continue
		}
		switch token {
		case json.Delim('['):
			levels = append(levels, &level{})
		case json.Delim('{'):
			levels = append(levels, &level{fields: map[string]string{}})
		case json.Delim('}'):
			err = in.addTexts(nameOf(top.fields), top.named()...)
			levels = levels[:len(levels)-1]
		case json.Delim(']'):
			levels = levels[:len(levels)-1]
			text := strings.Join(top.texts, "\n")
			if outer := levels[len(levels)-1]; outer.fields != nil {
				outer.texts, outer.names = append(outer.texts, text), append(outer.names, field)
			} else {
				err = in.addTexts(otpgen.Label{}, text)
			}
		default:
			top.texts = append(top.texts, text)
			if top.fields != nil {
				top.names = append(top.names, field)
				top.fields[strings.ToLower(field)] = text
			}
		}
		if err != nil {
			return err
		}
		field = ""
	}
}

// nameOf returns what the fields of an object call it.
func nameOf(fields map[string]string) otpgen.Label {
	title := cmp.Or(fields["issuer:"], fields["service:"], fields["title:"], fields["name:"])
	return otpgen.ItemLabel(title, cmp.Or(fields["username:"], fields["user:"], fields["login:"]), fields["url:"], fields["website:"])
}

// addTexts keeps the URIs in texts, and addFound those that were found. What names
// them is their label where they have none.
func (in *input) addTexts(named otpgen.Label, texts ...string) error {
	for _, text := range texts {
		if !strings.Contains(text, "://") {
			continue
		}
		if err := in.addFound(otpgen.FindURIs(secret.New(text)), named); err != nil {
			return err
		}
	}
	return nil
}

func (in *input) addFound(found []otpgen.Found, named otpgen.Label) error {
	for _, f := range found {
		if err := in.step(); err != nil {
			return err
		}
		switch uri := f.URI.Reveal(); {
		case f.Err != nil:
			in.add(entryName("line", f.Line), otpgen.Key{}, f.Err)
		case isTransfer(uri):
			if err := in.readTransfer(uri); err != nil {
				return err
			}
		default:
			named := named
			if named.Issuer == otpgen.LabelOf(f.URI).Account {
				named.Issuer = "" // the name is the account's
			}
			in.addURI(uri, named)
		}
	}
	return nil
}
