package agefile_test

import (
	"bytes"
	"math/rand"
	"strings"
	"testing"

	"filippo.io/age"
	"filippo.io/age/armor"

	"npmotp/internal/agefile"
	"npmotp/internal/secret"
)

// The armor is that of age, and what is not quite it is left to age.
func TestArmorIsThatOfAge(t *testing.T) {
	random := rand.New(rand.NewSource(1))
	for _, size := range []int{0, 1, 2, 3, 47, 48, 49, 95, 96, 1000, 70000} {
		plain := make([]byte, size)
		random.Read(plain)
		id, err := age.GenerateX25519Identity()
		if err != nil {
			t.Fatal(err)
		}
		sealed, err := agefile.Seal(plain, id.Recipient())
		if err != nil {
			t.Fatal(err)
		}
		r, err := age.Decrypt(armor.NewReader(bytes.NewReader(sealed)), id)
		if err != nil {
			t.Fatalf("%d bytes: age does not open it: %v", size, err)
		}
		var got bytes.Buffer
		if _, err := got.ReadFrom(r); err != nil || !bytes.Equal(got.Bytes(), plain) {
			t.Errorf("%d bytes come back as %d, %v", size, got.Len(), err)
		}
		for name, text := range map[string][]byte{
			"as it is":   sealed,
			"CR LF":      bytes.ReplaceAll(sealed, []byte("\n"), []byte("\r\n")),
			"long lines": bytes.Replace(sealed, []byte("\n"), nil, 2),
			"empty line": bytes.Replace(sealed, []byte("\n"), []byte("\n\n"), 1),
			"cut":        sealed[:len(sealed)-40],
		} {
			want := readAge(text, id)
			if got, err := agefile.Open(text, id); (err == nil) != want || err == nil && !bytes.Equal(got, plain) {
				t.Errorf("%d bytes, %s: opens: %v, with age: %v", size, name, err == nil, want)
			}
		}
	}
}

// readAge reports whether age itself opens an armored file.
func readAge(armored []byte, id age.Identity) bool {
	r, err := age.Decrypt(armor.NewReader(bytes.NewReader(armored)), id)
	if err != nil {
		return false
	}
	_, err = new(bytes.Buffer).ReadFrom(r)
	return err == nil
}

// FuzzIdentities looks for identity files and recipients that end the program,
// or errors that quote what they were given.
func FuzzIdentities(f *testing.F) {
	for _, seed := range []string{
		"", "AGE-SECRET-KEY-1CANARYCANARY", "AGE-PLUGIN-CANARYCANARY-1QQ", "age1canarycanary1qq", "ssh-ed25519 CANARYCANARY",
		"-----BEGIN OPENSSH PRIVATE KEY-----\nCANARYCANARY\n-----END OPENSSH PRIVATE KEY-----", "age-encryption.org/v1\nCANARYCANARY",
		"sk-ssh-ed25519@openssh.com CANARYCANARY", "# comment\n\nCANARYCANARY",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		_, err := agefile.ParseIdentities(secret.New(text), "key.txt", agefile.Dialogue{})
		_, other := agefile.ParseRecipient(text, agefile.Dialogue{})
		for _, err := range []error{err, other} {
			if err != nil && strings.Contains(text, "CANARYCANARY") && strings.Contains(err.Error(), "CANARYCANARY") {
				t.Errorf("the error quotes the text: %v", err)
			}
		}
	})
}
