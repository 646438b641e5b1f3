//go:build crash && linux

package crashtest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"npmotp/internal/secret"
	"npmotp/vault"
)

// An outlook is what a command may leave behind, and what it leaves when it is
// let.
type outlook struct {
	before, after look
	between       map[string]bool // of the vault, while the command writes more than once
	printed       string
}

// A look is what is in a world, without ids and times.
type look struct {
	vault string // what the vault of laptop A holds
	file  string // what the file holds that the command writes
}

const absent = "absent"

// openVault opens a vault without a trace in the memory.
func openVault(path string) (*vault.Contents, error) {
	c, _, err := openWith(path)
	return c, err
}

// An opened is what became of opening a vault file.
type opened struct {
	contents *vault.Contents
	pass     string
	err      error
}

// files has what was opened, by its bytes: most of what a fault leaves behind was
// there before, and each look costs a run of scrypt.
var files sync.Map

// openWith opens a vault with either passphrase, and returns which it was.
func openWith(path string) (c *vault.Contents, pass string, err error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, "", err
	}
	if known, ok := files.Load(string(data)); ok {
		o := known.(opened)
		return o.contents, o.pass, o.err
	}
	o := opened{err: vault.ErrPassphrase}
	for _, o.pass = range []string{passphrase, newPassphrase} {
		v, err := vault.At(path, vault.Options{}).Open(context.Background(), vault.Passphrase(secret.New(o.pass)))
		if errors.Is(err, vault.ErrPassphrase) {
			continue
		}
		if o.err = err; err == nil {
			o.contents, o.err = v.Contents()
		}
		break
	}
	files.Store(string(data), o)
	return o.contents, o.pass, o.err
}

// said writes the contents of a vault on a line.
func said(path string) (string, error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return absent, nil
	}
	c, pass, err := openWith(path)
	if err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	words := []string{fmt.Sprintf("%q opens, %d slots, %d identities", pass, bytes.Count(data, []byte("\nslot ")), len(c.Identities))}
	for i := range c.Accounts {
		a := &c.Accounts[i]
		word := fmt.Sprintf("%s %s %s %s pending=%t archived=%t default=%t moved=%d", a.Name, a.Username, a.Registry, a.Level,
			a.Pending, a.Archived(), c.Default == a.ID, len(a.Moved))
		if a.Key != nil {
			word += fmt.Sprintf(" %s/%d", a.Key.Secret.Reveal(), a.Key.Counter)
		}
		for _, r := range a.RecoveryCodes {
			word += fmt.Sprintf(" %d:%s:%s:%t", r.Number, r.Code.Reveal(), r.State, r.RetiredAt.IsZero())
		}
		words = append(words, word)
	}
	for _, d := range c.Devices {
		words = append(words, "device "+d.Name)
	}
	return strings.Join(words, "; "), nil
}

// look looks at a world after command c, and reports what is not whole.
func (w world) look(t *testing.T, c command) look {
	t.Helper()
	l := look{file: absent}
	var err error
	if l.vault, err = said(w.vault("a")); err != nil {
		t.Errorf("the vault: %v", err)
	}
	for _, backup := range w.backups(t) {
		if _, _, err := openWith(backup); err != nil {
			t.Errorf("the backup: %s: %v", backup, err)
		}
	}
	if c.writes == "" {
		return l
	}
	if l.file, err = c.whole(w, w.path(c.writes)); err != nil {
		t.Errorf("%s is neither whole nor absent: %v", c.writes, err)
	}
	return l
}

