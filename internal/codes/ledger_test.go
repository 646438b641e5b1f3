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

// next takes the step after the last one.
func next(last time.Time) (time.Time, error) {
	if last.IsZero() {
		last = time.Unix(0, 0)
	}
	return last.Add(30 * time.Second), nil
}

func TestClaimsDiffer(t *testing.T) {
	l := codes.Ledger{Dir: filepath.Join(t.TempDir(), "new", "folder")}
	var wait sync.WaitGroup
	var mu sync.Mutex
	seen := map[time.Time]int{}
	for range 20 {
		wait.Go(func() {
			step, err := l.Claim(t.Context(), "ada", next)
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
	if step, err := l.Claim(t.Context(), "bob", next); err != nil || !step.Equal(time.Unix(30, 0)) {
		t.Errorf("another account begins at %v, %v", step, err)
	}
}

func TestFailedPickTakesNothing(t *testing.T) {
	l := codes.Ledger{Dir: t.TempDir()}
	mine := errors.New("mine")
	if _, err := l.Claim(t.Context(), "ada", func(time.Time) (time.Time, error) { return time.Unix(90, 0), mine }); !errors.Is(err, mine) {
		t.Errorf("got %v", err)
	}
	if step, err := l.Claim(t.Context(), "ada", next); err != nil || !step.Equal(time.Unix(30, 0)) {
		t.Errorf("%v, %v", step, err)
	}
}

func TestDamagedFileCountsAsEmpty(t *testing.T) {
	for _, text := range []string{"", "{", "null", "[1]", `{"ada":"soon"}`} {
		l := codes.Ledger{Dir: t.TempDir()}
		if err := os.WriteFile(filepath.Join(l.Dir, "steps.json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if step, err := l.Claim(t.Context(), "ada", next); err != nil || !step.Equal(time.Unix(30, 0)) {
			t.Errorf("%q: %v, %v", text, step, err)
		}
	}
}

func TestZeroLedger(t *testing.T) {
	for range 2 {
		if step, err := (codes.Ledger{}).Claim(t.Context(), "ada", next); err != nil || !step.Equal(time.Unix(30, 0)) {
			t.Errorf("%v, %v", step, err)
		}
	}
}
