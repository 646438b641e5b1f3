package watch_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"

	"npmotp/internal/agent"
	"npmotp/internal/cleantext"
	"npmotp/internal/secret"
	"npmotp/internal/watch"
)

var colour = regexp.MustCompile("\x1b\\[[0-9;]*m")

func drawnAt(now time.Time, style watch.Style, columns, lines int, names ...string) []string {
	var accounts []agent.Account
	var codes []agent.Code
	for i, name := range names {
		from := now.Truncate(30 * time.Second)
		accounts = append(accounts, agent.Account{Name: name, Issuer: name, Type: "totp", Digits: 6 + i%3, Period: 30})
		codes = append(codes, agent.Code{
			Account: name, Value: secret.New("12345678"[:6+i%3]), Next: secret.New("87654321"[:6+i%3]), From: from, Until: from.Add(30 * time.Second),
		})
	}
	return watch.DrawOf(&watch.Watch{Style: style}, accounts, codes, "", columns, lines, now)
}

// Whatever an account is called, no line is wider than the window, and nothing in
// it but colours is obeyed by a terminal. From 40 columns on each code shows with
// what it has left, and the next one in the last ten seconds.
func TestDrawFits(t *testing.T) {
	names := []string{
		"ada", "你好世界公司帐号你好世界公司帐号你好世界公司帐号", "a\x1b[2Jb\u202ec\nnpmotp: d\x1b]52;c;QQ==\a", "e\u0301\u0301\u0301\u0301\u0301", "",
		strings.Repeat("long ", 40), "👩‍👩‍👧", "שלום",
	}
	for _, second := range []int{0, 19, 20, 29} {
		now := time.Date(2026, 3, 4, 5, 6, second, 0, time.UTC)
		for _, style := range []watch.Style{{Color: true}, {}, {ASCII: true}} {
			for columns := 1; columns <= 130; columns++ {
				for _, lines := range []int{1, 2, 3, 12} {
					drawn := drawnAt(now, style, columns, lines, names...)
					if len(drawn) > lines {
						t.Fatalf("%d lines in %d", len(drawn), lines)
					}
					for _, line := range drawn {
						text := colour.ReplaceAllString(line, "")
						if strings.ContainsFunc(text, unicode.IsControl) || cleantext.Show(text) != text {
							t.Fatalf("%d columns: %q", columns, line)
						}
						if w := cleantext.Width(text); w > columns {
							t.Fatalf("%d columns in %d: %q", w, columns, line)
						}
						if !style.Color && text != line {
							t.Fatalf("a colour: %q", line)
						}
					}
				}
				all := colour.ReplaceAllString(strings.Join(drawnAt(now, style, columns, 12, names...), "\n"), "")
				if columns < 40 {
					continue
				}
				for _, want := range []string{"123456", "1234567", "12345678", fmt.Sprintf("%2d s", 30-second)} {
					if strings.Count(all, want) < 2 {
						t.Fatalf("%d columns lack %q:\n%s", columns, want, all)
					}
				}
				if next := strings.Count(all, "876543"); (second < 20 && next != 0) || (second >= 20 && next != len(names)) {
					t.Fatalf("%d columns at %d seconds: the next codes show %d times:\n%s", columns, second, next, all)
				}
			}
		}
	}
}

func TestStyle(t *testing.T) {
	for _, tt := range []struct {
		environ map[string]string
		want    watch.Style
	}{
		{nil, watch.Style{Color: true}},
		{map[string]string{"NO_COLOR": "1", "LANG": "de_DE.UTF-8"}, watch.Style{}},
		{map[string]string{"LANG": "C"}, watch.Style{Color: true, ASCII: true}},
		{map[string]string{"LC_ALL": "C.utf8", "LANG": "C"}, watch.Style{Color: true}},
		{map[string]string{"LC_CTYPE": "POSIX", "LANG": "C.UTF-8"}, watch.Style{Color: true, ASCII: true}},
	} {
		if got := watch.StyleOf(func(name string) string { return tt.environ[name] }); got != tt.want {
			t.Errorf("%v: %+v", tt.environ, got)
		}
	}
}
