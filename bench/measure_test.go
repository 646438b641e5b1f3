package main

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"
)

// A table has the absent ones, each way has been run as often as the others, and who
// is not set up is no reason to fail.
func TestJob(t *testing.T) {
	counts := make([]int, 2)
	count := func(i int) func() error { return func() error { counts[i]++; return nil } }
	j := job{title: "Nothing", note: "Done.", rounds: 10, ways: []*way{
		{name: "own", once: count(0)},
		{name: "other", once: count(1)},
		{name: "none", absent: "absent: no `none` in PATH"},
		{name: "broken", once: count(0), before: func() error { return errors.New("no key\nusage: a|b") }},
	}}
	if err := j.run(t.Context(), 0.5); err != nil {
		t.Fatal(err)
	}
	if counts[0] != 6 || counts[1] != 6 { // five rounds, and one that is not counted
		t.Errorf("%d runs, want 6 of each", counts)
	}
	var b bytes.Buffer
	j.write(&b)
	for _, want := range []string{"### Nothing\n", "| own | ", " | 1.00 |\n", "| none | | absent: no `none` in PATH | |\n", "| broken | | not set up: no key | |\n", "\nDone.\n"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
}

func TestQuantile(t *testing.T) {
	took := []time.Duration{10, 20, 30, 40}
	for part, want := range map[float64]time.Duration{0: 10, 0.5: 25, 1: 40} {
		if got := quantile(took, part); got != want {
			t.Errorf("quantile %v is %v, want %v", part, got, want)
		}
	}
	for d, want := range map[time.Duration]string{2_345_678: "2.35 ms", 23_456_789: "23.5 ms", 234_567_890: "235 ms"} {
		if got := ms(d); got != want {
			t.Errorf("%v is %q, want %q", d, got, want)
		}
	}
}
