// Package otpexport writes the one-time password keys of accounts for other
// programs: as otpauth URIs, as the QR codes of Google Authenticator's transfer,
// and as the file of Aegis, encrypted or not.
//
// An export is made whole or not at all: a key that its format cannot hold as it
// is refuses it, by the name of its account, and each export is read back by
// package otpimport and compared before anybody gets it. No error holds a secret.
// Whether keys may be exported as plain text is for its callers to decide.
package otpexport

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"npmotp/internal/cleantext"
	"npmotp/internal/otpimport"
	"npmotp/internal/secret"
	"npmotp/internal/ui"
	"npmotp/otpgen"
	"npmotp/vault"
)

// Errors that callers branch on.
var (
	// ErrUnfit says that a format cannot hold an account. What follows names it.
	ErrUnfit = errors.New("the export cannot hold all accounts")
	// ErrTooLarge says that a QR code does not fit into its window, or a picture.
	ErrTooLarge = errors.New("the QR code is too large")
)

// The formats.
const (
	OTPAuth = "otpauth"
	Google  = "google"
	Aegis   = "aegis"
)

// Formats returns the names of the formats.
func Formats() []string { return []string{OTPAuth, Google, Aegis} }

// Options say what an export is to be.
type Options struct {
	Target
	Password     secret.Text // encrypts it, unless it is plain
	PasswordFile string      // where the password is read from
	Codes        bool        // with the unused recovery codes
	Side         int         // of the largest QR code, in modules
}

// Check refuses what cannot be made, before a passphrase is asked for.
func (o *Options) Check() error {
	switch {
	case !slices.Contains(Formats(), o.Format):
		return ui.Usagef("unknown format %q; the formats are %s", o.Format, strings.Join(Formats(), ", "))
	case o.Format != Aegis && !o.Plaintext:
		return &ui.UsageError{
			Msg:  "this format is not encrypted: whoever has the export has your second factor",
			Hint: "say --plaintext if it is to be so, or --format aegis for an encrypted file",
		}
	case o.Plaintext && o.PasswordFile != "":
		return ui.Usagef("--plaintext has no password: give one of it and --password-file")
	case o.Format == Google && o.Codes:
		return &ui.UsageError{Msg: "a transfer of Google Authenticator holds no recovery codes", Hint: "'npmotp recovery sheet' makes a page of them"}
	}
	return o.Target.Check()
}

// An Entry is what an export holds of an account.
type Entry struct {
	Account string // its name
	Label   otpgen.Label
	Key     otpgen.Key
	Codes   []secret.Text // the unused recovery codes
}

// Of returns the entry of an account, which has the account's name where no user
// name is known.
func Of(a *vault.Account) (Entry, error) {
	if a.Key == nil {
		return Entry{}, a.LacksKey()
	}
	e := Entry{Account: a.Name, Label: otpgen.Label{Issuer: a.Issuer, Account: cmp.Or(a.Username, a.Name)}, Key: *a.Key}
	for _, r := range a.RecoveryCodes {
		if r.Offered() {
			e.Codes = append(e.Codes, r.Code)
		}
	}
	return e, nil
}

// Choose returns the entries of the accounts that only names, or of all: by their
// exact name, else by a part of name, issuer or user name in any case. Left says
// of the others of those what they lack. An archived account goes by its exact
// name only.
func Choose(c *vault.Contents, only []string) (entries []Entry, left []error, err error) {
	chosen := map[string]bool{}
	for _, text := range only {
		ids := matching(c, text)
		if len(ids) == 0 {
			return nil, nil, fmt.Errorf("%w whose name, issuer or user name contains %s", vault.ErrNoAccount, cleantext.Quote(text))
		}
		for _, id := range ids {
			chosen[id] = true
		}
	}
	for i := range c.Accounts {
		a := &c.Accounts[i]
		if len(only) > 0 && !chosen[a.ID] {
			continue
		}
		if len(only) == 0 && a.Archived() {
			left = append(left, fmt.Errorf("%w to export: %q is archived, and --only with its name takes it", vault.ErrNoKey, a.Name))
			continue
		}
		e, err := Of(a)
		if err != nil {
			left = append(left, err)
			continue
		}
		entries = append(entries, e)
	}
	switch {
	case len(entries) > 0:
		return entries, left, nil
	case len(left) > 0:
		return nil, nil, left[0]
	}
	return nil, nil, fmt.Errorf("%w: the vault is empty", vault.ErrNoAccount)
}