func (w world) backups(t *testing.T) []string {
	t.Helper()
	list, err := filepath.Glob(w.path("a/backups/[^.]*"))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// outlook finds out what a command does to a world that nobody disturbs.
func (w world) outlook(t *testing.T, c command, do func() run) outlook {
	t.Helper()
	o := outlook{before: w.look(t, c), between: map[string]bool{}}
	old := w.backups(t)
	r := do()
	if r.status != 0 {
		t.Fatalf("status %d\n%s", r.status, r.said)
	}
	o.after, o.printed = w.look(t, c), r.out
	if o.after == o.before {
		t.Fatal("the command changes nothing")
	}
	for _, backup := range w.backups(t) {
		if slices.Contains(old, backup) {
			continue
		}
		text, err := said(backup)
		if err != nil {
			t.Fatal(err)
		}
		o.between[text] = true
	}
	for _, state := range []string{o.before.vault, o.after.vault} {
		o.between[state] = true
	}
	return o
}

// check looks at a world after a fault and compares it with the outlook. Then the
// fault is over, and it goes on working there.
func (w world) check(t *testing.T, c command, o outlook, r run, over func()) {
	t.Helper()
	l := w.look(t, c)
	if !o.between[l.vault] {
		t.Errorf("the vault holds what it never held: %s", differences(o.before.vault, l.vault))
	}
	if l.file != o.before.file && l.file != o.after.file {
		t.Errorf("%s holds what it never held: %s", c.writes, differences(o.before.file, l.file))
	}
	if r.status == 0 && l != o.after {
		t.Errorf("acknowledged and not there: %s %s", differences(l.vault, o.after.vault), differences(l.file, o.after.file))
	}
	if c.writes != "" && !c.vaultFirst && l.vault != o.before.vault && l.file != o.after.file {
		t.Errorf("the vault says that %s was written, and it was not", c.writes)
	}
	if c.vaultFirst && l.file != o.before.file && l.vault != o.after.vault {
		t.Errorf("%s was written before the vault", c.writes)
	}
	if c.once && r.out != "" && l.vault == o.before.vault {
		t.Errorf("printed %q, and the vault knows nothing of it", r.out)
	}
	if r.out != "" && !strings.HasPrefix(o.printed, r.out) {
		t.Errorf("printed %q, not %q", r.out, o.printed)
	}
	over()
	w.goOn(t, c.filled(w), r, l == o.before)
	if t.Failed() {
		t.Logf("npmotp %q: status %d, printed %q\n%s", c.args, r.status, r.out, r.said)
	}
}

// differences returns what two descriptions do not share.
func differences(before, after string) string {
	var words []string
	a, b := strings.Split(before, "; "), strings.Split(after, "; ")
	for _, word := range a {
		if !slices.Contains(b, word) {
			words = append(words, "- "+word)
		}
	}
	for _, word := range b {
		if !slices.Contains(a, word) {
			words = append(words, "+ "+word)
		}
	}
	return strings.Join(words, "\n")
}

// temporary matches the names of temporary files.
var temporary = regexp.MustCompile(`\.tmp-[0-9a-f]{16}$`)

// goOn does what the user does next: the same again, and something else. Nothing
// is in the way, nothing is given twice, and nothing is left over.
//
// Where the command had its effect already, the second run may find that there is
// nothing to do.
func (w world) goOn(t *testing.T, c command, r run, undone bool) {
	t.Helper()
	again := c.do(t, w)
	if c.once && r.out != "" && again.out == r.out {
		t.Errorf("given twice: %q", r.out)
	}
	if undone && again.status != 0 {
		t.Errorf("again: status %d\n%s", again.status, again.said)
	}
	_, pass, err := openWith(w.vault("a"))
	if err != nil {
		return // which was said already
	}
	next := w.do(t, "a", nil, []string{"add", "last", "--registry", "none"}, append(c.env, "NPMOTP_PASSPHRASE="+pass), lastSecret)
	if next.status != 0 || strings.Contains(next.said, "warning") {
		t.Errorf("the next command: status %d\n%s", next.status, next.said)
	}
	if names := w.leftovers(t); len(names) > 0 {
		t.Errorf("left over: %q", names)
	}
}

// leftovers returns the temporary files in a world.
func (w world) leftovers(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, dir := range []string{w.dir, w.state} {
		err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
			if temporary.MatchString(path) && !slices.Contains(names, path) {
				names = append(names, path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(w.path("out/.vault.npmotp.tmp-mine")); err != nil {
		t.Errorf("a file that is not npmotp's is gone: %v", err)
	}
	return names
}

// copyTree makes to the same as from.
func copyTree(t *testing.T, from, to string) {
	t.Helper()
	if err := os.RemoveAll(to); err != nil {
		t.Fatal(err)
	}
	call(t, "cp", "-a", from, to)
}
