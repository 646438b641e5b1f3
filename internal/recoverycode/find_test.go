package recoverycode_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode"

	"npmotp/internal/recoverycode"
	"npmotp/internal/secret"
)

const (
	hexA = "7a036304a7e14ea57a33424afd8374114abc2a40705d790f45a8092885178851"
	hexB = "8a1c013e4b8734d5b8917ca4b7bdb740a532c2a21ad17613ff8c6bd01fa58d1a"
	hexC = "0123456789abcdef"
)

func TestFind(t *testing.T) {
	tests := []struct {
		name, text string
		want       []string
		repeated   int
	}{
		{"npm's text", "2FA successfully enabled. Below are your recovery codes, please print these out.\n" +
			"You will need these to recover access to your account if you lose your authentication device.\n\t" +
			hexA + "\n\t" + hexB + "\n", []string{hexA, hexB}, 0},
		{"lines", hexA + "\r\n" + hexB, []string{hexA, hexB}, 0},
		{"commas", hexA + ", " + hexB, []string{hexA, hexB}, 0},
		{"numbered and quoted", "> 1. " + hexA + "\n> 2. `" + hexB + "`", []string{hexA, hexB}, 0},
		{"16 digits", hexC + "\n", []string{hexC}, 0},
		{"48 digits", hexC + hexC + hexC, []string{hexC + hexC + hexC}, 0},
		{"above a telephone number", hexA + "\n" + hexB + "\n\n-- \nAda\n+4915123456789\n", []string{hexA, hexB}, 0},
		{"numbered in columns", "1. " + hexC + "   3) " + hexC[1:] + "0\n2. " + hexC[2:] + "00  4) " + hexC[3:] + "000", []string{hexC, hexC[1:] + "0", hexC[2:] + "00", hexC[3:] + "000"}, 0},
		{"an array of a shell", "codes=(" + hexA + " " + hexB + ")\ncodes=(\"" + hexB + "\" \"" + hexA + "\")\n", []string{hexA, hexB}, 2},
		{"lines of HTML", hexA + "<br>\n" + hexB + "<br />", []string{hexA, hexB}, 0},
		{"below a short heading", "2FA\nabcd-12345\nefgh-67890\n", []string{"abcd-12345", "efgh-67890"}, 0},
		{"upper case is kept", strings.ToUpper(hexC), []string{strings.ToUpper(hexC)}, 0},
		{"twice the same", hexA + "\n" + hexA + "\n" + hexB, []string{hexA, hexB}, 1},
		{"groups with dashes", inGroups(hexA, 4, "-") + "\n" + inGroups(hexB, 4, "-"), []string{hexA, hexB}, 0},
		{"groups of eight", inGroups(hexA, 8, " ") + "\n" + inGroups(hexB, 8, ":"), []string{hexA, hexB}, 0},
		{"groups of sixteen with dots", "1) " + inGroups(hexA, 16, ".") + "\n", []string{hexA}, 0},
		{"groups with no-break spaces", inGroups(hexA, 4, "\u00a0"), []string{hexA}, 0},
		{"groups of sixteen beside whole codes", hexB + "\n" + inGroups(hexA, 16, " "), []string{hexB, hexA}, 0},
		{"columns of sixteen beside single ones", hexC + "\n" + inGroups(hexA, 16, " "), []string{hexC, hexA[:16], hexA[16:32], hexA[32:48], hexA[48:]}, 0},
		{"groups of any length", inGroups(hexA, 5, "_") + "\n" + hexB[:8] + "-" + hexB[8:12] + "-" + hexB[12:20] + "-" + hexB[20:], []string{hexA, hexB}, 0},
		{"groups with names and notes", "Code 1: `" + inGroups(hexA, 4, "-") + "`\n- [x] \"" + inGroups(hexB, 8, " ") + "\", # used in May", []string{hexA, hexB}, 0},
		{"signs that cannot be seen", "\ufeff" + hexA[:30] + "\u200b" + hexA[30:] + "\n\u2060" + hexB[:9] + "\u00ad" + hexB[9:], []string{hexA, hexB}, 0},
		{"in bold and struck out", "**" + hexA + "**\n~~" + hexB + "~~ (used)", []string{hexA, hexB}, 0},
		{"beside an access token", hexA + "\nnpm_" + hexB[:36] + "\n", []string{hexA}, 0},
		{"between headings", "Home\n" + hexA + "\nAt work:\n" + hexB + "\n----\n", []string{hexA, hexB}, 0},
		{"in a box", "┌" + strings.Repeat("─", 66) + "┐\n│ " + hexA + " │\n┃ " + hexB + " ┃\n└" + strings.Repeat("─", 66) + "┘", []string{hexA, hexB}, 0},
		{"in a table with a rule", "| # | Code |\n|--:|:---|\n| 1 | `" + hexA + "` |\n| 2 | " + hexB + " |\n", []string{hexA, hexB}, 0},
		{"wide digits and a ligature", strings.Map(func(r rune) rune { return r - '!' + '！' }, hexA) + "\n" + strings.ReplaceAll(hexB, "ff", "\ufb00"), []string{hexA, hexB}, 0},
		{"curly quotes", "“" + hexA + "”\n‘" + hexB + "’", []string{hexA, hexB}, 0},
		{"a sign before each", "-" + hexA + "\n+" + hexB, []string{hexA, hexB}, 0},
		{"ends of lines of other systems", hexA + "\r" + hexB + "\u2028" + strings.Repeat(hexC, 4), []string{hexA, hexB, strings.Repeat(hexC, 4)}, 0},
		{"between prompts", "$ cat codes\n" + hexA + "\n" + hexB + "\n$ \n", []string{hexA, hexB}, 0},
		{"lines of sixteen", inGroups(hexA, 16, "\n"), []string{hexA[:16], hexA[16:32], hexA[32:48], hexA[48:]}, 0},
		{"twenty of sixteen, numbered", numbered(20), sixteen(20), 0},
		{"five keys of sixteen letters", "ABCD2345ABCD2345\nABCD2345ABCD2346\nABCD2345ABCD2347", []string{"ABCD2345ABCD2345", "ABCD2345ABCD2346", "ABCD2345ABCD2347"}, 0},
		{"another alphabet, one without a digit", "abcd-12345\nefgh-ijklm\nnopq-67890\n", []string{"abcd-12345", "efgh-ijklm", "nopq-67890"}, 0},
		{"another alphabet, with notes", "abcd-12345 used\n(efgh-67890)\n", []string{"abcd-12345", "efgh-67890"}, 0},
		{"another alphabet", "1. abcd-12345\n2. efgh-67890\n", []string{"abcd-12345", "efgh-67890"}, 0},
		{"another alphabet in columns", "  abcde-12345   fghij-67890\n  klmno-13579   pqrst-24680\n", []string{"abcde-12345", "fghij-67890", "klmno-13579", "pqrst-24680"}, 0},
		{"another alphabet as JSON", "[\n  \"abcd-1234\",\n  \"efgh-5678\"\n]\n", []string{"abcd-1234", "efgh-5678"}, 0},
		{"another alphabet in one line", "ABC123XYZ, DEF456UVW", []string{"ABC123XYZ", "DEF456UVW"}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			codes, repeated, err := recoverycode.Find(secret.New(tt.text))
			if err != nil || repeated != tt.repeated || len(codes) != len(tt.want) {
				t.Fatalf("%d codes, %d repeated, %v", len(codes), repeated, err)
			}
			for i := range codes {
				if codes[i].Reveal() != tt.want[i] {
					t.Errorf("code %d is not as printed", i+1)
				}
			}
		})
	}
}

