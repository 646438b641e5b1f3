package atomicfile_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"npmotp/internal/atomicfile"
)

// A private file is new, or replaced where that was asked for, and never what
// lies behind a link.
func TestPrivate(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	want := func(text string) {
		t.Helper()
		data, err := os.ReadFile(path)
		if err != nil || string(data) != text {
			t.Errorf("the file holds %q, want %q (%v)", data, text, err)
		}
		info, err := os.Stat(path)
		if err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
			t.Errorf("%v, %v", info, err)
		}
	}
	if err := atomicfile.Private(path, []byte("one"), false); err != nil {
		t.Fatal(err)
	}
	want("one")
	if err := atomicfile.Private(path, []byte("two"), false); !errors.Is(err, fs.ErrExist) {
		t.Errorf("over a file: %v", err)
	}
	want("one")
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := atomicfile.Private(path, []byte("two"), true); err != nil {
		t.Fatal(err)
	}
	want("two")

	second := filepath.Join(dir, "link")
	link(t, "file", second)
	dangling := filepath.Join(dir, "dangling")
	link(t, "nothing", dangling)
	for _, name := range []string{second, dangling, dir} {
		for _, replace := range []bool{false, true} {
			if err := atomicfile.Private(name, []byte("three"), replace); !errors.Is(err, atomicfile.ErrNotRegular) {
				t.Errorf("%s, %t: %v", filepath.Base(name), replace, err)
			}
		}
	}
	want("two")
	if _, err := os.Stat(filepath.Join(dir, "nothing")); err == nil {
		t.Error("a file was made behind a link")
	}
	if left, err := atomicfile.Leftovers(path); err != nil || len(left) > 0 {
		t.Errorf("left behind: %q, %v", left, err)
	}
}
