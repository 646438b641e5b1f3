package vault

import (
	"encoding/json"
	"fmt"
	"time"

	"npmotp/internal/secret"
	"npmotp/otpgen"
)

// decodeContents is the inverse of encode. Its errors never quote the input,
// which holds secrets.
func decodeContents(data []byte) (c *Contents, slotsHash string, err error) {
	c = &Contents{}
	w, err := c.cut(data)
	if err != nil {
		return nil, "", fmt.Errorf("%w: contents: %w", ErrFormat, err)
	}
	if w.V > contentsVersion {
		return nil, "", &VersionError{Got: w.V, Max: contentsVersion}
	}
	if w.V < 1 {
		return nil, "", fmt.Errorf("%w: contents without a version", ErrFormat)
	}
	c.VaultID, c.Generation, c.Parent, c.Default = w.VaultID, w.Generation, w.Parent, w.Default
	c.Accounts = make([]Account, len(w.Accounts))
	for i, raw := range w.Accounts {
		if err := c.Accounts[i].decode(raw); err != nil {
			return nil, "", fmt.Errorf("%w: account %d: %w", ErrFormat, i+1, err)
		}
	}
	if err := c.decodeLists(w); err != nil {
		return nil, "", fmt.Errorf("%w: %w", ErrFormat, err)
	}
	if err := c.validate(); err != nil {
		return nil, "", fmt.Errorf("%w: %w", ErrFormat, err)
	}
	c.stored = w
	return c, w.SlotsHash, nil
}

// cut takes the contents apart, nothing in their lists decoded. Fields that are
// not known go to c.
func (c *Contents) cut(data []byte) (*wireContents, error) {
	w := &wireContents{}
	err := eachField(data, func(name, value []byte) error {
		switch string(name) {
		case "v":
			return decodeInt(value, &w.V)
		case "vault_id":
			return decodeText(value, &w.VaultID)
		case "generation":
			return decodeValue(value, &w.Generation)
		case "parent":
			return decodeText(value, &w.Parent)
		case slotsRegister:
			return decodeText(value, &w.SlotsHash)
		case "default":
			return decodeText(value, &w.Default)
		case listAccounts:
			return cutList(value, &w.Accounts)
		case listDevices:
			return cutList(value, &w.Devices)
		case listIdentities:
			return cutList(value, &w.Identities)
		case listTombstones:
			return cutList(value, &w.Tombstones)
		case listSlots:
			return cutList(value, &w.Slots)
		case "pad":
			return decodeText(value, new(string))
		}
		return c.extra.keep(name, value, fieldsOf(w))
	})
	return w, err
}

func cutList(value []byte, list *[]json.RawMessage) error {
	return eachElement(value, func(element []byte) error {
		*list = append(*list, element)
		return nil
	})
}

func decodeAccount(raw []byte) (Account, error) {
	var a Account
	err := a.decode(raw)
	return a, err
}

func (a *Account) decode(raw []byte) error {
	var state string
	err := eachField(raw, func(name, value []byte) (err error) {
		switch string(name) {
		case "id":
			return decodeText(value, &a.ID)
		case "name":
			return decodeText(value, &a.Name)
		case "issuer":
			return decodeText(value, &a.Issuer)
		case "username":
			return decodeText(value, &a.Username)
		case "registry":
			return decodeText(value, &a.Registry)
		case "level":
			return decodeText(value, (*string)(&a.Level))
		case "reuse":
			return decodeText(value, (*string)(&a.Reuse))
		case "confirm":
			return decodeText(value, (*string)(&a.Confirm))
		case "state":
			return decodeText(value, &state)
		case "wanted_name":
			return decodeText(value, &a.Wanted)
		case "archived_at":
			return decodeTime(value, &a.ArchivedAt)
		case "added_at":
			return decodeTime(value, &a.AddedAt)
		case "updated_at":
			return decodeTime(value, &a.UpdatedAt)
		case "otp":
			a.Key, err = decodeKey(value)
			return err
		case "recovery_codes":
			return eachElement(value, a.decodeCode)
		case "moved":
			var moves []json.RawMessage
			if err := cutList(value, &moves); err != nil {
				return err
			}
			a.Moved, err = decodeMoves(moves)
			return err
		}
		return a.extra.keep(name, value, fieldsOf(&wireAccount{}))
	})
	a.Pending = state == statePending
	return err
}

func decodeKey(value []byte) (*otpgen.Key, error) {
	var w wireKey
	if string(value) == "null" {
		return nil, nil
	}
	err := eachField(value, func(name, value []byte) error {
		switch string(name) {
		case "type":
			return decodeText(value, &w.Type)
		case "secret":
			return decodeText(value, &w.Secret)
		case "algorithm":
			return decodeText(value, &w.Algorithm)
		case "digits":
			return decodeInt(value, &w.Digits)
		case "period":
			return decodeInt(value, &w.Period)
		case "counter":
			return decodeValue(value, &w.Counter)
		}
		return new(extra).keep(name, value, fieldsOf(&w))
	})
	if err != nil {
		return nil, err
	}
	kind, err := otpgen.ParseKind(w.Type)
	if err != nil {
		return nil, err
	}
	alg, err := otpgen.ParseAlg(w.Algorithm)
	if err != nil {
		return nil, err
	}
	return &otpgen.Key{
		Kind: kind, Alg: alg, Secret: secret.New(w.Secret), Digits: w.Digits,
		Period: time.Duration(w.Period) * time.Second, Counter: w.Counter,
	}, nil
}

func (a *Account) decodeCode(raw []byte) error {
	var w wireRecoveryCode
	x, err := decodeObject(raw, &w)
	if err != nil {
		return fmt.Errorf("recovery code %d: %w", len(a.RecoveryCodes)+1, err)
	}
	a.RecoveryCodes = append(a.RecoveryCodes, RecoveryCode{
		ID: w.ID, Number: w.Number, Code: secret.New(w.Code), State: w.State, Set: w.Set,
		AddedAt: w.AddedAt, ReservedAt: w.ReservedAt, UsedAt: w.UsedAt, UsedFor: w.UsedFor,
		RetiredAt: w.RetiredAt, extra: x,
	})
	return nil
}
