package recoverycode_test

import (
	"errors"
	"strings"
	"testing"

	"npmotp/internal/recoverycode"
	"npmotp/internal/secret"
)

// onPaper returns a code as the printed sheet has it, with n groups in a row.
func onPaper(code string, n int) string {
	var b strings.Builder
	for i, g := range recoverycode.Groups(secret.New(code)) {
		switch {
		case i > 0 && i%n == 0:
			b.WriteString("\n")
		case i > 0:
			b.WriteString(" ")
		}
		b.WriteString(g)
	}
	return b.String() + " =" + recoverycode.CheckGroup(secret.New(code)) + "\n"
}

// The check value of CRC-16/IBM-3740 is that of the catalogue.
func TestCheckGroup(t *testing.T) {
	if got := recoverycode.CheckGroup(secret.New("123456789")); got != "29b1" {
		t.Errorf("the check group of the catalogue's text is %s", got)
	}
}

func TestFindTypedCodes(t *testing.T) {
	const other = "xK4pQ-7tRz2"
	var (
		bare   = strings.ReplaceAll(onPaper(hexA, 20), "=", "")
		hex48  = hexC + hexC + hexC
		groups = strings.Join(recoverycode.Groups(secret.New(hexA)), " ")
	)
	tests := []struct {
		name, text string
		want       []string
	}{
		{"a row each", onPaper(hexA, 20) + onPaper(hexB, 20), []string{hexA, hexB}},
		{"two rows each", onPaper(hexA, 8) + "\n" + onPaper(hexB, 8), []string{hexA, hexB}},
		{"numbered", "☐ 1. " + onPaper(hexA, 8) + "  2) " + onPaper(hexB, 8), []string{hexA, hexB}},
		{"no sign before the check group", bare, []string{hexA}},
		{"no space at all", strings.NewReplacer(" ", "", "=", "").Replace(onPaper(hexA, 20)), []string{hexA}},
		{"a space behind the sign", strings.ReplaceAll(onPaper(hexA, 20), "=", "= "), []string{hexA}},
		{"no check group", groups + "\n" + strings.Join(recoverycode.Groups(secret.New(hexB)), " "), []string{hexA, hexB}},
		{"in capitals, as printed otherwise", strings.ToUpper(onPaper(hexA, 8)), []string{hexA}},
		{"printed in capitals, typed in small letters", strings.ToLower(onPaper(strings.ToUpper(hexA), 8)), []string{strings.ToUpper(hexA)}},
		{"letters for digits", strings.NewReplacer("0", "O", "1", "l").Replace(onPaper(hexA, 8)), []string{hexA}},
		{"hyphens for spaces", strings.ReplaceAll(strings.TrimSpace(onPaper(hexA, 20)), " ", "-") + "\n", []string{hexA}},
		{"48 digits", onPaper(hex48, 8), []string{hex48}},
		{"16 digits, in a list", onPaper(hexC, 8) + onPaper("fedcba9876543210", 8), []string{hexC, "fedcba9876543210"}},
		{"16 digits without check groups", "0123 4567 89ab cdef\nfedc ba98 7654 3210\n", []string{hexC, "fedcba9876543210"}},
		{"another alphabet", onPaper(other, 8), []string{other}},
		{"another alphabet in groups", onPaper("xK4pQ7tRz2", 8), []string{"xK4pQ7tRz2"}},
		{"among others", onPaper(other, 8) + onPaper(hexA, 8) + hexB + "\n", []string{other, hexA, hexB}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, ends := range []string{"\n", "\r\n"} {
				codes, repeated, err := recoverycode.Find(secret.New(strings.ReplaceAll(tt.text, "\n", ends)))
				if err != nil || repeated != 0 || len(codes) != len(tt.want) {
					t.Fatalf("%d codes, %d repeated, %v", len(codes), repeated, err)
				}
				for i := range codes {
					if codes[i].Reveal() != tt.want[i] {
						t.Errorf("code %d is not as printed", i+1)
					}
				}
			}
		})
	}
}

// Every digit in its turn mistyped, and every two neighbours exchanged, is found
// in every code; so is the group where it happened, nearly always.
func TestTypingErrorsAreFound(t *testing.T) {
	tried, named := 0, 0
	mistype := func(code string, at int, with ...byte) {
		typed := code[:at] + string(with) + code[at+len(with):]
		if typed == code {
			return
		}
		text := strings.Join(recoverycode.Groups(secret.New(typed)), " ") + " =" + recoverycode.CheckGroup(secret.New(code))
		_, _, err := recoverycode.Find(secret.New("\n" + text))
		var check *recoverycode.CheckError
		if !errors.As(err, &check) || check.Line != 2 {
			t.Fatalf("a wrong digit at %d: %v", at, err)
		}
		tried++
		if check.Group == at/4+1 {
			named++
		} else if check.Group != 0 {
			t.Errorf("a wrong digit at %d is said to be in group %d", at, check.Group)
		}
	}
	for _, code := range []string{hexA, hexC} {
		for at := range code {
			for _, digit := range []byte("0123456789abcdef") {
				mistype(code, at, digit)
			}
			if at+1 < len(code) {
				mistype(code, at, code[at+1], code[at])
			}
		}
	}
	t.Logf("the group is named for %d of %d", named, tried)
	if named*10 < tried*8 {
		t.Errorf("the group is named for %d of %d", named, tried)
	}
}

func TestFindTypedCodesRefuses(t *testing.T) {
	tests := map[string]string{
		"a group left out":        strings.Replace(onPaper(hexA, 20), " ", " X", 1)[5:],
		"another's check group":   strings.Join(recoverycode.Groups(secret.New(hexA)), " ") + " =" + recoverycode.CheckGroup(secret.New(hexB)),
		"a wrong other code":      "xK4pQ-7tRz3 =" + recoverycode.CheckGroup(secret.New("xK4pQ-7tRz2")),
		"one row of two":          strings.Join(recoverycode.Groups(secret.New(hexA))[:8], " ") + "\n\n",
		"a group of three digits": strings.Replace(onPaper(hexA, 8), " a7e1", " a7e", 1),
		"a letter that is none":   strings.Replace(onPaper(hexA, 8), " a7e1", " a7x1", 1),
	}
	for name, text := range tests {
		_, _, err := recoverycode.Find(secret.New(text))
		var check *recoverycode.CheckError
		var cut *recoverycode.CutError
		if !errors.As(err, &check) && !errors.As(err, &cut) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Codes of one set are of one length: what is left of a cut one may have
// another length of npm's. All lines are named.
func TestCutCodesAreNamed(t *testing.T) {
	for text, want := range map[string]string{
		hexA + "\n" + hexB[:48] + "\n":                         "line 2 has a run of 48",
		hexA + "\n" + hexB[:60] + "\n" + hexB[:61]:             "line 2 has a run of 60 hexadecimal digits: npm's recovery codes have 64 (older ones 48 or 16), so part of it is missing or two run together (the same goes for line 3)",
		hexA[:60] + "\n" + hexB[:60] + "\n" + hexA[:62] + "\n": "(the same goes for lines 2 and 3)",
		hexA[:16] + "\n" + hexB[:16] + "\n" + hexB:             "the other codes have 64",
	} {
		_, _, err := recoverycode.Find(secret.New(text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v\nwant: %s", err, want)
		}
	}
}
