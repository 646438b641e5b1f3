package vault_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"filippo.io/age/armor"

	"npmotp/internal/filelock"
	"npmotp/internal/npmregistry/npmtest"
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
	warned := func(err error) {
		// On a slow machine the others leave no room to note a generation either.
		if _, busy := errors.AsType[*filelock.BusyError](err); !busy {
			t.Error(err)
		}
	}
	made, err := file(warned).Create(t.Context(), secret.New("correct horse"))
	if err != nil {
		t.Fatal(err)
	}
	identity := made.Identity()
	const processes = 8
	rounds := 8
	if os.Getenv(npmtest.WholeVariable) == "1" {
		rounds = 200
	}
	var reads atomic.Int64
	var writers, readers sync.WaitGroup
	done := make(chan struct{})
	for i := range processes {
		writers.Go(func() {
			v, err := file(warned).Open(t.Context(), vault.ByIdentity(identity))
			for round := 0; err == nil && round < rounds; {
				err = v.Update(t.Context(), func(c *vault.Contents) error {
					_, err := c.Add(vault.Account{Name: fmt.Sprintf("%d-%d", i, round)}, time.Unix(0, 0))
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
				reads.Add(1)
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
	t.Logf("%d saves, and %d reads beside them", processes*rounds, reads.Load())
}

// demanding returns the vault file at path with its slot asking for a work factor.
func demanding(t *testing.T, path string, workFactor int) []byte {
	t.Helper()
	file := read(t, path)
	binary, err := io.ReadAll(armor.NewReader(strings.NewReader(file[strings.Index(file, armor.Header):strings.Index(file, "body\n")])))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := armor.NewWriter(&out)
	_, err = w.Write(bytes.Replace(binary, []byte(" 10\n"), fmt.Appendf(nil, " %d\n", workFactor), 1))
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return []byte(vault.FileWithSlot(out.Bytes(), file))
}

// A copy in a synced folder that asks for much more work than the vault does is
// asked about before any of it is done, and before the passphrase is.
func TestCostlyCopies(t *testing.T) {
	declined := errors.New("declined")
	for _, tt := range []struct {
		workFactor int
		asked      bool
	}{{19, true}, {20, true}, {18, false}, {21, false}} {
		_, other := create(t)
		copied := filepath.Join(t.TempDir(), "copy.npmotp")
		write(t, copied, demanding(t, other, tt.workFactor))
		var asked []string
		o := vault.Options{Costly: func(_ context.Context, what string) error {
			asked = append(asked, what)
			return declined
		}}
		v, _ := create(t, o)
		stop := errors.New("no passphrase")
		_, err := v.OpenCopy(t.Context(), copied, func(context.Context, string) (secret.Text, error) { return secret.Text{}, stop })
		if tt.asked && (!errors.Is(err, declined) || len(asked) != 1 || !strings.Contains(asked[0], fmt.Sprint(tt.workFactor))) ||
			!tt.asked && (!errors.Is(err, stop) || len(asked) > 0) {
			t.Errorf("%d: %v, asked %q", tt.workFactor, err, asked)
		}
		fresh := vault.At(filepath.Join(t.TempDir(), "new.npmotp"), cheap())
		if _, err := fresh.Adopt(t.Context(), copied, vault.Passphrase(pass)); tt.asked && !errors.Is(err, vault.ErrCostly) {
			t.Errorf("%d: without an answer: %v", tt.workFactor, err)
		}
	}
}
