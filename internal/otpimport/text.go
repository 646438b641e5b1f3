package otpimport

import (
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

// find returns the URIs in the text of the file.
func (in *input) find() []otpgen.Found {
	if in.uris == nil && strings.Contains(in.text, "://") {
		in.uris = otpgen.FindURIs(secret.New(in.text))
	}
	return in.uris
}

func hasTransfer(in *input) bool {
	return slices.ContainsFunc(in.find(), func(f otpgen.Found) bool { return isTransfer(f.URI.Reveal()) })
}

func isTransfer(uri string) bool {
	return len(uri) >= len(schemeTransfer) && strings.EqualFold(uri[:len(schemeTransfer)], schemeTransfer)
}

// hasKey also knows the entry of pass or gopass that has a bare secret.
func hasKey(in *input) bool {
	return len(in.find()) > 0 || strings.Contains(in.text, "otpauth") || passEntry(in.text).secret != ""
}

// readText reads the otpauth URIs in a text, whatever stands around them. Of
// JSON it reads each string by itself.
func readText(in *input) error {
	if in.json {
		return in.readStrings()
	}
	if pass := passEntry(in.text); pass.secret != "" && len(in.find()) == 0 {
		in.addManaged(pass.label, record{secret: pass.secret})
		return nil
	}
	return in.addFound(in.find())
}

func (in *input) readStrings() error {
	dec := json.NewDecoder(strings.NewReader(in.text))
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%w: its JSON is not well formed", ErrDamaged)
		}
		if text, ok := token.(string); ok && strings.Contains(text, "://") {
			if err := in.addURIs(text); err != nil {
				return err
			}
		}
	}
}

// addURIs keeps the URIs in a text, and addFound those that were found.
func (in *input) addURIs(text string) error { return in.addFound(otpgen.FindURIs(secret.New(text))) }

func (in *input) addFound(found []otpgen.Found) error {
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
			in.addURI(uri, otpgen.Label{})
		}
	}
	return nil
}

// A pass is what "pass show" or "gopass show" prints of a login: a password in
// the first line, and fields below it.
type pass struct {
	secret string // of a field, if it is not an otpauth URI
	label  otpgen.Label
}

func passEntry(text string) pass {
	var user, address, bare string
	for line := range strings.Lines(text) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), ":")
		ok = ok && !strings.HasPrefix(value, "//") // a URI
		value = strings.TrimSpace(value)
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "user", "username", "login", "email":
			user = value
		case "url", "website":
			address = value
		case "totp", "otp", "otpauth", "hotp", "2fa":
			if ok && bare == "" && !strings.Contains(value, "otpauth:") {
				bare = value
			}
		}
	}
	if strings.HasPrefix(bare, "//") {
		bare = "otpauth:" + bare // gopass takes the scheme of a URI for a name
	}
	if _, err := otpgen.ParseSecret(secret.New(bare)); err != nil && !strings.HasPrefix(bare, "otpauth:") {
		return pass{}
	}
	return pass{secret: bare, label: managed("", user, address)}
}
