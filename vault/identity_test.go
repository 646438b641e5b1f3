package vault_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"npmotp/internal/secret"
	"npmotp/vault"
)

// What Identity gives opens the vault, also after updates by others, and not
// after a change of the passphrase.
func TestUnlockWith(t *testing.T) {
	v, path := create(t)
	add(t, v, "ada")
	identity := v.Identity()
	again, err := vault.At(path, vault.Options{}).Open(t.Context(), vault.ByIdentity(identity))
	if err != nil {
		t.Fatal(err)
	}
	add(t, v, "bob")
	if c := contents(t, again); len(c.Accounts) != 2 {
		t.Errorf("%d accounts, want 2", len(c.Accounts))
	}
	add(t, again, "eve")
	if !again.Identity().Equal(identity) || fmt.Sprint(identity) != "[redacted]" {
		t.Error("the identity is another one, or shows")
	}
	if err := v.ChangePassphrase(t.Context(), "", secret.New("correct horse"), nil); err != nil {
		t.Fatal(err)
	}
	if _, err := vault.At(path, vault.Options{}).Open(t.Context(), vault.ByIdentity(identity)); !errors.Is(err, vault.ErrOtherIdentity) || !errors.Is(err, vault.ErrFormat) {
		t.Errorf("after a new passphrase: %v", err)
	}
	if _, err := again.Contents(); !errors.Is(err, vault.ErrOtherIdentity) {
		t.Errorf("of an open vault, after a new passphrase: %v", err)
	}
	if v.Identity().Equal(identity) {
		t.Error("the new identity is the old one")
	}
}

func TestUnlockWithNoIdentity(t *testing.T) {
	v, path := create(t)
	text := v.Identity().Reveal()
	for _, wrong := range []string{"", "hunter2", text[:len(text)-1], text + "x", strings.Repeat("x", 1<<16)} {
		_, err := vault.At(path, vault.Options{}).Open(t.Context(), vault.ByIdentity(secret.New(wrong)))
		if !errors.Is(err, vault.ErrPassphrase) || wrong != "" && strings.Contains(err.Error(), wrong) {
			t.Errorf("an identity of %d bytes: %v", len(wrong), err)
		}
	}
	write(t, path, "npmotp-vault 1\n")
	if _, err := vault.At(path, vault.Options{}).Open(t.Context(), vault.ByIdentity(v.Identity())); !errors.Is(err, vault.ErrFormat) {
		t.Errorf("a damaged file: %v", err)
	}
}

// A generation put back is told, as to a person.
func TestOpenByIdentityRollback(t *testing.T) {
	memory := vault.Options{Memory: t.TempDir()}
	v, path := create(t, memory)
	old := read(t, path)
	add(t, v, "ada")
	write(t, path, old)
	var warned []error
	memory.Warn = func(err error) { warned = append(warned, err) }
	if _, err := vault.At(path, memory).Open(t.Context(), vault.ByIdentity(v.Identity())); err != nil || len(warned) != 1 || !errors.Is(warned[0], vault.ErrRolledBack) {
		t.Errorf("%v, %v", err, warned)
	}
}
