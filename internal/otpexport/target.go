package otpexport

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"npmotp/internal/atomicfile"
	"npmotp/internal/cleantext"
	"npmotp/internal/ui"
)

// A Target is where an export goes.
type Target struct {
	File      string // or empty for standard output
	Format    string
	Plaintext bool // it may be unencrypted
	Force     bool // an existing file may be replaced
}

// Saved says, as JSON too, what was written where.
type Saved struct {
	Format    string   `json:"format"`
	Encrypted bool     `json:"encrypted"`
	Accounts  []string `json:"accounts"`
	Files     []string `json:"files"`
}

// String names the files, for people.
func (s Saved) String() string {
	first, last := s.Files[0], s.Files[len(s.Files)-1]
	if first == last {
		return cleantext.Show(first)
	}
	return cleantext.Show(first) + " to " + cleantext.Show(filepath.Base(last))
}

// String returns the name of the target, for people.
func (t Target) String() string {
	if t.File == "" {
		return "standard output"
	}
	return cleantext.Show(t.File)
}

// Check refuses what Save would, as far as it is known before.
func (t Target) Check() error {
	if t.File == "" {
		return nil
	}
	if t.Format == Google && strings.ToLower(filepath.Ext(t.File)) != ".png" {
		return ui.Usagef("QR codes are written to a .png file, not %s", cleantext.Quote(filepath.Base(t.File)))
	}
	return t.refused(t.File, atomicfile.Free(t.File, t.Force))
}

// Save writes an export: of a transfer a picture of each QR code, numbered if
// there are several, and else one text. The pictures are read back before.
func (t Target) Save(ctx context.Context, documents []Document) (Saved, error) {
	saved := Saved{Format: t.Format, Encrypted: !t.Plaintext}
	var parts [][]byte
	for _, d := range documents {
		saved.Accounts = append(saved.Accounts, d.Accounts...)
		if t.Format == Google {
			picture, err := picture(ctx, d.Text)
			if err != nil {
				return saved, err
			}
			parts = append(parts, picture)
		}
	}
	if t.Format != Google {
		parts = [][]byte{[]byte(plain(documents).Reveal())}
	}
	for i, name := range t.names(len(parts)) {
		if err := atomicfile.Private(name, parts[i], t.Force); err != nil {
			for _, written := range saved.Files {
				_ = os.Remove(written) // a transfer that lacks a part is worth nothing
			}
			return saved, t.refused(name, err)
		}
		if path, err := filepath.Abs(name); err == nil {
			name = path
		}
		saved.Files = append(saved.Files, name)
	}
	return saved, nil
}

// names returns the names of n files.
func (t Target) names(n int) []string {
	if n == 1 {
		return []string{t.File}
	}
	ext := filepath.Ext(t.File)
	var names []string
	for i := range n {
		names = append(names, fmt.Sprintf("%s-%0*d-of-%d%s", strings.TrimSuffix(t.File, ext), len(fmt.Sprint(n)), i+1, n, ext))
	}
	return names
}

// refused says what to do about a name that is taken.
func (t Target) refused(name string, err error) error {
	if errors.Is(err, fs.ErrExist) {
		return &ui.UsageError{Msg: cleantext.Show(name) + " exists already", Hint: "say --force to replace it, or give another name"}
	}
	if errors.Is(err, atomicfile.ErrNotRegular) {
		// A link may lead to where others can read; a device keeps nothing.
		return ui.Usagef("%s exists and is not a regular file: give another name", cleantext.Show(name))
	}
	return err
}
