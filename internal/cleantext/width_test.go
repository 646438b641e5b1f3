package cleantext_test

import (
	"testing"

	"npmotp/internal/cleantext"
)

func TestWidth(t *testing.T) {
	for s, want := range map[string]int{
		"": 0, "npm": 3, "zo\u00eb": 3, "zoe\u0308": 3, "\u65e5\u672c\u8a9e": 6, "\ud55c\uae00": 4,
		"\u30ab\u30bf\u30ab\u30ca": 8, "\uff76\uff85": 2, "\uff21": 2, "\U0001f511": 2, "\u05d0\u05d1": 2, "\u2500": 1,
	} {
		if got := cleantext.Width(s); got != want {
			t.Errorf("%q: %d, want %d", s, got, want)
		}
	}
}
