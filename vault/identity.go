package vault

import (
	"context"
	"fmt"

	"filippo.io/age"

	"npmotp/internal/secret"
)

// Identity returns the vault identity, the key to everything in the vault. It
// is for a process that keeps the vault open for others; see [File.UnlockWith].
func (v *Vault) Identity() secret.Text { return secret.New(v.id.String()) }

// UnlockWith opens the vault with what [Vault.Identity] returned. It costs no
// scrypt. The error wraps [ErrOtherIdentity] when the vault has a new identity
// since, as it has after each change of the passphrase.
func (f *File) UnlockWith(_ context.Context, identity secret.Text) (*Vault, error) {
	id, err := age.ParseHybridIdentity(identity.Reveal())
	if err != nil {
		// The parse error may quote what it read.
		return nil, fmt.Errorf("%w: no vault identity was given", ErrPassphrase)
	}
	c, err := f.read()
	if err != nil {
		return nil, err
	}
	v := &Vault{file: f, id: id}
	contents, err := v.decode(c)
	if err != nil {
		return nil, err
	}
	if err := f.checkRead(contents, c.hash); err != nil {
		f.warn(err)
	}
	v.opened, v.openedHash = contents, c.hash
	return v, nil
}
