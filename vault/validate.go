package vault

import (
	"errors"
	"fmt"
	"math"
)

// Validate refuses contents that would not work after they are read again.
func (c *Contents) Validate() error {
	if c.VaultID == "" {
		return errors.New("the contents have no vault id")
	}
	if c.Generation == math.MaxUint64 {
		return errors.New("its generation is the last that there is: nothing could be saved any more")
	}
	ids, names := map[string]bool{}, map[string]bool{}
	for i := range c.Accounts {
		a := &c.Accounts[i]
		if a.ID == "" || a.Name == "" {
			return fmt.Errorf("account %d has no id or no name", i+1)
		}
		if ids[a.ID] || names[a.Name] {
			return fmt.Errorf("duplicate id or name of account %d", i+1)
		}
		ids[a.ID], names[a.Name] = true, true
		if err := a.validate(); err != nil {
			return fmt.Errorf("account %d: %w", i+1, err) // without its name, which may be anything here
		}
	}
	return c.validateDevices()
}

func (a *Account) validate() error {
	if _, err := ParseLevel(string(a.Level)); err != nil {
		return errors.New("its level is none that this version knows")
	}
	if a.Key != nil {
		if err := a.Key.Validate(); err != nil {
			return err
		}
	}
	numbers := map[int]bool{}
	for _, r := range a.RecoveryCodes {
		if r.Code.Len() == 0 || r.Number < 1 || numbers[r.Number] {
			return fmt.Errorf("recovery code %d is empty or a duplicate", r.Number)
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
