package atomicfile_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"npmotp/internal/atomicfile"
)

const (
	oldText = "old contents"
	newText = "new contents, longer than the old ones"
)

var errInjected = errors.New("injected")

// steps returns every step of a write that verifies and keeps, in order.
func steps() []atomicfile.Step {
	return []atomicfile.Step{
		atomicfile.StepCreate, atomicfile.StepWrite, atomicfile.StepSync, atomicfile.StepClose,
		atomicfile.StepReadBack, atomicfile.StepVerify, atomicfile.StepKeep, atomicfile.StepRename,
		atomicfile.StepSyncDir,
	}
}

func acceptAll([]byte) error { return nil }

// put creates a file with text and perm, whatever the umask is.
func put(t *testing.T, path, text string, perm fs.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), perm); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, perm); err != nil {
		t.Fatal(err)
	}
}

// oldFile returns a file with the old contents, alone in its folder.
func oldFile(t *testing.T) (dir, path string) {
	t.Helper()
	dir = t.TempDir()
	path = filepath.Join(dir, "file")
	put(t, path, oldText, 0o600)
	return dir, path
}

func wantText(t *testing.T, path, want string) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil {
		t.Error(err)
	} else if string(got) != want {
		t.Errorf("%s holds %q, want %q", filepath.Base(path), got, want)
	}
}

func wantPrivate(t *testing.T, path string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		return // permissions are inherited from the folder there
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if perm := info.Mode().Perm(); perm != 0o600 {
		t.Errorf("%s has mode %v, want 0600", filepath.Base(path), perm)
	}
}

// wantNames fails unless the folder dir holds these names and no other.
func wantNames(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if !slices.Equal(got, want) {
		t.Errorf("the folder holds %q, want %q", got, want)
	}
}

func TestReplace(t *testing.T) {
	for _, perm := range []fs.FileMode{0o600, 0o644, 0o666, 0o777, 0o400} {
		t.Run(perm.String(), func(t *testing.T) {
			if perm == 0o400 && runtime.GOOS == "windows" {
				t.Skip("Windows refuses to replace a read-only file")
			}
			dir := t.TempDir()
			path := filepath.Join(dir, "file")
			put(t, path, oldText, perm)
			if err := (atomicfile.Writer{Path: path}).Replace([]byte(newText)); err != nil {
				t.Fatal(err)
			}
			wantText(t, path, newText)
			wantPrivate(t, path)
			wantNames(t, dir, "file")
		})
	}
}

func TestMissingFileIsMade(t *testing.T) {
	for name, write := range map[string]func(atomicfile.Writer) error{
		"Replace": func(w atomicfile.Writer) error { return w.Replace([]byte(newText)) },
		"Create":  func(w atomicfile.Writer) error { return w.Create([]byte(newText)) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "file")
			if err := write(atomicfile.Writer{Path: path}); err != nil {
				t.Fatal(err)
			}
			wantText(t, path, newText)
			wantPrivate(t, path)
			wantNames(t, dir, "file")
		})
	}
}

func TestReplaceFailingAtEachStep(t *testing.T) {
	for _, failing := range steps() {
		t.Run(string(failing), func(t *testing.T) {
			dir, path := oldFile(t)
			backup := filepath.Join(dir, "old", "1")
			var seen []atomicfile.Step
			w := atomicfile.Writer{Path: path, Keep: backup, Verify: acceptAll, Fail: func(s atomicfile.Step) error {
				seen = append(seen, s)
				if s == failing {
					return errInjected
				}
				return nil
			}}
			if err := w.Replace([]byte(newText)); !errors.Is(err, errInjected) {
				t.Fatalf("the error is %v, want the step's own", err)
			}
			at := slices.Index(steps(), failing)
			if want := steps()[:at+1]; !slices.Equal(seen, want) {
				t.Errorf("the steps were %q, want %q", seen, want)
			}
			names := []string{"file"}
			if at > slices.Index(steps(), atomicfile.StepKeep) {
				names = append(names, "old")
				wantText(t, backup, oldText)
			}
			wantNames(t, dir, names...)
			if failing == atomicfile.StepSyncDir {
				// The name is in place already; only its sync is in doubt.
				wantText(t, path, newText)
			} else {
				wantText(t, path, oldText)
			}
		})
	}
}

func TestCreateRefusesWhatExists(t *testing.T) {
	dir := t.TempDir()
	file, folder := filepath.Join(dir, "file"), filepath.Join(dir, "folder")
	put(t, file, oldText, 0o640)
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{file, folder} {
		if err := (atomicfile.Writer{Path: path}).Create([]byte(newText)); !errors.Is(err, fs.ErrExist) {
			t.Errorf("creating over a %s: %v, want fs.ErrExist", filepath.Base(path), err)
		}
	}
	wantText(t, file, oldText)
	wantNames(t, dir, "file", "folder")
}

