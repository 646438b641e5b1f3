package vault_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"

	"npmotp/internal/agefile"
	"npmotp/internal/secret"
	"npmotp/vault"
)

// key returns a new identity and its recipient.
func key(t *testing.T) (identity secret.Text, recipient string) {
	t.Helper()
	id, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	return secret.New(id.String()), id.Recipient().String()
}

func identities(t *testing.T, file secret.Text) vault.Opener {
	t.Helper()
	ids, err := agefile.ParseIdentities(file, "key.txt", agefile.Dialogue{})
	if err != nil {
		t.Fatal(err)
	}
	return vault.ByIdentities(ids)
}

func addSlot(t *testing.T, v *vault.Vault, recipient, name string) vault.SlotReport {
	t.Helper()
	s, err := v.AddRecipient(t.Context(), recipient, name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// always answers with one passphrase, and fails where it does not fit.
func always(pass secret.Text) vault.PassphraseOf {
	return func(_ context.Context, _ vault.SlotReport, attempt int) (secret.Text, error) {
		if attempt > 0 {
			return secret.Text{}, vault.ErrPassphrase
		}
		return pass, nil
	}
}

// What was read before a change of contents, or put in its place, does not
// lose the recipients, without which no slot could be removed.
func TestRecipientsStay(t *testing.T) {
	v, path := create(t)
	file, recipient := key(t)
	addSlot(t, v, recipient, "spare")
	change(t, v, func(c *vault.Contents) error {
		*c = vault.Contents{VaultID: c.VaultID, Generation: c.Generation}
		return nil
	})
	slots, err := v.Slots()
	if err != nil || len(slots) != 2 || slots[1].Recipient != recipient || slots[1].Classic {
		t.Fatalf("%+v, %v", slots, err)
	}
	if _, err := v.RemoveSlot(t.Context(), slots[0].ID, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := vault.At(path, vault.Options{}).Open(t.Context(), identities(t, file)); err != nil {
		t.Error(err)
	}
	if _, err := vault.At(path, vault.Options{}).Open(t.Context(), vault.Passphrase(pass)); !errors.Is(err, vault.ErrPassphrase) {
		t.Errorf("the removed passphrase: %v", err)
	}
}

// A slot is bound to the contents: one that was added, removed, exchanged,
// renamed or put elsewhere is noticed, whatever opens the vault.
func TestTamperedSlots(t *testing.T) {
	v, path := create(t)
	file, recipient := key(t)
	addSlot(t, v, recipient, "spare")
	_, other := key(t)
	addSlot(t, v, other, "other")
	good := read(t, path)
	at := func(text string) int {
		i := strings.Index(good, text)
		if i < 0 {
			t.Fatalf("no %q", text)
		}
		return i
	}
	first, second, third, body := at("slot passphrase"), at("slot age"), strings.LastIndex(good, "slot age"), at("\nbody\n")+1
	slots := []string{good[first:second], good[second:third], good[third:body]}
	foreign, foreignPath := create(t)
	addSlot(t, foreign, recipient, "spare")
	planted := read(t, foreignPath)
	planted = planted[strings.Index(planted, "slot age") : strings.Index(planted, "\nbody\n")+1]
	for name, head := range map[string]string{
		"removed":  slots[0] + slots[1],
		"moved":    slots[0] + slots[2] + slots[1],
		"renamed":  slots[0] + strings.Replace(slots[1], "spare", "sparx", 1) + slots[2],
		"doubled":  slots[0] + slots[1] + slots[1] + slots[2],
		"planted":  planted + slots[0] + slots[1] + slots[2],
		"appended": slots[0] + slots[1] + slots[2] + planted,
		"replaced": slots[0] + planted + slots[2],
	} {
		t.Run(name, func(t *testing.T) {
			bad := filepath.Join(t.TempDir(), "vault.npmotp")
			write(t, bad, good[:first]+head+good[body:])
			for _, by := range []vault.Opener{vault.Passphrase(pass), identities(t, file)} {
				if _, err := vault.At(bad, vault.Options{}).Open(t.Context(), by); !errors.Is(err, vault.ErrFormat) {
					t.Errorf("%T: %v", by, err)
				}
			}
		})
	}
}

// A passphrase slot that holds no passphrase is told by what reads its cost.
func TestSlotWithoutItsHeader(t *testing.T) {
	v, path := create(t)
	_, recipient := key(t)
	addSlot(t, v, recipient, "")
	text := read(t, path)
	from, behind := strings.Index(text, "slot age "), strings.Index(text, "body\n")
	_, armored, _ := strings.Cut(text[from:behind], "\n")
	sum := sha256.Sum256([]byte("passphrase \n" + armored))
	text = text[:from] + "slot passphrase " + hex.EncodeToString(sum[:8]) + "\n" + armored + text[behind:]
	write(t, path, text)
	if _, err := vault.At(path, vault.Options{}).WorkFactor(); err == nil {
		t.Error("its work factor is told")
	}
	if _, err := v.Slots(); !errors.Is(err, vault.ErrFormat) {
		t.Errorf("the slots: %v", err)
	}
}

// What removes a slot wraps the others before it takes the lock. A slot that
// was added meanwhile must not get lost.
func TestSlotsChangedMeanwhile(t *testing.T) {
	v, path := create(t)
	_, recipient := key(t)
	spare := addSlot(t, v, recipient, "spare")
	again := open(t, path)
	_, other := key(t)
	_, err := v.RemoveSlot(t.Context(), "spare", func(_ context.Context, _ vault.SlotReport, _ int) (secret.Text, error) {
		addSlot(t, again, other, "other")
		return pass, nil
	})
	if !errors.Is(err, vault.ErrSlotsChanged) {
		t.Fatal(err)
	}
	slots, err := open(t, path).Slots()
	if err != nil || len(slots) != 3 || slots[1].ID != spare.ID {
		t.Errorf("%+v, %v", slots, err)
	}
	// The vault that was open meanwhile, and the passphrase's own slot.
	if _, err := v.RemoveSlot(t.Context(), "other", always(pass)); err != nil {
		t.Fatal(err)
	}
	if err := v.ChangePassphrase(t.Context(), "", secret.New("correct horse"), nil); err != nil {
		t.Error(err)
	}
	if _, err := again.Contents(); !errors.Is(err, vault.ErrOtherIdentity) {
		t.Errorf("a vault that was opened before the removal: %v", err)
	}
}

// A file costs a run of scrypt for each slot before a passphrase is known to be
// wrong, so there are few of them.
func TestManySlots(t *testing.T) {
	const most = 32
	v, path := create(t)
	for i := range most - 1 {
		_, recipient := key(t)
		addSlot(t, v, recipient, fmt.Sprint("key number ", i))
	}
	before := read(t, path)
	_, recipient := key(t)
	if _, err := v.AddRecipient(t.Context(), recipient, "one more"); !errors.Is(err, vault.ErrManySlots) || read(t, path) != before {
		t.Errorf("a slot too many: %v", err)
	}
	open(t, path)
	// A file that somebody else has put together is refused before a passphrase is tried.
	head, rest, _ := strings.Cut(before, "\n")
	first, _, _ := strings.Cut(rest, "\nslot ")
	write(t, path, head+"\n"+first+"\n"+rest)
	if err := vault.At(path, vault.Options{}).Probe(); !errors.Is(err, vault.ErrFormat) || !strings.Contains(err.Error(), "more than 32 slots") {
		t.Errorf("a file with more: %v", err)
	}
}
