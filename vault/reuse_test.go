package vault_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"npmotp/internal/secret"
	"npmotp/vault"
)

// What an older or a newer version wrote keeps its meaning when it is stored again.
func TestReuse(t *testing.T) {
	for text, want := range map[string]vault.Reuse{
		"":           vault.ReuseAuto,
		"allow":      vault.ReuseAllow,
		"once":       vault.ReuseOnce,
		"on-tuesday": "on-tuesday",
	} {
		file := vault.At(filepath.Join(t.TempDir(), "vault.npmotp"), vault.Options{WorkFactor: vault.MinWorkFactor})
		v, err := file.Create(t.Context(), secret.New("hunter2"))
		if err != nil {
			t.Fatal(err)
		}
		err = v.Update(t.Context(), func(c *vault.Contents) error {
			_, err := c.Add(vault.Account{Name: "ada", Reuse: vault.Reuse(text)}, time.Unix(59, 0))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		// Twice: once as it was read back.
		if err := v.Update(t.Context(), func(c *vault.Contents) error { c.Accounts[0].Issuer = "npm"; return nil }); err != nil {
			t.Fatal(err)
		}
		c, err := v.Contents(t.Context())
		if err != nil || c.Accounts[0].Reuse != want {
			t.Errorf("%q became %q, %v", text, c.Accounts[0].Reuse, err)
		}
	}
	for text := range strings.FieldsSeq("auto once allow") {
		if r, err := vault.ParseReuse(text); err != nil || r.String() != text {
			t.Errorf("%q is read as %q, %v", text, r, err)
		}
	}
	if r, err := vault.ParseReuse("maybe"); err == nil {
		t.Errorf("maybe is read as %q", r)
	}
}

// So does whether a code needs a yes.
func TestConfirm(t *testing.T) {
	for text, want := range map[string]vault.Confirm{
		"": vault.ConfirmAuto, "always": vault.ConfirmAlways, "never": vault.ConfirmNever, "on-tuesday": "on-tuesday",
	} {
		file := vault.At(filepath.Join(t.TempDir(), "vault.npmotp"), vault.Options{WorkFactor: vault.MinWorkFactor})
		v, err := file.Create(t.Context(), secret.New("hunter2"))
		if err != nil {
			t.Fatal(err)
		}
		err = v.Update(t.Context(), func(c *vault.Contents) error {
			_, err := c.Add(vault.Account{Name: "ada", Confirm: vault.Confirm(text)}, time.Unix(59, 0))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := v.Update(t.Context(), func(c *vault.Contents) error { c.Accounts[0].Issuer = "npm"; return nil }); err != nil {
			t.Fatal(err)
		}
		c, err := v.Contents(t.Context())
		if err != nil || c.Accounts[0].Confirm != want {
			t.Errorf("%q became %q, %v", text, c.Accounts[0].Confirm, err)
		}
	}
	for text := range strings.FieldsSeq("auto always never") {
		if c, err := vault.ParseConfirm(text); err != nil || c.String() != text {
			t.Errorf("%q is read as %q, %v", text, c, err)
		}
	}
	before, after := &vault.Contents{Accounts: []vault.Account{{ID: "1", Name: "ada"}}}, &vault.Contents{Accounts: []vault.Account{{ID: "1", Name: "ada", Confirm: vault.ConfirmAlways}}}
	if d := vault.Diff(before, after); len(d) != 1 || strings.Join(d[0].Details, "") != "confirm" {
		t.Errorf("the difference is %+v", d)
	}
	if c, err := vault.ParseConfirm("maybe"); err == nil {
		t.Errorf("maybe is read as %q", c)
	}
}
