package doctor

import (
	"errors"
	"fmt"
	"npmotp/internal/ui"
	"npmotp/vault"
	"slices"
)

// Backups tells which backups can be read.
func Backups(r *vault.Report) []Finding {
	var found []Finding
	older := 0
	for _, b := range r.Backups {
		switch {
		case errors.Is(b.Err, vault.ErrOtherPassphrase):
			older++
		case b.Err != nil:
			found = append(found, Finding{
				Check: "backups", What: fmt.Sprintf("the backup %s cannot be read: %v", b.Path, b.Err),
				Mend: "remove it: the vault itself can be read, and the next saves make new ones",
			})
		}
	}
	if len(found) > 0 {
		return found
	}
	what := ui.Plural(len(r.Backups)-older, "backup") + " can be read"
	if older > 0 {
		what += fmt.Sprintf("; %d more open with an earlier passphrase", older)
	}
	return []Finding{{Check: "backups", OK: true, What: what}}
}

// RecoveryCodes tells of accounts that a lost laptop loses, and of those whose
// second factor and the way around it are lost together.
func RecoveryCodes(c *vault.Contents) []Finding {
	var without, beside []Finding
	for i := range c.Accounts {
		a := &c.Accounts[i]
		switch {
		case a.Key == nil, a.Pending, !a.ArchivedAt.IsZero():
		case a.UnusedCodes() == 0 && slices.ContainsFunc(a.Moved, func(m vault.Move) bool { return m.Codes > 0 }):
			// They are where they are best: on another laptop.
		case a.UnusedCodes() == 0:
			without = append(without, Finding{
				Check: "recovery-codes", What: fmt.Sprintf("%q has no unused recovery codes: a lost laptop is a lost account", a.Name),
				Mend: "npmotp recovery add " + ui.Quote(a.Name),
			})
		default:
			beside = append(beside, Finding{
				Check: "same-laptop", What: fmt.Sprintf("the recovery codes of %q are on the laptop that its secret is on: who gets the one gets the other", a.Name),
				Mend: fmt.Sprintf("npmotp send %s --recovery --to DEVICE --move", ui.Quote(a.Name)),
			})
		}
	}
	if len(without) == 0 {
		without = []Finding{{Check: "recovery-codes", OK: true, What: "no account is without recovery codes"}}
	}
	if len(beside) == 0 {
		beside = []Finding{{Check: "same-laptop", OK: true, What: "no recovery codes are on the laptop that the secret is on"}}
	}
	return append(without, beside...)
}
