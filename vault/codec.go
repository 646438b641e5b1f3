package vault

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
)

// contentsVersion is the version of the JSON inside the body. Fields may be
// added without raising it: a reader keeps what it does not know.
const contentsVersion = 1

// padStep is the granularity at which the size of the contents shows.
const padStep = 4096

// The lists of objects in the contents.
const (
	listAccounts   = "accounts"
	listDevices    = "devices"
	listIdentities = "identities"
	listTombstones = "tombstones"
	listSlots      = "slots"
)

const statePending = "pending"

// extra holds the fields of an object that this version does not know.
type extra map[string]json.RawMessage

// A wireContents is what the body holds. The lists of objects stand at its end, so
// that a large vault is not parsed once more only to be written: see pad.
type wireContents struct {
	V          int               `json:"v"`
	VaultID    string            `json:"vault_id"`
	Generation uint64            `json:"generation"`
	Parent     string            `json:"parent,omitempty"`
	SlotsHash  string            `json:"slots_hash"`
	Default    string            `json:"default,omitempty"`
	Accounts   []json.RawMessage `json:"accounts,omitempty"`
	Devices    []json.RawMessage `json:"devices,omitempty"`
	Identities []json.RawMessage `json:"identities,omitempty"`
	Tombstones []json.RawMessage `json:"tombstones,omitempty"`
	Slots      []json.RawMessage `json:"slots,omitempty"` // those of recipients
	Pad        string            `json:"pad,omitempty"`
}

type wireAccount struct {
	ID            string            `json:"id"`
	Name          string            `json:"name"`
	Issuer        string            `json:"issuer,omitempty"`
	Username      string            `json:"username,omitempty"`
	Registry      string            `json:"registry"`
	Level         Level             `json:"level"`
	Reuse         Reuse             `json:"reuse,omitempty"` // absent for [ReuseAuto]
	Confirm       Confirm           `json:"confirm,omitempty"`
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

var errJSON = errors.New("not the JSON that npmotp writes")

// decodeObject decodes a JSON object into the wire struct v points to, and
// returns the fields that v does not have.
func decodeObject(data []byte, v any) (x extra, err error) {
	if json.Unmarshal(data, v) != nil {
		return nil, errJSON
	}
	known := fieldsOf(v)
	err = eachField(data, func(name, value []byte) error {
		if slices.Contains(known, string(name)) {
			return nil
		}
		return x.keep(name, value, known)
	})
	return x, err
}

// fieldsOf returns the names of the fields of the wire struct v points to.
func fieldsOf(v any) []string {
	var names []string
	for field := range reflect.TypeOf(v).Elem().Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		names = append(names, name)
	}
	return names
}

// decodeList decodes the objects of a list by way of their wire structs. What names
// one of them in an error.
func decodeList[W, T any](what string, raws []json.RawMessage, of func(W, extra) T) ([]T, error) {
	var list []T
	for i, raw := range raws {
		var w W
		x, err := decodeObject(raw, &w)
		if err != nil {
			return nil, fmt.Errorf("%s %d: %w", what, i+1, err)
		}
		list = append(list, of(w, x))
	}
	return list, nil
}

// encodeList is the inverse of decodeList.
func encodeList[T any](list []T, of func(T) (wire any, x extra)) (raws []json.RawMessage, err error) {
	for _, v := range list {
		raw, err := encodeObject(of(v))
		if err != nil {
			return nil, err
		}
		raws = append(raws, raw)
	}
	return raws, nil
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
