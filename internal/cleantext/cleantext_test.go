package cleantext_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"npmotp/internal/cleantext"
)

func TestName(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"", ""},
		{"npm", "npm"},
		{"npm:user@example.com/é ü", "npm:user@example.com/é ü"},
		{" \t npm\r\n  user\u00a0\u3000x\v", "npm user x"},
		{"a\u2028b\u2029c\u0085d\u2800e", "a b c d e"},
		{"\x1b[2J\x1b]0;x\anpm\x00\x7f\u009b", "[2J]0;xnpm"},
		// Bidirectional controls, UAX #9 section 2.
		{"a\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061cb", "ab"},
		// Zero width and other invisible characters.
		{"a\u200b\u200c\u200d\u2060\ufeff\u00ad\u034f\u180e\ufe0f\U000e0100\U000e0061b", "ab"},
		{"a\u115f\u1160\u3164\uffa0\u17b4\u2064\ufff9\ufffc\U0001d159\U00016fe4b", "ab"},
		// Private, unassigned, not characters.
		{"a\ue000\U000f0000\u0378\ufdd0\uffff\U0010ffffb", "ab"},
		{"a\xffb\xc0\xafc\xed\xa0\x80d\xe2\x82", "abcd"},
		{"\ufffd", "\ufffd"},
		{"- --npm -x-", "npm -x-"},
		{"--", ""},
		{"\u200b-x", "x"},
		{"-\u0301x", "x"},
		{"\u2013x", "\u2013x"},
		{"\u0301\u0302abc", "abc"},
		{"e\u0301 \u0301 x", "e\u0301 x"},
		{"e\u200b\u0301", "e\u0301"},
		{"Z" + strings.Repeat("\u0301", 9) + "o\u0301", "Z" + strings.Repeat("\u0301", 4) + "o\u0301"},
		{"नमस्ते", "नमस्ते"},
		{"שלום 日本語 👍", "שלום 日本語 👍"},
		{"👩\u200d💻 ❤\ufe0f", "👩💻 ❤"},
		{strings.Repeat("x", 200), strings.Repeat("x", 128)},
		{strings.Repeat("x", 127) + "é", strings.Repeat("x", 127)},
		{strings.Repeat("x", 127) + " é", strings.Repeat("x", 127)},
		{strings.Repeat("x", 127) + " y", strings.Repeat("x", 127)},
		{strings.Repeat("x", 126) + " yz", strings.Repeat("x", 126) + " y"},
		{strings.Repeat("日", 43), strings.Repeat("日", 42)},
	} {
		if got := cleantext.Name(tt.in); got != tt.want {
			t.Errorf("Name(%+q) = %+q, want %+q", tt.in, got, tt.want)
		}
	}
}

func TestShowAndQuote(t *testing.T) {
	for _, tt := range []struct{ in, show string }{
		{"", ""},
		{"npm:user é 日本語 שלום 👍", "npm:user é 日本語 שלום 👍"},
		{"  a  ", "  a  "},
		{"a\nb\tc\r", `a\nb\tc\r`},
		{"\x1b[2J\a\x00\x7f\u0085\u009b", `\x1b[2J\a\x00\x7f\u0085\u009b`},
		{"a\u202eb\u2066c\u200ed\u061c", `a\u202eb\u2066c\u200ed\u061c`},
		{"a\u200b\ufeff\u00ad\u00a0\u2028\u2800\u3164\ufe0f\u034f", `a\u200b\ufeff\u00ad\u00a0\u2028\u2800\u3164\ufe0f\u034f`},
		{"\ue000\u0378\U000e0061\U0001d159", `\ue000\u0378\U000e0061\U0001d159`},
		{"\xff\xc0\xaf\xed\xa0\x80", `\xff\xc0\xaf\xed\xa0\x80`},
		{"\ufffd", "\ufffd"},
		{"\u0301e\u0301", "\\u0301e\u0301"},
		{"a \u0301b\n\u0301c\xff\u0301", `a \u0301b\n\u0301c\xff\u0301`},
		{"Z" + strings.Repeat("\u0301", 6), "Z" + strings.Repeat("\u0301", 4) + `\u0301\u0301`},
	} {
		if got := cleantext.Show(tt.in); got != tt.show {
			t.Errorf("Show(%+q) = %+q, want %+q", tt.in, got, tt.show)
		}
		if got := cleantext.Quote(tt.in); got != `"`+tt.show+`"` {
			t.Errorf("Quote(%+q) = %+q, want %+q", tt.in, got, tt.show)
		}
	}
	const in = `"C:\new" a` + "\"\u0301"
	if got := cleantext.Show(in); got != in {
		t.Errorf("Show(%+q) = %+q", in, got)
	}
	if got, want := cleantext.Quote(in), `"\"C:\\new\" a\"\u0301"`; got != want {
		t.Errorf("Quote(%+q) = %+q, want %+q", in, got, want)
	}
}

