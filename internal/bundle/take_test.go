package bundle_test

import (
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"npmotp/internal/bundle"
	"npmotp/internal/secret"
	"npmotp/otpgen"
	"npmotp/vault"
)

// emptyVault returns contents that can be stored.
func emptyVault() *vault.Contents { return &vault.Contents{VaultID: "v"} }

func account(name string) vault.Account {
	key, err := otpgen.NewKey(secret.New("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"))
	if err != nil {
		panic(err)
	}
	return vault.Account{Name: name, Issuer: "npm", Username: name, Key: &key}
}

func addTo(t *testing.T, c *vault.Contents, name string, codes ...string) *vault.Account {
	t.Helper()
	a, err := c.Add(account(name), then)
	if err != nil {
		t.Fatal(err)
	}
	if len(codes) > 0 {
		if _, err := a.AddRecoveryCodes(texts(codes...), false, then); err != nil {
			t.Fatal(err)
		}
	}
	return a
}

func take(t *testing.T, c *vault.Contents, sent ...vault.Account) bundle.Import {
	t.Helper()
	done, err := bundle.Take(c, sent, then.Add(time.Hour))
	if err != nil || len(done) != len(sent) {
		t.Fatalf("%d imports, %v", len(done), err)
	}
	return done[0]
}

func TestImportTwiceIsOnce(t *testing.T) {
	a, b := emptyVault(), emptyVault()
	sent := addTo(t, a, "npm", "r-1", "r-2").CopyFor(true, true)
	if i := take(t, b, sent); !i.New || !i.Key || i.Codes != 2 || !i.Changes() {
		t.Errorf("the first time: %+v", i)
	}
	if i := take(t, b, sent); i.Changes() || i.Outdated != 0 || i.Name != "npm" {
		t.Errorf("the second time: %+v", i)
	}
	if len(b.Accounts) != 1 || b.Accounts[0].UnusedCodes() != 2 {
		t.Errorf("%d accounts", len(b.Accounts))
	}
}

