package vault

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"npmotp/internal/agefile"
)

// ErrNoSlot says that no slot matches.
var ErrNoSlot = errors.New("no such slot")

// leastID is how many characters of an id name a slot.
const leastID = 4

// A SlotReport describes one way of opening the vault.
type SlotReport struct {
	ID, Kind, Name string
	// Type says how the identity is wrapped: "scrypt", "x25519", "hybrid",
	// "ssh-ed25519", "ssh-rsa", "tag", "tagpq" or the name of a plugin.
	Type       string
	Recipient  string // empty for a passphrase
	Classic    bool   // not post-quantum
	WorkFactor int    // scrypt rounds, base-2 logarithm; 0 where there are none
}

// A slotRecipient is what the contents know of a slot: its recipient, which is
// needed to wrap a new identity. It is in the contents, where it is encrypted
// and cannot be exchanged, because who knows the recipient of a classic slot
// is nearer to opening it, with a quantum computer.
type slotRecipient struct {
	slot        string // its id
	text        string
	postQuantum bool

	extra extra
}

// Slots returns the slots of the vault, checked against its contents.
func (v *Vault) Slots() ([]SlotReport, error) {
	c, contents, err := v.present()
	if err != nil {
		return nil, err
	}
	return contents.slots(c)
}

// FindSlot returns the slot that query names: its name, its id, or the
// beginning of its id.
func (v *Vault) FindSlot(query string) (SlotReport, error) {
	slots, err := v.Slots()
	if err != nil {
		return SlotReport{}, err
	}
	return findSlot(slots, query)
}

func findSlot(slots []SlotReport, query string) (SlotReport, error) {
	var matches []SlotReport
	for _, s := range slots {
		if query != "" && (s.Name == query || s.ID == query) {
			return s, nil
		}
		if len(query) >= leastID && strings.HasPrefix(s.ID, query) {
			matches = append(matches, s)
		}
	}
	if len(matches) == 1 {
		return matches[0], nil
	}
	return SlotReport{}, fmt.Errorf("%w: %q", ErrNoSlot, query)
}

// slots describes the slots of the file that c was read from.
func (c *Contents) slots(file *container) ([]SlotReport, error) {
	var found []SlotReport
	for _, s := range file.slots {
		report := SlotReport{ID: s.id, Kind: s.kind, Name: s.name}
		if s.kind == slotPassphrase {
			var err error
			report.Type = "scrypt"
			if report.WorkFactor, err = agefile.WorkFactor(s.armored); err != nil {
				return nil, fmt.Errorf("%w: slot %s: %w", ErrFormat, s.id, err)
			}
		}
		if r, ok := c.recipientOf(s.id); ok {
			report.Recipient, report.Classic = r.text, !r.postQuantum
			if parsed, err := agefile.ParseRecipient(r.text, agefile.Dialogue{}); err == nil {
				report.Type = parsed.Kind
			}
		}
		found = append(found, report)
	}
	return found, nil
}

func (c *Contents) recipientOf(slot string) (slotRecipient, bool) {
	for _, r := range c.recipients {
		if r.slot == slot {
			return r, true
		}
	}
	return slotRecipient{}, false
}

// shown is how messages call the slot.
func (s slot) shown() string { return SlotReport{ID: s.id, Name: s.name}.shown() }

func (s SlotReport) shown() string {
	if s.Name == "" {
		return s.ID
	}
	return fmt.Sprintf("%s (%q)", s.ID, s.Name)
}

// PassphraseOpens reports whether the file has a slot for a passphrase.
func (f *File) PassphraseOpens() (bool, error) {
	c, err := f.read()
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(c.slots, func(s slot) bool { return s.kind == slotPassphrase }), nil
}
