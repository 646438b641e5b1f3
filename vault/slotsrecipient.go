package vault

import (
	"errors"
	"fmt"
	"strings"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"filippo.io/age/plugin"
	"filippo.io/age/tag"
	"golang.org/x/crypto/ssh"
)

// ErrSlotRecipient says that a text is no recipient that a slot can have.
var ErrSlotRecipient = errors.New("no age recipient")

// ProbeRecipient reports what is wrong with a recipient as far as that shows
// without its plugin.
func ProbeRecipient(text string) error {
	_, err := parseRecipient(text, Dialogue{})
	return err
}

// A recipient is a public key that a slot can be wrapped to.
type recipient struct {
	text string // in its normal form, without the comment of an SSH key
	kind string // "x25519", "hybrid", "ssh-ed25519", "tag", or the name of a plugin
	age  age.Recipient
}

// parseRecipient reads what stands on a line of a file of age recipients or of
// SSH's authorized_keys. Its errors do not quote the text, which may be a
// secret in the wrong place.
func parseRecipient(text string, d Dialogue) (recipient, error) {
	r := recipient{text: strings.TrimSpace(text)}
	var err error
	switch {
	case strings.HasPrefix(r.text, "age1tagpq1"):
		r.kind = "tagpq"
		r.age, err = tag.ParseRecipient(r.text)
	case strings.HasPrefix(r.text, "age1tag1"):
		r.kind = "tag"
		r.age, err = tag.ParseRecipient(r.text)
	case strings.HasPrefix(r.text, "age1pq1"):
		r.kind = "hybrid"
		r.age, err = age.ParseHybridRecipient(r.text)
	case strings.HasPrefix(r.text, "age1") && strings.Count(r.text, "1") > 1:
		// Bech32 has no "1" in its data, so this is age1NAME1....
		var p *plugin.Recipient
		if p, err = plugin.NewRecipient(r.text, d.client()); err == nil {
			r.kind, r.age = p.Name(), p
		}
	case strings.HasPrefix(r.text, "age1"):
		r.kind = "x25519"
		r.age, err = age.ParseX25519Recipient(r.text)
	case strings.HasPrefix(r.text, "ssh-"), strings.HasPrefix(r.text, "ecdsa-"), strings.HasPrefix(r.text, "sk-"):
		return parseSSHRecipient(r.text)
	default:
		return recipient{}, fmt.Errorf("%w: %s", ErrSlotRecipient, mistaken(r.text))
	}
	if err != nil {
		return recipient{}, fmt.Errorf("%w: it is mistyped or cut", ErrSlotRecipient)
	}
	return r, nil
}

func parseSSHRecipient(text string) (recipient, error) {
	key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(text))
	if err != nil {
		return recipient{}, fmt.Errorf("%w: the SSH key is mistyped or cut", ErrSlotRecipient)
	}
	r := recipient{kind: key.Type(), text: strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key)))}
	if r.age, err = agessh.ParseRecipient(r.text); err != nil {
		return recipient{}, fmt.Errorf("%w: of SSH keys, age takes those of type ssh-ed25519, and ssh-rsa from 2048 bits on", ErrSlotRecipient)
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
