package vault_test

import (
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

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
		return vault.At(path, vault.Options{WorkFactor: vault.MinWorkFactor, Memory: memory, Warn: warn})
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
			v, err := file(func(err error) { t.Error(err) }).Open(t.Context(), vault.ByIdentity(identity))
			for round := 0; err == nil && round < rounds; {
				err = v.Update(t.Context(), func(c *vault.Contents) error {
					_, err := c.Add(vault.Account{Name: strings.Repeat("a", i*rounds+round+1)}, time.Unix(0, 0))
					return err
				})
				if errors.Is(err, vault.ErrBusy) { // the others leave no room, on a slow machine
					err = nil
					continue
				}
				round++
			}
			if err != nil {
				t.Error(err)
			}
		})
		readers.Go(func() {
			for {
				if _, err := file(func(err error) { t.Errorf("a reader is warned: %v", err) }).Open(t.Context(), vault.ByIdentity(identity)); err != nil {
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
