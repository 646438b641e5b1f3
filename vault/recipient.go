package vault

import (
	"errors"
	"fmt"
	"strings"

	"filippo.io/age"
)

// ErrRecipient says that a text is not an age recipient that a device can have.
var ErrRecipient = errors.New("not an age recipient")

// The beginnings of what age prints (age-encryption.org/v1, "The X25519
// recipient type" and "The mlkem768x25519 recipient type").
const (
	hybridPrefix   = "age1pq1"
	classicPrefix  = "age1"
	identityPrefix = "AGE-SECRET-KEY-"
	// maxRecipient is above the 1959 characters of a hybrid recipient.
	maxRecipient = 4096
)

// A Recipient is a public key of age that a bundle can be encrypted to.
type Recipient struct {
	text    string
	age     age.Recipient
	classic bool
}

// ParseRecipient reads an age recipient: age1pq1..., or the classic age1....
// White space inside it, as a paste has, and capitals, as a QR code has, are
// taken for what they stand for.
func ParseRecipient(s string) (Recipient, error) {
	s = strings.Join(strings.Fields(s), "")
	if strings.HasPrefix(strings.ToUpper(s), identityPrefix) {
		// Not quoted: it is the secret half.
		return Recipient{}, fmt.Errorf("%w: it is a secret key, which stays on its own laptop; give what 'npmotp device id' prints there", ErrRecipient)
	}
	if len(s) > maxRecipient {
		return Recipient{}, fmt.Errorf("%w: it is longer than any", ErrRecipient)
	}
	s = strings.ToLower(s)
	// The errors of age quote the whole text.
	switch {
	case strings.HasPrefix(s, hybridPrefix):
		r, err := age.ParseHybridRecipient(s)
		if err != nil {
			return Recipient{}, fmt.Errorf("%w: it begins as one does, but is cut or has a typing error (%d characters)", ErrRecipient, len(s))
		}
		return Recipient{text: r.String(), age: r}, nil
	case strings.HasPrefix(s, classicPrefix):
		r, err := age.ParseX25519Recipient(s)
		if err != nil {
			return Recipient{}, fmt.Errorf("%w: it begins as one does, but is cut, has a typing error, or belongs to a plugin of age (%d characters)", ErrRecipient, len(s))
		}
		return Recipient{text: r.String(), age: r, classic: true}, nil
	}
	return Recipient{}, fmt.Errorf("%w: one begins with age1", ErrRecipient)
}

// String returns the recipient as age prints it.
func (r Recipient) String() string { return r.text }

// Age returns the recipient as age takes it.
func (r Recipient) Age() age.Recipient { return r.age }

// Classic reports whether the recipient is an X25519 one, without protection
// against a quantum computer.
func (r Recipient) Classic() bool { return r.classic }

// newIdentity makes the secret half of a hybrid post-quantum recipient.
func newIdentity() *age.HybridIdentity {
	id, err := age.GenerateHybridIdentity()
	if err != nil {
		panic(err) // of crypto/rand, which never fails
	}
	return id
}

// Recipient returns the public half of the identity.
func (id *Identity) Recipient() (Recipient, error) {
	parsed, err := id.Age()
	if err != nil {
		return Recipient{}, err
	}
	return ParseRecipient(parsed.Recipient().String())
}

// Age returns the identity as age takes it.
func (id *Identity) Age() (*age.HybridIdentity, error) {
	parsed, err := age.ParseHybridIdentity(id.Secret.Reveal())
	if err != nil {
		// The parse error may quote what it read.
		return nil, fmt.Errorf("%w: its device identity cannot be read", ErrFormat)
	}
	return parsed, nil
}