// What has been used up on either side is used up.
func TestImportStates(t *testing.T) {
	states := []vault.CodeState{vault.Unused, vault.Reserved, vault.Used}
	for i, here := range states {
		for j, there := range states {
			a, b := emptyVault(), emptyVault()
			account := addTo(t, a, "npm", "r-1")
			take(t, b, account.CopyFor(true, true))
			if err := b.Accounts[0].Mark(1, here, then); err != nil {
				t.Fatal(err)
			}
			if err := account.Mark(1, there, then); err != nil {
				t.Fatal(err)
			}
			got := take(t, b, account.CopyFor(false, true))
			if want := states[max(i, j)]; b.Accounts[0].RecoveryCodes[0].State != want {
				t.Errorf("%s here, %s there: %s", here, there, b.Accounts[0].RecoveryCodes[0].State)
			}
			if got.Updated != btoi(j > i) || got.Outdated != btoi(j < i) {
				t.Errorf("%s here, %s there: %+v", here, there, got)
			}
		}
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Two secrets under one id are both kept, however often they are sent.
func TestImportAnotherSecret(t *testing.T) {
	a, b := emptyVault(), emptyVault()
	sent := addTo(t, a, "npm", "r-1").CopyFor(true, true)
	take(t, b, sent)
	key, err := otpgen.NewKey(secret.New("MFRGGZDFMZTWQ2LKMFRGGZDFMZTWQ2LK"))
	if err != nil {
		t.Fatal(err)
	}
	sent.Key = &key
	if i := take(t, b, sent); i.Secondary != "npm" || i.Name != "npm (2)" || !i.New {
		t.Errorf("%+v", i)
	}
	if i := take(t, b, sent); i.Changes() {
		t.Errorf("again: %+v", i)
	}
	if len(b.Accounts) != 2 || b.Accounts[0].Key.Secret.Equal(b.Accounts[1].Key.Secret) {
		t.Errorf("%d accounts", len(b.Accounts))
	}
}

// An account that this laptop enrolled from the same QR code is the same.
func TestImportSameSecretOtherID(t *testing.T) {
	a, b := emptyVault(), emptyVault()
	sent := addTo(t, a, "npm", "r-1").CopyFor(true, true)
	addTo(t, b, "mine")
	if i := take(t, b, sent); i.New || i.Codes != 1 || i.Name != "mine" || len(b.Accounts) != 1 {
		t.Errorf("%+v, %d accounts", i, len(b.Accounts))
	}
	// At another registry it is another account.
	sent.Registry = "https://npm.example.org/"
	if i := take(t, b, sent); !i.New {
		t.Errorf("%+v", i)
	}
}

// A name that is taken here is not given to another account.
func TestImportNameTaken(t *testing.T) {
	a, b := emptyVault(), emptyVault()
	addTo(t, b, "npm").Key = nil
	addTo(t, b, "npm (2)").Key = nil
	if i := take(t, b, addTo(t, a, "npm").CopyFor(true, true)); i.Name != "npm (3)" || i.SentAs != "npm" {
		t.Errorf("%+v", i)
	}
}

// An account that is here keeps its name, registry and level: a bundle is not
// signed.
func TestImportChangesNoAttributes(t *testing.T) {
	a, b := emptyVault(), emptyVault()
	sent := addTo(t, a, "npm").CopyFor(true, true)
	take(t, b, sent)
	sent.Registry, sent.Level, sent.Name = "https://evil.example/", vault.AuthOnly, "evil"
	take(t, b, sent)
	if x := b.Accounts[0]; x.Registry != vault.DefaultRegistry || x.Level != vault.AuthAndWrites || x.Name != "npm" {
		t.Errorf("%+v", x)
	}
}

func TestImportSets(t *testing.T) {
	a, b := emptyVault(), emptyVault()
	account := addTo(t, a, "npm", "r-1", "r-2")
	older := account.CopyFor(true, true)
	take(t, b, older)
	if _, err := account.AddRecoveryCodes(texts("s-1"), false, then); err != nil {
		t.Fatal(err)
	}
	newer := account.CopyFor(false, true)
	if i := take(t, b, newer); i.Codes != 1 || b.Accounts[0].UnusedCodes() != 1 {
		t.Errorf("a newer set: %+v, %d unused", i, b.Accounts[0].UnusedCodes())
	}
	c := emptyVault()
	take(t, c, newer)
	if i := take(t, c, older); i.Outdated != 2 || c.Accounts[0].UnusedCodes() != 1 || len(c.Accounts[0].RecoveryCodes) != 3 {
		t.Errorf("an older set: %+v, %d unused", i, c.Accounts[0].UnusedCodes())
	}
}

func TestForget(t *testing.T) {
	c := emptyVault()
	a := addTo(t, c, "npm", "r-1", "r-2")
	if err := a.Mark(1, vault.Used, then); err != nil {
		t.Fatal(err)
	}
	sent := a.CopyFor(false, true)
	move := vault.Move{ID: "b1", Device: "d", DeviceName: "B"}
	// Another npmotp was there first: nothing is forgotten.
	if err := a.Mark(2, vault.Reserved, then); err != nil {
		t.Fatal(err)
	}
	if err := bundle.Forget(c, &sent, move, then); err == nil || len(a.RecoveryCodes) != 2 || len(a.Moved) != 0 {
		t.Errorf("a changed code was forgotten: %v", err)
	}
	if err := a.Mark(2, vault.Unused, then); err != nil {
		t.Fatal(err)
	}
	if err := bundle.Forget(c, &sent, move, then); err != nil {
		t.Fatal(err)
	}
	if len(a.RecoveryCodes) != 0 || a.Key == nil || len(c.Tombstones) != 2 {
		t.Errorf("%d codes, %d tombstones", len(a.RecoveryCodes), len(c.Tombstones))
	}
	if m := a.Moved[0]; m.Codes != 1 || m.Secret || m.LastNumber != 2 || m.LastSet != 1 || !m.MovedAt.Equal(then) {
		t.Errorf("%+v", m)
	}
	var moved *vault.MovedError
	if err := a.LacksCodes(); !errors.As(err, &moved) || !errors.Is(err, vault.ErrNoCodes) {
		t.Errorf("%v", err)
	}
	// They come back under other ids, once.
	if i := take(t, c, sent); i.Codes != 2 || a.RecoveryCodes[0].ID == sent.RecoveryCodes[0].ID {
		t.Errorf("back: %+v", i)
	}
	if i := take(t, c, sent); i.Changes() {
		t.Errorf("back again: %+v", i)
	}
	if err := bundle.Forget(c, &vault.Account{ID: "gone", Name: "gone"}, move, then); !errors.Is(err, vault.ErrNoAccount) {
		t.Errorf("an account that is gone: %v", err)
	}
	whole := a.CopyFor(true, true)
	if err := bundle.Forget(c, &whole, move, then); err != nil || a.Key != nil {
		t.Errorf("the key was not forgotten: %v", err)
	}
	if err := a.LacksKey(); !errors.As(err, &moved) || !errors.Is(err, vault.ErrNoKey) {
		t.Errorf("%v", err)
	}
}

// An account that was removed here and is received again is here again.
func TestImportRemoved(t *testing.T) {
	a, b := emptyVault(), emptyVault()
	sent := addTo(t, a, "npm", "r-1").CopyFor(true, true)
	take(t, b, sent)
	if _, err := b.Remove("npm", then); err != nil {
		t.Fatal(err)
	}
	// Its tombstone stays: it is for the old id.
	if i := take(t, b, sent); !i.New || len(b.Tombstones) != 1 || b.Accounts[0].ID == sent.ID {
		t.Errorf("%+v, %d tombstones", i, len(b.Tombstones))
	}
	if i := take(t, b, sent); i.Changes() {
		t.Errorf("again: %+v", i)
	}
	// Known by its codes when it has nothing else.
	sent.Key = nil
	b.Accounts[0].Key = nil
	if i := take(t, b, sent); i.Changes() || len(b.Accounts) != 1 {
		t.Errorf("codes alone: %+v", i)
	}
}

// Whatever two laptops did to their copies, receiving twice is receiving once, no
// code is lost, and none comes back to life.
func TestImportAtRandom(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	states := []vault.CodeState{vault.Unused, vault.Reserved, vault.Used}
	for range 300 {
		a, b := emptyVault(), emptyVault()
		account := addTo(t, a, "npm", "r-1", "r-2", "r-3", "r-4")
		if random.IntN(2) == 0 {
			take(t, b, account.CopyFor(random.IntN(2) == 0, true))
		}
		for _, c := range []*vault.Contents{a, b} {
			for i := range c.Accounts {
				for range random.IntN(4) {
					if err := c.Accounts[i].Mark(1+random.IntN(4), states[random.IntN(3)], then); err != nil {
						t.Fatal(err)
					}
				}
				if random.IntN(3) == 0 {
					if _, err := c.Accounts[i].AddRecoveryCodes(texts("s-"+c.VaultID), false, then); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
		sent := account.CopyFor(random.IntN(2) == 0, true)
		take(t, b, sent)
		if i := take(t, b, sent); i.Changes() {
			t.Fatalf("the second time changes %+v", i)
		}
		for _, s := range sent.RecoveryCodes {
			n := 0
			for _, r := range b.Accounts[0].RecoveryCodes {
				if r.Code.Equal(s.Code) {
					n++
					if s.State != vault.Unused && r.State == vault.Unused {
						t.Fatalf("code %d was %s and is %s", s.Number, s.State, r.State)
					}
				}
			}
			if n != 1 {
				t.Fatalf("code %d is here %d times", s.Number, n)
			}
		}
	}
}
