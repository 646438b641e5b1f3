package bundle_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"npmotp/internal/agefile"
	"npmotp/internal/bundle"
	"npmotp/internal/secret"
	"npmotp/vault"
)

var then = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

// side is one laptop: the contents of its vault, and what others know of it.
type side struct {
	vault.Contents
	device vault.Device
}

func newSide(t *testing.T, name string) *side {
	t.Helper()
	s := &side{Contents: vault.Contents{VaultID: name}}
	r, err := s.EnsureIdentity(then).Recipient()
	if err != nil {
		t.Fatal(err)
	}
	s.device = vault.Device{ID: "device-" + name, Name: name, Recipient: r.String()}
	return s
}

func (s *side) add(t *testing.T, codes ...string) *vault.Account {
	t.Helper()
	return addTo(t, &s.Contents, "npm", codes...)
}

// whole returns a bundle of all of an account.
func whole(t *testing.T, a *vault.Account) *bundle.Bundle {
	t.Helper()
	made, err := bundle.New(bundle.All, then, a)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func seal(t *testing.T, b *bundle.Bundle, to ...vault.Device) *bundle.Sealed {
	t.Helper()
	sealed, err := b.Seal(to...)
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

func texts(s ...string) []secret.Text {
	var out []secret.Text
	for _, x := range s {
		out = append(out, secret.New(x))
	}
	return out
}

func TestParts(t *testing.T) {
	a, b := newSide(t, "a"), newSide(t, "b")
	account := a.add(t, "r-1", "r-2")
	for parts, want := range map[bundle.Parts][2]int{bundle.Recovery: {0, 2}, bundle.Secret: {1, 0}, bundle.All: {1, 2}} {
		made, err := bundle.New(parts, then, account)
		if err != nil {
			t.Fatal(err)
		}
		sealed := seal(t, made, b.device)
		if bytes.Contains(sealed.Data, []byte("GEZDGNBV")) || bytes.Contains(sealed.Data, []byte("r-1")) {
			t.Errorf("%s: a secret stands in the file", parts)
		}
		got, err := bundle.Open(sealed.Data, b.Identities)
		if err != nil {
			t.Fatal(err)
		}
		keys := 0
		if got.Accounts[0].Key != nil {
			keys = 1
		}
		if got.ID != made.ID || !got.CreatedAt.Equal(then) || keys != want[0] || len(got.Accounts[0].RecoveryCodes) != want[1] {
			t.Errorf("%s: %d keys, %d codes", parts, keys, len(got.Accounts[0].RecoveryCodes))
		}
		if _, err := bundle.Open(sealed.Data, a.Identities); !errors.Is(err, bundle.ErrForeign) {
			t.Errorf("%s: the sender opens it: %v", parts, err)
		}
	}
}

// What enroll does with --recovery-to: the codes go out without having been in
// the vault, which keeps a note.
func TestCodesThatWereNeverHere(t *testing.T) {
	a, b := newSide(t, "a"), newSide(t, "b")
	account := a.add(t, "old-1")
	made, err := bundle.NewForCodes(account, texts("new-1", "new-2"), then.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if len(account.RecoveryCodes) != 1 || !account.RecoveryCodes[0].RetiredAt.IsZero() {
		t.Errorf("the account here was changed: %+v", account.RecoveryCodes)
	}
	sealed := seal(t, made, b.device)
	got, err := bundle.Open(sealed.Data, b.Identities)
	if err != nil {
		t.Fatal(err)
	}
	codes := got.Accounts[0].RecoveryCodes
	if len(codes) != 2 || codes[0].Number != 2 || codes[0].Set != 2 || got.Accounts[0].Key != nil || got.Accounts[0].UnusedCodes() != 2 {
		t.Errorf("%d codes arrived: %+v", len(codes), codes)
	}
	// Once they are out, the account here knows where they are, and how far its
	// numbers go; the older set is of no use any more.
	bundle.NoteSent(account, "", &made.Accounts[0], made.Move(b.device), then)
	var moved *vault.MovedError
	if err := account.LacksCodes(); !errors.As(err, &moved) || moved.Move.Codes != 2 || moved.Move.DeviceName != "b" {
		t.Errorf("where they are: %v", err)
	}
	if account.UnusedCodes() != 0 || account.RecoveryCodes[0].RetiredAt.IsZero() {
		t.Error("the older set is still offered")
	}
	if _, err := account.AddRecoveryCodes(texts("next-1"), false, then); err != nil || account.RecoveryCodes[1].Number != 4 || account.RecoveryCodes[1].Set != 3 {
		t.Errorf("the next set: %+v, %v", account.RecoveryCodes[1], err)
	}
	if _, err := bundle.NewForCodes(account, texts("old-1"), then); err == nil {
		t.Error("a code that is here already was taken for a new one")
	}
}

func TestWrite(t *testing.T) {
	a, b := newSide(t, "a"), newSide(t, "b")
	made := whole(t, a.add(t))
	sealed := seal(t, made, b.device)
	path := filepath.Join(t.TempDir(), "codes.age")
	if err := bundle.Write(path, sealed); err != nil {
		t.Fatal(err)
	}
	if err := bundle.Write(path, sealed); !errors.Is(err, fs.ErrExist) {
		t.Errorf("written over what is there: %v", err)
	}
	onDisk, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(onDisk, sealed.Data) {
		t.Errorf("%d bytes on the disk, %v", len(onDisk), err)
	}
	// What is on the disk is decrypted, not only compared: another bundle fails.
	other := seal(t, made, b.device)
	if _, err := sealed.Check(other.Data); err == nil {
		t.Error("another file was taken for the one that was sealed")
	}
	if plain, err := sealed.Check(onDisk); err != nil || !bytes.Contains(plain, []byte("GEZDGNBV")) {
		t.Errorf("the file was not decrypted: %v", err)
	}
}

func TestMixedRecipients(t *testing.T) {
	a, b := newSide(t, "a"), newSide(t, "b")
	old := vault.Device{ID: "old", Name: "old", Recipient: "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"}
	made := whole(t, a.add(t))
	if _, err := made.Seal(old); err != nil {
		t.Errorf("a classic recipient: %v", err)
	}
	for _, devices := range [][]vault.Device{{b.device, old}, {old, b.device}} {
		if _, err := made.Seal(devices...); !errors.Is(err, vault.ErrRecipient) {
			t.Errorf("mixed: %v", err)
		}
	}
	if _, err := made.Seal(); err == nil {
		t.Error("sealed to nobody")
	}
}

func TestReadText(t *testing.T) {
	a, b := newSide(t, "a"), newSide(t, "b")
	sealed := seal(t, whole(t, a.add(t)), b.device)
	armored := string(bundle.Armor(sealed.Data))
	for name, text := range map[string]string{
		"binary":     string(sealed.Data),
		"as is":      armored,
		"no newline": strings.TrimSpace(armored),
		"CRLF":       strings.ReplaceAll(armored, "\n", "\r\n"),
		"indented":   "Hello,\n\n    " + strings.ReplaceAll(armored, "\n", "\n    ") + "\nBye",
		"quoted":     "> " + strings.ReplaceAll(armored, "\n", "\n> > "),
		"spaced":     strings.ReplaceAll(armored, "\n", " \n\n"),
	} {
		if got, err := bundle.Read(strings.NewReader(text)); err != nil || !bytes.Equal(got, sealed.Data) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, tt := range map[string]struct {
		text string
		want error
	}{
		"nothing":        {"", bundle.ErrNoBundle},
		"prose":          {"hello", bundle.ErrNoBundle},
		"two":            {armored + armored, bundle.ErrNoBundle},
		"no end":         {armored[:len(armored)-40], bundle.ErrCut},
		"only the begin": {"-----BEGIN AGE ENCRYPTED FILE-----", bundle.ErrCut},
		"a few bytes":    {"age-encr", bundle.ErrCut},
		"a lost line":    {strings.Replace(armored, armored[100:165], "", 1), nil},
		"other letters":  {strings.Replace(armored, armored[100:110], "!!!!!!!!!!", 1), bundle.ErrAltered},
		"another PEM":    {"-----BEGIN AGE ENCRYPTED FILE-----\naGVsbG8=\n-----END AGE ENCRYPTED FILE-----\n", bundle.ErrAltered},
		"huge":           {strings.Repeat("a", 49<<20), bundle.ErrTooLarge},
	} {
		data, err := bundle.Read(strings.NewReader(tt.text))
		if tt.want == nil {
			if err == nil {
				_, err = bundle.Open(data, b.Identities)
			}
			if err == nil {
				t.Errorf("%s: opened", name)
			}
			continue
		}
		if !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
	if _, err := bundle.Open(make([]byte, 33<<20), b.Identities); !errors.Is(err, bundle.ErrTooLarge) {
		t.Errorf("33 MiB: %v", err)
	}
}

// Each byte of a bundle, cut there or altered, is an error of one of three kinds,
// and an end that is missing is called so.
func TestEveryByteCounts(t *testing.T) {
	a, b := newSide(t, "a"), newSide(t, "b")
	sealed := seal(t, whole(t, a.add(t, "r-1")), b.device)
	called := map[bool]int{}
	for i := 1; i < len(sealed.Data); i++ {
		data, err := bundle.Read(bytes.NewReader(sealed.Data[:i]))
		if err == nil {
			_, err = bundle.Open(data, b.Identities)
		}
		if !errors.Is(err, bundle.ErrCut) && !errors.Is(err, bundle.ErrAltered) {
			t.Errorf("cut to %d bytes: %v", i, err)
		}
		called[errors.Is(err, bundle.ErrCut)]++
		altered := bytes.Clone(sealed.Data)
		altered[i] ^= 0x20
		_, err = bundle.Open(altered, b.Identities)
		if !errors.Is(err, bundle.ErrAltered) && !errors.Is(err, bundle.ErrForeign) && !errors.Is(err, bundle.ErrCut) {
			t.Errorf("byte %d altered: %v", i, err)
		}
	}
	// The padding tells all but a cut by a multiple of it.
	if called[false] > len(sealed.Data)/bundle.SealStep {
		t.Errorf("%d of %d cuts were not called so", called[false], len(sealed.Data))
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("age-encryption.org/v1\n-> X25519 a\n"))
	f.Add(bundle.Armor([]byte("age-encryption.org/v1\n")))
	f.Add([]byte("NPMOTP1/01234567/1/1/AAAA"))
	var c vault.Contents
	c.EnsureIdentity(then)
	f.Fuzz(func(t *testing.T, input []byte) {
		if data, err := bundle.Read(bytes.NewReader(input)); err == nil {
			if _, err := bundle.Open(data, c.Identities); err == nil {
				t.Error("a bundle was opened that nobody sealed")
			}
		}
		var s bundle.Series
		if part, err := s.Add(string(input)); part && err == nil {
			_, _ = s.Bundle()
		}
	})
}

// FuzzContents seals what a stranger who knows the recipient can write, and wants
// what is taken to be whole, and no error to quote it.
func FuzzContents(f *testing.F) {
	var c vault.Contents
	to, err := c.EnsureIdentity(then).Recipient()
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{
		`{"v":1,"type":"npmotp-bundle","id":"1","created_at":"2026-01-02T03:04:05Z","parts":"recovery","accounts":[{"id":"1","name":"a","registry":"https://registry.npmjs.org/","level":"auth-only","recovery_codes":[{"id":"1","number":1,"code":"CANARY-1","state":"unused","set":1}]}]}`,
		`{"v":1,"type":"npmotp-bundle","id":"1","parts":"all","accounts":[]}`, `{"v":2,"type":"npmotp-bundle"}`, `{}`, `[]`, ``,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, plain []byte) {
		padded := append(bytes.Clone(plain), bytes.Repeat([]byte(" "), (bundle.SealStep-len(plain)%bundle.SealStep)%bundle.SealStep)...)
		sealed, err := agefile.SealBinary(padded, to.Age())
		if err != nil {
			t.Fatal(err)
		}
		b, err := bundle.Open(sealed, c.Identities)
		if err != nil {
			if bytes.Contains(plain, []byte("CANARY")) && strings.Contains(err.Error(), "CANARY") {
				t.Errorf("the error quotes it: %v", err)
			}
			return
		}
		var into vault.Contents
		if _, err := bundle.Take(&into, b.Accounts, then); err != nil {
			return
		}
		for i := range into.Accounts {
			if into.Accounts[i].Name == "" {
				t.Errorf("an account without a name came in: %q", plain)
			}
		}
	})
}
