package vault_test

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"npmotp/internal/atomicfile"
	"npmotp/internal/filelock"
	"npmotp/internal/secret"
	"npmotp/internal/statefile"
	"npmotp/vault"
)

// A handled vault is open, and has a backup and a copy with something new in it.
type handled struct {
	v        *vault.Vault
	path     string
	backup   vault.Backup
	copyPath string
	other    *vault.Copy
	memory   string
	failing  error // of each step of a save
}

func (h *handled) file() *vault.File { return h.v.File() }

// handle opens a copy of the folder that prepared made.
func handle(t *testing.T, prepared string) *handled {
	t.Helper()
	h := &handled{path: filepath.Join(t.TempDir(), "vault.npmotp"), memory: t.TempDir()}
	dir := filepath.Dir(h.path)
	if err := os.CopyFS(dir, os.DirFS(prepared)); err != nil {
		t.Fatal(err)
	}
	h.copyPath = filepath.Join(dir, "copy.npmotp")
	h.v = open(t, h.path, vault.Options{Memory: h.memory, Fail: func(atomicfile.Step) error { return h.failing }})
	h.other = openCopy(t, h.v, h.copyPath)
	backups, err := h.file().Backups()
	if err != nil || len(backups) == 0 {
		t.Fatalf("%d backups, %v", len(backups), err)
	}
	h.backup = backups[0]
	return h
}

