package vault

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"filippo.io/age"

	"npmotp/internal/agefile"
	"npmotp/internal/secret"
)

// ErrNoSlotFits says that no slot was made for the identities.
var ErrNoSlotFits = errors.New("no slot of the vault opens with the identity")

// An Opener opens a vault: [Passphrase], [ByIdentities] or [ByIdentity].
type Opener interface {
	// unwrap returns the vault identity, and the slot that it was in, if in one.
	unwrap(ctx context.Context, c *container) (id *age.HybridIdentity, slot string, err error)
}

// Passphrase returns what opens the slots of a passphrase.
func Passphrase(pass secret.Text) Opener { return passphrase{pass} }

type passphrase struct{ text secret.Text }

// unwrap implements [Opener]. Each slot that does not fit costs a run of scrypt.
func (p passphrase) unwrap(ctx context.Context, c *container) (*age.HybridIdentity, string, error) {
	for _, s := range c.slots {
		if s.kind != slotPassphrase {
			continue
		}
		id, err := p.open(ctx, s)
		if errors.Is(err, ErrPassphrase) {
			continue
		}
		return id, s.id, err
	}
	return nil, "", ErrPassphrase
}

// open opens one slot.
func (p passphrase) open(ctx context.Context, s slot) (*age.HybridIdentity, error) {
	plain, err := agefile.OpenPassphrase(ctx, s.armored, p.text)
	if errors.Is(err, ErrPassphrase) || err != nil && ctx.Err() != nil {
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("%w: slot %s: %w", ErrFormat, s.id, err)
	}
	return s.identity(plain)
}

// ByIdentities returns what opens the slots that [Vault.AddRecipient] makes.
func ByIdentities(ids *agefile.Identities) Opener { return identities{ids} }

type identities struct{ *agefile.Identities }

// unwrap implements [Opener]. A problem with one slot, such as a plugin that is
// not installed, is told if no other opens.
func (i identities) unwrap(ctx context.Context, c *container) (*age.HybridIdentity, string, error) {
	var problem error
	for _, s := range c.slots {
		if s.kind != slotAge {
			continue
		}
		plain, err := i.Open(ctx, s.armored)
		switch {
		case err == nil:
			id, err := s.identity(plain)
			return id, s.id, err
		case errors.Is(err, agefile.ErrOther):
			// Another slot may be for them.
		case !errors.Is(err, agefile.ErrIdentity):
			return nil, "", err
		case problem == nil:
			problem = fmt.Errorf("slot %s: %w", s.shown(), err)
		}
	}
	if problem != nil {
		return nil, "", problem
	}
	return nil, "", ErrNoSlotFits
}

// identity returns the vault identity that was in the slot.
func (s slot) identity(plain []byte) (*age.HybridIdentity, error) {
	id, err := age.ParseHybridIdentity(strings.TrimSuffix(string(plain), "\n"))
	if err != nil {
		// The parse error may quote what it read.
		return nil, fmt.Errorf("%w: slot %s does not hold a vault identity", ErrFormat, s.id)
	}
	return id, nil
}

// wrap writes the vault identity into a new passphrase slot.
func wrap(ctx context.Context, id *age.HybridIdentity, name string, pass secret.Text, workFactor int) (slot, error) {
	armored, err := agefile.SealPassphrase(ctx, []byte(id.String()+"\n"), pass, workFactor)
	if err != nil {
		return slot{}, err
	}
	return newSlot(slotPassphrase, name, armored), nil
}
