package vault

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"npmotp/internal/secret"
)

type wireDevice struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	Recipient string    `json:"recipient"`
	AddedAt   time.Time `json:"added_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

type wireIdentity struct {
	ID        string    `json:"id"`
	Secret    string    `json:"secret"`
	CreatedAt time.Time `json:"created_at"`
}

type wireMove struct {
	ID         string    `json:"id"`
	Device     string    `json:"device"`
	DeviceName string    `json:"device_name"`
	Codes      int       `json:"recovery_codes,omitempty"`
	Secret     bool      `json:"secret,omitempty"`
	MovedAt    time.Time `json:"moved_at"`
	LastNumber int       `json:"last_number,omitempty"`
	LastSet    int       `json:"last_set,omitempty"`
}

// encodeDevices fills in the devices and the identities of w.
func (c *Contents) encodeDevices(w *wireContents) error {
	for _, d := range c.Devices {
		raw, err := encodeObject(wireDevice{
			ID: d.ID, Name: d.Name, Recipient: d.Recipient, AddedAt: d.AddedAt.UTC(), UpdatedAt: d.UpdatedAt.UTC(),
		}, d.extra)
		if err != nil {
			return err
		}
		w.Devices = append(w.Devices, raw)
	}
	for _, id := range c.Identities {
		raw, err := encodeObject(wireIdentity{ID: id.ID, Secret: id.Secret.Reveal(), CreatedAt: id.CreatedAt.UTC()}, id.extra)
		if err != nil {
			return err
		}
		w.Identities = append(w.Identities, raw)
	}
	return nil
}

// decodeDevices is the inverse of encodeDevices.
func (c *Contents) decodeDevices(w *wireContents) error {
	for i, raw := range w.Devices {
		var d wireDevice
		x, err := decodeObject(raw, &d)
		if err != nil {
			return fmt.Errorf("%w: device %d: %w", ErrFormat, i+1, err)
		}
		c.Devices = append(c.Devices, Device{
			ID: d.ID, Name: d.Name, Recipient: d.Recipient, AddedAt: d.AddedAt, UpdatedAt: d.UpdatedAt, extra: x,
		})
	}
	for i, raw := range w.Identities {
		var id wireIdentity
		x, err := decodeObject(raw, &id)
		if err != nil {
			return fmt.Errorf("%w: device identity %d: %w", ErrFormat, i+1, err)
		}
		c.Identities = append(c.Identities, Identity{
			ID: id.ID, Secret: secret.New(id.Secret), CreatedAt: id.CreatedAt, extra: x,
		})
	}
	return nil
}

// encodeMoves returns the JSON of the moves of a.
func (a *Account) encodeMoves() ([]json.RawMessage, error) {
	var moves []json.RawMessage
	for _, m := range a.Moved {
		raw, err := encodeObject(wireMove{
			ID: m.ID, Device: m.Device, DeviceName: m.DeviceName, Codes: m.Codes, Secret: m.Secret,
			MovedAt: m.MovedAt.UTC(), LastNumber: m.LastNumber, LastSet: m.LastSet,
		}, m.extra)
		if err != nil {
			return nil, err
		}
		moves = append(moves, raw)
	}
	return moves, nil
}

func decodeMoves(raws []json.RawMessage) ([]Move, error) {
	var moves []Move
	for i, raw := range raws {
		var m wireMove
		x, err := decodeObject(raw, &m)
		if err != nil {
			return nil, fmt.Errorf("move %d: %w", i+1, err)
		}
		moves = append(moves, Move{
			ID: m.ID, Device: m.Device, DeviceName: m.DeviceName, Codes: m.Codes, Secret: m.Secret,
			MovedAt: m.MovedAt, LastNumber: m.LastNumber, LastSet: m.LastSet, extra: x,
		})
	}
	return moves, nil
}

// validateDevices refuses devices and identities that would not work after they
// are read again. Recipients are judged where they are used: a later npmotp may
// know more kinds.
func (c *Contents) validateDevices() error {
	ids, names := map[string]bool{}, map[string]bool{}
	for i, d := range c.Devices {
		if d.ID == "" || d.Name == "" || d.Recipient == "" {
			return fmt.Errorf("device %d has no id, no name or no recipient", i+1)
		}
		if ids[d.ID] || names[d.Name] {
			return fmt.Errorf("duplicate id or name of device %d", i+1)
		}
		ids[d.ID], names[d.Name] = true, true
	}
	for _, id := range c.Identities {
		if id.ID == "" || ids[id.ID] || id.Secret.Len() == 0 {
			return errors.New("a device identity is empty or a duplicate")
		}
		ids[id.ID] = true
	}
	return nil
}
