package agefile_test

import (
	"bytes"
	"compress/zlib"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"strings"
	"testing"

	agetest "c2sp.org/CCTV/age"
	"filippo.io/age"
	"filippo.io/age/armor"

	"npmotp/internal/agefile"
	"npmotp/internal/secret"
)

// A vector is a file of age's own test kit (C2SP/CCTV, age/README.md).
type vector struct {
	header     map[string]string
	identities []age.Identity
	file       []byte // armored
}

func vectors(t *testing.T) map[string]vector {
	t.Helper()
	all := map[string]vector{}
	err := fs.WalkDir(agetest.Vectors, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(agetest.Vectors, name)
		if err != nil {
			return err
		}
		head, file, ok := bytes.Cut(data, []byte("\n\n"))
		if !ok {
			t.Fatalf("%s: no empty line", name)
		}
		v := vector{header: map[string]string{}, file: file}
		for line := range strings.Lines(string(head)) {
			key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
			v.header[key] = value
			if key == "identity" {
				v.identities = append(v.identities, identity(t, value))
			}
		}
		if v.header["compressed"] != "" {
			r, err := zlib.NewReader(bytes.NewReader(file))
			if err != nil {
				return err
			}
			if v.file, err = io.ReadAll(r); err != nil {
				return err
			}
		}
		// Npmotp's files are armored. The kit's binary ones test what is inside.
		if v.header["armored"] == "" {
			var out bytes.Buffer
			w := armor.NewWriter(&out)
			_, err := w.Write(v.file)
			if err := errors.Join(err, w.Close()); err != nil {
				return err
			}
			v.file = out.Bytes()
		}
		all[name] = v
		return nil
	})
	if err != nil || len(all) < 147 {
		t.Fatalf("%d vectors, %v", len(all), err)
	}
	return all
}

func (v vector) open(t *testing.T, file []byte) ([]byte, error) {
	t.Helper()
	if pass, ok := v.header["passphrase"]; ok {
		return agefile.OpenPassphrase(t.Context(), file, secret.New(pass))
	}
	return agefile.Open(file, v.identities...)
}

func identity(t *testing.T, text string) age.Identity {
	t.Helper()
	if id, err := age.ParseX25519Identity(text); err == nil {
		return id
	}
	id, err := age.ParseHybridIdentity(text)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// stricter are vectors of age that npmotp refuses, or refuses for another reason,
// and why.
func stricter() map[string]string {
	return map[string]string{
		"armor_crlf":               "the lines of a vault all end in one way",
		"armor_no_eol":             "each line of a vault ends",
		"armor_whitespace_outside": "a vault has lines of its own around the armor, and no others",
		"scrypt_uppercase":         "without a stanza of scrypt a slot has no passphrase that could be wrong",
	}
}

// Every vector of age's kit opens, or is refused, as its header says, by the two
// ways in which npmotp opens armored files: alone, and cut out of a vault.
func TestKit(t *testing.T) {
	for name, v := range vectors(t) {
		plain, err := v.open(t, v.file)
		v.check(t, name, plain, err)
		part, rest, err := agefile.Cut(v.file)
		if err == nil && len(rest) > 0 {
			err = errors.New("there is more behind it")
		}
		if err != nil {
			if v.header["expect"] == "success" && stricter()[name] == "" {
				t.Errorf("%s: refused as a part of a vault: %v", name, err)
			}
			continue
		}
		plain, err = v.open(t, part)
		v.check(t, name, plain, err)
	}
}

// check compares what came of opening the file with what the header expects.
func (v vector) check(t *testing.T, name string, plain []byte, err error) {
	t.Helper()
	if err != nil && len(plain) > 0 {
		t.Errorf("%s: %d bytes of what is not whole (%v)", name, len(plain), err)
	}
	switch want := v.header["expect"]; want {
	case "success":
		sum := sha256.Sum256(plain)
		if err != nil || hex.EncodeToString(sum[:]) != v.header["payload"] {
			t.Errorf("%s: %v, and %d bytes", name, err, len(plain))
		}
	case "no match":
		if !errors.Is(err, age.ErrIncorrectIdentity) && !errors.Is(err, agefile.ErrPassphrase) && (err == nil || stricter()[name] == "") {
			t.Errorf("%s: %v, want no match", name, err)
		}
	case "HMAC failure", "header failure", "armor failure", "payload failure":
		if err == nil || errors.Is(err, age.ErrIncorrectIdentity) || errors.Is(err, agefile.ErrPassphrase) {
			t.Errorf("%s: %v, want %s", name, err, want)
		}
	default:
		t.Errorf("%s: expects %q", name, want)
	}
}
