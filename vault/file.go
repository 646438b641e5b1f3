package vault

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"filippo.io/age"

	"npmotp/internal/agefile"
	"npmotp/internal/atomicfile"
	"npmotp/internal/filelock"
	"npmotp/internal/secret"
	"npmotp/internal/statefile"
	"npmotp/vault/internal/merge"
)

// lockWait is how long an update waits for another process.
const lockWait = 10 * time.Second

// Options say how a [File] is used. The zero value of each is what its comment
// says of it.
type Options struct {
	// WorkFactor is the scrypt work factor, the base-2 logarithm of the rounds, of
	// slots that are written from now on; 0 is [DefaultWorkFactor].
	WorkFactor int
	// Memory is the folder that remembers the newest generation seen of each vault.
	// Without it a rolled-back file is not noticed.
	Memory string
	// Warn is told of problems that do not stop an operation.
	Warn func(error)
	// Clock dates changes, for merges. Without it a change is later than the one
	// before it, and no more is known.
	Clock func() time.Time
	// Look is shown the contents of a vault that is opened by a person. It must not
	// change them.
	Look func(*Contents)
	// Costly is asked before a passphrase is tried on a file that wants much more work
	// for it than the vault did so far, and is told what; its error is that of the
	// operation. Without it such a file is refused.
	Costly func(ctx context.Context, what string) error
	// Dialogue is how plugins ask the person.
	Dialogue agefile.Dialogue
	// Fail is asked before each step of a save, for tests.
	Fail func(atomicfile.Step) error
}

// A File is the place of a vault. It holds no secrets.
type File struct {
	path    string
	options Options
	memory  memory
}

// At returns the vault file at path, which need not exist.
func At(path string, o Options) *File {
	if o.WorkFactor == 0 {
		o.WorkFactor = DefaultWorkFactor
	}
	if o.Warn == nil {
		o.Warn = func(error) {}
	}
	if o.Look == nil {
		o.Look = func(*Contents) {}
	}
	if o.Clock == nil {
		o.Clock = func() time.Time { return time.Time{} }
	}
	return &File{path: path, options: o, memory: memory{statefile.Folder{Dir: o.Memory, Warn: o.Warn}}}
}

// Path returns the path that the file was named by.
func (f *File) Path() string { return f.path }

// Exists reports whether there is something at the path.
func (f *File) Exists() (bool, error) {
	_, err := os.Stat(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// Probe reports what is wrong with the file as far as that shows without a
// passphrase.
func (f *File) Probe() error {
	_, err := f.read()
	return err
}

// A Vault is an open vault: a file, and the identity that opens its body.
type Vault struct {
	file *File
	id   *age.HybridIdentity
	slot string // the id of the slot that it was opened by, if it was

	// opened is what openedFrom holds, until it is handed out: a command opens the
	// vault, looks into it, and changes it.
	opened     *Contents
	openedFrom *container
}

// Create makes a new, empty vault that opens with pass. The error wraps
// [ErrExists] when there is a file already.
func (f *File) Create(ctx context.Context, pass secret.Text) (*Vault, error) {
	if exists, err := f.Exists(); err != nil {
		return nil, err
	} else if exists {
		return nil, fmt.Errorf("%w: %s", ErrExists, f.path)
	}
	v := &Vault{file: f, id: newIdentity()}
	s, err := wrap(ctx, v.id, "", pass, f.options.WorkFactor)
	if err != nil {
		return nil, err
	}
	v.slot = s.id
	contents := &Contents{VaultID: merge.NewID(), Generation: 1}
	head := headOf([]slot{s})
	plain, err := contents.encode(headHash(head))
	if err != nil {
		return nil, err
	}
	data, err := v.sealBody(head, plain)
	if err != nil {
		return nil, err
	}
	if err := v.create(ctx, data, contents); err != nil {
		return nil, err
	}
	return v, nil
}

// create writes data, which holds contents, as the first file of the vault.
func (v *Vault) create(ctx context.Context, data []byte, contents *Contents) error {
	f := v.file
	resolved, err := atomicfile.Resolve(f.path)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(resolved), 0o700); err != nil {
		return err
	}
	unlock, err := f.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	err = v.writer("", nil).Create(data)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%w: %s", ErrExists, f.path)
	}
	if err != nil {
		return fmt.Errorf("creating the vault: %w", err)
	}
	f.remember(contents, data)
	return nil
}

// Open opens the vault: by a passphrase, which costs a run of scrypt for each of
// its slots, by identities of age, or by what [Vault.Identity] returned. What
// follows is fast.
func (f *File) Open(ctx context.Context, by Opener) (*Vault, error) {
	c, err := f.read()
	if err != nil {
		return nil, err
	}
	v, contents, err := f.open(ctx, f.path, c, by)
	if err != nil {
		return nil, err
	}
	f.wasRead(contents, c)
	if v.slot != "" {
		f.options.Look(contents)
	}
	v.opened, v.openedFrom = contents, c
	return v, nil
}

