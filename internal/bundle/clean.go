package bundle

import (
	"errors"
	"fmt"
	"strings"

	"npmotp/internal/cleantext"
	"npmotp/internal/registry"
	"npmotp/vault"
)

const (
	maxCode   = 256     // bytes of a recovery code; npm's have 64
	maxNumber = 1 << 20 // of a code or a set; what is above would overflow one day
	maxID     = 64      // characters of an id; npmotp's have 32
)

// clean makes an account of a stranger fit for the vault: names are cleaned, and
// what cannot have come from npmotp is refused.
func clean(a *vault.Account) error {
	if !isID(a.ID) {
		return errors.New("its id is invalid")
	}
	a.Moved = nil // notes of the sender's vault; npmotp sends none
	a.Name, a.Issuer, a.Username = cleantext.Name(a.Name), cleantext.Name(a.Issuer), cleantext.Name(a.Username)
	if a.Name == "" {
		a.Name = "npm"
	}
	if err := checkRegistry(a.Registry); err != nil {
		return err
	}
	for i := range a.RecoveryCodes {
		r := &a.RecoveryCodes[i]
		// Codes go to standard output as they are. They are told by number.
		if text := r.Code.Reveal(); len(text) > maxCode || cleantext.Show(text) != text {
			return fmt.Errorf("recovery code %d has characters that none has", r.Number)
		}
		if !isID(r.ID) || r.Number > maxNumber || r.Set < 0 || r.Set > maxNumber {
			return fmt.Errorf("recovery code %d has no id, or a number out of range", i+1)
		}
		r.UsedFor = cleantext.Name(r.UsedFor)
	}
	return nil
}

// checkRegistry refuses what is not the origin of a registry. What it is for, that a
// code goes to no other, is decided by a comparison, so nothing is mended here.
func checkRegistry(s string) error {
	if s == "" {
		return nil // the key of another service
	}
	if _, err := registry.ParseTyped(s); err != nil || !strings.Contains(s, "://") {
		return errors.New("its registry is not an address")
	}
	return nil
}

// isID reports whether s can be an id: letters and digits of ASCII, and hyphens.
func isID(s string) bool {
	return s != "" && len(s) <= maxID && strings.Trim(s, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-") == ""
}