func sixteen(n int) (codes []string) {
	for i := range n {
		codes = append(codes, fmt.Sprintf("%s%02d", hexA[:14], i))
	}
	return codes
}

func numbered(n int) string {
	var b strings.Builder
	for i, code := range sixteen(n) {
		fmt.Fprintf(&b, "%d. %s\n", i+1, code)
	}
	return b.String()
}

// inGroups writes a code in groups of n with a separator.
func inGroups(code string, n int, separator string) string {
	var groups []string
	for ; len(code) > n; code = code[n:] {
		groups = append(groups, code[:n])
	}
	groups = append(groups, code)
	return strings.Join(groups, separator)
}

// What is nearly a code, a part of one, or one or several, is named by its line.
func TestFindInDoubt(t *testing.T) {
	for name, tt := range map[string]struct {
		text string
		line int
	}{
		"an O for a 0":                   {hexB + "\n" + hexA[:21] + "O" + hexA[22:] + "\n" + hexC + hexC + hexC + hexC, 2},
		"an l for a 1":                   {hexB + "\n\n" + hexA[:9] + "l" + hexA[10:], 3},
		"letters for many digits, above": {strings.NewReplacer("1", "l", "0", "O", "5", "S").Replace(hexA) + "\n" + hexB, 1},
		"letters for many digits, below": {hexB + "\n(2) " + strings.NewReplacer("1", "l", "0", "O", "5", "S").Replace(hexA), 2},
		"letters for digits in each":     {strings.ReplaceAll(hexA, "1", "l") + "\n" + strings.ReplaceAll(hexB, "1", "l"), 1},
		"letters of another script":      {strings.ReplaceAll(hexA, "a", "а") + "\n" + hexB, 1},
		"an underscore":                  {hexB + "\n" + hexA[:30] + "_" + hexA[31:], 2},
		"cut to a few":                   {hexB + "\n" + hexA[:10], 2},
		"dots for the rest":              {hexA[:48] + "…\n", 1},
		"dots for the begin":             {"\n..." + hexA[16:], 2},
		"stars for the rest":             {hexA[:16] + strings.Repeat("*", 48), 1},
		"as npmotp shows it":             {hexA[:4] + "…" + hexA[60:], 1},
		"four groups or codes":           {inGroups(hexA, 16, " "), 1},
		"a date above a list":            {"ab-2026-01\nabcde-12345\nfghij-67890\n", 1},
		"a password in a list":           {"abcde-12345\nTr0ub4dor\nfghij-67890\n", 2},
		"a letter for all of its digits": {strings.ReplaceAll(hexA, "0", "O"), 1},
		"a letter in a group":            {inGroups(hexB, 8, " ") + "\n" + inGroups(strings.Replace(hexA, "a", "g", 1), 8, " "), 2},
		"a few digits of one":            {hexB + "\n7a03\n" + hexA, 2},
		"a number without one":           {"1. " + hexB + "\n2.\n3. " + hexA, 2},
		"a mask among codes":             {hexB + "\n" + strings.Repeat("x", 64) + "\n" + hexA, 2},
		"dots behind a space":            {hexA[:48] + " . . .", 1},
		"a word for the rest":            {hexA[:16] + " (hidden)", 1},
		"a sign for the rest":            {hexA[:48] + "→", 1},
		"the last of it":                 {"\nends in " + hexA[48:], 2},
		"stars in the middle":            {"ab12****cd34\n", 1},
		"underscores for it":             {hexA[:16] + "____", 1},
		"cells or groups":                {"| " + inGroups(hexA, 8, " | ") + " |", 1},
		"a digest":                       {hexB + "\nsha256:" + hexA, 2},
		"a fingerprint":                  {"Fingerprint: " + hexC, 1},
		"a list of checksums":            {hexA + "  npm.tgz\n", 1},
		"a key":                          {"JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", 1},
		"an old access token":            {"b0a6e7d2-1f0e-4c1d-9a51-3f4d5e6f7a8b", 1},
		"a question mark":                {"abcde-12345\nab?de-67890\nfghij-67890\n", 2},
		"two words for one":              {"abcde-12345\nab1de 67890\nfghij-67890\n", 2},
		"a note without brackets":        {"abcde-12345\nab1de-67890 gave to Bob\nfghij-67890\n", 2},
		"a sentence before the first":    {"Here is one abcde-12345\nab1de-67890\nfghij-67890\n", 1},
		"a bullet between columns":       {"* abcde-12345  * ab1de-67890\n* fghij-67890\n", 1},
		"digits with such a note":        {"3f2a9b1c0d\n4b1c9d2e7f gave to Bob\n0a9b8c7d6e\n", 2},
		"half of the last":               {"abcde-12345\nab1de-67890\nfg1ij\n", 3},
		"the last is hidden":             {hexA + "\n" + hexB + "\n(removed)\n", 3},
		"the last is cut to numbers":     {hexA + "\n" + hexB + "\n123456789012345\n", 3},
		"twenty lines of sixteen":        {strings.Join(sixteen(20), "\n"), 1},
		"lines of sixteen in blocks":     {"\n" + inGroups(hexA, 16, "\n") + "\n\n" + inGroups(hexB, 16, "\n"), 2},
		"lines of sixteen with numbers":  {"1. " + inGroups(hexA, 16, "\n") + "\n2. " + inGroups(hexB, 16, "\n"), 1},
		"the first and the last sixteen": {hexA[:16] + " - " + hexA[48:] + "\n" + hexB[:16] + " - " + hexB[48:], 1},
		"addresses of the internet":      {inGroups(hexA[:32], 4, ":") + "\n" + inGroups(hexA[32:], 4, ":"), 1},
		"more of them":                   {hexB + "\n" + hexA + "\n+ 3 more", 3},
		"more of them, hidden":           {hexB + "\n\nShow 3 more codes", 3},
		"a short key":                    {"JBSWY3DPEHPK3PXP", 1},
		"groups that are short":          {inGroups(hexA, 8, " ") + "\n" + inGroups(hexB[:56], 8, " "), 2},
	} {
		t.Run(name, func(t *testing.T) {
			codes, _, err := recoverycode.Find(secret.New(tt.text))
			line := 0
			if doubt, ok := errors.AsType[*recoverycode.DoubtError](err); ok {
				line = doubt.Line
			} else if cut, ok := errors.AsType[*recoverycode.CutError](err); ok {
				line = cut.Line
			}
			if err == nil || line != tt.line || strings.Contains(err.Error(), hexA[1:9]) {
				t.Errorf("%d codes, %v, want line %d", len(codes), err, tt.line)
			}
		})
	}
}

