package bundle_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"npmotp/internal/bundle"
	"npmotp/internal/crashtest"
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
			if fields["expect"] == "version" {
				if e, ok := errors.AsType[*bundle.VersionError](err); !ok || e.Got != 2 {
					t.Errorf("%v, want its version", err)
				}
				return
			}
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

// A bundle that was changed anywhere, as the file, as its armor or as the texts of
// its QR codes, holds what it held or is refused.
func TestMutatedBundles(t *testing.T) {
	a, b := newSide(t, "a"), newSide(t, "b")
	made, err := bundle.New(bundle.All, then, a.add(t, "r-1", "r-2"))
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := made.Seal(b.device)
	if err != nil {
		t.Fatal(err)
	}
	parts, err := bundle.Split(sealed.Data, 1000)
	if err != nil {
		t.Fatal(err)
	}
	want := told(made)
	for name, data := range map[string]string{
		"file": string(sealed.Data), "armor": string(bundle.Armor(sealed.Data)), "QR codes": strings.Join(parts, "\n"),
	} {
		opened, refused := 0, 0
		cost := crashtest.Mutations([]byte(data), func(mutated []byte) {
			var data []byte
			var err error
			if name == "QR codes" {
				var s bundle.Series
				for line := range strings.Lines(string(mutated)) {
					if _, failed := s.Add(strings.TrimSuffix(line, "\n")); failed != nil {
						err = failed
					}
				}
				if err == nil {
					data, err = s.Bundle()
				}
			} else {
				data, err = bundle.Read(bytes.NewReader(mutated))
			}
			var got *bundle.Bundle
			if err == nil {
				got, err = bundle.Open(data, b.Identities)
			}
			if err != nil {
				refused++
				return
			}
			if opened++; told(got) != want {
				t.Errorf("%s: taken, and it holds %s", name, told(got))
			}
		})
		t.Logf("%s: %d opened, %d refused, %v", name, opened, refused, cost)
	}
}
