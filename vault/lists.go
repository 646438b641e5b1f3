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

// encodeLists fills in the lists of w but for the accounts.
func (c *Contents) encodeLists(w *wireContents) (err error) {
	w.Devices, err = encodeList(c.Devices, func(d Device) (any, extra) {
		return wireDevice{ID: d.ID, Name: d.Name, Recipient: d.Recipient, AddedAt: d.AddedAt.UTC(), UpdatedAt: d.UpdatedAt.UTC()}, d.extra
	})
	if err != nil {
		return err
	}
	w.Identities, err = encodeList(c.Identities, func(id Identity) (any, extra) {
		return wireIdentity{ID: id.ID, Secret: id.Secret.Reveal(), CreatedAt: id.CreatedAt.UTC()}, id.extra
	})
	if err != nil {
		return err
	}
	w.Tombstones, err = encodeList(c.Tombstones, func(t Tombstone) (any, extra) {
		return wireTombstone{ID: t.ID, RemovedAt: t.RemovedAt}, t.extra
	})
	if err != nil {
		return err
	}
	w.Slots, err = encodeList(c.recipients, func(r slotRecipient) (any, extra) {
		return wireSlot{ID: r.slot, Recipient: r.text, PostQuantum: r.postQuantum}, r.extra
	})
	return err
}

// decodeLists is the inverse of encodeLists.
func (c *Contents) decodeLists(w *wireContents) (err error) {
	c.Devices, err = decodeList("device", w.Devices, func(d wireDevice, x extra) Device {
		return Device{ID: d.ID, Name: d.Name, Recipient: d.Recipient, AddedAt: d.AddedAt, UpdatedAt: d.UpdatedAt, extra: x}
	})
	if err != nil {
		return err
	}
	c.Identities, err = decodeList("device identity", w.Identities, func(id wireIdentity, x extra) Identity {
		return Identity{ID: id.ID, Secret: secret.New(id.Secret), CreatedAt: id.CreatedAt, extra: x}
	})
	if err != nil {
		return err
	}
	c.Tombstones, err = decodeList("tombstone", w.Tombstones, func(t wireTombstone, x extra) Tombstone {
		return Tombstone{ID: t.ID, RemovedAt: t.RemovedAt, extra: x}
	})
	if err != nil {
		return err
	}
	c.recipients, err = decodeList("recipient", w.Slots, func(s wireSlot, x extra) slotRecipient {
		return slotRecipient{slot: s.ID, text: s.Recipient, postQuantum: s.PostQuantum, extra: x}
	})
	return err
}

// encodeMoves returns the JSON of the moves of a.
func (a *Account) encodeMoves() ([]json.RawMessage, error) {
	return encodeList(a.Moved, func(m Move) (any, extra) {
		return wireMove{
			ID: m.ID, Device: m.Device, DeviceName: m.DeviceName, Codes: m.Codes, Secret: m.Secret,
			MovedAt: m.MovedAt.UTC(), LastNumber: m.LastNumber, LastSet: m.LastSet,
		}, m.extra
	})
}

func decodeMoves(raws []json.RawMessage) ([]Move, error) {
	return decodeList("move", raws, func(m wireMove, x extra) Move {
		return Move{
			ID: m.ID, Device: m.Device, DeviceName: m.DeviceName, Codes: m.Codes, Secret: m.Secret,
			MovedAt: m.MovedAt, LastNumber: m.LastNumber, LastSet: m.LastSet, extra: x,
		}
	})
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
