package vault

import (
	"context"
	"fmt"

	"filippo.io/age"

	"npmotp/internal/secret"
)

// Identity returns the vault identity, the key to everything in the vault. It
// is for a process that keeps the vault open for others; see [ByIdentity].
func (v *Vault) Identity() secret.Text { return secret.New(v.id.String()) }

// ByIdentity returns what opens a vault with what [Vault.Identity] returned,
// without a slot. Opening fails with [ErrOtherIdentity] when the vault has a new
// identity since, as it has after each change of the passphrase.
func ByIdentity(identity secret.Text) Opener { return vaultIdentity{identity} }

type vaultIdentity struct{ text secret.Text }

// unwrap implements [Opener].
func (i vaultIdentity) unwrap(context.Context, *container) (*age.HybridIdentity, string, error) {
	id, err := age.ParseHybridIdentity(i.text.Reveal())
	if err != nil {
		// The parse error may quote what it read.
		return nil, "", fmt.Errorf("%w: no vault identity was given", ErrPassphrase)
	}
	return id, "", nil
}
