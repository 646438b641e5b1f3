package vault_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"npmotp/internal/crashtest"
	"npmotp/internal/secret"
	"npmotp/internal/statefile"
	"npmotp/vault"
)

// A file that was changed anywhere holds what it held, or does not open: by its
// passphrase, and by the identity, for which no slot has to be right.
func TestMutatedFiles(t *testing.T) {
	data := []byte(vectorFile(t, "v1-accounts.txt"))
	path := filepath.Join(t.TempDir(), "vault.npmotp")
	write(t, path, data)
	v := open(t, path)
	want := summary(t, contents(t, v))
	for name, by := range map[string]vault.Opener{"passphrase": vault.Passphrase(pass), "identity": vault.ByIdentity(v.Identity())} {
		opened, refused := 0, 0
		cost := crashtest.Mutations(data, func(mutated []byte) {
			write(t, path, mutated)
			v, err := vault.At(path, cheap()).Open(t.Context(), by)
			if err != nil {
				_, later := errors.AsType[*vault.VersionError](err)
				if refused++; !errors.Is(err, vault.ErrFormat) && !errors.Is(err, vault.ErrPassphrase) && !later {
					t.Errorf("%s: %v", name, err)
				}
				return
			}
			opened++
			if got := summary(t, contents(t, v)); got != want {
				t.Errorf("%s: accepted, and it holds %s", name, got)
			}
			if !bytes.Equal(mutated, data) {
				t.Errorf("%s: a file that differs is accepted", name)
			}
		})
		t.Logf("%s: %d opened, %d refused, %v", name, opened, refused, cost)
	}
}

// Whatever became of the memory, the vault opens with what it holds, and what the
// memory says against a save is that the file was replaced, or that it is not for
// this version to read.
func TestMutatedMemory(t *testing.T) {
	memory := t.TempDir()
	o := vault.Options{Memory: memory}
	v, path := create(t, o)
	add(t, v, "ada", "c1")
	want := summary(t, contents(t, v))
	files, err := filepath.Glob(filepath.Join(memory, "seen-*.json"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%q, %v", files, err)
	}
	before, data := []byte(read(t, path)), []byte(read(t, files[0]))
	taken, refused := 0, 0
	goOn := errors.New("the memory does not mind") // and nothing is to be written
	cost := crashtest.Mutations(data, func(mutated []byte) {
		write(t, path, before)
		write(t, files[0], mutated)
		v, err := vault.At(path, cheap(o)).Open(t.Context(), vault.ByIdentity(v.Identity()))
		if err != nil {
			t.Fatalf("with the memory %q: %v", mutated, err)
		}
		if got := summary(t, contents(t, v)); got != want {
			t.Errorf("with the memory %q it holds %s", mutated, got)
		}
		switch err = v.Update(t.Context(), func(*vault.Contents) error { return goOn }); {
		case errors.Is(err, goOn):
			taken++
		case errors.Is(err, vault.ErrRolledBack):
			refused++
		default:
			if _, later := errors.AsType[*statefile.VersionError](err); !later {
				t.Errorf("with the memory %q: %v", mutated, err)
			}
			refused++
		}
	})
	t.Logf("%d taken, %d refused, %v", taken, refused, cost)
}

// vectorFile returns the vault file of a vector.
func vectorFile(t testing.TB, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "vectors", name))
	if err != nil {
		t.Fatal(err)
	}
	_, file, ok := bytes.Cut(data, []byte("\n\n"))
	if !ok {
		t.Fatalf("%s: no empty line", name)
	}
	return string(file)
}

// FuzzContainer looks for files that end the program, or that are taken apart and
// are not the bytes that npmotp puts together again. No key is needed for that.
func FuzzContainer(f *testing.F) {
	files, err := filepath.Glob("testdata/vectors/*.txt")
	if err != nil || len(files) < 6 {
		f.Fatalf("%d seeds, %v", len(files), err)
	}
	for _, name := range files {
		f.Add([]byte(vectorFile(f, filepath.Base(name))))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		again, err := vault.Reassemble(data)
		_, later := errors.AsType[*vault.VersionError](err)
		if err != nil && !errors.Is(err, vault.ErrFormat) && !later {
			t.Errorf("%v", err)
		}
		if err == nil && !bytes.Equal(again, data) {
			t.Errorf("%q is taken for\n%q", data, again)
		}
	})
}

// FuzzSlot looks for slots that are read as others than they are written.
func FuzzSlot(f *testing.F) {
	f.Add("passphrase", "", []byte("-----BEGIN AGE ENCRYPTED FILE-----\nYWdl\n-----END AGE ENCRYPTED FILE-----\n"))
	f.Add("age", "a name with blanks", []byte("-----BEGIN AGE ENCRYPTED FILE-----\nYWdl\n-----END AGE ENCRYPTED FILE-----\n"))
	f.Add("age ", " b\n", []byte("-----BEGIN AGE ENCRYPTED FILE-----\n-----END AGE ENCRYPTED FILE-----\nmore"))
	f.Fuzz(func(t *testing.T, kind, name string, armored []byte) {
		written := vault.SlotText(kind, name, armored)
		gotKind, gotName, gotArmored, rest, err := vault.ReadSlot(written)
		if err != nil || len(rest) > 0 {
			return
		}
		// Where the blank between them is, neither the id nor the line can tell.
		if gotKind+" "+gotName != kind+" "+name || !bytes.Equal(gotArmored, armored) {
			t.Errorf("%q %q %q came back as %q %q %q", kind, name, armored, gotKind, gotName, gotArmored)
		}
	})
}

// FuzzContents looks for contents that are taken, and are not the same after they
// were stored again; and for errors that quote them.
func FuzzContents(f *testing.F) {
	c := &vault.Contents{VaultID: "1", Generation: 1}
	for _, name := range []string{"ada", "bob"} {
		a, err := c.Add(account(name), then)
		if err != nil {
			f.Fatal(err)
		}
		if _, err := c.AddRecoveryCodes(a, []secret.Text{secret.New(hexCode[1:] + name[:1])}, false, then); err != nil {
			f.Fatal(err)
		}
	}
	c.EnsureIdentity(then)
	seed, err := vault.Encode(c)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Add([]byte(`{"v":1,"vault_id":"1","generation":1,"accounts":[],"future":{"a":1.50}}`))
	f.Add([]byte(`{"v":2,"vault_id":"1"}`))
	f.Add([]byte(`{"v":1,"vault_id":"1","generation":1,"accounts":[{"id":"1","name":"CANARY","registry":"","level":"CANARY"}]}`))
	f.Add([]byte(`{"v":1,"vault_id":"1","generation":1,"accounts":[{"id":"1","name":"a","registry":"https://registry.npmjs.org/","level":"auth-only","otp":{"type":"hotp","secret":"CANARYCANARYCANARY","algorithm":"SHA1","digits":6}}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := vault.Decode(data)
		if err != nil {
			if bytes.Contains(data, []byte("CANARY")) && bytes.Contains([]byte(err.Error()), []byte("CANARY")) {
				t.Errorf("the error quotes the contents: %v", err)
			}
			return
		}
		stored, err := vault.Encode(c)
		if err != nil {
			t.Fatalf("read, and cannot be stored: %v", err)
		}
		again, err := vault.Decode(stored)
		if err != nil {
			t.Fatalf("stored, and cannot be read: %v\n%s", err, stored)
		}
		if c.Canonical() != again.Canonical() {
			t.Errorf("%s\ncame back as\n%s", c.Canonical(), again.Canonical())
		}
	})
}
