package agefile

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"filippo.io/age/plugin"
	"filippo.io/age/tag"
	"golang.org/x/crypto/ssh"
)

// ErrRecipient says that a text is no recipient of age.
var ErrRecipient = errors.New("not an age recipient")

// A Recipient is a public key that a file can be sealed to.
type Recipient struct {
	Text string // in its normal form, without the comment of an SSH key
	Kind string // "x25519", "hybrid", "ssh-ed25519", "tag", or the name of a plugin

	age     age.Recipient
	refused *error // of the dialogue with a plugin
}

// ParseRecipient reads what stands on a line of a file of age recipients or of
// SSH's authorized_keys; a plugin asks by d what it wants to know. Its errors do
// not quote the text, which may be a secret in the wrong place.
func ParseRecipient(text string, d Dialogue) (Recipient, error) {
	r := Recipient{refused: new(error), Text: strings.TrimSpace(text)}
	d = d.recorded(r.refused)
	var err error
	switch {
	case strings.HasPrefix(r.Text, "age1tagpq1"):
		r.Kind = "tagpq"
		r.age, err = tag.ParseRecipient(r.Text)
	case strings.HasPrefix(r.Text, "age1tag1"):
		r.Kind = "tag"
		r.age, err = tag.ParseRecipient(r.Text)
	case strings.HasPrefix(r.Text, "age1pq1"):
		r.Kind = "hybrid"
		r.age, err = age.ParseHybridRecipient(r.Text)
	case strings.HasPrefix(r.Text, "age1") && strings.Count(r.Text, "1") > 1:
		// Bech32 has no "1" in its data, so this is age1NAME1....
		var p *plugin.Recipient
		if p, err = plugin.NewRecipient(r.Text, d.client()); err == nil {
			r.Kind, r.age = p.Name(), p
		}
	case strings.HasPrefix(r.Text, "age1"):
		r.Kind = "x25519"
		r.age, err = age.ParseX25519Recipient(r.Text)
	case strings.HasPrefix(r.Text, "ssh-"), strings.HasPrefix(r.Text, "ecdsa-"), strings.HasPrefix(r.Text, "sk-"):
		return parseSSHRecipient(r.Text)
	default:
		return Recipient{}, fmt.Errorf("%w: %s", ErrRecipient, mistaken(r.Text))
	}
	if err != nil {
		return Recipient{}, fmt.Errorf("%w: it is mistyped or cut", ErrRecipient)
	}
	return r, nil
}

func parseSSHRecipient(text string) (Recipient, error) {
	key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(text))
	if err != nil {
		return Recipient{}, fmt.Errorf("%w: the SSH key is mistyped or cut", ErrRecipient)
	}
	r := Recipient{Kind: key.Type(), refused: new(error), Text: strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key)))}
	if r.age, err = agessh.ParseRecipient(r.Text); err != nil {
		return Recipient{}, fmt.Errorf("%w: of SSH keys, age takes those of type ssh-ed25519, and ssh-rsa from 2048 bits on", ErrRecipient)
	}
	return r, nil
}

// mistaken says what a text is that is no recipient, without quoting it.
func mistaken(text string) string {
	switch upper := strings.ToUpper(text); {
	case upper == "":
		return "it is empty"
	case strings.HasPrefix(upper, "AGE-SECRET-KEY-"), strings.HasPrefix(upper, "AGE-PLUGIN-"):
		return "this is an identity, the secret half; 'age-keygen -y' prints its recipient"
	case strings.HasPrefix(upper, "-----BEGIN"):
		return "this is a key file; of an SSH key, the recipient is in the file that ends with .pub"
	case strings.ContainsAny(text, `/\`) || strings.HasSuffix(text, ".pub"):
		return "this looks like a file; give its contents, as in --recipient - < FILE"
	}
	return "it begins with age1, ssh-ed25519 or ssh-rsa"
}

// Seal encrypts plain to the recipient, and reports whether a quantum computer
// would not open it.
func (r Recipient) Seal(ctx context.Context, plain []byte) (armored []byte, postQuantum bool, err error) {
	to := &labeller{Recipient: r.age}
	armored, err = inBackground(ctx, func() ([]byte, error) { return Seal(plain, to) })
	switch {
	case err == nil:
		return armored, slices.Contains(to.labels, "postquantum"), nil
	case ctx.Err() == nil && *r.refused != nil:
		err = *r.refused
	case ctx.Err() == nil:
		err = fmt.Errorf("wrapping for the recipient: %w", pluginError(err))
	}
	return nil, false, err
}

// A labeller remembers the labels of a recipient when it is encrypted to.
type labeller struct {
	age.Recipient
	labels []string
}

// WrapWithLabels implements [age.RecipientWithLabels].
func (l *labeller) WrapWithLabels(fileKey []byte) (stanzas []*age.Stanza, labels []string, err error) {
	if r, ok := l.Recipient.(age.RecipientWithLabels); ok {
		stanzas, l.labels, err = r.WrapWithLabels(fileKey)
	} else {
		stanzas, err = l.Wrap(fileKey)
	}
	return stanzas, l.labels, err
}