// matching returns the ids of the accounts that a text names.
func matching(c *vault.Contents, text string) (ids []string) {
	for i := range c.Accounts {
		a := &c.Accounts[i]
		if a.Name == text {
			return []string{a.ID}
		}
		names := strings.ToLower(strings.Join([]string{a.Name, a.Issuer, a.Username}, "\n"))
		if strings.Contains(names, strings.ToLower(text)) && !a.Archived() {
			ids = append(ids, a.ID)
		}
	}
	return ids
}

// A Document is one part of an export: of otpauth the line of an account, of a
// transfer a QR code, of Aegis the file.
type Document struct {
	Accounts []string
	Counted  []string // of the accounts, those whose keys are counter-based
	Text     secret.Text
	Codes    []secret.Text // recovery codes that are not in Text
}

// add names the account of an entry.
func (d *Document) add(e Entry) {
	d.Accounts = append(d.Accounts, e.Account)
	if e.Key.Kind == otpgen.HOTP {
		d.Counted = append(d.Counted, e.Account)
	}
}

// One returns the otpauth URI of an account, for a QR code.
func One(a *vault.Account) ([]Document, error) {
	e, err := Of(a)
	return list([]Entry{e}, false), err
}

// Make makes the export of entries.
func Make(ctx context.Context, entries []Entry, o Options) ([]Document, error) {
	if !o.Plaintext && o.Password.Len() == 0 {
		return nil, ui.Usagef("an empty password encrypts nothing")
	}
	var refused []string
	for _, e := range entries {
		if why := o.lacks(e); why != "" {
			refused = append(refused, fmt.Sprintf("%q (%s)", e.Account, why))
		}
	}
	if len(refused) > 0 {
		return nil, fmt.Errorf("%w: not %s", ErrUnfit, strings.Join(refused, ", "))
	}
	var documents []Document
	var err error
	switch o.Format {
	case OTPAuth:
		documents = list(entries, o.Codes)
	case Google:
		documents, err = transfer(entries, o.Side)
	case Aegis:
		documents, err = aegis(ctx, entries, o)
	}
	if err != nil {
		return nil, err
	}
	return documents, check(ctx, documents, entries, o)
}

// lacks returns what a format has no place for, or nothing.
func (o *Options) lacks(e Entry) string {
	k := e.Key
	if split := otpgen.SplitLabel(e.Label.Issuer, e.Label.Account); split != e.Label {
		return "its user name has a colon, which others read as the end of its issuer: change it with 'npmotp edit'"
	}
	switch {
	case o.Format == OTPAuth:
	case k.Kind == otpgen.HOTP && k.Counter > math.MaxInt64:
		return "its counter is too large"
	case o.Format == Aegis:
	case k.Digits != 6 && k.Digits != 8:
		return fmt.Sprintf("its codes have %d digits, and Google's 6 or 8", k.Digits)
	case k.Kind == otpgen.TOTP && k.Period != 30*time.Second:
		return fmt.Sprintf("its codes last %d s, and Google's 30 s", k.Period/time.Second)
	case otpgen.IsSteam(e.Label.Issuer):
		return "its issuer is Steam, whose codes others have letters in"
	}
	return ""
}

// list writes an otpauth URI for each entry.
func list(entries []Entry, codes bool) []Document {
	var documents []Document
	for _, e := range entries {
		d := Document{Text: e.Key.URI(e.Label)}
		d.add(e)
		if codes {
			d.Codes = e.Codes
		}
		documents = append(documents, d)
	}
	return documents
}

// check reads the export as the importer does, and compares.
func check(ctx context.Context, documents []Document, entries []Entry, o Options) error {
	r := &otpimport.Reader{
		Format:   o.Format,
		Password: func() (secret.Text, error) { return o.Password, nil },
	}
	if err := r.Add(ctx, strings.NewReader(plain(documents).Reveal())); err != nil {
		return fmt.Errorf("the export cannot be read back: %w", err)
	}
	read := r.Entries()
	if missing := r.Missing(); missing != nil || len(read) != len(entries) {
		return fmt.Errorf("the export has %d keys when it is read back, and there are %d", len(read), len(entries))
	}
	for i, e := range entries {
		if got := read[i]; got.Err != nil || got.Label != e.Label || !same(got.Key, e.Key) {
			return fmt.Errorf("%w: %q is not the same when it is read back", ErrUnfit, e.Account)
		}
	}
	return nil
}

// same reports whether two keys make the same codes, from now on.
func same(a, b otpgen.Key) bool {
	if a.Kind == otpgen.HOTP {
		a.Period, b.Period = 0, 0
	} else {
		a.Counter, b.Counter = 0, 0
	}
	return a.Kind == b.Kind && a.Alg == b.Alg && a.Digits == b.Digits && a.Period == b.Period &&
		a.Counter == b.Counter && a.Secret.Equal(b.Secret)
}
