package passphrase_test

import (
	"fmt"
	"strings"
	"testing"

	"npmotp/internal/passphrase"
)

// The words of a fingerprint never change: another laptop may have another
// version. They were computed apart from this package, from the published list.
func TestFingerprintVectors(t *testing.T) {
	for data, want := range map[string]string{
		"":        "crop maggot prison traction giggling chaplain",
		"npmotp":  "oval overpower armrest playhouse diffusion elsewhere",
		"npmotp2": "wieldable snort deity crudeness pang fiddling",
	} {
		if got := passphrase.Fingerprint([]byte(data)); got != want {
			t.Errorf("%q: %q, want %q", data, got, want)
		}
	}
}

// Every digit has a word, and each word can come up.
func TestFingerprintUsesTheWholeList(t *testing.T) {
	seen := map[string]bool{}
	for i := range 12000 {
		words := strings.Fields(passphrase.Fingerprint(fmt.Append(nil, i)))
		if len(words) != 6 {
			t.Fatalf("%d words", len(words))
		}
		for _, w := range words {
			seen[w] = true
		}
	}
	if len(seen) < 7770 || len(seen) > 7776 {
		t.Errorf("%d different words came up", len(seen))
	}
}
