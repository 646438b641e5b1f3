package vt_test

import (
	"context"
	"strings"
	"testing"
	"unicode"

	"npmotp/internal/vt"
)

// FuzzReplay looks for output that ends the program, that fills the memory, or
// that shows as text what is none.
func FuzzReplay(f *testing.F) {
	for _, seed := range []string{
		"Enter OTP: ", "a\r\nb\x1b[2K\x1b[1Gc", "\x1b[38;5;10;48;2;1;2;3m█▀▄\x1b[0m", "\x1b]0;title\x07x", "\x1bPq\x1b\\y", "\x9b1;1Hz",
		"\x1b[9999999999999999999B.", "\x1b[2000C\x1b[4194304B.", "\x1b7\x1b[5A\x1b8\x1b[J", "\x1b[?25l\x1b[3P\x1b[4@\x1b[5X\x1b[6L", "\xff\x1b[", "\t\t\b\b界", "\u00940",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		whole := vt.New()
		whole.Replay(context.Background(), s)
		cells := 0
		for _, line := range whole.Lines {
			cells += len(line)
		}
		if cells > 4<<20 {
			t.Errorf("%d cells", cells)
		}
		text := whole.Plain()
		if i := strings.IndexFunc(text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' }); i >= 0 {
			t.Errorf("%q shows as %q", s, text)
		}
	})
}
