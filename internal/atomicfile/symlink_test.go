package atomicfile_test

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"npmotp/internal/atomicfile"
)

// link makes a symbolic link, or skips where the system lets only some users.
func link(t *testing.T, target, name string) {
	t.Helper()
	err := os.Symlink(target, name)
	if err != nil && runtime.GOOS == "windows" {
		t.Skip("Windows lets not every user make symbolic links:", err)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func wantLink(t *testing.T, name, target string) {
	t.Helper()
	if got, err := os.Readlink(name); err != nil || got != target {
		t.Errorf("%s links to %q (%v), want %q", filepath.Base(name), got, err, target)
	}
}

func TestReplaceFollowsLinks(t *testing.T) {
	there, here := t.TempDir(), t.TempDir()
	path := filepath.Join(there, "file")
	put(t, path, oldText, 0o600)
	second := filepath.Join(there, "second")
	link(t, "file", second) // relative to its own folder
	first := filepath.Join(here, "first")
	link(t, second, first)

	w := atomicfile.Writer{Path: first, Fail: func(s atomicfile.Step) error {
		if s == atomicfile.StepRename {
			wantNames(t, here, "first") // the temporary file is beside the file
		}
		return nil
	}}
	if err := w.Replace([]byte(newText)); err != nil {
		t.Fatal(err)
	}
	wantLink(t, first, second)
	wantLink(t, second, "file")
	wantText(t, path, newText)
	wantPrivate(t, path)
	wantNames(t, there, "file", "second")
	wantNames(t, here, "first")

	// A backup lies where Keep says, and is the file, not the link.
	backup := filepath.Join(here, "old", "1")
	if err := (atomicfile.Writer{Path: first, Keep: backup}).Replace([]byte("a third")); err != nil {
		t.Fatal(err)
	}
	wantText(t, backup, newText)
	if info, err := os.Lstat(backup); err != nil || !info.Mode().IsRegular() {
		t.Errorf("the backup is %v (%v), want a regular file", info.Mode(), err)
	}
}

func TestWritesThroughALinkToNothing(t *testing.T) {
	there, here := t.TempDir(), t.TempDir()
	for name, write := range map[string]func(atomicfile.Writer) error{
		"replace": func(w atomicfile.Writer) error { return w.Replace([]byte(newText)) },
		"create":  func(w atomicfile.Writer) error { return w.Create([]byte(newText)) },
	} {
		path, from := filepath.Join(there, name), filepath.Join(here, name)
		link(t, path, from)
		if err := write(atomicfile.Writer{Path: from}); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		wantLink(t, from, path)
		wantText(t, path, newText)
	}
}

func TestLinksInACircle(t *testing.T) {
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	link(t, b, a)
	link(t, a, b)
	if _, err := atomicfile.Resolve(a); err == nil {
		t.Error("a circle of links was resolved")
	}
	if err := (atomicfile.Writer{Path: a}).Replace([]byte(newText)); err == nil {
		t.Error("a circle of links was replaced")
	}
	wantNames(t, dir, "a", "b")
}

func TestLeftoversOfALink(t *testing.T) {
	there, here := t.TempDir(), t.TempDir()
	path := filepath.Join(there, "file")
	put(t, path, oldText, 0o600)
	put(t, filepath.Join(there, ".file.tmp-0123456789abcdef"), newText, 0o600)
	from := filepath.Join(here, "link")
	link(t, path, from)
	if got, err := atomicfile.Leftovers(from); err != nil || len(got) != 1 {
		t.Errorf("found %q (%v), want the one beside the file", got, err)
	}
}
