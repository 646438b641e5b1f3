package vault_test

import (
	"errors"
	"testing"

	"npmotp/vault"
)

func TestAddRecoveryCodes(t *testing.T) {
	a := account("ada")
	if retired, err := a.AddRecoveryCodes(texts("c1", "c2", "c3"), false, then); err != nil || retired != 0 {
		t.Fatal(retired, err)
	}
	if err := a.Mark(1, vault.Used, then); err != nil {
		t.Fatal(err)
	}
	var duplicate *vault.DuplicateError
	if _, err := a.AddRecoveryCodes(texts("c4", "c2"), false, then); !errors.As(err, &duplicate) || duplicate.Numbers[0] != 2 || len(a.RecoveryCodes) != 3 {
		t.Errorf("a duplicate: %v, %d codes", err, len(a.RecoveryCodes))
	}
	if retired, err := a.AddRecoveryCodes(texts("c4"), true, then); err != nil || retired != 0 || a.UnusedCodes() != 3 || a.RecoveryCodes[3].Set != 1 {
		t.Errorf("joining: %v", err)
	}
	if retired, err := a.AddRecoveryCodes(texts("d1", "d2"), false, then); err != nil || retired != 3 || a.UnusedCodes() != 2 {
		t.Errorf("a new set: %d retired, %v", retired, err)
	}
	if last := a.RecoveryCodes[5]; last.Number != 6 || last.Set != 2 {
		t.Errorf("the last code is %+v", last)
	}
	if err := a.Mark(9, vault.Used, then); !errors.Is(err, vault.ErrNoSuchCode) {
		t.Errorf("a number that does not exist: %v", err)
	}
}

func TestReserveAndMark(t *testing.T) {
	v, path := create(t)
	add(t, v, "ada", "c1", "c2")
	code, name, left, err := v.Reserve(t.Context(), "a", "login", then)
	if err != nil || code.Code.Reveal() != "c1" || name != "ada" || left != 1 {
		t.Fatal(code.Number, name, left, err)
	}
	stored := contents(t, open(t, path)).Accounts[0].RecoveryCodes[0]
	if stored.State != vault.Reserved || !stored.ReservedAt.Equal(then) || stored.UsedFor != "login" {
		t.Errorf("stored as %+v", stored)
	}
	mark := func(state vault.CodeState) {
		t.Helper()
		change(t, v, func(c *vault.Contents) error { return c.Accounts[0].Mark(1, state, then) })
	}
	mark(vault.Used)
	if r := contents(t, v).Accounts[0].RecoveryCodes[0]; r.State != vault.Used || !r.UsedAt.Equal(then) {
		t.Errorf("used: %+v", r)
	}
	mark(vault.Unused)
	if r := contents(t, v).Accounts[0].RecoveryCodes[0]; r.State != vault.Unused || !r.UsedAt.IsZero() || !r.ReservedAt.IsZero() {
		t.Errorf("unused again: %+v", r)
	}
}

// What an account does not have is said, and nothing is stored.
func TestStepsThatThereAreNot(t *testing.T) {
	v, path := create(t)
	add(t, v, "ada")
	change(t, v, func(c *vault.Contents) error { c.Accounts[0].Key = nil; return nil })
	before := read(t, path)
	_, _, _, unknown := v.Reserve(t.Context(), "bob", "login", then)
	_, nobodys := v.NextHOTP(t.Context(), "bob", then)
	_, keyless := v.NextHOTP(t.Context(), "ada", then)
	if !errors.Is(unknown, vault.ErrNoAccount) || !errors.Is(nobodys, vault.ErrNoAccount) || !errors.Is(keyless, vault.ErrNoKey) {
		t.Errorf("%v; %v; %v", unknown, nobodys, keyless)
	}
	if read(t, path) != before {
		t.Error("the file changed")
	}
}

// Contents that could not be stored are merged with nothing, on either side.
func TestMergeOfInvalidContents(t *testing.T) {
	valid, damaged := emptyVault(), emptyVault()
	damaged.Devices = []vault.Device{{ID: "d", Name: "B"}}
	if _, err := vault.Merge(valid, damaged); err == nil {
		t.Error("the second one was taken")
	}
	if _, err := vault.Merge(damaged, valid); err == nil {
		t.Error("the first one was taken")
	}
}
