package vault

import (
	"cmp"
	"encoding/json"
	"time"

	"npmotp/internal/jsonobject"
	"npmotp/internal/secret"
	"npmotp/otpgen"
)

// What the body of a file holds, object by object. A field can be added without
// another version: a reader keeps what it does not know.

// contentsVersion is the version of the JSON inside the body.
const contentsVersion = 1

// The lists of objects in the contents.
const (
	listAccounts   = "accounts"
	listDevices    = "devices"
	listIdentities = "identities"
)

// slotsRegister is stamped in the contents when the slots, which are outside of
// them, are exchanged: the copy of a vault whose slots are newer tells which
// passphrase opens a merged one.
const slotsRegister = "slots_hash"

const statePending = "pending"

const (
	always = jsonobject.Always
	ifSet  = jsonobject.IfSet
)

// extra holds the fields of an object that this version does not know.
type extra = jsonobject.Extra

// A wireContents is the whole of it, with the objects of its lists encoded.
type wireContents struct {
	V          int
	VaultID    string
	Generation uint64
	Parent     string
	SlotsHash  string
	Default    string
	Accounts   []json.RawMessage
	Devices    []json.RawMessage
	Identities []json.RawMessage
	Tombstones []json.RawMessage
	Slots      []json.RawMessage // those of recipients

	extra extra
}

func (w *wireContents) fields(c *jsonobject.Coder) {
	c.Int("v", &w.V, always)
	c.Text("vault_id", &w.VaultID, always)
	c.Uint("generation", &w.Generation, always)
	c.Text("parent", &w.Parent, ifSet)
	c.Text(slotsRegister, &w.SlotsHash, always)
	c.Text("default", &w.Default, ifSet)
	c.Raws(listAccounts, &w.Accounts)
	c.Raws(listDevices, &w.Devices)
	c.Raws(listIdentities, &w.Identities)
	c.Raws("tombstones", &w.Tombstones)
	c.Raws("slots", &w.Slots)
	c.Text("pad", new(string), ifSet)
	c.Rest(&w.extra)
}

// lists encodes the objects of c to the lists of w, or decodes them.
func (c *Contents) lists(w *wireContents, reading bool) error {
	return cmp.Or(
		jsonobject.Convert(reading, "account", &c.Accounts, &w.Accounts, (*Account).fields),
		jsonobject.Convert(reading, "device", &c.Devices, &w.Devices, (*Device).fields),
		jsonobject.Convert(reading, "device identity", &c.Identities, &w.Identities, (*Identity).fields),
		jsonobject.Convert(reading, "tombstone", &c.Tombstones, &w.Tombstones, (*Tombstone).fields),
		jsonobject.Convert(reading, "recipient", &c.recipients, &w.Slots, (*slotRecipient).fields),
	)
}

func (a *Account) fields(c *jsonobject.Coder) {
	c.Text("id", &a.ID, always)
	c.Text("name", &a.Name, always)
	c.Text("issuer", &a.Issuer, ifSet)
	c.Text("username", &a.Username, ifSet)
	c.Text("registry", &a.Registry, always)
	c.Text("level", (*string)(&a.Level), always)
	c.Text("reuse", (*string)(&a.Reuse), ifSet)
	c.Text("confirm", (*string)(&a.Confirm), ifSet)
	jsonobject.Optional(c, "otp", &a.Key, a.keyFields)
	jsonobject.List(c, "recovery_codes", &a.RecoveryCodes, (*RecoveryCode).fields)
	jsonobject.List(c, "moved", &a.Moved, (*Move).fields)
	a.state(c)
	c.Text("wanted_name", &a.Wanted, ifSet)
	c.Time("archived_at", &a.ArchivedAt, ifSet)
	c.Time("added_at", &a.AddedAt, always)
	c.Time("updated_at", &a.UpdatedAt, always)
	c.Rest(&a.extra)
}

// state says in a word that an account is pending. A word of a later version stays.
func (a *Account) state(c *jsonobject.Coder) {
	state := a.laterState
	if a.Pending {
		state = statePending
	}
	c.Text("state", &state, ifSet)
	if a.Pending = state == statePending; !a.Pending {
		a.laterState = state
	}
}

// A keyExtra is what a later version stored in a key, which it goes with: another
// secret has nothing of it.
type keyExtra struct {
	of    secret.Text
	extra extra
}

func (a *Account) keyFields(k *otpgen.Key, c *jsonobject.Coder) {
	kind, alg, period := k.Kind.String(), k.Alg.String(), int(k.Period/time.Second)
	c.Text("type", &kind, always)
	c.Secret("secret", &k.Secret)
	c.Text("algorithm", &alg, always)
	c.Int("digits", &k.Digits, always)
	c.Int("period", &period, ifSet)
	c.Uint("counter", &k.Counter, ifSet)
	if c.Reading() {
		a.keyExtra = keyExtra{of: k.Secret}
	}
	rest := new(extra)
	if a.keyExtra.of.Equal(k.Secret) {
		rest = &a.keyExtra.extra
	}
	c.Rest(rest)
	if !c.Reading() {
		return
	}
	var err error
	k.Period = time.Duration(period) * time.Second
	k.Kind, err = otpgen.ParseKind(kind)
	c.Fail(err)
	k.Alg, err = otpgen.ParseAlg(alg)
	c.Fail(err)
}

func (r *RecoveryCode) fields(c *jsonobject.Coder) {
	c.Text("id", &r.ID, always)
	c.Int("number", &r.Number, always)
	c.Secret("code", &r.Code)
	c.Text("state", (*string)(&r.State), always)
	c.Int("set", &r.Set, always)
	c.Time("added_at", &r.AddedAt, always)
	c.Time("reserved_at", &r.ReservedAt, ifSet)
	c.Time("used_at", &r.UsedAt, ifSet)
	c.Text("used_for", &r.UsedFor, ifSet)
	c.Time("retired_at", &r.RetiredAt, ifSet)
	c.Rest(&r.extra)
}

func (m *Move) fields(c *jsonobject.Coder) {
	c.Text("id", &m.ID, always)
	c.Text("device", &m.Device, always)
	c.Text("device_name", &m.DeviceName, always)
	c.Int("recovery_codes", &m.Codes, ifSet)
	c.Flag("secret", &m.Secret)
	c.Time("moved_at", &m.MovedAt, always)
	c.Int("last_number", &m.LastNumber, ifSet)
	c.Int("last_set", &m.LastSet, ifSet)
	c.Rest(&m.extra)
}

func (d *Device) fields(c *jsonobject.Coder) {
	c.Text("id", &d.ID, always)
	c.Text("name", &d.Name, always)
	c.Text("recipient", &d.Recipient, always)
	c.Time("added_at", &d.AddedAt, always)
	c.Time("updated_at", &d.UpdatedAt, always)
	c.Rest(&d.extra)
}

func (id *Identity) fields(c *jsonobject.Coder) {
	c.Text("id", &id.ID, always)
	c.Secret("secret", &id.Secret)
	c.Time("created_at", &id.CreatedAt, always)
	c.Rest(&id.extra)
}

func (t *Tombstone) fields(c *jsonobject.Coder) {
	c.Text("id", &t.ID, always)
	c.Time("removed_at", &t.RemovedAt, always)
	c.Rest(&t.extra)
}

func (r *slotRecipient) fields(c *jsonobject.Coder) {
	c.Text("id", &r.slot, always)
	c.Text("recipient", &r.text, always)
	c.Flag("post_quantum", &r.postQuantum)
	c.Rest(&r.extra)
}
