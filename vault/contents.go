package vault

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"time"

	"npmotp/internal/jsonobject"
	"npmotp/vault/internal/merge"
)

const (
	// padStep is the granularity at which the size of the contents shows.
	padStep = 4096
	// maxContents bounds the contents, encoded. A file that holds more, sealed and
	// armored, would be larger than what is read.
	maxContents = maxFile / 3 * 2
)

// encode returns the JSON of c for a file with the given head, padded.
func (c *Contents) encode(slotsHash string) ([]byte, error) {
	w, err := c.wire(slotsHash)
	if err != nil {
		return nil, err
	}
	return w.pad()
}

// wire returns what c is encoded as.
func (c *Contents) wire(slotsHash string) (*wireContents, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	w := &wireContents{
		V: contentsVersion, VaultID: c.VaultID, Generation: c.Generation, Parent: c.Parent,
		SlotsHash: slotsHash, Default: c.Default, Accounts: make([]json.RawMessage, 0, len(c.Accounts)), extra: c.extra,
	}
	return w, c.lists(w, false)
}

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
		raw, err := jsonobject.Encode(&Tombstone{ID: id, RemovedAt: now}, (*Tombstone).fields, 0)
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
	stamps, err := n.Stamp(w.extra[merge.ChangedAt], changed...)
	if err != nil {
		return nil, err
	}
	if stamps != nil {
		w.extra = maps.Clone(w.extra)
		if w.extra == nil {
			w.extra = extra{}
		}
		w.extra[merge.ChangedAt] = stamps
	}
	return w.pad()
}

// asEncoded writes an account in the order in which it is encoded when it is
// stored the next time, so that one that has not changed until then is the same
// to the byte.
func asEncoded(raw []byte) ([]byte, error) {
	var a Account
	if err := jsonobject.Decode(raw, &a, (*Account).fields); err != nil {
		return nil, err
	}
	return jsonobject.Encode(&a, (*Account).fields, len(raw))
}

// pad returns the JSON of w, of a size that is a multiple of padStep.
func (w *wireContents) pad() ([]byte, error) {
	size := 2 * padStep
	for _, raw := range w.Accounts {
		size += len(raw) + 1
	}
	object, err := jsonobject.Encode(w, (*wireContents).fields, size)
	if err != nil {
		return nil, err
	}
	const empty = `,"pad":""}`
	text := object[:len(object)-1]
	text = fmt.Appendf(text, `,"pad":"%s"}`, strings.Repeat(" ", (padStep-(len(text)+len(empty))%padStep)%padStep))
	if len(text) > maxContents {
		return nil, fmt.Errorf("the vault would be too large to be opened again: its contents have %d MiB, and %d are the most", len(text)>>20, maxContents>>20)
	}
	return text, nil
}

// decodeContents is the inverse of encode. Its errors never quote the input,
// which holds secrets.
func decodeContents(data []byte) (c *Contents, slotsHash string, err error) {
	w := &wireContents{}
	if err := jsonobject.Decode(data, w, (*wireContents).fields); err != nil {
		return nil, "", fmt.Errorf("%w: contents: %w", ErrFormat, err)
	}
	if w.V > contentsVersion {
		return nil, "", &VersionError{Got: w.V, Max: contentsVersion}
	}
	if w.V < 1 {
		return nil, "", fmt.Errorf("%w: contents without a version", ErrFormat)
	}
	c = &Contents{
		VaultID: w.VaultID, Generation: w.Generation, Parent: w.Parent, Default: w.Default, extra: w.extra, stored: w,
	}
	if err = c.lists(w, true); err == nil {
		err = c.Validate()
	}
	if err != nil {
		return nil, "", fmt.Errorf("%w: %w", ErrFormat, err)
	}
	return c, w.SlotsHash, nil
}
