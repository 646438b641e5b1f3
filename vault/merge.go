package vault

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"npmotp/internal/atomicfile"
	"npmotp/internal/jsonobject"
	"npmotp/internal/secret"
	"npmotp/vault/internal/merge"
)

// ErrOtherVault says that a file is a vault, but no copy of this one.
var ErrOtherVault = errors.New("another vault, not a copy of this one")

// Merge joins two copies of a vault that were changed apart. It is pure, and
// commutative, associative and idempotent: laptops that merge the same copies,
// in whatever order and however often, end with the same contents.
//
//   - Accounts, devices, recovery codes and all other objects with an id are
//     joined by it. One that was removed in either copy is removed.
//   - A field of such an object has the value that was written last, by the
//     times that [Vault.Update] stores with each change. Of two written at one
//     time, the larger text wins.
//   - A used recovery code stays used, a reserved one reserved until the
//     reservation is given back by somebody who has seen it, a retired one
//     retired. A counter of HOTP is the larger one.
//   - Two secrets in one account are both kept, the second in an account beside
//     it. Two accounts of one name are both kept, the younger as "name (2)".
//
// The generation is the higher one; what stores the result raises it. Of the
// slots, which are not part of the contents, see [Vault.Merge].
func Merge(a, b *Contents) (*Contents, error) {
	if a.VaultID != b.VaultID {
		return nil, ErrOtherVault
	}
	left, err := a.object()
	if err != nil {
		return nil, err
	}
	right, err := b.object()
	if err != nil {
		return nil, err
	}
	data, err := json.Marshal(merge.Join(left, right))
	if err != nil {
		return nil, err
	}
	merged, _, err := decodeContents(data)
	if err != nil {
		return nil, fmt.Errorf("merging: %w", err)
	}
	return merged, nil
}

// object returns the JSON of c.
func (c *Contents) object() (merge.Object, error) {
	w, err := c.wire("")
	if err != nil {
		return nil, err
	}
	data, err := jsonobject.Encode(w, (*wireContents).fields, 0)
	if err != nil {
		return nil, err
	}
	return merge.Parse(data)
}

// canonical writes c so that contents that a merge makes no difference between
// are equal texts.
func (c *Contents) canonical() (string, error) {
	o, err := c.object()
	if err != nil {
		return "", err
	}
	return merge.Canonical(o), nil
}

// A Copy is a file that holds another copy of an open vault, read and decrypted.
type Copy struct {
	path     string
	file     *container
	vault    *Vault // the identity that opens it
	contents *Contents
}

// Path returns the path that the copy was named by.
func (c *Copy) Path() string { return c.path }

// An Asker returns the passphrase of the file at a path.
type Asker func(ctx context.Context, path string) (secret.Text, error)

// OpenCopy reads the file at path as a copy of v. Where the passphrase of one
// of them was changed, v does not open the other: ask is called for the
// passphrase of that file. The error wraps [ErrOtherVault] when the file is
// another vault.
func (v *Vault) OpenCopy(ctx context.Context, path string, ask Asker) (*Copy, error) {
	data, err := readRegular(path)
	if err != nil {
		return nil, err
	}
	return v.openCopy(ctx, path, data, ask)
}

