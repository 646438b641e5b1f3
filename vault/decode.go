package vault

import (
	"fmt"
	"maps"
	"time"

	"npmotp/internal/secret"
	"npmotp/otpgen"
	"npmotp/vault/internal/merge"
)

// decodeContents is the inverse of encode. Its errors never quote the input,
// which holds secrets.
func decodeContents(data []byte) (c *Contents, slotsHash string, err error) {
	var w wireContents
	c = &Contents{}
	if c.extra, err = decodeObject(data, &w); err != nil {
		return nil, "", fmt.Errorf("%w: contents: %w", ErrFormat, err)
	}
	if w.ChangedAt != nil {
		if c.extra == nil {
			c.extra = extra{}
		}
		c.extra[merge.ChangedAt], w.ChangedAt = w.ChangedAt, nil
	}
	if w.V > contentsVersion {
		return nil, "", &VersionError{Got: w.V, Max: contentsVersion}
	}
	if w.V < 1 {
		return nil, "", fmt.Errorf("%w: contents without a version", ErrFormat)
	}
	c.VaultID, c.Generation, c.Parent, c.Default = w.VaultID, w.Generation, w.Parent, w.Default
	c.Accounts = make([]Account, 0, len(w.Accounts))
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
	if note := w.extra(); x == nil {
		x = note
	} else {
		maps.Copy(x, note)
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