// Quote is %q where %q escapes enough.
func TestQuoteLikeFmt(t *testing.T) {
	for _, s := range []string{"", "npm", `a"b\c`, "é\n\x1b\x00\u202e\xff", "日本語 \u00a0"} {
		if got, want := cleantext.Quote(s), fmt.Sprintf("%q", s); got != want {
			t.Errorf("%s, but %%q gives %s", got, want)
		}
	}
}

// forbidden lists what no result may hold, by code point where a source names
// them, independently of how the package decides.
var forbidden = &unicode.RangeTable{
	R16: []unicode.Range16{
		{0x0000, 0x001f, 1}, {0x007f, 0x009f, 1}, {0x00a0, 0x00a0, 1}, {0x00ad, 0x00ad, 1}, {0x034f, 0x034f, 1},
		{0x061c, 0x061c, 1}, {0x115f, 0x1160, 1}, {0x1680, 0x1680, 1}, {0x17b4, 0x17b5, 1}, {0x180b, 0x180f, 1},
		{0x2000, 0x200f, 1}, {0x2028, 0x202f, 1}, {0x205f, 0x206f, 1}, {0x2800, 0x2800, 1}, {0x3000, 0x3000, 1},
		{0x3164, 0x3164, 1}, {0xd800, 0xf8ff, 1}, {0xfdd0, 0xfdef, 1}, {0xfe00, 0xfe0f, 1}, {0xfeff, 0xfeff, 1},
		{0xffa0, 0xffa0, 1}, {0xfff0, 0xfffc, 1}, {0xfffe, 0xffff, 1},
	},
	R32: []unicode.Range32{
		{0x1bca0, 0x1bca3, 1}, {0x1d159, 0x1d159, 1}, {0x1d173, 0x1d17a, 1}, {0xe0000, 0xe0fff, 1}, {0xf0000, 0x10ffff, 1},
	},
}

func check(t *testing.T, what, s string) {
	t.Helper()
	if !utf8.ValidString(s) {
		t.Errorf("%s is not UTF-8: %+q", what, s)
	}
	for _, r := range s {
		if unicode.Is(forbidden, r) || unicode.In(r, unicode.C, unicode.Cf, unicode.Zl, unicode.Zp) || unicode.IsSpace(r) && r != ' ' {
			t.Errorf("%s holds %U", what, r)
		}
	}
	if first, _ := utf8.DecodeRuneInString(s); unicode.IsMark(first) {
		t.Errorf("%s begins with a mark", what)
	}
}

// Every character there is, at the start and after a letter. Planes 2 and 3
// are all alike, 4 to 13 are not assigned and 15 and 16 private: of each,
// some are enough.
func TestAllCharacters(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if plane := r >> 16; plane > 1 && plane != 14 && r&0xffff > 0xff && r&0xffff < 0xff00 || !utf8.ValidRune(r) {
			continue
		}
		s := string(r) + "x" + string(r)
		name, shown, quoted := cleantext.Name(s), cleantext.Show(s), cleantext.Quote(s)
		check(t, "Name", name)
		check(t, "Show", shown)
		check(t, "Quote", quoted)
		if back, err := strconv.Unquote(quoted); err != nil || back != s {
			t.Errorf("Quote(%+q) is read back as %+q: %v", s, back, err)
		}
		if cleantext.Show(name) != name {
			t.Errorf("the name %+q is shown with escapes", name)
		}
	}
}

func FuzzName(f *testing.F) {
	for _, s := range []string{
		"npm:user", " a\u0301\u0301\u0301\u0301\u0301 -\u0301b\u202e\xff\x1b[2J", "--\u200b-\u0301x\u2800 ", strings.Repeat("日 ", 60),
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		name := cleantext.Name(s)
		check(t, "Name", name)
		if len(name) > 128 || name != strings.TrimSpace(name) || strings.Contains(name, "  ") || strings.HasPrefix(name, "-") {
			t.Errorf("Name(%+q) = %+q", s, name)
		}
		if again := cleantext.Name(name); again != name {
			t.Errorf("Name(%+q) = %+q", name, again)
		}
		if shown := cleantext.Show(name); shown != name {
			t.Errorf("the name %+q is shown as %+q", name, shown)
		}
	})
}

func FuzzQuote(f *testing.F) {
	for _, s := range []string{`a"b\`, "\u0301\n\xff\x1b[2J\u202e", "Z\u0301\u0301\u0301\u0301\u0301\u2800\u3164\ufe0f", `\u202e`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		quoted, shown := cleantext.Quote(s), cleantext.Show(s)
		check(t, "Quote", quoted)
		check(t, "Show", shown)
		if back, err := strconv.Unquote(quoted); err != nil || back != s {
			t.Errorf("Quote(%+q) = %s is read back as %+q: %v", s, quoted, back, err)
		}
		if again := cleantext.Show(shown); again != shown {
			t.Errorf("Show(%+q) = %+q", shown, again)
		}
	})
}
