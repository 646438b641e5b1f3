package vault

import (
	"errors"
	"fmt"
	"os"
	"slices"

	"filippo.io/age"

	"npmotp/internal/atomicfile"
)

// save stores contents in place of the file old, which they were made from. The
// lock is held.
func (v *Vault) save(old *container, head []byte, contents *Contents) error {
	return v.replace(old, contents.Generation, head, contents)
}

// replace stores contents in place of the file old of the given generation.
func (v *Vault) replace(old *container, generation uint64, head []byte, contents *Contents) error {
	contents.Parent = old.hash
	contents.Generation++
	plain, err := contents.encodeChange(headHash(head), v.file.clock())
	if err != nil {
		return err
	}
	data, err := v.sealBody(head, plain)
	if err != nil {
		return err
	}
	return v.publish(old, generation, data, contents)
}

// publish stores data, which holds contents, in place of the file old.
func (v *Vault) publish(old *container, generation uint64, data []byte, contents *Contents) error {
	if err := removeLeftovers(v.file.path); err != nil {
		v.file.warn(err)
	}
	backup, err := v.file.backupPath(contents.VaultID, generation, old.hash)
	if err != nil {
		return err
	}
	if err := v.writer(backup).Replace(data); err != nil {
		return fmt.Errorf("saving the vault: %w", err)
	}
	v.file.remember(contents)
	if err := v.file.pruneBackups(contents.VaultID); err != nil {
		v.file.warn(err)
	}
	return nil
}

// writer writes the vault file, and reads and decrypts what came to be on the
// disk before that takes the place of the old file.
func (v *Vault) writer(backup string) atomicfile.Writer {
	return atomicfile.Writer{
		Path: v.file.path,
		Keep: backup,
		Fail: v.file.fail,
		Verify: func(onDisk []byte) error {
			c, err := parseContainer(onDisk)
			if err != nil {
				return err
			}
			_, err = v.decode(c)
			return err
		},
	}
}

// encode returns the bytes of a file with the given head and contents.
func (v *Vault) encode(head []byte, contents *Contents) ([]byte, error) {
	plain, err := contents.encode(headHash(head))
	if err != nil {
		return nil, err
	}
	return v.sealBody(head, plain)
}

// sealBody returns the bytes of a file with the given head and the encoded
// contents.
func (v *Vault) sealBody(head, plain []byte) ([]byte, error) {
	body, err := seal(plain, v.id.Recipient())
	if err != nil {
		return nil, err
	}
	return append(slices.Clip(head), body...), nil
}

// decode decrypts the body of c.
func (v *Vault) decode(c *container) (*Contents, error) {
	plain, err := open(c.body, v.id)
	if errors.Is(err, age.ErrIncorrectIdentity) {
		return nil, fmt.Errorf("%w: %w", ErrFormat, ErrOtherIdentity)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: body: %w", ErrFormat, err)
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

// removeLeftovers removes what killed saves left behind. The lock is held, so
// nobody is writing them.
func removeLeftovers(path string) error {
	found, err := atomicfile.Leftovers(path)
	for _, leftover := range found {
		err = errors.Join(err, os.Remove(leftover))
	}
	return err
}
