package doctor

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"npmotp/internal/ui"
)

// Places are the files that are looked after.
type Places struct {
	Path     string   // of the file as it is named
	Resolved string   // without symbolic links
	Others   []string // that belong to it, elsewhere
	Own      []string // folders that hold nothing else, and all in them
	Private  bool     // the folder of the file is one of them
}

// header is what each copy of a vault begins with.
const header = "npmotp-vault "

// copies looks for other copies of the file beside it, which programs that carry
// folders from one machine to another leave when both sides have changed:
// Syncthing's .sync-conflict-, Dropbox' (conflicted copy), a number or the name
// of a machine from others, .orig from git. Their names begin like that of the
// file, and their contents too.
func (p Places) copies() []Finding {
	const check = "conflicts"
	dir, base := filepath.Dir(p.Resolved), filepath.Base(p.Resolved)
	entries, err := os.ReadDir(dir)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return []Finding{unreadable(check, err)}
	}
	stem := strings.TrimSuffix(base, filepath.Ext(base))
	var found []Finding
	for _, e := range entries {
		rest, like := strings.CutPrefix(e.Name(), stem)
		if !like || e.Name() == base || !e.Type().IsRegular() || rest == "" || isLetter(rest[0]) {
			continue
		}
		if path := filepath.Join(dir, e.Name()); begins(path, header) {
			found = append(found, Finding{Check: check, What: "another copy of the vault lies beside it: " + path, Mend: "npmotp merge " + ui.Quote(path)})
		}
	}
	return or(found, check, "no other copy of the vault lies beside it")
}

func isLetter(b byte) bool { return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= 0x80 }

// begins reports whether a file begins with a text.
func begins(path, text string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }()
	head := make([]byte, len(text))
	_, err = io.ReadFull(f, head)
	return err == nil && string(head) == text
}

// leftovers tells of temporary files; fix removes them.
func leftovers(paths []string, err error, fix func() error) []Finding {
	const check = "leftovers"
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return []Finding{unreadable(check, err)}
	}
	var found []Finding
	for _, path := range paths {
		found = append(found, Finding{
			Check: check, What: "a run that was killed left " + path, Mend: fmt.Sprintf("rm -- %s", ui.Quote(path)), Fix: fix,
		})
	}
	return or(found, check, "no run was killed on the way")
}
