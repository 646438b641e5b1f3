package atomicfile_test

import (
	"os"
	"path/filepath"
	"testing"

	"npmotp/internal/atomicfile"
)

// The dots of a relative target count from the folder that the link lies in,
// not from the name that it was reached by: stow makes such links.
func TestReplaceFollowsALinkInALinkedFolder(t *testing.T) {
	base := t.TempDir()
	for _, dir := range []string{"data/cfg", "data/store", "home"} {
		if err := os.MkdirAll(filepath.Join(base, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(base, "data", "store", "file")
	put(t, path, oldText, 0o600)
	link(t, filepath.Join("..", "store", "file"), filepath.Join(base, "data", "cfg", "file"))
	link(t, filepath.Join(base, "data", "cfg"), filepath.Join(base, "home", "cfg"))

	from := filepath.Join(base, "home", "cfg", "file")
	if err := (atomicfile.Writer{Path: from}).Replace([]byte(newText)); err != nil {
		t.Fatal(err)
	}
	wantText(t, path, newText)
	wantText(t, from, newText)
}
