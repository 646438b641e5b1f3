package vault

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"filippo.io/age"

	"npmotp/internal/agefile"
	"npmotp/internal/secret"
)

// Errors of a change of slots.
var (
	// ErrLastSlot says that a slot cannot be removed because nothing would open
	// the vault.
	ErrLastSlot = errors.New("it is the only slot, and nothing else opens the vault")
	// ErrSlotExists says that the name or the recipient of a slot is taken.
	ErrSlotExists = errors.New("there is such a slot already")
	// ErrManySlots says that a vault has as many slots as it can.
	ErrManySlots = fmt.Errorf("a vault has at most %d slots", maxSlots)
	// ErrSlotName says that a slot cannot be called so.
	ErrSlotName = errors.New("invalid slot name")
	// ErrNoPassphraseSlot says that no slot, or not the one that was named, has a
	// passphrase.
	ErrNoPassphraseSlot = errors.New("no passphrase to change")
	// ErrSlotsChanged says that another process changed the slots just now.
	ErrSlotsChanged = errors.New("the slots were changed by another npmotp just now")
)

// A PassphraseOf returns the passphrase of a slot. It is called again, with the
// number of the attempt, as long as the slot does not open with it and it
// returns no error.
//
// When the vault gets a new identity, that is wrapped anew into each slot. A
// recipient is public and kept, but scrypt is symmetric: only the passphrase
// itself can wrap for the passphrase.
type PassphraseOf func(ctx context.Context, s SlotReport, attempt int) (secret.Text, error)

// AddPassphrase adds a slot that opens with pass. The identity stays the same:
// what opened the vault before still does.
func (v *Vault) AddPassphrase(ctx context.Context, pass secret.Text, name string) (SlotReport, error) {
	s, err := wrap(ctx, v.id, name, pass, v.file.options.WorkFactor)
	if err != nil {
		return SlotReport{}, err
	}
	return v.addSlot(ctx, s, nil)
}

// AddRecipient adds a slot that opens with the identity of a recipient: one of
// age or of a plugin, or an SSH public key.
func (v *Vault) AddRecipient(ctx context.Context, text, name string) (SlotReport, error) {
	s, r, err := v.wrapTo(ctx, v.id, name, text)
	if err != nil {
		return SlotReport{}, err
	}
	return v.addSlot(ctx, s, r)
}

func (v *Vault) addSlot(ctx context.Context, s slot, r *slotRecipient) (report SlotReport, err error) {
	if err := validSlotName(s.name); err != nil {
		return SlotReport{}, err
	}
	err = v.locked(ctx, func(old *container, contents *Contents) error {
		if len(old.slots) == maxSlots {
			return ErrManySlots
		}
		for _, other := range old.slots {
			known, ok := contents.recipientOf(other.id)
			if s.name != "" && other.name == s.name || ok && r != nil && known.text == r.text {
				return fmt.Errorf("%w: %s", ErrSlotExists, other.shown())
			}
		}
		if r != nil {
			contents.recipients = append(contents.recipients, *r)
		}
		slots := append(slices.Clone(old.slots), s)
		if err := v.save(old, headOf(slots), contents); err != nil {
			return err
		}
		reports, err := contents.slots(&container{slots: []slot{s}})
		if err == nil {
			report = reports[0]
		}
		return err
	})
	return report, err
}

// validSlotName refuses what the line of a slot cannot hold, or what would be
// taken for an id.
func validSlotName(name string) error {
	// An id in the place of a name would be ambiguous.
	slotID := regexp.MustCompile(`^[0-9a-f]{4,16}$`)
	switch {
	case strings.ContainsAny(name, "\r\n"), name != strings.TrimSpace(name):
		return fmt.Errorf("%w: it has a line break, or spaces around it", ErrSlotName)
	case slotID.MatchString(name):
		return fmt.Errorf("%w: it looks like the id of one", ErrSlotName)
	}
	return nil
}

// RemoveSlot removes the slot that query names, by its id or name. The vault
// gets a new identity, so that the slot opens nothing that is stored later;
// backups made before still open with it.
func (v *Vault) RemoveSlot(ctx context.Context, query string, of PassphraseOf) (SlotReport, error) {
	var removed SlotReport
	err := v.reslot(ctx, func(slots []SlotReport) (change replacement, err error) {
		if removed, err = findSlot(slots, query); err != nil {
			return change, err
		}
		if len(slots) == 1 {
			return change, fmt.Errorf("slot %s: %w", removed.shown(), ErrLastSlot)
		}
		return replacement{slot: removed.ID}, nil
	}, of)
	return removed, err
}

// ChangePassphrase gives the passphrase slot that query names, or when it is
// empty the one that the vault was opened by, another passphrase. The vault
// gets a new identity, so that the old passphrase opens nothing that is stored
// later; backups made before still open with it.
func (v *Vault) ChangePassphrase(ctx context.Context, query string, pass secret.Text, of PassphraseOf) error {
	return v.reslot(ctx, func(slots []SlotReport) (replacement, error) {
		s, err := v.passphraseSlot(slots, query)
		return replacement{slot: s.ID, pass: &pass}, err
	}, of)
}

