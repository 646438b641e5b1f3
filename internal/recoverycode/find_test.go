package recoverycode_test

import (
	"errors"
	"strings"
	"testing"

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
		{"upper case is kept", strings.ToUpper(hexC), []string{strings.ToUpper(hexC)}, 0},
		{"twice the same", hexA + "\n" + hexA + "\n" + hexB, []string{hexA, hexB}, 1},
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

func TestFindRefuses(t *testing.T) {
	for _, text := range []string{"", "\n\n", "hello world\n", "npm\n", "Scan into your authenticator app:\n"} {
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
	for _, s := range []string{hexA, "1. abcd-12345", hexC + "," + hexC, "2FA\n\t" + hexB + "\n", hexA[:40], onPaper(hexA, 8), onPaper("xK4pQ7tRz2", 8)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		codes, _, err := recoverycode.Find(secret.New(text))
		if (err == nil) != (len(codes) > 0) {
			t.Fatalf("%d codes with %v", len(codes), err)
		}
		seen := map[string]bool{}
		// What was typed in groups comes back without them, in the case that was printed.
		typed := strings.NewReplacer(" ", "", "\t", "", "\r", "", "\n", "", "-", "", "O", "0", "I", "1", "L", "1").Replace(strings.ToUpper(text))
		for _, c := range codes {
			known := strings.NewReplacer("-", "", "O", "0", "I", "1", "L", "1").Replace(strings.ToUpper(c.Reveal()))
			if !strings.Contains(typed, known) || seen[c.Reveal()] || len(c.Reveal()) < 6 {
				t.Fatalf("a code that is not in the input, duplicate or is short")
			}
			seen[c.Reveal()] = true
		}
	})
}
