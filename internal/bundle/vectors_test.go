package bundle_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"npmotp/internal/bundle"
	"npmotp/internal/secret"
	"npmotp/vault"
)

// Bundles of every released format can be received for ever. Vectors are added,
// never edited: a header as those of the vault, an empty line, and the bundle.
func TestVectors(t *testing.T) {
	files, err := filepath.Glob("testdata/vectors/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no vectors: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			head, armored, _ := strings.Cut(string(data), "\n\n")
			fields := map[string]string{}
			for line := range strings.Lines(head) {
				name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
				fields[name] = value
			}
			sealed, err := bundle.Read(strings.NewReader(armored))
			if err != nil {
				t.Fatal(err)
			}
			b, err := bundle.Open(sealed, []vault.Identity{{Secret: secret.New(fields["identity"])}})
			if err != nil || fields["expect"] != "ok" {
				t.Fatalf("%v, want %s", err, fields["expect"])
			}
			if got := told(b); got != fields["contents"] {
				t.Errorf("contents: %s", got)
			}
		})
	}
}

// told writes what a bundle holds in a line.
func told(b *bundle.Bundle) string {
	var words []string
	for _, a := range b.Accounts {
		words = append(words, a.Name)
		if a.Key != nil {
			words = append(words, a.Key.Kind.String(), a.Key.Secret.Reveal())
		}
		for _, r := range a.RecoveryCodes {
			words = append(words, r.Code.Reveal(), string(r.State))
		}
	}
	return strings.Join(words, " ")
}
