package vault_test

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"testing"
	"time"

	"pgregory.net/rapid"

	"npmotp/vault"
)

// historiesVariable names how many random histories the laws of a merge are
// held against; the bar is 100,000, which takes minutes.
const historiesVariable = "NPMOTP_TEST_HISTORIES"

// checkHistories runs check over random histories.
func checkHistories(t *testing.T, check func(*rapid.T)) {
	t.Helper()
	n := os.Getenv(historiesVariable)
	if n == "" {
		n = "300"
	}
	checkSome(t, n, check)
}

func checkSome(t *testing.T, n string, check func(*rapid.T)) {
	t.Helper()
	for name, value := range map[string]string{"rapid.checks": n, "rapid.nofailfile": "true"} {
		if err := flag.Set(name, value); err != nil {
			t.Fatal(err)
		}
	}
	rapid.Check(t, check)
}

// A history is what happened to copies of one vault that were changed apart,
// and what must have come of it when they are merged.
type history struct {
	t      *rapid.T
	copies []*vault.Contents
	now    []time.Time
	serial int

	removed  map[string]bool // ids of accounts and devices, and "id secret" of keys
	released map[string]bool // "account code", marked unused by somebody
	secrets  map[string]bool // "id secret", ever stored
	codes    map[string]bool // "account code", ever stored
	used     map[string]bool // "account code", ever used
	reserved map[string]bool // "account code", ever reserved
	counters map[string]uint64
	splitOf  map[string]string // accounts made for a second secret, and whose that is
	own      map[string]bool   // accounts that somebody made or changed

	// store stores the change of a copy, where copies are vaults.
	store func(i int, now time.Time, fn func(*vault.Contents) error) (*vault.Contents, error)
}

func newHistory(t *rapid.T, copies int) *history {
	h := &history{
		t: t, removed: map[string]bool{}, released: map[string]bool{}, secrets: map[string]bool{}, codes: map[string]bool{},
		used: map[string]bool{}, reserved: map[string]bool{}, counters: map[string]uint64{}, splitOf: map[string]string{},
		own: map[string]bool{},
	}
	h.store = func(i int, now time.Time, fn func(*vault.Contents) error) (*vault.Contents, error) {
		return vault.Changed(h.copies[i], now, fn)
	}
	base := &vault.Contents{VaultID: "v", Generation: 1}
	for i := range copies {
		h.copies = append(h.copies, base)
		// Clocks are wrong by up to an hour, and some of them agree.
		skew := rapid.SampledFrom([]time.Duration{0, 0, time.Hour, -time.Hour}).Draw(t, fmt.Sprintf("skew %d", i))
		h.now = append(h.now, then.Add(skew))
	}
	return h
}

// change applies one operation to a copy. What cannot be done is no operation.
func (h *history) change(i int, fn func(*vault.Contents, time.Time) error) {
	if rapid.Bool().Draw(h.t, "time passes") {
		h.now[i] = h.now[i].Add(time.Second)
	}
	changed, err := h.store(i, h.now[i], func(c *vault.Contents) error { return fn(c, h.now[i]) })
	if errors.Is(err, errNothing) {
		return
	}
	if err != nil {
		h.t.Fatal(err)
	}
	h.copies[i] = changed
	h.observe(changed)
}

var errNothing = errors.New("nothing to do")

// observe remembers what a copy holds.
func (h *history) observe(c *vault.Contents) {
	var stored struct {
		Accounts []struct {
			ID      string `json:"id"`
			SplitOf string `json:"split_of"`
		} `json:"accounts"`
	}
	if err := json.Unmarshal([]byte(c.Canonical()), &stored); err != nil {
		h.t.Fatal(err)
	}
	for _, a := range stored.Accounts {
		if a.SplitOf == "" {
			h.own[a.ID] = true
		} else {
			h.splitOf[a.ID] = a.SplitOf
		}
	}
	for _, a := range c.Accounts {
		if a.Key != nil {
			id := a.ID + " " + a.Key.Secret.Reveal()
			h.secrets[id] = true
			h.counters[id] = max(h.counters[id], a.Key.Counter)
		}
		for _, r := range a.RecoveryCodes {
			id := a.ID + " " + r.Code.Reveal()
			h.codes[id] = true
			switch r.State {
			case vault.Used:
				h.used[id] = true
			case vault.Reserved:
				h.reserved[id] = true
			case vault.Unused:
			}
		}
	}
}

// isRemoved reports whether an account was removed, or, where it only ever showed a
// second secret, the account that has it.
func (h *history) isRemoved(account string) bool {
	for !h.removed[account] && !h.own[account] && h.splitOf[account] != "" {
		account = h.splitOf[account]
	}
	return h.removed[account]
}

// operations are what people do to a vault.
func (h *history) operations() []func(*vault.Contents, time.Time) error {
	return []func(*vault.Contents, time.Time) error{
		h.addAccount, h.addAccount, h.removeAccount, h.edit, h.edit, h.rename, h.setDefault, h.addCodes, h.addCodes,
		h.reserve, h.reserve, h.mark, h.mark, h.nextHOTP, h.setKey, h.dropKey, h.moveCode, h.device,
	}
}

// step does something random.
func (h *history) step() {
	i := rapid.IntRange(0, len(h.copies)-1).Draw(h.t, "copy")
	operations := h.operations()
	k := rapid.IntRange(0, len(operations)+2).Draw(h.t, "operation")
	if k < len(operations) {
		h.change(i, operations[k])
		return
	}
	j := rapid.IntRange(0, len(h.copies)-1).Draw(h.t, "from")
	h.copies[i] = h.merge(h.copies[i], h.copies[j])
	h.observe(h.copies[i])
}

func (h *history) merge(a, b *vault.Contents) *vault.Contents {
	before, other := a.Canonical(), b.Canonical()
	m, err := vault.Merge(a, b)
	if err != nil {
		h.t.Fatalf("merging: %v\n%s\n%s", err, before, other)
	}
	if a.Canonical() != before || b.Canonical() != other {
		h.t.Fatal("the merge changed what it was given")
	}
	return m
}
