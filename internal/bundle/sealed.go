package bundle

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"filippo.io/age"

	"npmotp/internal/agefile"
	"npmotp/vault"
)

// Errors of sealed files that callers branch on.
var (
	// ErrForeign says that a file is encrypted to other devices only.
	ErrForeign = errors.New("this is for another device")
	// ErrCut says that the end of a file is missing.
	ErrCut = errors.New("this was cut: its end is missing")
	// ErrAltered says that a file is not as it was written.
	ErrAltered = errors.New("this was altered on its way")
)

// SealStep is the granularity of what is sealed: padding to it hides how much
// there is, and tells a cut file from an altered one.
const SealStep = 256

// A Sealed is a binary age file to one or several recipients.
type Sealed struct {
	Data    []byte
	fileKey []byte
}

// seal encrypts plain, of a multiple of [SealStep] bytes, to recipients. Hybrid
// and classic ones do not go together (age refuses a file that is only as strong
// as the weaker).
func seal(plain []byte, to []vault.Recipient) (*Sealed, error) {
	if len(to) == 0 {
		return nil, errors.New("nobody to encrypt to")
	}
	s := &Sealed{}
	var recipients []age.Recipient
	for _, r := range to {
		if r.Classic() != to[0].Classic() {
			return nil, fmt.Errorf("%w: one of them is post-quantum and one classic, which age does not mix", vault.ErrRecipient)
		}
		recipients = append(recipients, r.Age())
	}
	recipients[0] = &keeper{recipients[0], s}
	var err error
	s.Data, err = agefile.SealBinary(plain, recipients...)
	return s, err
}

// A keeper is a recipient that remembers the key of the file. With it the writer
// can read back a file that is for somebody else, without a recipient of its
// own in it.
type keeper struct {
	age.Recipient
	s *Sealed
}

// WrapWithLabels implements [age.RecipientWithLabels].
func (k *keeper) WrapWithLabels(fileKey []byte) (stanzas []*age.Stanza, labels []string, err error) {
	k.s.fileKey = bytes.Clone(fileKey)
	if r, ok := k.Recipient.(age.RecipientWithLabels); ok {
		return r.WrapWithLabels(fileKey)
	}
	stanzas, err = k.Wrap(fileKey)
	return stanzas, nil, err
}

// Check decrypts data, what a disk or a picture gave back, with the key that s
// was sealed with.
func (s *Sealed) Check(data []byte) (plain []byte, err error) {
	return openSealed(data, age.NewInjectedFileKeyIdentity(s.fileKey))
}

// open decrypts a binary age file with the identities of a vault.
func open(data []byte, ids []vault.Identity) (plain []byte, err error) {
	var identities []age.Identity
	for _, id := range ids {
		parsed, err := id.Age()
		if err != nil {
			return nil, err
		}
		identities = append(identities, parsed)
	}
	if len(identities) == 0 {
		return nil, fmt.Errorf("%w: this vault has no identity yet", ErrForeign)
	}
	return openSealed(data, identities...)
}

func openSealed(data []byte, ids ...age.Identity) ([]byte, error) {
	header, err := age.ExtractHeader(bytes.NewReader(data))
	if err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, ErrCut
		}
		return nil, ErrAltered
	}
	r, err := age.Decrypt(bytes.NewReader(data), ids...)
	if _, ok := errors.AsType[*age.NoIdentityMatchError](err); ok {
		return nil, ErrForeign
	}
	var plain []byte
	if err == nil {
		plain, err = io.ReadAll(r)
	}
	switch {
	case err == nil && len(plain)%SealStep == 0:
		return plain, nil
	case !whole(len(data) - len(header)):
		return nil, ErrCut
	}
	return nil, ErrAltered
}

// whole reports whether a payload of n bytes can be that of a sealed file: a
// nonce, and chunks of 64 KiB with a tag each (age-encryption.org/v1, "Payload").
func whole(n int) bool {
	const nonce, chunk, tag = 16, 64 << 10, 16
	n -= nonce
	chunks := (n + chunk + tag - 1) / (chunk + tag)
	return n > 0 && (n-chunks*tag)%SealStep == 0
}
