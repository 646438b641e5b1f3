// Package bundle carries accounts and recovery codes to another laptop, in an age
// file that only that laptop opens.
//
// What it promises: the stock age tool opens a bundle with the identity of the
// device, and finds JSON that doc/design.md describes; a bundle that was cut or
// altered is an error; what comes out of [Open] has names that can be shown and
// accounts that work. What it does not: a bundle is not signed, so whoever knows
// the recipient of a device can make one for it. The fingerprint, which both
// sides show, tells people that it is the same file.
package bundle

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"npmotp/internal/secret"
	"npmotp/vault"
)

const (
	version  = 1
	typeName = "npmotp-bundle"

	// maxBytes bounds a bundle: 10,000 accounts take about 15 MB.
	maxBytes = 32 << 20
)

// Errors that callers branch on.
var (
	// ErrNoBundle says that an input has no bundle in it.
	ErrNoBundle = errors.New("there is no bundle in this")
	// ErrTooLarge says that a bundle is larger than any that is sent.
	ErrTooLarge = fmt.Errorf("the bundle is larger than %d MiB", maxBytes>>20)
	// ErrInvalid says that a bundle decrypts but holds what npmotp does not send.
	ErrInvalid = errors.New("this bundle was not made by npmotp")
	// ErrNothing says that an account has nothing of what is to be sent.
	ErrNothing = errors.New("there is nothing to send")
)

// A VersionError says that a bundle was made by a later npmotp.
type VersionError struct{ Got int }

// Error implements error.
func (e *VersionError) Error() string {
	return fmt.Sprintf("this bundle has version %d, and this npmotp reads version %d", e.Got, version)
}

// Parts says which parts of accounts a bundle carries.
type Parts string

// What can be sent of an account.
const (
	Recovery Parts = "recovery" // the recovery codes of the newest set
	Secret   Parts = "secret"   // the OTP key
	All      Parts = "all"      // both
)

// A Bundle is what is sent.
type Bundle struct {
	ID        string // random; in the sender's notes of what was moved
	CreatedAt time.Time
	Parts     Parts
	Accounts  []vault.Account
}

type wire struct {
	V         int               `json:"v"`
	Type      string            `json:"type"`
	ID        string            `json:"id"`
	CreatedAt time.Time         `json:"created_at"`
	Parts     Parts             `json:"parts"`
	Accounts  []json.RawMessage `json:"accounts"`
	Pad       string            `json:"pad"`
}

// New returns a bundle with the given parts of accounts. An account without them
// is an error that wraps [ErrNothing], [vault.ErrNoCodes] or [vault.ErrNoKey].
func New(parts Parts, now time.Time, accounts ...*vault.Account) (*Bundle, error) {
	b := empty(parts, now)
	for _, a := range accounts {
		c := a.CopyFor(parts != Recovery, parts != Secret)
		switch {
		case parts == Recovery && len(c.RecoveryCodes) == 0:
			return nil, a.LacksCodes()
		case parts == Secret && c.Key == nil:
			return nil, a.LacksKey()
		case c.Key == nil && len(c.RecoveryCodes) == 0:
			return nil, fmt.Errorf("%w: %q has neither a secret nor recovery codes", ErrNothing, a.Name)
		}
		b.Accounts = append(b.Accounts, c)
	}
	if len(b.Accounts) == 0 {
		return nil, fmt.Errorf("%w: the vault is empty", ErrNothing)
	}
	return b, nil
}

// NewForCodes returns a bundle with recovery codes that are in no vault yet. It
// is for codes that a registry has just printed for account a: sealed and written
// with [Bundle.Seal] and [Write], they are with the other device before, or
// without ever, being stored here. a stays as it is; once the bundle is written,
// [NoteSent] with [Bundle.Move] notes where they are.
func NewForCodes(a *vault.Account, codes []secret.Text, now time.Time) (*Bundle, error) {
	c := a.CopyFor(false, false)
	// The codes get the numbers and the set that they would have got here.
	numbered := *a
	numbered.RecoveryCodes = append([]vault.RecoveryCode(nil), a.RecoveryCodes...)
	if _, err := numbered.AddRecoveryCodes(codes, false, now); err != nil {
		return nil, err
	}
	c.RecoveryCodes = numbered.RecoveryCodes[len(a.RecoveryCodes):]
	c.UpdatedAt = now.UTC()
	if len(c.RecoveryCodes) == 0 {
		return nil, fmt.Errorf("%w in %q", vault.ErrNoCodes, a.Name)
	}
	b := empty(Recovery, now)
	b.Accounts = []vault.Account{c}
	return b, nil
}