func TestCreateFailingAtEachStep(t *testing.T) {
	for _, failing := range steps() {
		if failing == atomicfile.StepKeep {
			continue // there is nothing to keep yet
		}
		t.Run(string(failing), func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "file")
			w := atomicfile.Writer{Path: path, Verify: acceptAll, Fail: failAt(failing)}
			if err := w.Create([]byte(newText)); !errors.Is(err, errInjected) {
				t.Fatalf("the error is %v, want the step's own", err)
			}
			if failing == atomicfile.StepSyncDir {
				wantText(t, path, newText)
				wantNames(t, dir, "file")
			} else {
				wantNames(t, dir)
			}
		})
	}
}

func failAt(failing atomicfile.Step) func(atomicfile.Step) error {
	return func(s atomicfile.Step) error {
		if s == failing {
			return errInjected
		}
		return nil
	}
}

func TestVerify(t *testing.T) {
	dir, path := oldFile(t)
	var got string
	w := atomicfile.Writer{Path: path, Verify: func(onDisk []byte) error {
		got = string(onDisk)
		wantText(t, path, oldText)
		return errInjected
	}}
	if err := w.Replace([]byte(newText)); !errors.Is(err, errInjected) {
		t.Fatalf("the error is %v, want that of Verify", err)
	}
	if got != newText {
		t.Errorf("Verify was given %q, want %q", got, newText)
	}
	wantText(t, path, oldText)
	wantNames(t, dir, "file")
}

// What comes back from the disk is compared although the write and the sync
// said that all was well.
func TestDamageOnTheWayIsFound(t *testing.T) {
	dir, path := oldFile(t)
	w := atomicfile.Writer{Path: path, Fail: func(s atomicfile.Step) error {
		if s != atomicfile.StepReadBack {
			return nil
		}
		tmp, err := atomicfile.Leftovers(path)
		if err != nil || len(tmp) != 1 {
			t.Fatalf("the temporary files are %q (%v), want one", tmp, err)
		}
		return os.WriteFile(tmp[0], []byte(strings.ToUpper(newText)), 0o600)
	}}
	if err := w.Replace([]byte(newText)); err == nil {
		t.Error("a file that changed on its way to the disk was put in place")
	}
	wantText(t, path, oldText)
	wantNames(t, dir, "file")
}

func TestKeep(t *testing.T) {
	dir, path := oldFile(t)
	backup := filepath.Join(dir, "old", "1")
	w := atomicfile.Writer{Path: path, Keep: backup}
	if err := w.Replace([]byte(newText)); err != nil {
		t.Fatal(err)
	}
	wantText(t, path, newText)
	wantText(t, backup, oldText)
	if runtime.GOOS != "windows" {
		info, err := os.Stat(filepath.Dir(backup))
		if err != nil {
			t.Fatal(err)
		}
		if perm := info.Mode().Perm(); perm != 0o700 {
			t.Errorf("the folder of backups has mode %v, want 0700", perm)
		}
	}

	if err := w.Replace([]byte("a third")); err != nil {
		t.Fatal(err)
	}
	wantText(t, path, "a third")
	wantText(t, backup, oldText) // what was there stays
	wantNames(t, filepath.Dir(backup), "1")
}

func TestFolderMissing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "no", "file")
	w := atomicfile.Writer{Path: path}
	for name, write := range map[string]func([]byte) error{"Replace": w.Replace, "Create": w.Create} {
		if err := write([]byte(newText)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v, want fs.ErrNotExist", name, err)
		}
	}
}

func TestReplaceOfAFolderFails(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "folder")
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := (atomicfile.Writer{Path: path}).Replace([]byte(newText)); err == nil {
		t.Error("a folder was replaced by a file")
	}
	wantNames(t, dir, "folder")
}

func TestLeftovers(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	want := filepath.Join(dir, ".file.tmp-0123456789abcdef")
	put(t, path, oldText, 0o600)
	put(t, want, newText, 0o600)
	for _, other := range []string{
		".file.tmp-", ".file.tmp-0123", ".file.tmp-0123456789abcdeg", ".other.tmp-0123456789abcdef",
		"file.tmp-0123456789abcdef", ".file.tmp-0123456789abcdef0", ".file2.tmp-0123456789abcdef",
	} {
		put(t, filepath.Join(dir, other), oldText, 0o600)
	}
	if err := os.Mkdir(filepath.Join(dir, ".file.tmp-fedcba9876543210"), 0o700); err != nil {
		t.Fatal(err)
	}
	got, err := atomicfile.Leftovers(path)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got, []string{want}) {
		t.Errorf("found %q, want only %q", got, want)
	}
}