// PassphraseSlot returns the id of the slot that [Vault.ChangePassphrase] would
// change.
func (v *Vault) PassphraseSlot(query string) (string, error) {
	slots, err := v.Slots()
	if err != nil {
		return "", err
	}
	s, err := v.passphraseSlot(slots, query)
	return s.ID, err
}

func (v *Vault) passphraseSlot(slots []SlotReport, query string) (SlotReport, error) {
	if query != "" {
		s, err := findSlot(slots, query)
		if err == nil && s.Kind != slotPassphrase {
			err = fmt.Errorf("slot %s: %w", s.shown(), ErrNoPassphraseSlot)
		}
		return s, err
	}
	var found []SlotReport
	for _, s := range slots {
		if s.Kind != slotPassphrase {
			continue
		}
		if s.ID == v.slot {
			return s, nil
		}
		found = append(found, s)
	}
	if len(found) == 1 {
		return found[0], nil
	}
	return SlotReport{}, fmt.Errorf("%w: the vault was opened by an identity, and %d slots have one", ErrNoPassphraseSlot, len(found))
}

// A replacement says which slot is not carried over to the new identity, and
// the passphrase that takes its place, if one does.
type replacement struct {
	slot string
	pass *secret.Text
}

// reslot gives the vault a new identity. The slots are wrapped before the file
// is locked, because that takes a second each, or somebody's attention.
func (v *Vault) reslot(ctx context.Context, plan func([]SlotReport) (replacement, error), of PassphraseOf) error {
	c, contents, err := v.present()
	if err != nil {
		return err
	}
	if err := v.file.memory.check(v.file.path, contents); err != nil {
		return err
	}
	reports, err := contents.slots(c)
	if err != nil {
		return err
	}
	change, err := plan(reports)
	if err != nil {
		return err
	}
	renewed := &Vault{file: v.file, id: newIdentity()}
	var slots []slot
	var recipients []slotRecipient
	for i, s := range c.slots {
		if s.id == change.slot && change.pass == nil {
			continue
		}
		wrapped, r, err := renewed.rewrap(ctx, s, contents, reports[i], change, of)
		if err != nil {
			return err
		}
		if s.id == v.slot {
			renewed.slot = wrapped.id
		}
		slots = append(slots, wrapped)
		if r != nil {
			recipients = append(recipients, *r)
		}
	}
	return v.locked(ctx, func(old *container, contents *Contents) error {
		if headHash(old.head) != headHash(c.head) {
			return ErrSlotsChanged
		}
		contents.recipients = recipients
		if err := renewed.save(old, headOf(slots), contents); err != nil {
			return err
		}
		v.id, v.slot = renewed.id, renewed.slot
		return nil
	})
}

// rewrap wraps the identity of v as s wraps the one before.
func (v *Vault) rewrap(ctx context.Context, s slot, contents *Contents, report SlotReport, change replacement, of PassphraseOf) (slot, *slotRecipient, error) {
	if s.id == change.slot {
		renewed, err := wrap(ctx, v.id, s.name, *change.pass, v.file.options.WorkFactor)
		return renewed, nil, err
	}
	if s.kind == slotPassphrase {
		pass, err := askFor(ctx, s, report, of)
		if err != nil {
			return slot{}, nil, err
		}
		renewed, err := wrap(ctx, v.id, s.name, pass, report.WorkFactor)
		return renewed, nil, err
	}
	r, ok := contents.recipientOf(s.id)
	if !ok {
		return slot{}, nil, fmt.Errorf("slot %s is of the kind %q, which this npmotp cannot carry over", s.shown(), s.kind)
	}
	renewed, wrapped, err := v.wrapTo(ctx, v.id, s.name, r.text)
	if err == nil {
		wrapped.extra = r.extra
	}
	return renewed, wrapped, err
}

// askFor asks for the passphrase of s until one opens it: a mistyped one would
// lock its owner out.
func askFor(ctx context.Context, s slot, report SlotReport, of PassphraseOf) (secret.Text, error) {
	for attempt := 0; ; attempt++ {
		pass, err := of(ctx, report, attempt)
		if err != nil {
			return secret.Text{}, err
		}
		if _, err = (passphrase{pass}).open(ctx, s); !errors.Is(err, ErrPassphrase) {
			return pass, err
		}
	}
}

// wrapTo writes a vault identity into a new slot of a recipient.
func (v *Vault) wrapTo(ctx context.Context, id *age.HybridIdentity, name, text string) (slot, *slotRecipient, error) {
	r, err := agefile.ParseRecipient(text, v.file.options.Dialogue)
	if err != nil {
		return slot{}, nil, err
	}
	armored, postQuantum, err := r.Seal(ctx, []byte(id.String()+"\n"))
	if err != nil {
		return slot{}, nil, err
	}
	s := newSlot(slotAge, name, armored)
	return s, &slotRecipient{slot: s.id, text: r.Text, postQuantum: postQuantum}, nil
}
