package statefile_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"npmotp/internal/statefile"
)

func add(f statefile.Folder, n int) error {
	return statefile.Change(context.Background(), f, "n.json", func(v *int) error {
		*v += n
		return nil
	})
}

func TestChangesOfSeveralProcesses(t *testing.T) {
	f := statefile.Folder{Dir: filepath.Join(t.TempDir(), "new", "folder")}
	var wait sync.WaitGroup
	for range 20 {
		wait.Go(func() {
			if err := add(f, 1); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if n, err := statefile.Read[int](f, "n.json"); n != 20 || err != nil {
		t.Errorf("20 changes came to %d, %v", n, err)
	}
}

// A file that is of no use is named and put aside, whatever it is, and is no
// obstacle to what comes after.
func TestDamagedFiles(t *testing.T) {
	for name, damage := range map[string]func(path string) error{
		"empty":   func(path string) error { return os.WriteFile(path, nil, 0o600) },
		"cut":     func(path string) error { return os.WriteFile(path, []byte("{"), 0o600) },
		"foreign": func(path string) error { return os.WriteFile(path, []byte(`"text"`), 0o600) },
		"folder":  func(path string) error { return os.Mkdir(path, 0o700) },
	} {
		var warned []error
		f := statefile.Folder{Dir: t.TempDir(), Warn: func(err error) { warned = append(warned, err) }}
		path := filepath.Join(f.Dir, "n.json")
		if err := damage(path); err != nil {
			t.Fatal(err)
		}
		if n, err := statefile.Read[int](f, "n.json"); n != 0 || !errors.Is(err, statefile.ErrDamaged) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: read %d, %v", name, n, err)
		}
		for want := 1; want <= 2; want++ {
			if err := add(f, 1); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if n, err := statefile.Read[int](f, "n.json"); n != want || err != nil {
				t.Errorf("%s: after change %d: %d, %v", name, want, n, err)
			}
		}
		if len(warned) != 1 || !errors.Is(warned[0], statefile.ErrDamaged) || !strings.Contains(warned[0].Error(), path) {
			t.Errorf("%s: warned of %v", name, warned)
		}
		if _, err := os.Stat(path + ".damaged"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What a later npmotp wrote is no damage, and may mean more than it says here.
func TestLaterFiles(t *testing.T) {
	f := statefile.Folder{Dir: t.TempDir(), Warn: func(err error) { t.Error(err) }}
	path, later := filepath.Join(f.Dir, "seen.json"), `{"v":2,"paths":{"all":"another shape"}}`
	if err := os.WriteFile(path, []byte(later), 0o600); err != nil {
		t.Fatal(err)
	}
	type record struct {
		V     int      `json:"v"`
		Paths []string `json:"paths"`
	}
	_, err := statefile.Read[record](f, "seen.json")
	changed := statefile.Change(t.Context(), f, "seen.json", func(*record) error { return nil })
	for _, err := range []error{err, changed} {
		if e, ok := errors.AsType[*statefile.VersionError](err); !ok || e.Got != 2 || !strings.Contains(err.Error(), path) {
			t.Errorf("%v", err)
		}
	}
	if data, err := os.ReadFile(path); string(data) != later {
		t.Errorf("it was written: %s, %v", data, err)
	}
}

func TestUnchangedFilesAreNotWritten(t *testing.T) {
	f := statefile.Folder{Dir: t.TempDir()}
	if err := add(f, 1); err != nil {
		t.Fatal(err)
	}
	before, err := os.Stat(filepath.Join(f.Dir, "n.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := add(f, 0); err != nil {
		t.Fatal(err)
	}
	after, err := os.Stat(filepath.Join(f.Dir, "n.json"))
	if err != nil || !os.SameFile(before, after) {
		t.Errorf("the file was written anew (%v)", err)
	}
}

func TestLeftovers(t *testing.T) {
	f := statefile.Folder{Dir: t.TempDir()}
	elsewhere := t.TempDir()
	f.Wrote(filepath.Join(elsewhere, "sheet.pdf"))
	f.Wrote(filepath.Join(elsewhere, "gone", "sheet.pdf"))
	const end = ".tmp-0123456789abcdef"
	killed := []string{
		filepath.Join(f.Dir, ".n.json"+end), filepath.Join(f.Dir, ".gone.json"+end), filepath.Join(elsewhere, ".sheet.pdf"+end),
	}
	others := []string{filepath.Join(elsewhere, ".other.pdf"+end), filepath.Join(f.Dir, ".n.json.tmp-mine")}
	for _, path := range append(killed, others...) {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if found, err := f.Leftovers(); err != nil || len(found) != len(killed) {
		t.Errorf("found %q, %v", found, err)
	}
	if err := f.RemoveLeftovers(t.Context()); err != nil {
		t.Error(err)
	}
	for _, path := range killed {
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s is still there", path)
		}
	}
	for _, path := range others {
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
	}
}

func TestLeftoversOfADamagedFolder(t *testing.T) {
	f := statefile.Folder{Dir: t.TempDir()}
	killed := filepath.Join(f.Dir, ".n.json.tmp-0123456789abcdef")
	for _, path := range []string{filepath.Join(f.Dir, "written.json"), killed} {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if found, err := f.Leftovers(); err != nil || len(found) != 1 || found[0] != killed {
		t.Errorf("found %q, %v", found, err)
	}
}

func TestZeroFolder(t *testing.T) {
	var f statefile.Folder
	f.Wrote("file")
	if err := add(f, 1); err != nil {
		t.Error(err)
	}
	if n, err := statefile.Read[int](f, "n.json"); n != 0 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if found, err := f.Leftovers(); len(found) > 0 || err != nil {
		t.Errorf("%q, %v", found, err)
	}
	if err := f.RemoveLeftovers(t.Context()); err != nil {
		t.Error(err)
	}
}

// FuzzRead wants every file to be read, or to be put aside and begun anew: none is
// in the way.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{"", "{}", `{"a":"2026-01-02T03:04:05Z"}`, `{"a":1}`, "[]", "null", "{\"a\":", "\xff", `{"a":null}x`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		folder := statefile.Folder{Dir: t.TempDir()}
		path := filepath.Join(folder.Dir, "steps.json")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		before, err := statefile.Read[map[string]time.Time](folder, "steps.json")
		if err != nil && !errors.Is(err, statefile.ErrDamaged) {
			t.Fatal(err)
		}
		noted := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
		err = statefile.Change(t.Context(), folder, "steps.json", func(v *map[string]time.Time) error {
			if *v == nil {
				*v = map[string]time.Time{}
			}
			(*v)["noted"] = noted
			return nil
		})
		if err != nil {
			t.Fatalf("%q is in the way: %v", data, err)
		}
		after, err := statefile.Read[map[string]time.Time](folder, "steps.json")
		if err != nil || !after["noted"].Equal(noted) {
			t.Errorf("%q: %v, %v", data, after, err)
		}
		for name, at := range before {
			if name != "noted" && !after[name].Equal(at) {
				t.Errorf("%q lost %q", data, name)
			}
		}
	})
}
