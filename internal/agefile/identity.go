package agefile

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"strings"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"filippo.io/age/armor"
	"filippo.io/age/plugin"
	"golang.org/x/crypto/ssh"

	"npmotp/internal/secret"
)

// ErrIdentity says that a file holds no identity that can be used.
var ErrIdentity = errors.New("no identity that can be used")

// ErrOther says that a file is for other identities.
var ErrOther = errors.New("encrypted to somebody else")

// Identities are the private halves of recipients.
type Identities struct {
	ids     []age.Identity
	refused error // of the dialogue
}

// ParseIdentities reads an identity file as the age tool does: identities of
// age and its plugins, one on each line, a file of these that age has encrypted
// with a passphrase, or an SSH private key. A passphrase is asked for when a
// slot needs it; name is how that question calls the file. Errors never quote
// the file.
func ParseIdentities(file secret.Text, name string, d Dialogue) (*Identities, error) {
	i := &Identities{}
	d = d.recorded(&i.refused)
	text := strings.TrimSpace(file.Reveal())
	var err error
	switch {
	case strings.HasPrefix(text, armor.Header), strings.HasPrefix(text, "age-encryption.org/"):
		i.ids = []age.Identity{&encryptedFile{file: file, name: name, dialogue: d}}
	case strings.HasPrefix(text, "-----BEGIN"):
		i.ids, err = i.parseSSH([]byte(text+"\n"), name, d)
	default:
		i.ids, err = parseIdentityLines(text, d)
	}
	return i, err
}

func parseIdentityLines(text string, d Dialogue) (ids []age.Identity, err error) {
	for number, line := range strings.Split(text, "\n") {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		var id age.Identity
		switch {
		case strings.HasPrefix(line, "AGE-SECRET-KEY-1"):
			id, err = age.ParseX25519Identity(line)
		case strings.HasPrefix(line, "AGE-SECRET-KEY-PQ-1"):
			id, err = age.ParseHybridIdentity(line)
		case strings.HasPrefix(line, "AGE-PLUGIN-"):
			id, err = plugin.NewIdentity(line, d.client())
		case strings.HasPrefix(line, "age1"), strings.HasPrefix(line, "ssh-"):
			return nil, fmt.Errorf("%w: line %d is a recipient, the public half", ErrIdentity, number+1)
		default:
			return nil, fmt.Errorf("%w: line %d is not of an age identity file or an SSH key", ErrIdentity, number+1)
		}
		if err != nil {
			return nil, fmt.Errorf("%w: line %d is mistyped or cut", ErrIdentity, number+1)
		}
		ids = append(ids, id)
	}
	if len(ids) == 0 {
		return nil, fmt.Errorf("%w: the file is empty", ErrIdentity)
	}
	return ids, nil
}

func (i *Identities) parseSSH(key []byte, name string, d Dialogue) ([]age.Identity, error) {
	id, err := agessh.ParseIdentity(key)
	missing, encrypted := errors.AsType[*ssh.PassphraseMissingError](err)
	if encrypted && missing.PublicKey == nil {
		return nil, fmt.Errorf("%w: it is an encrypted SSH key of the old form, which 'ssh-keygen -p -f FILE' writes anew", ErrIdentity)
	}
	if encrypted {
		id, err = agessh.NewEncryptedSSHIdentity(missing.PublicKey, key, func() ([]byte, error) {
			pass, err := d.secret(fmt.Sprintf("Passphrase of the SSH key %s: ", name))
			if err != nil {
				return nil, err
			}
			// What age says of a wrong passphrase cannot be told from its other
			// errors, so it is tried here first.
			_, err = ssh.ParseRawPrivateKeyWithPassphrase(key, []byte(pass.Reveal()))
			if pass.Len() == 0 || errors.Is(err, x509.IncorrectPasswordError) {
				i.refused = fmt.Errorf("%w of the SSH key", ErrPassphrase)
				return nil, i.refused
			}
			return []byte(pass.Reveal()), nil
		})
	}
	if err != nil {
		return nil, fmt.Errorf("%w: age reads SSH private keys of the types ed25519 and RSA", ErrIdentity)
	}
	return []age.Identity{id}, nil
}

// Open decrypts an armored file. The error wraps [ErrOther] when it is for other
// identities, [ErrIdentity] when one of them did not work, as when its plugin is not
// installed, and else is that of the person, who refused or mistyped something.
func (i *Identities) Open(ctx context.Context, armored []byte) ([]byte, error) {
	plain, err := inBackground(ctx, func() ([]byte, error) { return Open(armored, i.ids...) })
	switch {
	case err == nil || ctx.Err() != nil:
		return plain, err
	case i.refused != nil:
		return nil, i.refused
	case errors.Is(err, ErrPassphrase): // of an encrypted identity file
		return nil, err
	case errors.Is(err, age.ErrIncorrectIdentity):
		return nil, ErrOther
	}
	return nil, fmt.Errorf("%w: %w", ErrIdentity, pluginError(err))
}

// An encryptedFile is an identity file that is encrypted with a passphrase. It
// is decrypted when the first slot is tried.
type encryptedFile struct {
	file     secret.Text
	name     string
	dialogue Dialogue
	ids      []age.Identity
	err      error // of the decryption, which is not tried again
}

// Unwrap implements [age.Identity].
func (e *encryptedFile) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	if e.ids == nil && e.err == nil {
		e.ids, e.err = e.decrypt()
	}
	if e.err != nil {
		return nil, e.err
	}
	for _, id := range e.ids {
		key, err := id.Unwrap(stanzas)
		if !errors.Is(err, age.ErrIncorrectIdentity) {
			return key, err
		}
	}
	return nil, age.ErrIncorrectIdentity
}

func (e *encryptedFile) decrypt() ([]age.Identity, error) {
	pass, err := e.dialogue.secret(fmt.Sprintf("Passphrase of the identity file %s: ", e.name))
	if err != nil {
		return nil, err
	}
	scrypt, err := age.NewScryptIdentity(pass.Reveal())
	if err != nil {
		return nil, fmt.Errorf("%w of the identity file", ErrPassphrase)
	}
	scrypt.SetMaxWorkFactor(MaxWorkFactor)
	text := strings.TrimSpace(e.file.Reveal())
	var r io.Reader = strings.NewReader(e.file.Reveal())
	if strings.HasPrefix(text, armor.Header) {
		r = armor.NewReader(bytes.NewReader([]byte(text + "\n")))
	}
	plain, err := age.Decrypt(r, scrypt)
	if errors.Is(err, age.ErrIncorrectIdentity) {
		// Not wrapped: to age that would say to try the next identity.
		return nil, fmt.Errorf("%w of the identity file", ErrPassphrase)
	}
	if err != nil {
		return nil, errors.New("the identity file is not one that age has encrypted with a passphrase, or is damaged")
	}
	inside, err := io.ReadAll(plain)
	if err != nil {
		return nil, errors.New("the identity file is damaged")
	}
	return parseIdentityLines(string(inside), e.dialogue)
}
