package vault_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"npmotp/internal/secret"
	"npmotp/vault"
)

func noPassphrase(context.Context, string) (secret.Text, error) {
	return secret.Text{}, errors.New("no passphrase is needed")
}

func openCopy(t *testing.T, v *vault.Vault, path string) *vault.Copy {
	t.Helper()
	c, err := v.OpenCopy(t.Context(), path, noPassphrase)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// duplicate copies the vault file at path to another folder.
func duplicate(t *testing.T, path string) string {
	t.Helper()
	other := filepath.Join(t.TempDir(), "vault.npmotp")
	write(t, other, read(t, path))
	return other
}

// What only a later version knows is merged too: fields, and lists of objects.
func TestMergeKeepsUnknownFields(t *testing.T) {
	v, path := create(t)
	add(t, v, "ada", codeA)
	other := duplicate(t, path)
	rewrite(t, path, func(body map[string]any) {
		body["badges"] = []any{map[string]any{"id": "x", "n": 1}}
		first(body)["colour"] = "blue"
	})
	rewrite(t, other, func(body map[string]any) {
		body["badges"] = []any{map[string]any{"id": "y", "n": 18446744073709551615.0}}
		first(body)["shape"] = "round"
		first(body)["recovery_codes"].([]any)[0].(map[string]any)["size"] = 4
	})
	if _, err := v.Merge(t.Context(), []*vault.Copy{openCopy(t, v, other)}); err != nil {
		t.Fatal(err)
	}
	_, _, body := parts(t, read(t, path), pass)
	a := first(body)
	if len(body["badges"].([]any)) != 2 || a["colour"] != "blue" || a["shape"] != "round" ||
		fmt.Sprint(a["recovery_codes"].([]any)[0].(map[string]any)["size"]) != "4" {
		t.Errorf("%v", body)
	}
}

// The generation of a merged vault is above those of its parts, also of one that
// was rolled back; the file that it replaces is among the backups.
func TestMergeRaisesTheGeneration(t *testing.T) {
	memory := vault.Options{Memory: t.TempDir()}
	v, path := create(t, memory)
	add(t, v, "ada")
	old := read(t, path)
	other := duplicate(t, path)
	for i := range 3 {
		add(t, v, fmt.Sprint("later ", i))
	}
	newest := duplicate(t, path) // generation 5
	apart := open(t, other)
	add(t, apart, "apart")
	write(t, path, old)
	v = open(t, path, memory)
	if err := v.Update(t.Context(), func(*vault.Contents) error { return nil }); !errors.Is(err, vault.ErrRolledBack) {
		t.Fatalf("the old file is written to: %v", err)
	}
	changes, err := v.Merge(t.Context(), []*vault.Copy{openCopy(t, v, newest), openCopy(t, v, other)})
	if err != nil || len(changes) != 4 {
		t.Fatalf("%+v, %v", changes, err)
	}
	if c := contents(t, v); c.Generation != 6 || len(c.Accounts) != 5 {
		t.Errorf("generation %d with %d accounts", c.Generation, len(c.Accounts))
	}
	add(t, v, "written to again")
	backups, err := vault.At(path, vault.Options{}).Backups()
	if err != nil || len(backups) == 0 || backups[0].Generation != 6 {
		t.Errorf("%+v, %v", backups, err)
	}
}

// A copy that was written after it was merged is not removed.
func TestRemoveCopy(t *testing.T) {
	v, path := create(t)
	other := duplicate(t, path)
	c := openCopy(t, v, other)
	add(t, open(t, other), "late")
	if err := vault.RemoveCopy(c); err == nil {
		t.Error("a copy with something new was removed")
	}
	if err := vault.RemoveCopy(openCopy(t, v, other)); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(other); err == nil {
		t.Error("the copy is still there")
	}
}

// Slots that two laptops added apart both open the merged vault; one that is
// removed on either opens neither.
func TestSlotsOfBothCopies(t *testing.T) {
	a, b, paths, carried := twoLaptops(t)
	fileA, recipientA := key(t)
	fileB, recipientB := key(t)
	addSlot(t, a, recipientA, "of-a")
	slotB := addSlot(t, b, recipientB, "of-b")
	for _, v := range []*vault.Vault{a, b, a, b} {
		syncWith(t, v, carried)
	}
	for _, path := range paths {
		for _, file := range []secret.Text{fileA, fileB} {
			if _, err := vault.At(path, vault.Options{}).Open(t.Context(), identities(t, file)); err != nil {
				t.Error(err)
			}
		}
		if slots, err := open(t, path).Slots(); err != nil || len(slots) != 3 {
			t.Errorf("%d slots, want 3: %v", len(slots), err)
		}
	}
	if _, err := a.RemoveSlot(t.Context(), slotB.ID, always(pass)); err != nil {
		t.Fatal(err)
	}
	// The copy that another identity opens asks for the passphrase.
	for _, v := range []*vault.Vault{a, b} {
		if _, err := v.Sync(t.Context(), carried, nil, func(context.Context, string) (secret.Text, error) { return pass, nil }); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := vault.At(paths[1], vault.Options{}).Open(t.Context(), identities(t, fileA)); err != nil {
		t.Error(err)
	}
	if _, err := vault.At(paths[1], vault.Options{}).Open(t.Context(), identities(t, fileB)); err == nil {
		t.Error("the removed slot still opens the other laptop's vault")
	}
}