// tree returns the files of a folder, without what locks them.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && !strings.HasSuffix(path, ".lock") {
			files[path] = read(t, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// Whatever is done with an open vault fails where something that it needs is not as
// it was, says what, and leaves all files as they are; what does not need that goes on.
func TestFailingChangesNothing(t *testing.T) {
	prepared := t.TempDir()
	v, path := create(t)
	_, recipient := key(t)
	addSlot(t, v, recipient, "spare")
	add(t, v, "ada", codeA)
	copied := duplicate(t, path)
	add(t, open(t, copied), "bob")
	add(t, v, "cyd")
	if err := os.CopyFS(prepared, os.DirFS(filepath.Dir(path))); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(prepared, "copy.npmotp"), read(t, copied))

	const ( // what an operation needs
		reads    = 1 << iota // the file of the vault
		locks                // nobody else who writes
		recalls              // what was seen of the vault
		saves                // the place for a new file
		keeps                // the folder of the backups
		resolves = 0         // the path alone, which all do
	)
	full := errors.New("no space left")
	operations := map[string]struct {
		needs int
		do    func(ctx context.Context, h *handled) error
	}{
		"Contents": {reads, func(ctx context.Context, h *handled) error { _, err := h.v.Contents(); return err }},
		"Look": {reads, func(_ context.Context, h *handled) error {
			return h.v.Look(func(*vault.Contents) error { return nil })
		}},
		"Update": {reads | locks | recalls | saves | keeps, func(ctx context.Context, h *handled) error {
			return h.v.Update(ctx, func(c *vault.Contents) error { _, err := c.Add(account("eve"), then); return err })
		}},
		"Reserve": {reads | locks | recalls | saves | keeps, func(ctx context.Context, h *handled) error {
			_, _, _, err := h.v.Reserve(ctx, "ada", "", then)
			return err
		}},
		"Check":          {reads | keeps, func(ctx context.Context, h *handled) error { _, err := h.v.Check(then); return err }},
		"Slots":          {reads, func(ctx context.Context, h *handled) error { _, err := h.v.Slots(); return err }},
		"FindSlot":       {reads, func(ctx context.Context, h *handled) error { _, err := h.v.FindSlot("spare"); return err }},
		"PassphraseSlot": {reads, func(ctx context.Context, h *handled) error { _, err := h.v.PassphraseSlot(""); return err }},
		"AddPassphrase": {reads | locks | recalls | saves | keeps, func(ctx context.Context, h *handled) error {
			_, err := h.v.AddPassphrase(ctx, pass, "second")
			return err
		}},
		"RemoveSlot": {reads | locks | recalls | saves | keeps, func(ctx context.Context, h *handled) error {
			_, err := h.v.RemoveSlot(ctx, "spare", always(pass))
			return err
		}},
		"ChangePassphrase": {reads | locks | recalls | saves | keeps, func(ctx context.Context, h *handled) error {
			return h.v.ChangePassphrase(ctx, "", secret.New("other"), always(pass))
		}},
		"OpenCopy": {reads, func(ctx context.Context, h *handled) error {
			_, err := h.v.OpenCopy(ctx, h.copyPath, noPassphrase)
			return err
		}},
		"Preview": {reads, func(_ context.Context, h *handled) error { _, err := h.v.Preview([]*vault.Copy{h.other}); return err }},
		"Merge": {reads | locks | recalls | saves | keeps, func(ctx context.Context, h *handled) error {
			_, err := h.v.Merge(ctx, []*vault.Copy{h.other})
			return err
		}},
		"MergeInPlace": {reads | saves, func(_ context.Context, h *handled) error { return h.v.MergeInPlace([]*vault.Copy{h.other}) }},
		"Sync": {reads | locks | recalls | saves | keeps, func(ctx context.Context, h *handled) error {
			_, err := h.v.Sync(ctx, h.copyPath, nil, noPassphrase)
			return err
		}},
		"CopyTo": {reads | saves, func(_ context.Context, h *handled) error { _, err := h.file().CopyTo(h.copyPath, true); return err }},
		"Accept": {reads | recalls, func(ctx context.Context, h *handled) error { return h.v.Accept() }},
		"Probe":  {reads, func(_ context.Context, h *handled) error { return h.file().Probe() }},
		"Open": {reads, func(ctx context.Context, h *handled) error {
			_, err := h.file().Open(ctx, vault.Passphrase(pass))
			return err
		}},
		"WorkFactor":         {reads, func(_ context.Context, h *handled) error { _, err := h.file().WorkFactor(); return err }},
		"PassphraseOpens":    {reads, func(_ context.Context, h *handled) error { _, err := h.file().PassphraseOpens(); return err }},
		"BackupsOfForgotten": {reads | keeps, func(ctx context.Context, h *handled) error { _, err := h.v.BackupsOfForgotten(ctx); return err }},
		"Exists":             {resolves, func(_ context.Context, h *handled) error { _, err := h.file().Exists(); return err }},
		"Backups":            {keeps, func(_ context.Context, h *handled) error { _, err := h.file().Backups(); return err }},
		"RemoveBackups": {locks | keeps, func(ctx context.Context, h *handled) error {
			_, err := h.file().RemoveBackups(ctx, []vault.Backup{h.backup})
			return err
		}},
		"Leftovers":       {keeps, func(_ context.Context, h *handled) error { _, err := h.file().Leftovers(); return err }},
		"RemoveLeftovers": {locks | keeps, func(ctx context.Context, h *handled) error { return h.file().RemoveLeftovers(ctx) }},
		"Restore": {locks | recalls | saves | keeps, func(ctx context.Context, h *handled) error {
			_, err := h.file().Restore(ctx, h.backup, vault.Passphrase(pass))
			return err
		}},
	}
	for state, tt := range map[string]struct {
		make  func(h *handled) error
		takes int // what is needed, 0 for the path alone
		says  func(error) bool
	}{
		"gone":    {func(h *handled) error { return os.Remove(h.path) }, reads, is(vault.ErrNoVault)},
		"damaged": {func(h *handled) error { return os.WriteFile(h.path, []byte("npmotp-vault 1\n"), 0o600) }, reads, is(vault.ErrFormat)},
		"a link to itself": {func(h *handled) error {
			return errors.Join(os.Remove(h.path), os.Symlink(h.path, h.path))
		}, resolves, func(err error) bool { return err != nil }},
		"something else has the name of the lock": {func(h *handled) error {
			return errors.Join(os.RemoveAll(h.path+".lock"), os.Mkdir(h.path+".lock", 0o700))
		}, locks, is(filelock.ErrNotLock)},
		"seen by a later npmotp": {func(h *handled) error {
			seen, err := filepath.Glob(filepath.Join(h.memory, "seen-*"))
			if err != nil || len(seen) != 1 {
				return errors.New("nothing was noted")
			}
			return os.WriteFile(seen[0], []byte(`{"v":2}`), 0o600)
		}, recalls, func(err error) bool { _, ok := errors.AsType[*statefile.VersionError](err); return ok }},
		"something else has the name of the backups": {func(h *handled) error {
			backups := filepath.Join(filepath.Dir(h.path), "backups")
			return errors.Join(os.Rename(backups, backups+"-2"), os.WriteFile(backups, nil, 0o600))
		}, keeps, func(err error) bool { return err != nil }},
		"full": {func(h *handled) error { h.failing = full; return nil }, saves, is(full)},
	} {
		for name, op := range operations {
			t.Run(state+"/"+name, func(t *testing.T) {
				h := handle(t, prepared)
				if err := tt.make(h); err != nil && runtime.GOOS == "windows" {
					t.Skip("not every user makes a symbolic link:", err)
				} else if err != nil {
					t.Fatal(err)
				}
				before := tree(t, filepath.Dir(h.path))
				err := op.do(t.Context(), h)
				if tt.takes != resolves && op.needs&tt.takes == 0 {
					if err != nil {
						t.Errorf("got %v, and nothing that it needs is missing", err)
					}
					return
				}
				if !tt.says(err) {
					t.Errorf("got %v", err)
				}
				if now := tree(t, filepath.Dir(h.path)); !maps.Equal(before, now) {
					t.Error("the files are not what they were")
				}
			})
		}
	}
}

