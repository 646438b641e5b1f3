package vault_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"npmotp/internal/secret"
	"npmotp/vault"
)

// A device, an identity and a move survive a save, with what a later npmotp
// wrote into them.
func TestDevicesKeepUnknownFields(t *testing.T) {
	v, path := create(t)
	add(t, v, "ada", hexCode)
	var recipient string
	change(t, v, func(c *vault.Contents) error {
		r, err := c.EnsureIdentity(then).Recipient()
		if err != nil {
			return err
		}
		recipient = r.String()
		if _, err := c.AddDevice("B", recipient, then); err != nil {
			return err
		}
		c.Accounts[0].Moved = []vault.Move{{ID: "b1", Device: c.Devices[0].ID, DeviceName: "B", Codes: 5, MovedAt: then, LastNumber: 5, LastSet: 1}}
		return nil
	})
	for _, list := range []string{"devices", "identities"} {
		rewrite(t, path, func(body map[string]any) {
			body[list].([]any)[0].(map[string]any)["later"] = "kept in " + list
		})
	}
	rewrite(t, path, func(body map[string]any) {
		first(body)["moved"].([]any)[0].(map[string]any)["later"] = "kept in moved"
	})
	change(t, v, func(c *vault.Contents) error {
		if r, err := c.EnsureIdentity(then.Add(time.Hour)).Recipient(); err != nil || r.String() != recipient {
			t.Errorf("the recipient of this vault changed, %v", err)
		}
		if m := c.Accounts[0].Moved; len(m) != 1 || m[0].Codes != 5 || m[0].DeviceName != "B" {
			t.Errorf("moved: %+v", m)
		}
		return nil
	})
	_, _, body := parts(t, read(t, path), pass)
	for _, list := range []string{"devices", "identities"} {
		if got := body[list].([]any)[0].(map[string]any)["later"]; got != "kept in "+list {
			t.Errorf("%s: the unknown field is %v", list, got)
		}
	}
	account := first(body)
	if got := account["moved"].([]any)[0].(map[string]any)["later"]; got != "kept in moved" {
		t.Errorf("moved: the unknown field is %v", got)
	}
}

// What a later version stores beside the key is sent with all of an account, and
// not with its recovery codes alone; what a merge has noted is never sent.
func TestUnknownFieldsInCopies(t *testing.T) {
	v, path := create(t)
	add(t, v, "ada", hexCode)
	rewrite(t, path, func(body map[string]any) {
		account := first(body)
		account["later"] = "a secret of tomorrow"
		account["otp_others"] = []any{map[string]any{"id": "k", "secret": "another key"}}
		account["recovery_codes"].([]any)[0].(map[string]any)["changed_at"] = map[string]any{"state": "9999-01-01T00:00:00Z"}
	})
	a := &contents(t, v).Accounts[0]
	for _, tt := range []struct{ key, codes, later bool }{{true, true, true}, {true, false, false}, {false, true, false}} {
		c := a.CopyFor(tt.key, tt.codes)
		raw, err := vault.EncodeAccount(&c)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(raw.Reveal(), "tomorrow") != tt.later {
			t.Errorf("key %v, codes %v: the unknown field is there: %v", tt.key, tt.codes, !tt.later)
		}
		if strings.Contains(raw.Reveal(), "another key") || strings.Contains(raw.Reveal(), "changed_at") {
			t.Errorf("key %v, codes %v: notes of a merge are sent", tt.key, tt.codes)
		}
	}
	whole, err := vault.EncodeAccount(a)
	if err != nil || !strings.Contains(whole.Reveal(), "another key") {
		t.Errorf("the notes were taken from the vault itself, %v", err)
	}
}

func TestAddAndRemoveDevice(t *testing.T) {
	const classic = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"
	var c vault.Contents
	// As pasted over two lines, and as a QR code has it.
	d, err := c.AddDevice("B", " "+strings.ToUpper(classic[:20])+"\n"+strings.ToUpper(classic[20:]), then)
	if err != nil || d.Recipient != classic {
		t.Fatalf("%+v, %v", d, err)
	}
	if _, err := c.AddDevice("B", classic, then); err != nil || len(c.Devices) != 1 {
		t.Errorf("the same device again: %v, %d devices", err, len(c.Devices))
	}
	if _, err := c.AddDevice("C", classic, then); !errors.Is(err, vault.ErrDeviceTaken) {
		t.Errorf("the same recipient under another name: %v", err)
	}
	if _, err := c.FindDevice("D"); !errors.Is(err, vault.ErrNoDevice) {
		t.Errorf("a device that is not there: %v", err)
	}
	removed, err := c.RemoveDevice("B", then)
	if err != nil || len(c.Devices) != 0 || len(c.Tombstones) != 1 || c.Tombstones[0].ID != removed.ID {
		t.Errorf("removed: %v, %d devices, tombstones %v", err, len(c.Devices), c.Tombstones)
	}
}

func TestRecipientsThatAreNone(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":    "",
		"prose":      "hello",
		"cut":        "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmca",
		"hybrid cut": "age1pq1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmca",
		"secret key": "AGE-SECRET-KEY-PQ-1QQQQ",
		"huge":       "age1" + strings.Repeat("q", 1<<20),
	} {
		_, err := vault.ParseRecipient(text)
		if !errors.Is(err, vault.ErrRecipient) || len(text) > 5 && strings.Contains(err.Error(), text) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func change(t *testing.T, v *vault.Vault, fn func(*vault.Contents) error) {
	t.Helper()
	if err := v.Update(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

func TestEncodeAccount(t *testing.T) {
	c := emptyVault()
	a, err := c.Add(account("npm"), then)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.AddRecoveryCodes(texts("r-1"), false, then); err != nil {
		t.Fatal(err)
	}
	raw, err := vault.EncodeAccount(a)
	if err != nil {
		t.Fatal(err)
	}
	b, err := vault.DecodeAccount(raw)
	if err != nil {
		t.Fatal(err)
	}
	again, err := vault.EncodeAccount(&b)
	if err != nil || !again.Equal(raw) || !reflect.DeepEqual(a.Name, b.Name) {
		t.Errorf("not the same: %v", err)
	}
	for _, text := range []string{"", "{}", "null", "[]", `{"id":"1"}`} {
		if _, err := vault.DecodeAccount(secret.New(text)); err == nil {
			t.Errorf("%s was taken", text)
		}
	}
}

// emptyVault returns contents that can be stored.
func emptyVault() *vault.Contents { return &vault.Contents{VaultID: "v"} }
