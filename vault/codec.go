package vault

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"npmotp/internal/secret"
	"npmotp/otpgen"
)

// contentsVersion is the version of the JSON inside the body. Fields may be
// added without raising it: a reader keeps what it does not know.
const contentsVersion = 1

// padStep is the granularity at which the size of the contents shows.
const padStep = 4096

const (
	reuseAllow   = "allow"
	statePending = "pending"
)

// extra holds the fields of an object that this version does not know.
type extra map[string]json.RawMessage

type wireContents struct {
	V          int               `json:"v"`
	VaultID    string            `json:"vault_id"`
	Generation uint64            `json:"generation"`
	Parent     string            `json:"parent,omitempty"`
	SlotsHash  string            `json:"slots_hash"`
	Default    string            `json:"default,omitempty"`
	Accounts   []json.RawMessage `json:"accounts"`
	Devices    []json.RawMessage `json:"devices,omitempty"`
	Identities []json.RawMessage `json:"identities,omitempty"`
	Tombstones []json.RawMessage `json:"tombstones,omitempty"`
	Slots      []json.RawMessage `json:"slots,omitempty"` // those of recipients
	Pad        string            `json:"pad"`
}

type wireAccount struct {
	ID            string            `json:"id"`
	Name          string            `json:"name"`
	Issuer        string            `json:"issuer,omitempty"`
	Username      string            `json:"username,omitempty"`
	Registry      string            `json:"registry"`
	Level         Level             `json:"level"`
	Reuse         string            `json:"reuse,omitempty"` // "allow", or absent
	OTP           *wireKey          `json:"otp,omitempty"`
	RecoveryCodes []json.RawMessage `json:"recovery_codes,omitempty"`
	Moved         []json.RawMessage `json:"moved,omitempty"`
	State         string            `json:"state,omitempty"` // "pending", or absent
	Wanted        string            `json:"wanted_name,omitempty"`
	ArchivedAt    time.Time         `json:"archived_at,omitzero"`
	AddedAt       time.Time         `json:"added_at"`
	UpdatedAt     time.Time         `json:"updated_at"`
}

type wireKey struct {
	Type      string `json:"type"`
	Secret    string `json:"secret"`
	Algorithm string `json:"algorithm"`
	Digits    int    `json:"digits"`
	Period    int    `json:"period,omitempty"` // seconds
	Counter   uint64 `json:"counter,omitempty"`
}

type wireRecoveryCode struct {
	ID         string    `json:"id"`
	Number     int       `json:"number"`
	Code       string    `json:"code"`
	State      CodeState `json:"state"`
	Set        int       `json:"set"`
	AddedAt    time.Time `json:"added_at"`
	ReservedAt time.Time `json:"reserved_at,omitzero"`
	UsedAt     time.Time `json:"used_at,omitzero"`
	UsedFor    string    `json:"used_for,omitempty"`
	RetiredAt  time.Time `json:"retired_at,omitzero"`
}

type wireTombstone struct {
	ID        string    `json:"id"`
	RemovedAt time.Time `json:"removed_at"`
}

type wireSlot struct {
	ID          string `json:"id"`
	Recipient   string `json:"recipient"`
	PostQuantum bool   `json:"post_quantum,omitempty"`
}

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
		SlotsHash: slotsHash, Default: c.Default, Accounts: []json.RawMessage{},
	}
	for i := range c.Accounts {
		raw, err := c.Accounts[i].encode()
		if err != nil {
			return nil, err
		}
		w.Accounts = append(w.Accounts, raw)
	}
	if err := c.encodeDevices(w); err != nil {
		return nil, err
	}
	for _, t := range c.Tombstones {
		raw, err := encodeObject(wireTombstone{ID: t.ID, RemovedAt: t.RemovedAt}, t.extra)
		if err != nil {
			return nil, err
		}
		w.Tombstones = append(w.Tombstones, raw)
	}
	for _, r := range c.recipients {
		raw, err := encodeObject(wireSlot{ID: r.slot, Recipient: r.text, PostQuantum: r.postQuantum}, r.extra)
		if err != nil {
			return nil, err
		}
		w.Slots = append(w.Slots, raw)
	}
	return w, nil
}

