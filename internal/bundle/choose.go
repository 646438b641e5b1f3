package bundle

import (
	"fmt"

	"npmotp/vault"
)

// Devices returns the named devices, each once.
func Devices(c *vault.Contents, names []string) ([]vault.Device, error) {
	var devices []vault.Device
	known := map[string]bool{}
	for _, name := range names {
		d, err := c.FindDevice(name)
		if err != nil {
			return nil, err
		}
		if !known[d.ID] {
			known[d.ID] = true
			devices = append(devices, *d)
		}
	}
	return devices, nil
}

// Accounts returns the accounts that the queries name, each once, as find takes
// them; without a query it is the default account.
func Accounts(c *vault.Contents, queries []string, find func(*vault.Contents, string) (*vault.Account, error)) ([]*vault.Account, error) {
	if len(queries) == 0 {
		queries = []string{""}
	}
	var accounts []*vault.Account
	known := map[string]bool{}
	for _, query := range queries {
		a, err := find(c, query)
		if err != nil {
			return nil, err
		}
		if !known[a.ID] {
			known[a.ID] = true
			accounts = append(accounts, a)
		}
	}
	return accounts, nil
}

// AllAccounts returns the accounts that have something of the parts and were not
// put away.
func AllAccounts(c *vault.Contents, parts Parts) ([]*vault.Account, error) {
	var accounts []*vault.Account
	for i := range c.Accounts {
		if c.Accounts[i].Archived() {
			continue
		}
		a := c.Accounts[i].CopyFor(parts != Recovery, parts != Secret)
		if a.Key != nil || len(a.RecoveryCodes) > 0 {
			accounts = append(accounts, &c.Accounts[i])
		}
	}
	if len(accounts) == 0 {
		return nil, fmt.Errorf("%w: no account has what --%s sends", ErrNothing, parts)
	}
	return accounts, nil
}
