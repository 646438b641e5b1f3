package vault_test

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"npmotp/internal/atomicfile"
	"npmotp/vault"
)

// syncWith syncs and returns what it did.
func syncWith(t testing.TB, v *vault.Vault, path string) *vault.Synced {
	t.Helper()
	done, err := v.Sync(t.Context(), path, nil, noPassphrase)
	if err != nil {
		t.Fatal(err)
	}
	return done
}

// twoLaptops returns two vaults that were made the same by a copy.
func twoLaptops(t *testing.T, opts ...vault.Options) (a, b *vault.Vault, paths [2]string, carried string) {
	t.Helper()
	carried = filepath.Join(t.TempDir(), "vault.npmotp")
	o := cheap(opts...)
	o.Memory = t.TempDir()
	a, paths[0] = create(t, o)
	syncWith(t, a, carried)
	paths[1] = filepath.Join(t.TempDir(), "vault.npmotp")
	o.Memory = t.TempDir()
	b, err := vault.At(paths[1], o).Adopt(t.Context(), carried, vault.Passphrase(pass))
	if err != nil {
		t.Fatal(err)
	}
	return a, b, paths, carried
}

// Two laptops do 500 random things to a vault that both sync now and then. In
// the end they have the same file; nothing is lost, and no code that one of
// them has given out and synced is given out by the other.
func TestSyncRandomly(t *testing.T) {
	const operations = 500
	checkSome(t, "1", func(rt *rapid.T) {
		h := newHistory(rt, 2)
		laptops := make([]*vault.Vault, 2)
		var paths [2]string
		var carried string
		clock := vault.Options{Clock: func() time.Time { return h.now[0] }}
		laptops[0], laptops[1], paths, carried = twoLaptops(t, clock)
		for i, v := range laptops {
			h.copies[i] = contents(t, v)
		}
		h.store = func(i int, _ time.Time, fn func(*vault.Contents) error) (*vault.Contents, error) {
			if err := laptops[i].Update(t.Context(), fn); err != nil {
				return nil, err
			}
			return laptops[i].Contents()
		}
		// Given out, as far as each laptop and the copy know.
		given := []map[string]bool{{}, {}, {}}
		syncs := 0
		meet := func(i int) {
			syncs++
			syncWith(t, laptops[i], carried)
			h.copies[i] = contents(t, laptops[i])
			h.observe(h.copies[i])
			for _, pair := range [][2]int{{2, i}, {i, 2}} {
				for id := range given[pair[1]] {
					given[pair[0]][id] = true
				}
			}
		}
		for range operations {
			i := rapid.IntRange(0, 1).Draw(rt, "laptop")
			if rapid.IntRange(0, 9).Draw(rt, "sync") == 0 {
				meet(i)
			}
			before := h.copies[i]
			h.change(i, rapid.SampledFrom(h.operations()).Draw(rt, "operation"))
			for id := range reservedSince(before, h.copies[i]) {
				if given[i][id] && !h.released[id] && !h.removed[id] { // moved away, and pasted again
					rt.Fatalf("the code %s is given out again", id)
				}
				given[i][id] = true
			}
		}
		for _, i := range []int{0, 1, 0, 1} {
			meet(i)
		}
		if read(t, paths[0]) != read(t, paths[1]) || read(t, paths[0]) != read(t, carried) {
			rt.Fatal("the laptops do not have the same file")
		}
		h.complete(h.copies[0])
		t.Logf("%d accounts after %d operations and %d syncs", len(h.copies[0].Accounts), operations, syncs)
	})
}

// reservedSince returns the codes that were given out between two contents.
func reservedSince(before, after *vault.Contents) map[string]bool {
	was, now := map[string]bool{}, map[string]bool{}
	for _, c := range []struct {
		contents *vault.Contents
		found    map[string]bool
	}{{before, was}, {after, now}} {
		for _, a := range c.contents.Accounts {
			for _, r := range a.RecoveryCodes {
				if r.State == vault.Reserved {
					c.found[a.ID+" "+r.Code.Reveal()] = true
				}
			}
		}
	}
	for id := range was {
		delete(now, id)
	}
	return now
}

// Somebody who knows no locks, a sync engine, writes the copy while it is being
// replaced: what they wrote is merged, not lost.
func TestSyncWhileTheCopyIsWritten(t *testing.T) {
	var interfere func()
	a, b, _, carried := twoLaptops(t, vault.Options{Fail: func(s atomicfile.Step) error {
		if s == atomicfile.StepKeep && interfere != nil {
			interfere()
		}
		return nil
	}})
	other := filepath.Join(t.TempDir(), "vault.npmotp")
	add(t, b, "from-b")
	syncWith(t, b, other) // what the engine is going to bring
	add(t, a, "from-a")
	// The vault has all that the copy has: the first file that is kept while it
	// is replaced is the copy.
	came := false
	interfere = func() {
		// Once: from then on the engine is quiet.
		interfere = nil
		came = true
		if err := os.Rename(other, carried); err != nil {
			t.Fatal(err)
		}
	}
	syncWith(t, a, carried)
	if c := contents(t, a); !came || len(c.Accounts) != 2 {
		t.Errorf("%d accounts, want 2: what came in between is lost", len(c.Accounts))
	}
	syncWith(t, b, carried)
	if c := contents(t, b); len(c.Accounts) != 2 {
		t.Errorf("%d accounts on the other laptop, want 2", len(c.Accounts))
	}
}

// Laptops that sync at once with one copy, each with changes of its own.
func TestSyncAtOnce(t *testing.T) {
	const rounds = 10
	a, b, _, carried := twoLaptops(t)
	var wait sync.WaitGroup
	for name, v := range map[string]*vault.Vault{"a": a, "b": b} {
		wait.Go(func() {
			for i := range rounds {
				err := v.Update(t.Context(), func(c *vault.Contents) error {
					_, err := c.Add(account(fmt.Sprint(name, i)), then)
					return err
				})
				if err == nil {
					_, err = v.Sync(t.Context(), carried, nil, nil)
				}
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wait.Wait()
	syncWith(t, a, carried)
	syncWith(t, b, carried)
	for _, v := range []*vault.Vault{a, b} {
		if n := len(contents(t, v).Accounts); n != 2*rounds {
			t.Errorf("%d accounts, want %d", n, 2*rounds)
		}
	}
	entries, err := os.ReadDir(filepath.Dir(carried))
	if err != nil || len(entries) != 1 {
		t.Errorf("%d files in the folder, want the copy alone: %v", len(entries), err)
	}
}
