package vault_test

import (
	"bytes"
	"math/rand"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"filippo.io/age"
	"filippo.io/age/armor"

	"npmotp/internal/secret"
	"npmotp/vault"
)

// A vault that could not be opened again is refused before anything is written.
func TestTooLargeToBeOpenedAgain(t *testing.T) {
	v, path := create(t)
	before := read(t, path)
	err := v.Update(t.Context(), func(c *vault.Contents) error {
		c.Accounts = append(c.Accounts, vault.Account{
			ID: "1", Name: strings.Repeat("x", 50<<20), Registry: vault.DefaultRegistry, Level: vault.AuthAndWrites,
		})
		return nil
	})
	if err == nil || !strings.Contains(err.Error(), "too large to be opened again") {
		t.Errorf("got %v", err)
	}
	if read(t, path) != before {
		t.Error("the file has changed")
	}
	if left, err := filepath.Glob(filepath.Join(filepath.Dir(path), "*tmp*")); err != nil || len(left) > 0 {
		t.Errorf("it left %q, %v", left, err)
	}
}

// While others save, those who read see no vault that was wound back.
func TestReadersBesideWriters(t *testing.T) {
	dir, memory := t.TempDir(), t.TempDir()
	path := filepath.Join(dir, "vault.npmotp")
	file := func(warn func(error)) *vault.File {
		return vault.At(path, vault.WithWorkFactor(vault.MinWorkFactor), vault.WithMemory(memory), vault.WithWarnings(warn))
	}
	made, err := file(func(err error) { t.Error(err) }).Create(t.Context(), secret.New("correct horse"))
	if err != nil {
		t.Fatal(err)
	}
	identity := made.Identity()
	const processes, rounds = 8, 8
	var writers, readers sync.WaitGroup
	done := make(chan struct{})
	for i := range processes {
		writers.Go(func() {
			v, err := file(func(err error) { t.Error(err) }).UnlockWith(t.Context(), identity)
			for round := 0; err == nil && round < rounds; round++ {
				err = v.Update(t.Context(), func(c *vault.Contents) error {
					_, err := c.Add(vault.Account{Name: strings.Repeat("a", i*rounds+round+1)}, time.Unix(0, 0))
					return err
				})
			}
			if err != nil {
				t.Error(err)
			}
		})
		readers.Go(func() {
			for {
				if _, err := file(func(err error) { t.Errorf("a reader is warned: %v", err) }).UnlockWith(t.Context(), identity); err != nil {
					t.Error(err)
				}
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	writers.Wait()
	close(done)
	readers.Wait()
}

// The armor of a vault is that of age, and what is not quite it is left to age.
func TestArmorIsThatOfAge(t *testing.T) {
	random := rand.New(rand.NewSource(1))
	for _, size := range []int{0, 1, 2, 3, 47, 48, 49, 95, 96, 1000, 70000} {
		plain := make([]byte, size)
		random.Read(plain)
		id, err := age.GenerateX25519Identity()
		if err != nil {
			t.Fatal(err)
		}
		sealed, err := vault.SealPart(plain, id.Recipient())
		if err != nil {
			t.Fatal(err)
		}
		r, err := age.Decrypt(armor.NewReader(bytes.NewReader(sealed)), id)
		if err != nil {
			t.Fatalf("%d bytes: age does not open it: %v", size, err)
		}
		var got bytes.Buffer
		if _, err := got.ReadFrom(r); err != nil || !bytes.Equal(got.Bytes(), plain) {
			t.Errorf("%d bytes come back as %d, %v", size, got.Len(), err)
		}
		for name, text := range map[string][]byte{
			"as it is":   sealed,
			"CR LF":      bytes.ReplaceAll(sealed, []byte("\n"), []byte("\r\n")),
			"long lines": bytes.Replace(sealed, []byte("\n"), nil, 2),
			"empty line": bytes.Replace(sealed, []byte("\n"), []byte("\n\n"), 1),
			"cut":        sealed[:len(sealed)-40],
		} {
			want := readAge(text, id)
			if got, err := vault.OpenPart(text, id); (err == nil) != want || err == nil && !bytes.Equal(got, plain) {
				t.Errorf("%d bytes, %s: opens: %v, with age: %v", size, name, err == nil, want)
			}
		}
	}
}

// readAge reports whether age itself opens an armored file.
func readAge(armored []byte, id age.Identity) bool {
	r, err := age.Decrypt(armor.NewReader(bytes.NewReader(armored)), id)
	if err != nil {
		return false
	}
	_, err = new(bytes.Buffer).ReadFrom(r)
	return err == nil
}
