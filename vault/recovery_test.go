package vault_test

import (
	"errors"
	"strings"
	"testing"

	"npmotp/internal/secret"
	"npmotp/vault"
)

const (
	hexA = "7a036304a7e14ea57a33424afd8374114abc2a40705d790f45a8092885178851"
	hexB = "8a1c013e4b8734d5b8917ca4b7bdb740a532c2a21ad17613ff8c6bd01fa58d1a"
	hexC = "0123456789abcdef"
)

func TestFindRecoveryCodes(t *testing.T) {
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
			codes, repeated, err := vault.FindRecoveryCodes(secret.New(tt.text))
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

func TestFindRecoveryCodesRefuses(t *testing.T) {
	for _, text := range []string{"", "\n\n", "hello world\n", "npm\n", "Scan into your authenticator app:\n"} {
		if _, _, err := vault.FindRecoveryCodes(secret.New(text)); !errors.Is(err, vault.ErrNoRecoveryText) {
			t.Errorf("%q: %v", text, err)
		}
	}
	for text, line := range map[string]int{
		hexA + "\n" + hexB[:61] + "\n": 2,
		hexA[1:] + "\n":                1,
		hexA + hexB + "\n":             1,
	} {
		_, _, err := vault.FindRecoveryCodes(secret.New(text))
		var cut *vault.CutError
		if !errors.As(err, &cut) || cut.Line != line {
			t.Errorf("a cut code in line %d: %v", line, err)
		} else if strings.Contains(err.Error(), hexA[1:20]) {
			t.Error("the error quotes the code")
		}
	}
}

func FuzzFindRecoveryCodes(f *testing.F) {
	for _, s := range []string{hexA, "1. abcd-12345", hexC + "," + hexC, "2FA\n\t" + hexB + "\n", hexA[:40], onPaper(hexA, 8), onPaper("xK4pQ7tRz2", 8)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		codes, _, err := vault.FindRecoveryCodes(secret.New(text))
		if (err == nil) != (len(codes) > 0) {
			t.Fatalf("%d codes with %v", len(codes), err)
		}
		seen := map[string]bool{}
		// What was typed in groups comes back without them, in the case that was printed.
		typed := strings.NewReplacer(" ", "", "\t", "", "\r", "", "\n", "", "-", "", "O", "0", "I", "1", "L", "1").Replace(strings.ToUpper(text))
		for _, c := range codes {
			known := strings.NewReplacer("-", "", "O", "0", "I", "1", "L", "1").Replace(strings.ToUpper(c.Reveal()))
			if !strings.Contains(typed, known) || seen[c.Reveal()] || len(c.Reveal()) < 6 {
				t.Fatalf("a code that is not in the input, stands twice or is short")
			}
			seen[c.Reveal()] = true
		}
	})
}

func TestAddRecoveryCodes(t *testing.T) {
	a := account("ada")
	if retired, err := a.AddRecoveryCodes(texts("c1", "c2", "c3"), false, then); err != nil || retired != 0 {
		t.Fatal(retired, err)
	}
	if err := a.Mark(1, vault.Used, then); err != nil {
		t.Fatal(err)
	}
	var duplicate *vault.DuplicateError
	if _, err := a.AddRecoveryCodes(texts("c4", "c2"), false, then); !errors.As(err, &duplicate) || duplicate.Numbers[0] != 2 || len(a.RecoveryCodes) != 3 {
		t.Errorf("a duplicate: %v, %d codes", err, len(a.RecoveryCodes))
	}
	if retired, err := a.AddRecoveryCodes(texts("c4"), true, then); err != nil || retired != 0 || a.UnusedCodes() != 3 || a.RecoveryCodes[3].Set != 1 {
		t.Errorf("joining: %v", err)
	}
	if retired, err := a.AddRecoveryCodes(texts("d1", "d2"), false, then); err != nil || retired != 3 || a.UnusedCodes() != 2 {
		t.Errorf("a new set: %d retired, %v", retired, err)
	}
	if last := a.RecoveryCodes[5]; last.Number != 6 || last.Set != 2 {
		t.Errorf("the last code is %+v", last)
	}
	if err := a.Mark(9, vault.Used, then); !errors.Is(err, vault.ErrNoSuchCode) {
		t.Errorf("a number that does not exist: %v", err)
	}
}

func TestReserveAndMark(t *testing.T) {
	v, path := create(t)
	add(t, v, "ada", "c1", "c2")
	code, name, left, err := v.Reserve(t.Context(), "a", "login", then)
	if err != nil || code.Code.Reveal() != "c1" || name != "ada" || left != 1 {
		t.Fatal(code.Number, name, left, err)
	}
	stored := contents(t, open(t, path)).Accounts[0].RecoveryCodes[0]
	if stored.State != vault.Reserved || !stored.ReservedAt.Equal(then) || stored.UsedFor != "login" {
		t.Errorf("stored as %+v", stored)
	}
	mark := func(state vault.CodeState) {
		t.Helper()
		if err := v.Update(t.Context(), func(c *vault.Contents) error { return c.Accounts[0].Mark(1, state, then) }); err != nil {
			t.Fatal(err)
		}
	}
	mark(vault.Used)
	if r := contents(t, v).Accounts[0].RecoveryCodes[0]; r.State != vault.Used || !r.UsedAt.Equal(then) {
		t.Errorf("used: %+v", r)
	}
	mark(vault.Unused)
	if r := contents(t, v).Accounts[0].RecoveryCodes[0]; r.State != vault.Unused || !r.UsedAt.IsZero() || !r.ReservedAt.IsZero() {
		t.Errorf("unused again: %+v", r)
	}
}
