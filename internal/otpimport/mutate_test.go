package otpimport_test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"npmotp/internal/crashtest"
	"npmotp/internal/npmregistry/npmtest"
	"npmotp/internal/otpimport"
)

// A file that was changed in one place gives the passwords of the sample, or
// says that something cannot be used. Left out are changes that nobody could
// tell: of a secret, of a number, and of what has no text.
func TestMutations(t *testing.T) {
	rounds := 300
	if os.Getenv(npmtest.WholeVariable) == "1" {
		rounds = 10_000
	}
	if testing.Short() {
		rounds = min(rounds, 60)
	}
	random := rand.New(rand.NewPCG(1, 2)) // the same changes each time
	for _, tt := range samples() {
		name := tt.files[0]
		if len(tt.files) > 1 || tt.format == "google" || name == "utf16.txt" || strings.HasSuffix(name, ".zip") || strings.HasSuffix(name, ".1pux") {
			continue
		}
		data, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		want := codes(t, string(data))
		for range rounds {
			text, change, ok := mutate(random, string(data))
			if !ok {
				continue
			}
			began := time.Now()
			got := codes(t, text)
			if took := time.Since(began); took > hang {
				t.Errorf("%s: %s for %q", name, took, change)
			}
			if got == nil || slices.Contains(got, "") {
				continue // refused, and said so
			}
			for _, code := range got {
				if !slices.Contains(want, code) {
					t.Errorf("%s: another password, and nothing is said of %q", name, change)
				}
			}
		}
	}
}

// An archive knows the sums of what is in it: changed anywhere, it gives the
// passwords of the sample or is refused. Of the others nobody could tell that a key is
// another one; they are read or refused, and soon.
func TestMutatedBytes(t *testing.T) {
	for name, hasSums := range map[string]bool{
		"raivo.zip": true, "1password.1pux": true, "utf16.txt": false, "google.txt": false, "google-2.txt": false, "google-1.png": false, "google-2.png": false,
	} {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		want := codes(t, string(data))
		if hasSums && len(want) == 0 {
			t.Fatalf("%s gives no passwords", name)
		}
		cost := crashtest.Mutations(data, func(mutated []byte) {
			got := codes(t, string(mutated))
			if hasSums && got != nil && !slices.Contains(got, "") && !slices.Equal(got, want) {
				t.Errorf("%s: other passwords, and nothing is said", name)
			}
		})
		t.Logf("%s: %v", name, cost)
		if cost.Time > hang {
			t.Errorf("%s: %v", name, cost)
		}
	}
}

// codes returns the passwords of a file, "" for an entry that is refused, and
// nil for a file that is.
func codes(t *testing.T, text string) []string {
	t.Helper()
	r := &otpimport.Reader{Password: password("correct horse")}
	if r.Add(t.Context(), strings.NewReader(text)) != nil || r.Missing() != nil {
		return nil
	}
	list := []string{}
	for _, e := range r.Entries() {
		code := ""
		if e.Err == nil {
			s := summary(t, e)
			code = s[strings.LastIndex(s, "|")+1:]
		}
		list = append(list, code)
	}
	return list
}

// mutate changes one place of a text.
func mutate(random *rand.Rand, text string) (changed, change string, ok bool) {
	at := random.IntN(len(text))
	defer func() {
		if ok {
			change = text[max(0, at-30):at] + "|" + changed[at:min(len(changed), at+30)]
		}
	}()
	secret := func(i int) bool {
		begin, end := i, i
		isSecret := func(c byte) bool {
			return 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || c == '+' || c == '/'
		}
		for begin > 0 && isSecret(text[begin-1]) {
			begin--
		}
		for end < len(text) && isSecret(text[end]) {
			end++
		}
		return end-begin >= 16
	}
	isDigit := func(i int) bool { return i >= 0 && i < len(text) && '0' <= text[i] && text[i] <= '9' }
	if secret(at) || secret(max(0, at-1)) || secret(min(at+1, len(text)-1)) || isDigit(at) || isDigit(at-1) || isDigit(at+1) {
		return "", "", false
	}
	const bytes = "xX \",;:=&{}[]<>\n\t-?/%é\x00"
	b := bytes[random.IntN(len(bytes))]
	switch random.IntN(5) {
	case 0:
		return text[:at] + text[at+1:], "", true
	case 1:
		return text[:at] + string(rune(b)) + text[at:], "", true
	case 2:
		return text[:at] + string(rune(b)) + text[at+1:], "", true
	case 3: // the rest of a line is gone, but not of a URI, which may end after any parameter
		if strings.Contains(text[max(0, at-200):at], "otpauth://") {
			return "", "", false
		}
		end := strings.IndexByte(text[at:], '\n')
		if end < 0 {
			return text[:at], "", true
		}
		return text[:at] + text[at+end:], "", true
	default: // two neighbours change places
		if at+2 > len(text) {
			return "", "", false
		}
		return text[:at] + text[at+1:at+2] + text[at:at+1] + text[at+2:], "", true
	}
}
