package intake_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"npmotp/internal/intake"
	"npmotp/internal/secret"
)

// FuzzTerminal looks for transcripts that end the program, or of which something is
// taken that cannot be kept: a key without codes, a label with what cannot be seen.
func FuzzTerminal(f *testing.F) {
	files, err := filepath.Glob("testdata/*.typescript")
	if err != nil || len(files) < 4 {
		f.Fatalf("%d seeds, %v", len(files), err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(data))
	}
	f.Add("Scan into your authenticator app:\n\nor enter secret manually: GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\n")
	f.Fuzz(func(t *testing.T, text string) {
		e, err := intake.Terminal(t.Context(), strings.NewReader(text))
		if err == nil {
			if err := e.Key.Validate(); err != nil {
				t.Errorf("the key is not valid: %v", err)
			}
			for _, name := range []string{e.Label.Issuer, e.Label.Account} {
				if strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) {
					t.Errorf("a name has what cannot be seen: %q", name)
				}
			}
		}
		codes, _, err := intake.RecoveryCodes(t.Context(), secret.New(text))
		for _, code := range codes {
			if err == nil && strings.TrimSpace(code.Reveal()) == "" {
				t.Error("a recovery code is blank")
			}
		}
	})
}
