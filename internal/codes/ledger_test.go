package codes_test

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"npmotp/internal/codes"
)

const period = 30 * time.Second

// claim takes a step of the first half minute there is, or of a later one.
func claim(t *testing.T, l codes.Ledger, account string) (time.Time, error) {
	t.Helper()
	return l.Claim(t.Context(), account, free(time.Unix(30, 0)))
}

// free takes the first step from a time on that is free.
func free(from time.Time) func(codes.Steps) (time.Time, error) {
	return func(taken codes.Steps) (time.Time, error) { return taken.Free(from, period), nil }
}

func TestClaimsDiffer(t *testing.T) {
	l := codes.Ledger{Dir: filepath.Join(t.TempDir(), "new", "folder")}
	var wait sync.WaitGroup
	var mu sync.Mutex
	seen := map[time.Time]int{}
	for range 20 {
		wait.Go(func() {
			step, err := claim(t, l, "ada")
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			seen[step.UTC()]++
		})
	}
	wait.Wait()
	if len(seen) != 20 {
		t.Errorf("20 claims took %d steps", len(seen))
	}
	if step, err := claim(t, l, "bob"); err != nil || !step.Equal(time.Unix(30, 0)) {
		t.Errorf("another account begins at %v, %v", step, err)
	}
}

func TestFailedPickTakesNothing(t *testing.T) {
	l := codes.Ledger{Dir: t.TempDir()}
	mine := errors.New("mine")
	if _, err := l.Claim(t.Context(), "ada", func(codes.Steps) (time.Time, error) { return time.Unix(90, 0), mine }); !errors.Is(err, mine) {
		t.Errorf("got %v", err)
	}
	if step, err := claim(t, l, "ada"); err != nil || !step.Equal(time.Unix(30, 0)) {
		t.Errorf("%v, %v", step, err)
	}
}

// Whatever the clock did in between, a step is taken once, and nobody waits for more
// than those that were taken.
func TestClockJumps(t *testing.T) {
	for name, jumps := range map[string][]time.Duration{
		"a day ahead for one run":  {0, 24 * time.Hour, 0, 0},
		"five minutes ahead":       {0, 5 * time.Minute, 0, 5 * time.Minute, 0},
		"behind, and right again":  {0, -time.Hour, -time.Hour, 0},
		"back and forth by a step": {0, period, 0, period, -period, 0},
		"a century ahead":          {876000 * time.Hour, 0, 876000 * time.Hour, 0},
	} {
		l := codes.Ledger{Dir: t.TempDir()}
		start := time.Date(2026, 3, 4, 5, 6, 0, 0, time.UTC)
		taken := map[time.Time]bool{}
		for i, jump := range jumps {
			step, err := l.Claim(t.Context(), "ada", free(start.Add(jump)))
			if err != nil {
				t.Fatal(err)
			}
			if taken[step] {
				t.Errorf("%s: run %d takes a step for the second time", name, i)
			}
			if wait := step.Sub(start.Add(jump)); wait < 0 || wait > time.Duration(i)*period {
				t.Errorf("%s: run %d waits %s", name, i, wait)
			}
			taken[step] = true
		}
	}
}

// One step for an account is what the first ledgers had.
func TestFirstLedgers(t *testing.T) {
	l := codes.Ledger{Dir: t.TempDir()}
	if err := os.WriteFile(filepath.Join(l.Dir, "steps.json"), []byte(`{"ada":"1970-01-01T00:00:30Z"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for want := int64(60); want <= 90; want += 30 {
		if step, err := claim(t, l, "ada"); err != nil || !step.Equal(time.Unix(want, 0)) {
			t.Errorf("%v, %v", step, err)
		}
	}
}

func TestDamagedFileCountsAsEmpty(t *testing.T) {
	for _, text := range []string{"", "{", "null", "[1]", `{"ada":"soon"}`} {
		l := codes.Ledger{Dir: t.TempDir()}
		if err := os.WriteFile(filepath.Join(l.Dir, "steps.json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if step, err := claim(t, l, "ada"); err != nil || !step.Equal(time.Unix(30, 0)) {
			t.Errorf("%q: %v, %v", text, step, err)
		}
	}
}

func TestZeroLedger(t *testing.T) {
	for range 2 {
		if step, err := claim(t, codes.Ledger{}, "ada"); err != nil || !step.Equal(time.Unix(30, 0)) {
			t.Errorf("%v, %v", step, err)
		}
	}
}
