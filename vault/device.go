package vault

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"npmotp/internal/secret"
	"npmotp/vault/internal/merge"
)

// Errors about devices that callers branch on.
var (
	// ErrNoDevice says that no device has a name.
	ErrNoDevice = errors.New("no such device")
	// ErrDeviceTaken says that a name or a recipient belongs to another device.
	ErrDeviceTaken = errors.New("the device is known already")
	// ErrSentAway says that recovery codes to be stored are on another laptop.
	ErrSentAway = errors.New("recovery codes that are on another laptop")
)

// A Device is another laptop: a name, and the age recipient that bundles for it
// are encrypted to.
type Device struct {
	ID        string
	Name      string
	Recipient string // as [ParseRecipient] accepts it
	AddedAt   time.Time
	UpdatedAt time.Time

	extra extra
}

// An Identity is the secret half of the recipient that this vault gives to other
// laptops. A vault has one; two copies of it that were apart when each made its
// own have two after they are merged, and bundles for either can be opened.
type Identity struct {
	ID        string
	Secret    secret.Text // AGE-SECRET-KEY-PQ-1...
	CreatedAt time.Time

	extra extra
}

// A Move notes that parts of an account were sent to a device and forgotten here.
type Move struct {
	ID         string // of the bundle
	Device     string // id of the device
	DeviceName string // as it was called then
	Codes      int    // how many recovery codes went
	Secret     bool   // whether the OTP key went
	MovedAt    time.Time
	// LastNumber and LastSet are the highest of the codes that went. Numbers are
	// never given twice, also when the codes are elsewhere.
	LastNumber, LastSet int

	extra extra
}

// FindDevice returns the device that query names: an exact name, or the one
// device whose name begins with it.
func (c *Contents) FindDevice(query string) (*Device, error) {
	var matches []*Device
	e := &AmbiguousError{Query: query}
	for i := range c.Devices {
		d := &c.Devices[i]
		if d.Name == query {
			return d, nil
		}
		if query != "" && strings.HasPrefix(d.Name, query) {
			matches, e.Matches = append(matches, d), append(e.Matches, d.Name)
		}
	}
	switch len(matches) {
	case 0:
		return nil, fmt.Errorf("%w: %q", ErrNoDevice, query)
	case 1:
		return matches[0], nil
	}
	return nil, e
}

// AddDevice stores a device under a name. The same recipient under the same name
// again is no error and returns what is there.
func (c *Contents) AddDevice(name, recipient string, now time.Time) (*Device, error) {
	r, err := ParseRecipient(recipient)
	if err != nil {
		return nil, err
	}
	recipient = r.String()
	for i := range c.Devices {
		d := &c.Devices[i]
		switch {
		case d.Name == name && d.Recipient == recipient:
			return d, nil
		case d.Name == name:
			return nil, fmt.Errorf("%w: %q has another recipient", ErrDeviceTaken, name)
		case d.Recipient == recipient:
			return nil, fmt.Errorf("%w: this recipient is that of %q", ErrDeviceTaken, d.Name)
		}
	}
	c.Devices = append(c.Devices, Device{
		ID: merge.NewID(), Name: name, Recipient: recipient, AddedAt: now.UTC(), UpdatedAt: now.UTC(),
	})
	return &c.Devices[len(c.Devices)-1], nil
}

// RemoveDevice takes out the device that query names, leaves a tombstone, and
// returns what was removed.
func (c *Contents) RemoveDevice(query string, now time.Time) (Device, error) {
	found, err := c.FindDevice(query)
	if err != nil {
		return Device{}, err
	}
	removed := *found
	c.Devices = slices.DeleteFunc(c.Devices, func(d Device) bool { return d.ID == removed.ID })
	c.Bury(removed.ID, now)
	return removed, nil
}

// Bury leaves a tombstone for an id: of an account, a device or a recovery code.
func (c *Contents) Bury(id string, now time.Time) {
	c.Tombstones = append(c.Tombstones, Tombstone{ID: id, RemovedAt: now.UTC()})
}

// Identity returns the identity whose recipient this vault tells: the oldest,
// so that copies of a vault tell the same. It is nil before [Contents.EnsureIdentity].
func (c *Contents) Identity() *Identity {
	var oldest *Identity
	for i := range c.Identities {
		id := &c.Identities[i]
		if oldest == nil || cmp.Or(id.CreatedAt.Compare(oldest.CreatedAt), cmp.Compare(id.ID, oldest.ID)) < 0 {
			oldest = id
		}
	}
	return oldest
}

// EnsureIdentity returns the identity of this vault, which it makes when there
// is none yet.
func (c *Contents) EnsureIdentity(now time.Time) *Identity {
	if id := c.Identity(); id != nil {
		return id
	}
	key := secret.New(newIdentity().String())
	c.Identities = append(c.Identities, Identity{ID: merge.NewID(), Secret: key, CreatedAt: now.UTC()})
	return &c.Identities[len(c.Identities)-1]
}

// A MovedError says that what is looked for was moved to another laptop. It wraps
// [ErrNoCodes], [ErrNoKey] or [ErrSentAway].
type MovedError struct {
	Account string
	Move    Move
	err     error
}

// Error implements error.
func (e *MovedError) Error() string {
	where := fmt.Sprintf("moved to %q on %s", e.Move.DeviceName, e.Move.MovedAt.Local().Format(time.DateOnly))
	switch {
	case errors.Is(e.err, ErrSentAway):
		return fmt.Sprintf("nothing was added: %v: %d of %q, %s", e.err, e.Move.Codes, e.Account, where)
	case errors.Is(e.err, ErrNoCodes):
		return fmt.Sprintf("%v in %q: %d were %s", e.err, e.Account, e.Move.Codes, where)
	}
	return fmt.Sprintf("%v in %q: the secret was %s", e.err, e.Account, where)
}

// Unwrap returns what is missing.
func (e *MovedError) Unwrap() error { return e.err }

// LacksCodes returns the error for an account without unused recovery codes: a
// [*MovedError] when the last ones went to another laptop.
func (a *Account) LacksCodes() error {
	for _, m := range slices.Backward(a.Moved) {
		if m.Codes > 0 && m.LastSet == a.NewestSet() {
			return &MovedError{Account: a.Name, Move: m, err: ErrNoCodes}
		}
	}
	return fmt.Errorf("%w in %q", ErrNoCodes, a.Name)
}

// LacksKey returns the error for an account without a key: a [*MovedError] when
// it went to another laptop.
func (a *Account) LacksKey() error {
	for _, m := range slices.Backward(a.Moved) {
		if m.Secret {
			return &MovedError{Account: a.Name, Move: m, err: ErrNoKey}
		}
	}
	return fmt.Errorf("%w in %q, which holds recovery codes only", ErrNoKey, a.Name)
}