func TestFindRefuses(t *testing.T) {
	for _, text := range []string{"", "\n\n", "hello world\n", "npm\n", "Scan into your authenticator app:\n", "npm_AbCdEf0123456789AbCdEf0123456789AbCd\n", "123456\n234567\n", "2026-01-02\n", "20260102\n", "4915112345678\n", "xoxb-123456789012-abcdefABCDEF\n", "sk_live_4eC39HqLyjWDarjtT1zdp7dc\n", "AKIAIOSFODNN7EXAMPLE\n"} {
		if _, _, err := recoverycode.Find(secret.New(text)); !errors.Is(err, recoverycode.ErrNone) {
			t.Errorf("%q: %v", text, err)
		}
	}
	for text, line := range map[string]int{
		hexA + "\n" + hexB[:61] + "\n": 2,
		hexA[1:] + "\n":                1,
		hexA + hexB + "\n":             1,
	} {
		_, _, err := recoverycode.Find(secret.New(text))
		var cut *recoverycode.CutError
		if !errors.As(err, &cut) || cut.Line != line {
			t.Errorf("a cut code in line %d: %v", line, err)
		} else if strings.Contains(err.Error(), hexA[1:20]) {
			t.Error("the error quotes the code")
		}
	}
}

func FuzzFind(f *testing.F) {
	for _, s := range []string{hexA, "1. abcd-12345", "0aW0000aaa000000YYY****Y", hexA[:57] + ":" + hexA[57:], hexC + "," + hexC, "2FA\n\t" + hexB + "\n", hexA[:40], onPaper(hexA, 8), onPaper("xK4pQ7tRz2", 8)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		codes, _, err := recoverycode.Find(secret.New(text))
		if (err == nil) != (len(codes) > 0) {
			t.Fatalf("%d codes with %v", len(codes), err)
		}
		seen := map[string]bool{}
		// What was typed in groups comes back without them, in the case that was printed.
		plain := func(s string) string {
			return strings.NewReplacer("O", "0", "I", "1", "L", "1", "\ufb00", "FF").Replace(strings.ToUpper(strings.Map(func(r rune) rune {
				if r >= '！' && r <= '～' {
					r += '!' - '！'
				}
				if strings.ContainsRune(":.\u2212", r) || unicode.In(r, unicode.White_Space, unicode.Zs, unicode.Pd, unicode.Cf) {
					return -1
				}
				return r
			}, s)))
		}
		typed := plain(text)
		for _, c := range codes {
			known := plain(c.Reveal())
			if !strings.Contains(typed, known) || seen[c.Reveal()] || len(c.Reveal()) < 6 {
				t.Fatalf("a code that is not in the input, duplicate or is short")
			}
			seen[c.Reveal()] = true
		}
	})
}

func TestSpent(t *testing.T) {
	tests := []struct {
		text string
		want int
	}{
		{"Recovery codes, each can be used once:\n" + hexA + "\n" + hexB + "\n", 0},
		{hexA + "\n" + hexB + " (used in May)\n", 2},
		{hexA + "\n~~" + hexB + "~~\n", 2},
		{"- [ ] " + hexA + "\n- [x] " + hexB + "\n", 2},
		{hexA + "\n✔ " + hexB + "\n", 2},
		{"| code | used |\n|---|---|\n| " + hexA + " | yes |\n", 1},
		{"code,used at\n" + hexA + ",2024-03-01\n", 1},
		{"abcd-1234 unused\nefgh-5678 not yet used\n", 0},
		{"abcd-1234 unused\nefgh-5678 used\n", 2},
		{`[{"code": "` + hexA + `", "used": false}, ` + "\n" + `{"code": "` + hexB + `", "used": true}]`, 2},
	}
	for _, tt := range tests {
		if got := recoverycode.Spent(secret.New(tt.text)); got != tt.want {
			t.Errorf("line %d of %q says that a code was used; want %d", got, tt.text, tt.want)
		}
	}
}
