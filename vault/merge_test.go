package vault_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"npmotp/vault"
)

// Three copies with random histories, which now and then met: it does not
// matter in which order they are merged, nor how often.
func TestMergeLaws(t *testing.T) {
	checkHistories(t, func(rt *rapid.T) {
		h := newHistory(rt, 3)
		for range rapid.IntRange(4, 24).Draw(rt, "operations") {
			h.step()
		}
		a, b, c := h.copies[0], h.copies[1], h.copies[2]
		same := func(law string, x, y *vault.Contents) {
			rt.Helper()
			if x.Canonical() != y.Canonical() {
				rt.Fatalf("not %s:\n%s\n%s", law, x.Canonical(), y.Canonical())
			}
		}
		ab := h.merge(a, b)
		all := h.merge(ab, c)
		same("commutative", ab, h.merge(b, a))
		same("associative", all, h.merge(a, h.merge(b, c)))
		same("associative (b, c, a)", all, h.merge(h.merge(c, b), a))
		same("idempotent", a, h.merge(a, a))
		same("absorbing", all, h.merge(all, b))
		h.complete(all)
		if all.Generation < max(a.Generation, b.Generation, c.Generation) {
			rt.Fatal("the generation sank")
		}
	})
}

// complete fails unless merged has everything that was ever stored and not
// removed.
func (h *history) complete(merged *vault.Contents) {
	h.t.Helper()
	secrets, states := map[string]uint64{}, map[string]vault.CodeState{}
	for _, a := range merged.Accounts {
		if h.removed[a.ID] {
			h.t.Fatalf("the removed account %s is back", a.ID)
		}
		if a.Key != nil {
			s := a.Key.Secret.Reveal()
			if h.removed[a.ID+" "+s] {
				h.t.Fatalf("a replaced secret is back in %s", a.ID)
			}
			secrets[s] = a.Key.Counter
		}
		for _, r := range a.RecoveryCodes {
			states[a.ID+" "+r.Code.Reveal()] = r.State
		}
	}
	for id := range h.secrets {
		account, s, _ := strings.Cut(id, " ")
		if h.isRemoved(account) || h.removed[s] || h.removed[id] {
			continue
		}
		counter, there := secrets[s]
		if !there {
			h.t.Fatalf("a secret of %s is lost", account)
		}
		if counter < h.counters[id] {
			h.t.Fatalf("the counter of %s went back to %d", account, counter)
		}
	}
	for id := range h.codes {
		account, _, _ := strings.Cut(id, " ")
		state, there := states[id]
		switch {
		case h.removed[account] || h.removed[id]:
		case !there:
			h.t.Fatalf("the code %s is lost", id)
		case h.used[id] && state != vault.Used:
			h.t.Fatalf("the used code %s is %s", id, state)
		case h.reserved[id] && !h.released[id] && state == vault.Unused:
			h.t.Fatalf("the reserved code %s is offered again", id)
		}
	}
}
