package otpimport

import (
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

func hasKey(in *input) bool {
	if in.json {
		return len(in.items()) > 0
	}
	return len(in.find()) > 0 || strings.Contains(in.text, "otpauth")
}

// readText reads the otpauth URIs in a text, whatever stands around them. Of
// JSON it reads each string by itself.
func readText(in *input) error {
	if !in.json {
		return in.addFound(in.find(), otpgen.Label{})
	}
	for _, i := range in.items() {
		if err := in.addOne(i); err != nil {
			return err
		}
	}
	return nil
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
