package sheet_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"npmotp/internal/secret"
	"npmotp/internal/sheet"
	"npmotp/vault"
)

var made = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

// hexCode returns the i-th of a row of codes with n hexadecimal digits.
func hexCode(i, n int) secret.Text {
	sum := sha256.Sum256(fmt.Append(nil, "code ", i))
	return secret.New(hex.EncodeToString(sum[:])[:n])
}

// npmSheet returns a sheet with n codes as npm makes them.
func npmSheet(n int) sheet.Sheet {
	s := sheet.Sheet{Account: "ada", Username: "ada@example.com", Registry: vault.DefaultRegistry, Made: made}
	for i := range n {
		s.Codes = append(s.Codes, sheet.Code{Number: i + 1, Text: hexCode(i, 64)})
	}
	return s
}

// hostile is a name that a PDF, a terminal and a font without its letters would
// trip over.
const hostile = `) >> endobj </title><script>alert(1)</script>" Грета Ελένη 二郎 שלום 'ß'`

func hostileSheet() sheet.Sheet {
	s := npmSheet(3)
	s.Account, s.Username, s.Registry = hostile, "<img src=x onerror=alert(2)>", "https://npm.example.org/"
	for i, code := range []string{"abcd-12345", "xK4pQ7tRz2", strings.ToUpper(hexCode(9, 48).Reveal()), "a1_" + strings.Repeat("long-", 25)} {
		s.Codes = append(s.Codes, sheet.Code{Number: 4 + i, Text: secret.New(code)})
	}
	return s
}

// sameCodes reports what differs from s in what was read back.
func sameCodes(got, s sheet.Sheet) error {
	if got.Account != s.Account || got.Username != s.Username || got.Registry != s.Registry {
		return fmt.Errorf("of %q, %q, %q", got.Account, got.Username, got.Registry)
	}
	if got.Made.Format(time.DateOnly) != s.Made.Format(time.DateOnly) {
		return fmt.Errorf("made on %v", got.Made)
	}
	if len(got.Codes) != len(s.Codes) {
		return fmt.Errorf("%d codes, want %d", len(got.Codes), len(s.Codes))
	}
	for i, c := range got.Codes {
		if !c.Text.Equal(s.Codes[i].Text) {
			return fmt.Errorf("code %d is another one", i+1)
		}
	}
	return nil
}

func TestOf(t *testing.T) {
	a := vault.Account{Name: "ada", Registry: vault.DefaultRegistry}
	if _, err := a.AddRecoveryCodes([]secret.Text{hexCode(0, 64)}, false, made); err != nil {
		t.Fatal(err)
	}
	if _, err := a.AddRecoveryCodes([]secret.Text{hexCode(1, 64), hexCode(2, 64), hexCode(3, 64)}, false, made); err != nil {
		t.Fatal(err)
	}
	if err := a.Mark(2, vault.Used, made); err != nil {
		t.Fatal(err)
	}
	s, err := sheet.Of(&a, made)
	if err != nil || len(s.Codes) != 2 || s.Codes[0].Number != 3 || !s.Codes[1].Text.Equal(hexCode(3, 64)) {
		t.Errorf("%d codes, %v: want the two unused ones of the newest set", len(s.Codes), err)
	}
	for n := 3; n <= 4; n++ {
		if err := a.Mark(n, vault.Reserved, made); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := sheet.Of(&a, made); !errors.Is(err, vault.ErrNoCodes) {
		t.Errorf("without unused codes: %v", err)
	}
}

func TestPayload(t *testing.T) {
	for name, s := range map[string]sheet.Sheet{"one": npmSheet(1), "five": npmSheet(5), "forty": npmSheet(40), "hostile": hostileSheet()} {
		payload := s.Payload()
		got, err := sheet.Parse(payload)
		if err == nil {
			err = sameCodes(got, s)
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if rest := strings.Trim(payload.Reveal(), "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"); rest != "" {
			t.Errorf("%s: the payload has characters that are not alphanumeric in a QR code", name)
		}
		// What is cut off or changed is noticed.
		text := payload.Reveal()
		for _, damaged := range []string{text[:len(text)-1], text[:len(text)/2], text + "A", strings.Replace(text, ":", ":0", 1), text[:40] + "/" + text[41:]} {
			if damaged == text {
				continue
			}
			if _, err := sheet.Parse(secret.New(damaged)); !errors.Is(err, sheet.ErrDamaged) {
				t.Errorf("%s, damaged: %v", name, err)
			}
		}
	}
	for _, other := range []string{"", "otpauth://totp/npm:ada?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "NPMOTP-SHEET-2:00"} {
		if _, err := sheet.Parse(secret.New(other)); !errors.Is(err, sheet.ErrNotSheet) {
			t.Errorf("%q: %v", other, err)
		}
	}
}

// The payload of a sheet is for ever: what is on paper has to be read by later
// versions. This one was made by the first.
func TestFirstPayload(t *testing.T) {
	s := sheet.Sheet{Account: "ada", Registry: vault.DefaultRegistry, Made: made, Codes: []sheet.Code{
		{Number: 1, Text: secret.New("0123456789abcdef")}, {Number: 2, Text: secret.New("FEDCBA9876543210")}, {Number: 3, Text: secret.New("abcd-12345")},
	}}
	const first = "NPMOTP-SHEET-1:Q.PJW7O KY502EC$BCP00L60$Y88IHO1QPI3V+RFCJ:SAV120ECJPC4W5QF60R6"
	if got := s.Payload().Reveal(); got != first {
		t.Errorf("the payload is %q", got)
	}
	got, err := sheet.Parse(secret.New(first))
	if err == nil {
		err = sameCodes(got, s)
	}
	if err != nil {
		t.Error(err)
	}
}

// Codes that no list can have, and names that would draw on the terminal, do not
// come in by a QR code that somebody else drew.
func TestParseHostile(t *testing.T) {
	s := npmSheet(1)
	s.Account = "ada\x1b[31m\u202e"
	if got, err := sheet.Parse(s.Payload()); err != nil || got.Account != "ada[31m" {
		t.Errorf("the name came in as %q, %v", got.Account, err)
	}
	for _, code := range []string{"", "x", "\x1b[31mabcdef123456", "two words 12", "--flag-12345", strings.Repeat("a1", 100)} {
		s.Codes = []sheet.Code{{Number: 1, Text: secret.New(code)}}
		if _, err := sheet.Parse(s.Payload()); !errors.Is(err, sheet.ErrDamaged) {
			t.Errorf("the code %q: %v", code, err)
		}
	}
}

func TestPick(t *testing.T) {
	one, two := npmSheet(1).Payload(), npmSheet(2).Payload()
	if s, err := sheet.Pick([]secret.Text{secret.New("https://example.com"), one, one}); err != nil || len(s.Codes) != 1 {
		t.Errorf("one sheet: %v", err)
	}
	if _, err := sheet.Pick([]secret.Text{one, two}); err == nil || !strings.Contains(err.Error(), "2 different sheets") {
		t.Errorf("two sheets: %v", err)
	}
	if _, err := sheet.Pick([]secret.Text{secret.New("https://example.com")}); !errors.Is(err, sheet.ErrNotSheet) {
		t.Errorf("none: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []sheet.Sheet{npmSheet(1), npmSheet(5), hostileSheet()} {
		f.Add(s.Payload().Reveal())
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := sheet.Parse(secret.New(text))
		if err != nil {
			return
		}
		again, err := sheet.Parse(s.Payload())
		if err == nil {
			err = sameCodes(again, s)
		}
		if err != nil {
			t.Error(err)
		}
	})
}
