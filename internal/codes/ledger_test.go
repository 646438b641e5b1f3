package codes_test

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"npmotp/internal/codes"
	"npmotp/internal/crashtest"
	"npmotp/internal/statefile"
)

// next takes the step after the last one.
func next(taken []codes.Step) time.Time {
	last := time.Unix(0, 0)
	if len(taken) > 0 {
		last = taken[len(taken)-1].Begins
	}
	return last.Add(30 * time.Second)
}

const period = 30 * time.Second

// claim takes the first step that is free at a time.
func claim(t *testing.T, l codes.Ledger, account string, now time.Time) (time.Time, error) {
	t.Helper()
	return l.Claim(t.Context(), account, now, func(taken []codes.Step) time.Time {
		step, _, _ := codes.Choice{From: now, Period: period}.Pick(taken)
		return step
	})
}

func TestClaimsDiffer(t *testing.T) {
	l := codes.Ledger{Dir: filepath.Join(t.TempDir(), "new", "folder")}
	var wait sync.WaitGroup
	var mu sync.Mutex
	seen := map[time.Time]int{}
	for range 20 {
		wait.Go(func() {
			step, err := l.Claim(t.Context(), "ada", time.Unix(1, 0), next)
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
	if step, err := l.Claim(t.Context(), "bob", time.Unix(1, 0), next); err != nil || !step.Equal(time.Unix(30, 0)) {
		t.Errorf("another account begins at %v, %v", step, err)
	}
}

// The newest steps are kept, whatever the clock said when they were taken.
func TestStepsAreBounded(t *testing.T) {
	l := codes.Ledger{Dir: t.TempDir()}
	var seen []codes.Step
	for i := range int64(100) {
		_, err := l.Claim(t.Context(), "ada", time.Unix(1000-i, 0), func(taken []codes.Step) time.Time {
			seen = taken
			return time.Unix(30*i, 0)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if n := len(seen); n != 64 || !seen[n-1].Begins.Equal(time.Unix(30*98, 0)) || !seen[n-1].Noted.Equal(time.Unix(1000-98, 0)) {
		t.Errorf("%d steps are kept, the last is %v", n, seen[n-1])
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
		seen := map[time.Time]bool{}
		for i, jump := range jumps {
			now := start.Add(jump)
			step, err := claim(t, l, "ada", now)
			if err != nil {
				t.Fatal(err)
			}
			if seen[step] {
				t.Errorf("%s: run %d takes a step for the second time", name, i)
			}
			if wait := step.Sub(now); wait < 0 || wait > time.Duration(i)*period {
				t.Errorf("%s: run %d waits %s", name, i, wait)
			}
			seen[step] = true
		}
	}
}

// Times are what the first ledgers had, one for an account or several.
func TestFirstLedgers(t *testing.T) {
	for _, text := range []string{`{"ada":"1970-01-01T00:00:30Z"}`, `{"ada":["1970-01-01T00:00:00Z","1970-01-01T00:00:30Z"]}`} {
		l := codes.Ledger{Dir: t.TempDir()}
		if err := os.WriteFile(filepath.Join(l.Dir, "steps.json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		for want := int64(60); want <= 90; want += 30 {
			if step, err := l.Claim(t.Context(), "ada", time.Unix(30, 0), next); err != nil || !step.Equal(time.Unix(want, 0)) {
				t.Errorf("%s: %v, %v", text, step, err)
			}
		}
	}
}

func TestDamagedFileCountsAsEmpty(t *testing.T) {
	for _, text := range []string{"", "{", "null", "[1]", `{"ada":"soon"}`, `{"ada":[{"begins":"soon"}]}`} {
		l := codes.Ledger{Dir: t.TempDir()}
		if err := os.WriteFile(filepath.Join(l.Dir, "steps.json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if step, err := l.Claim(t.Context(), "ada", time.Unix(1, 0), next); err != nil || !step.Equal(time.Unix(30, 0)) {
			t.Errorf("%q: %v, %v", text, step, err)
		}
	}
}

// Whatever became of the ledger, a step is taken once, and nobody waits for more than
// a ledger can hold.
func TestMutatedLedgers(t *testing.T) {
	start := time.Date(2026, 3, 4, 5, 6, 0, 0, time.UTC)
	l := codes.Ledger{Dir: t.TempDir()}
	for _, account := range []string{"ada", "bob", "ada", "ada"} {
		if _, err := claim(t, l, account, start); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(filepath.Join(l.Dir, "steps.json"))
	if err != nil {
		t.Fatal(err)
	}
	kept, lost, refused := 0, 0, 0
	cost := crashtest.Mutations(data, func(mutated []byte) {
		err := errors.Join(os.RemoveAll(l.Dir), os.Mkdir(l.Dir, 0o700), os.WriteFile(filepath.Join(l.Dir, "steps.json"), mutated, 0o600))
		if err != nil {
			t.Fatal(err)
		}
		first, err := claim(t, l, "ada", start)
		if _, later := errors.AsType[*statefile.VersionError](err); later {
			refused++
			return
		}
		second, failed := claim(t, l, "ada", start)
		if err != nil || failed != nil || !second.After(first) || second.Sub(start) > 64*period {
			t.Errorf("with the ledger %q: %v and %v, %v, %v", mutated, first, second, err, failed)
		}
		if first.Equal(start.Add(3 * period)) {
			kept++
		} else {
			lost++
		}
	})
	t.Logf("%d kept, %d begun anew or changed, %d refused, %v", kept, lost, refused, cost)
}

func TestZeroLedger(t *testing.T) {
	for range 2 {
		if step, err := (codes.Ledger{}).Claim(t.Context(), "ada", time.Unix(1, 0), next); err != nil || !step.Equal(time.Unix(30, 0)) {
			t.Errorf("%v, %v", step, err)
		}
	}
}
