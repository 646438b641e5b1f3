package vault_test

import (
	"strings"
	"testing"

	"npmotp/vault"
)

// stored returns an account as it comes back after it was stored twice: once as it
// was read back.
func stored(t *testing.T, a vault.Account) vault.Account {
	t.Helper()
	v, _ := create(t)
	change(t, v, func(c *vault.Contents) error { _, err := c.Add(a, then); return err })
	change(t, v, func(c *vault.Contents) error { c.Accounts[0].Issuer = "npm"; return nil })
	return contents(t, v).Accounts[0]
}

// What an older or a newer version wrote keeps its meaning when it is stored again.
func TestReuse(t *testing.T) {
	for text, want := range map[string]vault.Reuse{
		"": vault.ReuseAuto, "allow": vault.ReuseAllow, "once": vault.ReuseOnce, "on-tuesday": "on-tuesday",
	} {
		if got := stored(t, vault.Account{Name: "ada", Reuse: vault.Reuse(text)}).Reuse; got != want {
			t.Errorf("%q became %q", text, got)
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
		if got := stored(t, vault.Account{Name: "ada", Confirm: vault.Confirm(text)}).Confirm; got != want {
			t.Errorf("%q became %q", text, got)
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
