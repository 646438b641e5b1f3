package vault_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"npmotp/internal/bundle"
	"npmotp/internal/secret"
	"npmotp/otpgen"
	"npmotp/vault"
)

const (
	codeA = "0123456789abcdef"
	codeB = "fedcba9876543210"
)

// after returns what a copy becomes by a change.
func after(t *testing.T, c *vault.Contents, now time.Time, fn func(*vault.Contents) error) *vault.Contents {
	t.Helper()
	changed, err := vault.Changed(c, now, fn)
	if err != nil {
		t.Fatal(err)
	}
	return changed
}

// base is a copy with the account "npm", which has two recovery codes.
func base(t *testing.T) *vault.Contents {
	t.Helper()
	return after(t, &vault.Contents{VaultID: "v"}, then, func(c *vault.Contents) error {
		a, err := c.Add(account("npm"), then)
		if err != nil {
			return err
		}
		_, err = a.AddRecoveryCodes(texts(codeA, codeB), false, then)
		return err
	})
}

func merge(t *testing.T, a, b *vault.Contents) *vault.Contents {
	t.Helper()
	m, err := vault.Merge(a, b)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// onFirst applies fn to the first account.
func onFirst(fn func(a *vault.Account) error) func(*vault.Contents) error {
	return func(c *vault.Contents) error { return fn(&c.Accounts[0]) }
}

// Who changes a field that they have seen changed wins, also with a clock that
// is behind.
func TestMergeWithWrongClocks(t *testing.T) {
	early := then.Add(-24 * time.Hour)
	start := base(t)
	ahead := after(t, start, then, onFirst(func(a *vault.Account) error { a.Username = "first"; return nil }))
	behind := after(t, ahead, early, onFirst(func(a *vault.Account) error { a.Username = "an answer to first"; return nil }))
	if got := merge(t, ahead, behind).Accounts[0].Username; got != "an answer to first" {
		t.Errorf("%q won", got)
	}
	// Of two that did not know of each other, the clock decides.
	apart := after(t, start, early, onFirst(func(a *vault.Account) error { a.Username = "zzz"; return nil }))
	if got := merge(t, ahead, apart).Accounts[0].Username; got != "first" {
		t.Errorf("%q won", got)
	}
}

func mark(number int, s vault.CodeState) func(*vault.Contents) error {
	return onFirst(func(a *vault.Account) error { return a.Mark(number, s, then) })
}

func states(c *vault.Contents) []vault.CodeState {
	var s []vault.CodeState
	for _, r := range c.Accounts[0].RecoveryCodes {
		s = append(s, r.State)
	}
	return s
}

// A code that one copy calls used is used, whatever the other says.
func TestUsedIsForGood(t *testing.T) {
	start := base(t)
	used := after(t, start, then, mark(1, vault.Used))
	for name, other := range map[string]*vault.Contents{
		"unused":       start,
		"reserved":     after(t, start, then, mark(1, vault.Reserved)),
		"unused again": after(t, used, then.Add(time.Hour), mark(1, vault.Unused)),
	} {
		if got := states(merge(t, other, used)); !slices.Equal(got, []vault.CodeState{vault.Used, vault.Unused}) {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// A reservation that is given back stays given back; one that the other laptop
// made meanwhile holds.
func TestReservationsAreGivenBack(t *testing.T) {
	reserve := onFirst(func(a *vault.Account) error { _, err := a.Reserve("test", then); return err })
	start := base(t)
	here := after(t, start, then, reserve)
	back := after(t, here, then, mark(1, vault.Unused))
	if got := states(merge(t, here, back)); got[0] != vault.Unused {
		t.Errorf("given back, and %s", got[0])
	}
	there := after(t, start, then, reserve)
	if got := states(merge(t, there, back)); got[0] != vault.Reserved {
		t.Errorf("the code that the other laptop gave out is %s", got[0])
	}
}

// Two laptops paste the same codes, or different ones.
func TestCodesOfTwoLaptops(t *testing.T) {
	start := after(t, &vault.Contents{VaultID: "v"}, then, func(c *vault.Contents) error {
		_, err := c.Add(account("npm"), then)
		return err
	})
	paste := func(codes ...string) *vault.Contents {
		return after(t, start, then, onFirst(func(a *vault.Account) error {
			_, err := a.AddRecoveryCodes(texts(codes...), false, then)
			return err
		}))
	}
	used := after(t, paste(codeA, codeB), then, mark(2, vault.Used))
	m := merge(t, paste(codeA, codeB), used)
	if got := states(m); !slices.Equal(got, []vault.CodeState{vault.Unused, vault.Used}) {
		t.Errorf("the same paste: %v", got)
	}
	m = merge(t, paste(codeA), paste(codeB))
	codes := m.Accounts[0].RecoveryCodes
	if len(codes) != 2 || codes[0].Number != 1 || codes[1].Number != 2 {
		t.Errorf("different ones: %+v", codes)
	}
	// The numbers that were shown stay, once the vault is changed.
	m = after(t, m, then, mark(2, vault.Used))
	again := merge(t, merge(t, paste(codeA), m), paste(codeB)).Accounts[0].RecoveryCodes
	for i, r := range again {
		if r.Code.Reveal() != codes[i].Code.Reveal() || r.Number != codes[i].Number {
			t.Errorf("code number %d is another one now", r.Number)
		}
	}
}

func rekey(text string) func(*vault.Contents) error {
	return onFirst(func(a *vault.Account) error {
		k, err := otpgen.NewKey(secret.New(text))
		a.Key = &k
		return err
	})
}

// Two secrets in one account are both kept; one that was replaced is not.
func TestTwoSecrets(t *testing.T) {
	const one, two = "MFRGGZDFMZTWQ2LKNNWG23TPOBYXE43U", "KRUGKIDROVUWG2ZAMJZG653OEBTG66BA"
	start := base(t)
	a := after(t, start, then, rekey(one))
	b := after(t, start, then.Add(time.Second), rekey(two))
	m := merge(t, a, b)
	if len(m.Accounts) != 2 || m.Accounts[0].Name != "npm" || m.Accounts[1].Name != "npm (2)" ||
		m.Accounts[0].Key.Secret.Reveal() != two || m.Accounts[1].Key.Secret.Reveal() != one {
		t.Fatalf("%+v", m.Accounts)
	}
	if d := vault.Diff(b, m); len(d) != 1 || !strings.Contains(strings.Join(d[0].Details, ""), `the other of two secrets of "npm"`) {
		t.Errorf("%+v", d)
	}
	if m := merge(t, start, b); len(m.Accounts) != 1 || m.Accounts[0].Key.Secret.Reveal() != two {
		t.Errorf("a replaced secret came back: %+v", m.Accounts)
	}
	// The second account is removed, and stays so.
	m = after(t, m, then, func(c *vault.Contents) error { _, err := c.Remove("npm (2)", then); return err })
	if m = merge(t, m, a); len(m.Accounts) != 1 || m.Accounts[0].Name != "npm" {
		t.Errorf("%+v", m.Accounts)
	}
	// The secret that was replaced is given to the account once more.
	back := after(t, m, then, rekey(one))
	if m = merge(t, back, m); len(m.Accounts) != 1 || m.Accounts[0].Key.Secret.Reveal() != one {
		t.Errorf("%+v", m.Accounts)
	}
}

// An account or a code that was removed comes back by a bundle, not by an old
// copy, and in all copies.
func TestRemovedComesBackByImport(t *testing.T) {
	start := base(t)
	gone := after(t, start, then, func(c *vault.Contents) error { _, err := c.Remove("npm", then); return err })
	if m := merge(t, start, gone); len(m.Accounts) != 0 {
		t.Errorf("an old copy brought it back: %+v", m.Accounts)
	}
	moved := after(t, start, then, onFirst(func(a *vault.Account) error { a.RecoveryCodes, a.Key = nil, nil; return nil }))
	if m := merge(t, start, moved); m.Accounts[0].Key != nil || len(m.Accounts[0].RecoveryCodes) != 0 {
		t.Errorf("an old copy brought a part back: %+v", m.Accounts)
	}
	for name, without := range map[string]*vault.Contents{"account": gone, "parts": moved} {
		back := after(t, without, then, func(c *vault.Contents) error {
			_, err := bundle.Take(c, start.Accounts, then)
			return err
		})
		for _, m := range []*vault.Contents{merge(t, back, without), merge(t, start, back)} {
			if len(m.Accounts) != 1 || m.Accounts[0].Key == nil || len(m.Accounts[0].RecoveryCodes) != 2 {
				t.Errorf("%s: %+v", name, m.Accounts)
			}
		}
	}
}

func TestMergeRefusesAnotherVault(t *testing.T) {
	if _, err := vault.Merge(base(t), &vault.Contents{VaultID: "w"}); !errors.Is(err, vault.ErrOtherVault) {
		t.Errorf("got %v", err)
	}
}
