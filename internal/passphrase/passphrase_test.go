package passphrase_test

import (
	"regexp"
	"testing"

	"npmotp/internal/passphrase"
)

func TestGenerate(t *testing.T) {
	seen := map[string]bool{}
	for range 20 {
		p, err := passphrase.Generate()
		if err != nil {
			t.Fatal(err)
		}
		// The list has four words with a hyphen of their own, as in "t-shirt".
		if !regexp.MustCompile(`^[a-z]+(-[a-z]+){5,11}$`).MatchString(p.Reveal()) {
			t.Errorf("a passphrase is not six words")
		}
		if seen[p.Reveal()] {
			t.Error("the same passphrase twice")
		}
		seen[p.Reveal()] = true
	}
}