func (v *Vault) openCopy(ctx context.Context, path string, data []byte, ask Asker) (*Copy, error) {
	file, err := parseContainer(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	c := &Copy{path: path, file: file, vault: v}
	c.contents, err = v.decode(file)
	if errors.Is(err, ErrOtherIdentity) {
		var pass secret.Text
		if pass, err = v.passphraseFor(ctx, c, ask); err != nil {
			return nil, err
		}
		c.vault, c.contents, err = At(path, Options{}).open(ctx, path, file, Passphrase(pass))
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	own, err := v.Contents()
	if err != nil {
		return nil, err
	}
	if own.VaultID != c.contents.VaultID {
		return nil, fmt.Errorf("%s is %w", path, ErrOtherVault)
	}
	return c, nil
}

// passphraseFor asks for the passphrase of a copy that has another identity, if it may be
// tried on it.
func (v *Vault) passphraseFor(ctx context.Context, c *Copy, ask Asker) (secret.Text, error) {
	own, err := v.file.read()
	if err != nil {
		return secret.Text{}, err
	}
	if err := v.file.agree(ctx, c.path, c.file.slots, workFactorsOf(own.slots), notInVault); err != nil {
		return secret.Text{}, err
	}
	return ask(ctx, c.path)
}

// slotsAt returns when the slots were exchanged last, the zero time when they
// never were.
func (c *Contents) slotsAt() time.Time {
	return merge.StampOf(c.extra[merge.ChangedAt], slotsRegister)
}

// A joint is several copies merged into one.
type joint struct {
	contents   *Contents
	vault      *Vault // whose identity the result is encrypted to
	head       []byte
	slotsAt    time.Time
	generation uint64 // the highest of all
}

// mergeCopies joins copies, of which the first is the vault itself.
func mergeCopies(copies []*Copy) (*joint, error) {
	first := copies[0]
	j := &joint{
		contents: first.contents, vault: first.vault, head: first.file.head,
		slotsAt: first.contents.slotsAt(), generation: first.contents.Generation,
	}
	slots, recipients := first.file.slots, first.contents.recipients
	for _, c := range copies[1:] {
		merged, err := Merge(j.contents, c.contents)
		if err != nil {
			return nil, fmt.Errorf("%s is %w", c.path, err)
		}
		j.contents = merged
		j.generation = max(j.generation, c.contents.Generation)
		switch at := c.contents.slotsAt(); {
		case c.vault.sameIdentity(j.vault):
			// A slot that is taken away gives the vault a new identity, so what only
			// one of two copies has was added there.
			for _, s := range c.file.slots {
				if !slices.ContainsFunc(slots, func(have slot) bool { return have.id == s.id }) {
					slots = append(slices.Clip(slots), s)
				}
			}
			for _, r := range c.contents.recipients {
				if !slices.ContainsFunc(recipients, func(have slotRecipient) bool { return have.slot == r.slot }) {
					recipients = append(slices.Clip(recipients), r)
				}
			}
			if len(slots) > maxSlots {
				return nil, fmt.Errorf("%s and the vault together have too many slots: %w", c.path, ErrManySlots)
			}
			j.head = headOf(slots)
		case at.After(j.slotsAt) || at.Equal(j.slotsAt) && bytes.Compare(c.file.head, j.head) > 0:
			j.vault, j.head, j.slotsAt, slots = c.vault, c.file.head, at, c.file.slots
			recipients = c.contents.recipients
		}
	}
	j.contents.recipients = recipients
	return j, nil
}

func (v *Vault) sameIdentity(w *Vault) bool {
	return v == w || secret.New(v.id.String()).Equal(secret.New(w.id.String()))
}

// holds reports whether the file of c is all that j is: the same contents,
// behind the same slots.
func (j *joint) holds(c *Copy) (bool, error) {
	mine, err := c.contents.canonical()
	if err != nil {
		return false, err
	}
	merged, err := j.contents.canonical()
	return err == nil && mine == merged && bytes.Equal(j.head, c.file.head), err
}

// changes returns what j changes in c.
func (j *joint) changes(c *Copy) []Change {
	changes := Diff(c.contents, j.contents)
	if !j.vault.sameIdentity(c.vault) {
		changes = append(changes, Change{Kind: KindPassphrase, What: ChangeChanged})
	}
	return changes
}

// own reads the vault itself as one of its copies.
func (v *Vault) own() (*Copy, error) {
	file, contents, err := v.present()
	return &Copy{path: v.file.path, file: file, vault: v, contents: contents}, err
}

// join merges copies with the vault as it is now, which is own.
func (v *Vault) join(copies []*Copy) (j *joint, own *Copy, err error) {
	if own, err = v.own(); err != nil {
		return nil, nil, err
	}
	j, err = mergeCopies(append([]*Copy{own}, copies...))
	return j, own, err
}

// Preview returns what [Vault.Merge] would change in the vault.
func (v *Vault) Preview(copies []*Copy) ([]Change, error) {
	j, own, err := v.join(copies)
	if err != nil {
		return nil, err
	}
	return j.changes(own), nil
}

// Merge joins copies into the vault and returns what that changed in it. The
// vault gets a generation above all of theirs, and above the highest that was
// seen of it, so that a vault that was rolled back can be written to again.
//
// Where the passphrase or the slots were exchanged in one copy, the ones that
// were exchanged last open the merged vault.
func (v *Vault) Merge(ctx context.Context, copies []*Copy) ([]Change, error) {
	unlock, err := v.file.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	j, own, err := v.join(copies)
	if err != nil {
		return nil, err
	}
	seen, err := v.file.seen(own.contents, j.generation)
	if err != nil {
		return nil, err
	}
	same, err := j.holds(own)
	if err != nil || same && own.contents.Generation >= max(j.generation, seen) {
		return nil, err
	}
	j.generation = max(j.generation, seen)
	changes := j.changes(own)
	data, err := j.seal(v.file, own.file)
	if err != nil {
		return nil, err
	}
	return changes, v.take(j, own, data)
}

// seen returns the highest generation that was seen of the vault, and warns
// when no copy comes up to it.
func (f *File) seen(own *Contents, highest uint64) (uint64, error) {
	r, err := f.memory.read(f.path)
	if err != nil {
		return 0, err
	}
	if r.VaultID != "" && r.VaultID != own.VaultID {
		return 0, r.check(f.path, own)
	}
	if r.Generation > highest {
		f.options.Warn(fmt.Errorf("generation %d of the vault was seen here, and no copy is newer than generation %d: what was changed in between is not in the merged vault", r.Generation, highest))
	}
	return r.Generation, nil
}

// seal returns the file that j is, as the successor of the file old.
func (j *joint) seal(f *File, old *container) ([]byte, error) {
	j.contents.Parent = old.hash()
	j.contents.Generation = j.generation + 1
	plain, err := j.contents.encode(headHash(j.head))
	if err != nil {
		return nil, err
	}
	j.vault = &Vault{file: f, id: j.vault.id}
	return j.vault.sealBody(j.head, plain)
}

// take puts data, which j was sealed to or a copy of it, in the place of the
// vault. The lock is held.
func (v *Vault) take(j *joint, own *Copy, data []byte) error {
	w := &Vault{file: v.file, id: j.vault.id}
	if err := w.publish(own.file, own.contents.Generation, data, nil, j.contents); err != nil {
		return err
	}
	v.id = w.id
	return nil
}

// MergeInPlace joins copies into the file of the vault and leaves nothing
// beside it, neither a lock nor a backup: for git, which keeps the old versions
// and hands out temporary files.
func (v *Vault) MergeInPlace(copies []*Copy) error {
	j, own, err := v.join(copies)
	if err != nil {
		return err
	}
	data, err := j.seal(v.file, own.file)
	if err != nil {
		return err
	}
	return j.vault.writer("", nil).Replace(data)
}

// RemoveCopy deletes the file of a copy that was merged, unless it was written
// since.
func RemoveCopy(c *Copy) error {
	now, err := hashFile(c.path)
	if err != nil {
		return err
	}
	if now != c.file.hash() {
		return fmt.Errorf("%s was written again and stays: merge it once more", c.path)
	}
	path, err := atomicfile.Resolve(c.path)
	if err != nil {
		return err
	}
	return os.Remove(path)
}