func is(target error) func(error) bool { return func(err error) bool { return errors.Is(err, target) } }

// What keeps a vault from being made leaves nothing behind, and nothing that is there
// is touched.
func TestCreateFailing(t *testing.T) {
	full := errors.New("no space left")
	some := func(err error) bool { return err != nil }
	for name, tt := range map[string]struct {
		make    func(path string) error
		failing func(path string) error // each step of the first save
		says    func(error) bool
	}{
		"a link to itself":                        {func(path string) error { return os.Symlink(path, path) }, nil, some},
		"a link that leads nowhere as the folder": {func(path string) error { return os.Symlink("nowhere", filepath.Dir(path)) }, nil, some},
		"a file as the folder":                    {func(path string) error { return os.WriteFile(filepath.Dir(path), nil, 0o600) }, nil, some},
		"something else has the name of the lock": {func(path string) error { return os.MkdirAll(path+".lock", 0o700) }, nil, is(filelock.ErrNotLock)},
		"full":                     {nil, func(string) error { return full }, is(full)},
		"another npmotp is faster": {nil, func(path string) error { return os.WriteFile(path, []byte("theirs"), 0o600) }, is(vault.ErrExists)},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			path := filepath.Join(root, "folder", "vault.npmotp")
			if strings.Contains(name, "itself") {
				path = filepath.Join(root, "vault.npmotp")
			}
			if tt.make != nil {
				if err := tt.make(path); err != nil && runtime.GOOS == "windows" {
					t.Skip("not every user makes a symbolic link:", err)
				} else if err != nil {
					t.Fatal(err)
				}
			}
			before := tree(t, root)
			file := vault.At(path, cheap(vault.Options{Fail: func(s atomicfile.Step) error {
				if tt.failing != nil && s == atomicfile.StepCreate {
					return tt.failing(path)
				}
				return nil
			}}))
			if _, err := file.Create(t.Context(), pass); !tt.says(err) {
				t.Errorf("got %v", err)
			}
			if now := tree(t, root); !maps.Equal(before, now) && now[path] != "theirs" {
				t.Errorf("%d files, and there were %d", len(now), len(before))
			}
		})
	}
}

// What keeps a copy from being synced with, or made the vault of a machine that has
// none, leaves the vault and what is in the place of the copy as they are.
func TestSyncFailing(t *testing.T) {
	some := func(err error) bool { return err != nil }
	_, foreign := create(t)
	for name, tt := range map[string]struct {
		make  func(copied string) error
		says  func(error) bool
		adopt func(error) bool // of a new vault
	}{
		"a link to itself": {func(copied string) error { return os.Symlink(copied, copied) }, some, some},
		"a folder":         {func(copied string) error { return os.Mkdir(copied, 0o700) }, is(vault.ErrFormat), is(vault.ErrFormat)},
		"damaged":          {func(copied string) error { return os.WriteFile(copied, []byte("npmotp-vault 1\n"), 0o600) }, is(vault.ErrFormat), is(vault.ErrFormat)},
		"another vault":    {func(copied string) error { return os.WriteFile(copied, []byte(read(t, foreign)), 0o600) }, is(vault.ErrOtherVault), is(nil)},
		"something else has the name of the lock": {func(copied string) error { return os.Mkdir(copied+".lock", 0o700) }, is(filelock.ErrNotLock), is(vault.ErrNoVault)},
	} {
		t.Run(name, func(t *testing.T) {
			v, path := create(t, vault.Options{Memory: t.TempDir()})
			copied := filepath.Join(t.TempDir(), "vault.npmotp")
			if err := tt.make(copied); err != nil && runtime.GOOS == "windows" {
				t.Skip("not every user makes a symbolic link:", err)
			} else if err != nil {
				t.Fatal(err)
			}
			before, there := tree(t, filepath.Dir(path)), tree(t, filepath.Dir(copied))
			_, err := v.Sync(t.Context(), copied, nil, func(context.Context, string) (secret.Text, error) { return pass, nil })
			if !tt.says(err) {
				t.Errorf("got %v", err)
			}
			file := vault.At(filepath.Join(t.TempDir(), "new.npmotp"), cheap())
			if _, err := file.Adopt(t.Context(), copied, vault.Passphrase(pass)); !tt.adopt(err) {
				t.Errorf("a new vault: %v", err)
			}
			if !maps.Equal(before, tree(t, filepath.Dir(path))) || !maps.Equal(there, tree(t, filepath.Dir(copied))) {
				t.Error("the files are not what they were")
			}
		})
	}
}