// open opens a container that was read from path: the file, a backup or a copy of it.
// What its slots may cost is asked about where the memory knows those of the vault.
func (f *File) open(ctx context.Context, path string, c *container, by Opener) (*Vault, *Contents, error) {
	// A memory that cannot be read is told of when the vault has been.
	seen, _ := f.memory.read(f.path)
	if _, costs := by.(passphrase); costs && seen.Slots != nil {
		if err := f.agree(ctx, path, c.slots, seen.Slots, notSeenHere); err != nil {
			return nil, nil, err
		}
	}
	id, slot, err := by.unwrap(ctx, c)
	if err != nil {
		return nil, nil, err
	}
	v := &Vault{file: f, id: id, slot: slot}
	contents, err := v.decode(c)
	if err != nil {
		return nil, nil, err
	}
	return v, contents, nil
}

// Contents reads what the vault holds now. Changes to the result are not
// stored; see [Vault.Update].
func (v *Vault) Contents() (*Contents, error) {
	var contents *Contents
	err := v.Look(func(c *Contents) error { contents = c; return nil })
	v.opened, v.openedFrom = nil, nil
	return contents, err
}

// Look shows fn what the vault holds now, which it must neither change nor keep: if
// the file is still the same then, the next update begins with it.
func (v *Vault) Look(fn func(*Contents) error) error {
	opened := v.opened
	c, contents, err := v.present()
	if err != nil {
		return err
	}
	if contents != opened {
		v.file.wasRead(contents, c)
	}
	v.opened, v.openedFrom = contents, c
	return fn(contents)
}

// Update is the only way to change a vault. Under the lock it reads the file
// again, hands the contents to fn, and stores what fn made of them: on disk,
// synced and read back when Update returns nil. An error of fn is returned as
// it is and leaves the file alone.
func (v *Vault) Update(ctx context.Context, fn func(*Contents) error) error {
	return v.locked(ctx, func(old *container, contents *Contents) error {
		recipients := contents.recipients
		if err := fn(contents); err != nil {
			return err
		}
		contents.recipients = recipients // also where fn put other contents in their place
		return v.save(old, old.head, contents)
	})
}

// locked hands fn the file as it is now, while nobody else can write it.
func (v *Vault) locked(ctx context.Context, fn func(*container, *Contents) error) error {
	unlock, err := v.file.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	c, contents, err := v.present()
	if err != nil {
		return err
	}
	if err := v.file.memory.check(v.file.path, contents); err != nil {
		return err
	}
	return fn(c, contents)
}

// File returns the file that v was opened from.
func (v *Vault) File() *File { return v.file }

// present returns the file as it is now, and what it holds.
func (v *Vault) present() (*container, *Contents, error) {
	c, err := v.file.read()
	if err != nil {
		return nil, nil, err
	}
	contents, err := v.decode(c)
	return c, contents, err
}

// read returns the file taken apart, nothing of it decrypted.
func (f *File) read() (*container, error) {
	return readContainer(f.path)
}

func readContainer(path string) (*container, error) {
	data, err := readRegular(path)
	if err != nil {
		return nil, err
	}
	return parseContainer(data)
}

// readRegular reads a file of a bounded size.
func readRegular(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s", ErrNoVault, path)
	}
	if err != nil {
		return nil, err
	}
	// A named pipe or a device would hang the read or never end.
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%w: %s is not a regular file", ErrFormat, path)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	buffer := bytes.NewBuffer(make([]byte, 0, min(info.Size(), maxFile)+bytes.MinRead))
	if _, err := buffer.ReadFrom(io.LimitReader(file, maxFile+1)); err != nil {
		return nil, err
	}
	data := buffer.Bytes()
	if len(data) > maxFile {
		return nil, fmt.Errorf("%w: %s is larger than %d MiB", ErrFormat, path, maxFile>>20)
	}
	return data, nil
}

// lock keeps other writers out until the returned function is called.
func (f *File) lock(ctx context.Context) (unlock func(), err error) {
	path, err := atomicfile.Resolve(f.path)
	if err != nil {
		return nil, err
	}
	return lockFile(ctx, path, (*filelock.Lock).Release)
}

// lockFile locks the vault file at path, and unlocks it with release.
func lockFile(ctx context.Context, path string, release func(*filelock.Lock) error) (unlock func(), err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, lockWait, ErrBusy)
	defer cancel()
	l, err := filelock.Acquire(ctx, path+".lock", fmt.Sprintf("process %d", os.Getpid()))
	var busy *filelock.BusyError
	if errors.As(err, &busy) && errors.Is(err, ErrBusy) {
		return nil, fmt.Errorf("%w: %w", ErrBusy, err)
	}
	if err != nil {
		return nil, err
	}
	return func() { _ = release(l) }, nil
}