// pad returns the JSON of w with the unknown fields x, of a size that is a
// multiple of padStep.
func (w *wireContents) pad(x extra) ([]byte, error) {
	bare, err := encodeObject(w, x)
	if err != nil {
		return nil, err
	}
	w.Pad = strings.Repeat(" ", (padStep-len(bare)%padStep)%padStep)
	return encodeObject(w, x)
}

func (a *Account) encode() (json.RawMessage, error) {
	w := wireAccount{
		ID: a.ID, Name: a.Name, Issuer: a.Issuer, Username: a.Username, Registry: a.Registry,
		Level: a.Level, Wanted: a.Wanted, ArchivedAt: a.ArchivedAt.UTC(), AddedAt: a.AddedAt.UTC(), UpdatedAt: a.UpdatedAt.UTC(),
	}
	if k := a.Key; k != nil {
		w.OTP = &wireKey{
			Type: k.Kind.String(), Secret: k.Secret.Reveal(), Algorithm: k.Alg.String(),
			Digits: k.Digits, Period: int(k.Period / time.Second), Counter: k.Counter,
		}
	}
	if a.Reuse {
		w.Reuse = reuseAllow
	}
	if a.Pending {
		w.State = statePending
	}
	for _, r := range a.RecoveryCodes {
		raw, err := encodeObject(wireRecoveryCode{
			ID: r.ID, Number: r.Number, Code: r.Code.Reveal(), State: r.State, Set: r.Set,
			AddedAt: r.AddedAt.UTC(), ReservedAt: r.ReservedAt.UTC(), UsedAt: r.UsedAt.UTC(),
			UsedFor: r.UsedFor, RetiredAt: r.RetiredAt.UTC(),
		}, r.extra)
		if err != nil {
			return nil, err
		}
		w.RecoveryCodes = append(w.RecoveryCodes, raw)
	}
	var err error
	if w.Moved, err = a.encodeMoves(); err != nil {
		return nil, err
	}
	return encodeObject(w, a.extra)
}

// decodeContents is the inverse of encode. Its errors never quote the input,
// which holds secrets.
func decodeContents(data []byte) (c *Contents, slotsHash string, err error) {
	var w wireContents
	c = &Contents{}
	if c.extra, err = decodeObject(data, &w); err != nil {
		return nil, "", fmt.Errorf("%w: contents: %w", ErrFormat, err)
	}
	if w.V > contentsVersion {
		return nil, "", &VersionError{Got: w.V, Max: contentsVersion}
	}
	if w.V < 1 {
		return nil, "", fmt.Errorf("%w: contents without a version", ErrFormat)
	}
	c.VaultID, c.Generation, c.Parent, c.Default = w.VaultID, w.Generation, w.Parent, w.Default
	for i, raw := range w.Accounts {
		a, err := decodeAccount(raw)
		if err != nil {
			return nil, "", fmt.Errorf("%w: account %d: %w", ErrFormat, i+1, err)
		}
		c.Accounts = append(c.Accounts, a)
	}
	if err := c.decodeDevices(&w); err != nil {
		return nil, "", err
	}
	for i, raw := range w.Tombstones {
		var t wireTombstone
		x, err := decodeObject(raw, &t)
		if err != nil {
			return nil, "", fmt.Errorf("%w: tombstone %d: %w", ErrFormat, i+1, err)
		}
		c.Tombstones = append(c.Tombstones, Tombstone{ID: t.ID, RemovedAt: t.RemovedAt, extra: x})
	}
	for i, raw := range w.Slots {
		var s wireSlot
		x, err := decodeObject(raw, &s)
		if err != nil {
			return nil, "", fmt.Errorf("%w: recipient %d: %w", ErrFormat, i+1, err)
		}
		c.recipients = append(c.recipients, slotRecipient{slot: s.ID, text: s.Recipient, postQuantum: s.PostQuantum, extra: x})
	}
	if err := c.validate(); err != nil {
		return nil, "", fmt.Errorf("%w: %w", ErrFormat, err)
	}
	c.stored = &w
	return c, w.SlotsHash, nil
}