func empty(parts Parts, now time.Time) *Bundle {
	var id [8]byte
	_, _ = rand.Read(id[:]) // never fails, see crypto/rand
	return &Bundle{ID: hex.EncodeToString(id[:]), CreatedAt: now.UTC(), Parts: parts}
}

// Move returns the note that the sender keeps when it forgets what b carries.
func (b *Bundle) Move(to vault.Device) vault.Move {
	return vault.Move{ID: b.ID, Device: to.ID, DeviceName: to.Name}
}

// Seal encrypts b to devices.
func (b *Bundle) Seal(to ...vault.Device) (*Sealed, error) {
	plain, err := b.encode()
	if err != nil {
		return nil, err
	}
	var recipients []vault.Recipient
	for _, d := range to {
		r, err := vault.ParseRecipient(d.Recipient)
		if err != nil {
			return nil, fmt.Errorf("device %q: %w", d.Name, err)
		}
		recipients = append(recipients, r)
	}
	sealed, err := seal(plain, recipients)
	if err != nil {
		return nil, err
	}
	if len(sealed.Data) > maxBytes {
		return nil, fmt.Errorf("%w; send fewer accounts at a time", ErrTooLarge)
	}
	return sealed, nil
}

func (b *Bundle) encode() ([]byte, error) {
	w := wire{V: version, Type: typeName, ID: b.ID, CreatedAt: b.CreatedAt.UTC(), Parts: b.Parts}
	for i := range b.Accounts {
		raw, err := vault.EncodeAccount(&b.Accounts[i])
		if err != nil {
			return nil, fmt.Errorf("account %q: %w", b.Accounts[i].Name, err)
		}
		w.Accounts = append(w.Accounts, json.RawMessage(raw.Reveal()))
	}
	bare, err := json.Marshal(w)
	if err != nil {
		return nil, err
	}
	missing := (SealStep - len(bare)%SealStep) % SealStep
	w.Pad = string(bytes.Repeat([]byte(" "), missing))
	return json.Marshal(w)
}

// Open decrypts a bundle, a binary age file, with the identities of a vault.
// The error wraps [ErrForeign], [ErrCut] or [ErrAltered] where it does not open.
func Open(data []byte, ids []vault.Identity) (*Bundle, error) {
	if len(data) > maxBytes {
		return nil, ErrTooLarge
	}
	plain, err := open(data, ids)
	if err != nil {
		return nil, err
	}
	return decode(plain)
}

// decode is the inverse of encode. Its errors never quote the input, which holds
// secrets.
func decode(plain []byte) (*Bundle, error) {
	var w wire
	// The version first: a later one may have other types in its fields.
	var head struct {
		V    int    `json:"v"`
		Type string `json:"type"`
	}
	if json.Unmarshal(plain, &head) != nil || head.Type != typeName || head.V < 1 {
		return nil, ErrInvalid
	}
	if head.V > version {
		return nil, &VersionError{Got: head.V}
	}
	if json.Unmarshal(plain, &w) != nil {
		return nil, ErrInvalid
	}
	b := &Bundle{ID: w.ID, CreatedAt: w.CreatedAt, Parts: w.Parts}
	ids := map[string]bool{}
	for i, raw := range w.Accounts {
		a, err := vault.DecodeAccount(secret.New(string(raw)))
		if err == nil {
			err = clean(&a)
		}
		if err == nil && ids[a.ID] {
			err = errors.New("duplicate account id")
		}
		if err != nil {
			return nil, fmt.Errorf("%w: account %d: %w", ErrInvalid, i+1, err)
		}
		ids[a.ID] = true
		b.Accounts = append(b.Accounts, a)
	}
	if len(b.Accounts) == 0 {
		return nil, fmt.Errorf("%w: it has no accounts", ErrInvalid)
	}
	return b, nil
}
