package vault

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"time"

	"npmotp/vault/internal/merge"
)

// encode returns the JSON of c for a file with the given head, padded.
func (c *Contents) encode(slotsHash string) ([]byte, error) {
	w, err := c.wire(slotsHash)
	if err != nil {
		return nil, err
	}
	return w.pad(c.extra)
}

// wire returns what c is encoded as, not padded.
func (c *Contents) wire(slotsHash string) (*wireContents, error) {
	if err := c.validate(); err != nil {
		return nil, err
	}
	w := &wireContents{
		V: contentsVersion, VaultID: c.VaultID, Generation: c.Generation, Parent: c.Parent,
		SlotsHash: slotsHash, Default: c.Default, Accounts: make([]json.RawMessage, 0, len(c.Accounts)),
	}
	for i := range c.Accounts {
		raw, err := c.Accounts[i].encode()
		if err != nil {
			return nil, err
		}
		w.Accounts = append(w.Accounts, raw)
	}
	return w, c.encodeLists(w)
}

// slotsRegister is stamped in the contents when the slots, which are outside of
// them, are exchanged: the copy of a vault whose slots are newer tells which
// passphrase opens a merged one.
const slotsRegister = "slots_hash"

// encodeChange is encode for contents that a change made at now of what was
// stored before: it notes in them what a merge will have to know.
func (c *Contents) encodeChange(slotsHash string, now time.Time) ([]byte, error) {
	w, err := c.wire(slotsHash)
	if err != nil {
		return nil, err
	}
	before := c.stored
	if before == nil {
		before = &wireContents{}
	}
	buried := make([]string, len(c.Tombstones))
	for i, t := range c.Tombstones {
		buried[i] = t.ID
	}
	n := merge.NewNote(now, buried)
	for _, list := range []struct {
		name          string
		before, after []json.RawMessage
		encode        func([]byte) ([]byte, error)
	}{
		{listAccounts, before.Accounts, w.Accounts, asEncoded},
		{listDevices, before.Devices, w.Devices, nil},
		{listIdentities, before.Identities, w.Identities, nil},
	} {
		if err := n.List(list.name, list.before, list.after, list.encode); err != nil {
			return nil, err
		}
	}
	for _, id := range n.Removed() {
		raw, err := json.Marshal(wireTombstone{ID: id, RemovedAt: now.UTC()})
		if err != nil {
			return nil, err
		}
		w.Tombstones = append(w.Tombstones, raw)
	}
	var changed []string
	if before.Default != w.Default {
		changed = append(changed, "default")
	}
	// A merge does not know the slots of what it made.
	if before.SlotsHash != "" && before.SlotsHash != w.SlotsHash {
		changed = append(changed, slotsRegister)
	}
	x := maps.Clone(c.extra)
	stamps, err := n.Stamp(x[merge.ChangedAt], changed...)
	if err != nil {
		return nil, err
	}
	if stamps != nil {
		if x == nil {
			x = extra{}
		}
		x[merge.ChangedAt] = stamps
	}
	return w.pad(x)
}

// asEncoded writes an account in the order in which it is encoded when it is
// stored the next time, so that one that has not changed until then is the same
// to the byte.
func asEncoded(raw []byte) ([]byte, error) {
	a, err := decodeAccount(raw)
	if err != nil {
		return nil, err
	}
	return a.encode()
}

// maxContents bounds the contents, encoded. A file that holds more, sealed and
// armored, would be larger than what is read.
const maxContents = maxFile / 3 * 2

// pad returns the JSON of w with the unknown fields x, of a size that is a
// multiple of padStep.
func (w *wireContents) pad(x extra) ([]byte, error) {
	rest := *w
	rest.Accounts, rest.Devices, rest.Identities, rest.Tombstones, rest.Slots, rest.Pad = nil, nil, nil, nil, nil, ""
	text, err := encodeObject(rest, x)
	if err != nil {
		return nil, err
	}
	lists := []struct {
		name    string
		objects []json.RawMessage
	}{{listAccounts, w.Accounts}, {listDevices, w.Devices}, {listIdentities, w.Identities}, {listTombstones, w.Tombstones}, {listSlots, w.Slots}}
	size := len(text) + padStep
	for _, list := range lists {
		for _, o := range list.objects {
			size += len(o) + 1
		}
	}
	text = append(make([]byte, 0, size), text[:len(text)-1]...)
	for _, list := range lists {
		if list.objects != nil {
			text = fmt.Appendf(text, ",%q:[", list.name)
			for i, o := range list.objects {
				if i > 0 {
					text = append(text, ',')
				}
				text = append(text, o...)
			}
			text = append(text, ']')
		}
	}
	const empty = `,"pad":""}`
	w.Pad = strings.Repeat(" ", (padStep-(len(text)+len(empty))%padStep)%padStep)
	text = fmt.Appendf(text, `,"pad":"%s"}`, w.Pad)
	if len(text) > maxContents {
		return nil, fmt.Errorf("the vault would be too large to be opened again: its contents have %d MiB, and %d are the most", len(text)>>20, maxContents>>20)
	}
	return text, nil
}

func (a *Account) encode() (json.RawMessage, error) {
	w := wireAccount{
		ID: a.ID, Name: a.Name, Issuer: a.Issuer, Username: a.Username, Registry: a.Registry,
		Level: a.Level, Confirm: a.Confirm, Wanted: a.Wanted, ArchivedAt: a.ArchivedAt.UTC(), AddedAt: a.AddedAt.UTC(), UpdatedAt: a.UpdatedAt.UTC(),
	}
	if k := a.Key; k != nil {
		w.OTP = &wireKey{
			Type: k.Kind.String(), Secret: k.Secret.Reveal(), Algorithm: k.Alg.String(),
			Digits: k.Digits, Period: int(k.Period / time.Second), Counter: k.Counter,
		}
	}
	if a.Reuse != ReuseAuto {
		w.Reuse = a.Reuse
	}
	if a.Pending {
		w.State = statePending
	}
	var err error
	w.RecoveryCodes, err = encodeList(a.RecoveryCodes, func(r RecoveryCode) (any, extra) {
		return wireRecoveryCode{
			ID: r.ID, Number: r.Number, Code: r.Code.Reveal(), State: r.State, Set: r.Set,
			AddedAt: r.AddedAt.UTC(), ReservedAt: r.ReservedAt.UTC(), UsedAt: r.UsedAt.UTC(),
			UsedFor: r.UsedFor, RetiredAt: r.RetiredAt.UTC(),
		}, r.extra
	})
	if err != nil {
		return nil, err
	}
	if w.Moved, err = a.encodeMoves(); err != nil {
		return nil, err
	}
	return encodeObject(w, a.extra)
}
