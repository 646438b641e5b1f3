package vault

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"filippo.io/age"

	"npmotp/internal/agefile"
	"npmotp/internal/atomicfile"
)

// save stores contents in place of the file old, which they were made from. The
// lock is held.
func (v *Vault) save(old *container, head []byte, contents *Contents) error {
	generation := contents.Generation
	contents.Parent = old.hash()
	contents.Generation++
	plain, err := contents.encodeChange(headHash(head), v.file.options.Clock())
	if err != nil {
		return err
	}
	data, err := v.sealBody(head, plain)
	if err != nil {
		return err
	}
	return v.publish(old, generation, data, plain, contents)
}

// publish stores data, which holds contents, in place of the file old. Plain is
// what its body holds, or nil where that is not at hand.
func (v *Vault) publish(old *container, generation uint64, data, plain []byte, contents *Contents) error {
	if err := v.file.removeOwnLeftovers(); err != nil {
		v.file.options.Warn(err)
	}
	backup, err := v.file.backupPath(contents.VaultID, generation, old.hash())
	if err != nil {
		return err
	}
	if err := v.writer(backup, plain).Replace(data); err != nil {
		return fmt.Errorf("saving the vault: %w", err)
	}
	v.file.remember(contents, data)
	if err := v.file.pruneBackups(contents.VaultID); err != nil {
		v.file.options.Warn(err)
	}
	return nil
}

// writer writes the vault file, and before it takes the place of the old one
// reads and decrypts what came to be on the disk. That has to be plain, or, where
// plain is nil, the contents of a vault.
func (v *Vault) writer(backup string, plain []byte) atomicfile.Writer {
	return atomicfile.Writer{
		Path: v.file.path,
		Keep: backup,
		Fail: v.file.options.Fail,
		Verify: func(onDisk []byte) error {
			c, err := parseContainer(onDisk)
			if err != nil {
				return err
			}
			if plain == nil {
				_, err = v.decode(c)
				return err
			}
			read, err := v.decrypt(c)
			if err == nil && !bytes.Equal(read, plain) {
				err = errors.New("what was read back is not what was written")
			}
			return err
		},
	}
}

// sealBody returns the bytes of a file with the given head and the encoded
// contents.
func (v *Vault) sealBody(head, plain []byte) ([]byte, error) {
	body, err := agefile.Seal(plain, v.id.Recipient())
	if err != nil {
		return nil, err
	}
	return append(slices.Clip(head), body...), nil
}

// decrypt decrypts the body of c.
func (v *Vault) decrypt(c *container) ([]byte, error) {
	plain, err := agefile.Open(c.body, v.id)
	if errors.Is(err, age.ErrIncorrectIdentity) {
		return nil, fmt.Errorf("%w: %w", ErrFormat, ErrOtherIdentity)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: body: %w", ErrFormat, err)
	}
	return plain, nil
}

// decode decrypts the body of c and returns what it holds. What was decoded last
// is not decoded again while the file is the same; it is handed out once.
func (v *Vault) decode(c *container) (*Contents, error) {
	if opened := v.opened; opened != nil && bytes.Equal(v.openedFrom.data, c.data) {
		v.opened, v.openedFrom = nil, nil
		return opened, nil
	}
	plain, err := v.decrypt(c)
	if err != nil {
		return nil, err
	}
	contents, slotsHash, err := decodeContents(plain)
	if err != nil {
		return nil, err
	}
	if slotsHash != headHash(c.head) {
		return nil, fmt.Errorf("%w: its slots were changed by something other than npmotp", ErrFormat)
	}
	return contents, nil
}