// What is done to the copy while it is written, by an engine that knows no locks, ends
// the sync where it cannot be merged; the vault has all that it had and all that came.
func TestSyncMeanwhile(t *testing.T) {
	full := errors.New("no space left")
	for name, tt := range map[string]struct {
		step   atomicfile.Step
		meddle func(t *testing.T, carried, theirs string) error // with the copy; theirs is the vault of the other laptop
		every  bool
		says   func(error) bool
		has    int // accounts
	}{
		"the copy is removed": {atomicfile.StepKeep, func(_ *testing.T, carried, _ string) error { return os.Remove(carried) }, false, is(nil), 2},
		"the copy is damaged": {atomicfile.StepKeep, func(_ *testing.T, carried, _ string) error { return os.WriteFile(carried, []byte("x"), 0o600) }, false, is(vault.ErrFormat), 2},
		"there is no space":   {atomicfile.StepCreate, func(*testing.T, string, string) error { return full }, false, is(full), 2},
		"a new one comes":     {atomicfile.StepKeep, bring, false, is(nil), 3},
		"new ones come always": {atomicfile.StepKeep, func(t *testing.T, carried, theirs string) error {
			t.Helper()
			add(t, open(t, theirs), vault.NewID())
			return bring(t, carried, theirs)
		}, true, is(vault.ErrBusy), 3},
		"one comes where none was": {atomicfile.StepRename, bring, false, is(nil), 3},
	} {
		t.Run(name, func(t *testing.T) {
			var meddle func() error
			a, b, paths, carried := twoLaptops(t, vault.Options{Fail: func(s atomicfile.Step) error {
				if s != tt.step || meddle == nil {
					return nil
				}
				do := meddle
				if !tt.every {
					meddle = nil
				}
				return do()
			}})
			add(t, a, "from-a")
			add(t, b, "from-b")
			syncWith(t, b, carried)
			if _, err := a.Merge(t.Context(), []*vault.Copy{openCopy(t, a, carried)}); err != nil {
				t.Fatal(err)
			}
			// The vault has all that the copy has: the copy alone is written.
			add(t, b, "later")
			if tt.step == atomicfile.StepRename {
				if err := os.Remove(carried); err != nil {
					t.Fatal(err)
				}
			}
			meddle = func() error { return tt.meddle(t, carried, paths[1]) }
			if _, err := a.Sync(t.Context(), carried, nil, nil); !tt.says(err) {
				t.Errorf("got %v", err)
			}
			if n := len(contents(t, open(t, paths[0])).Accounts); n < tt.has {
				t.Errorf("the vault has %d accounts, want %d", n, tt.has)
			}
		})
	}
}

// bring puts a vault in the place of its copy, as an engine does.
func bring(t *testing.T, carried, theirs string) error {
	t.Helper()
	return os.WriteFile(carried, []byte(read(t, theirs)), 0o600)
}

// A copy of another vault is joined into none, by whatever way.
func TestCopyOfAnotherVault(t *testing.T) {
	v, path := create(t)
	one, other := create(t)
	before := read(t, path)
	copies := []*vault.Copy{openCopy(t, one, duplicate(t, other))}
	_, merged := v.Merge(t.Context(), copies)
	_, previewed := v.Preview(copies)
	_, synced := v.Sync(t.Context(), filepath.Join(t.TempDir(), "copy.npmotp"), copies, nil)
	for name, err := range map[string]error{"Merge": merged, "Preview": previewed, "Sync": synced, "MergeInPlace": v.MergeInPlace(copies)} {
		if !errors.Is(err, vault.ErrOtherVault) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if read(t, path) != before {
		t.Error("the vault was changed")
	}
}