func decodeAccount(raw []byte) (Account, error) {
	var w wireAccount
	x, err := decodeObject(raw, &w)
	if err != nil {
		return Account{}, err
	}
	a := Account{
		ID: w.ID, Name: w.Name, Issuer: w.Issuer, Username: w.Username, Registry: w.Registry,
		Level: w.Level, Reuse: w.Reuse == reuseAllow, Pending: w.State == statePending, Wanted: w.Wanted, ArchivedAt: w.ArchivedAt,
		AddedAt: w.AddedAt, UpdatedAt: w.UpdatedAt, extra: x,
	}
	if w.OTP != nil {
		kind, err := otpgen.ParseKind(w.OTP.Type)
		if err != nil {
			return Account{}, err
		}
		alg, err := otpgen.ParseAlg(w.OTP.Algorithm)
		if err != nil {
			return Account{}, err
		}
		a.Key = &otpgen.Key{
			Kind: kind, Alg: alg, Secret: secret.New(w.OTP.Secret), Digits: w.OTP.Digits,
			Period: time.Duration(w.OTP.Period) * time.Second, Counter: w.OTP.Counter,
		}
	}
	for i, raw := range w.RecoveryCodes {
		var r wireRecoveryCode
		x, err := decodeObject(raw, &r)
		if err != nil {
			return Account{}, fmt.Errorf("recovery code %d: %w", i+1, err)
		}
		a.RecoveryCodes = append(a.RecoveryCodes, RecoveryCode{
			ID: r.ID, Number: r.Number, Code: secret.New(r.Code), State: r.State, Set: r.Set,
			AddedAt: r.AddedAt, ReservedAt: r.ReservedAt, UsedAt: r.UsedAt, UsedFor: r.UsedFor,
			RetiredAt: r.RetiredAt, extra: x,
		})
	}
	if a.Moved, err = decodeMoves(w.Moved); err != nil {
		return Account{}, err
	}
	return a, nil
}

// validate refuses contents that would not work after they are read again.
func (c *Contents) validate() error {
	if c.VaultID == "" {
		return errors.New("the contents have no vault id")
	}
	ids, names := map[string]bool{}, map[string]bool{}
	for i := range c.Accounts {
		a := &c.Accounts[i]
		if a.ID == "" || a.Name == "" {
			return fmt.Errorf("account %d has no id or no name", i+1)
		}
		if ids[a.ID] || names[a.Name] {
			return fmt.Errorf("the id or the name of account %d stands twice", i+1)
		}
		ids[a.ID], names[a.Name] = true, true
		if err := a.validate(); err != nil {
			return fmt.Errorf("account %q: %w", a.Name, err)
		}
	}
	return c.validateDevices()
}

func (a *Account) validate() error {
	if _, err := ParseLevel(string(a.Level)); err != nil {
		return err
	}
	if a.Key != nil {
		if err := a.Key.Validate(); err != nil {
			return err
		}
	}
	numbers := map[int]bool{}
	for _, r := range a.RecoveryCodes {
		if r.Code.Len() == 0 || r.Number < 1 || numbers[r.Number] {
			return fmt.Errorf("recovery code %d is empty or stands twice", r.Number)
		}
		numbers[r.Number] = true
		switch r.State {
		case Unused, Reserved, Used:
		default:
			return fmt.Errorf("recovery code %d has an unknown state", r.Number)
		}
	}
	return nil
}

// decodeObject decodes a JSON object into the wire struct v points to, and
// returns the fields that v does not have.
func decodeObject(data []byte, v any) (extra, error) {
	var x extra
	if json.Unmarshal(data, &x) != nil || json.Unmarshal(data, v) != nil {
		return nil, errors.New("not the JSON that npmotp writes")
	}
	for field := range reflect.TypeOf(v).Elem().Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		delete(x, name)
	}
	return x, nil
}

// encodeObject encodes the wire struct v with the unknown fields x.
func encodeObject(v any, x extra) (json.RawMessage, error) {
	known, err := json.Marshal(v)
	if err != nil || len(x) == 0 {
		return known, err
	}
	unknown, err := json.Marshal(x)
	if err != nil {
		return nil, err
	}
	known[len(known)-1] = ','
	return append(known, unknown[1:]...), nil
}

// newID returns a random id of 128 bits.
func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails, see crypto/rand
	return hex.EncodeToString(b[:])
}
