package doctor

import (
	"errors"
	"fmt"
	"slices"

	"npmotp/internal/ui"
	"npmotp/vault"
)

// backups tells which backups can be read.
func backups(r *vault.Report) []Finding {
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

// recoveryCodes tells of accounts that a lost laptop loses, and of those whose
// second factor and the way around it are lost together.
func recoveryCodes(c *vault.Contents) []Finding {
	var without, beside []Finding
	for i := range c.Accounts {
		a := &c.Accounts[i]
		add := "npmotp recovery add " + ui.Quote(a.Name)
		total, are := current(a)
		switch moved := slices.ContainsFunc(a.Moved, func(m vault.Move) bool { return m.Codes > 0 }); {
		case a.Pending, !a.ArchivedAt.IsZero():
		case a.UnusedCodes() == 0 && total > 0:
			without = append(without, Finding{
				Check: "recovery-codes", What: fmt.Sprintf("%q has used up its recovery codes, %d are %s: a lost laptop is a lost account", a.Name, total, are),
				Mend: "have the registry make new ones, then " + add,
			})
		case a.Key == nil:
		case a.UnusedCodes() > 0:
			beside = append(beside, besideKey(c, a))
		case moved:
			// They are where they are best: on another laptop.
		case a.Registry == "":
			without = append(without, Finding{
				Check: "recovery-codes", OK: true, What: fmt.Sprintf("%q, of a service that is no registry, has no recovery codes here", a.Name), Mend: add,
			})
		default:
			without = append(without, Finding{
				Check: "recovery-codes", What: fmt.Sprintf("%q has no unused recovery codes: a lost laptop is a lost account", a.Name), Mend: add,
			})
		}
	}
	return append(or(without, "recovery-codes", "no account is without recovery codes"),
		or(beside, "same-laptop", "no recovery codes are on the laptop that the secret is on")...)
}

// current counts the recovery codes of the present set, none of which is unused, and
// says what they are.
func current(a *vault.Account) (n int, are string) {
	are = "used"
	for i := range a.RecoveryCodes {
		if r := &a.RecoveryCodes[i]; r.RetiredAt.IsZero() {
			n++
			if r.State != vault.Used {
				are = "used or reserved"
			}
		}
	}
	return n, are
}

// besideKey is the finding that key and recovery codes are on one laptop: advice
// while no other one is known that the codes could go to.
func besideKey(c *vault.Contents, a *vault.Account) Finding {
	f := Finding{
		Check: "same-laptop", OK: len(c.Devices) == 0,
		What: fmt.Sprintf("the recovery codes of %q are on the laptop that its secret is on: who gets the one gets the other", a.Name),
		Mend: "'npmotp device id' on another laptop begins sending them there; 'npmotp recovery sheet' prints them",
	}
	if !f.OK {
		device := "DEVICE"
		if len(c.Devices) == 1 {
			device = ui.Quote(c.Devices[0].Name)
		}
		f.Mend = fmt.Sprintf("npmotp send %s --recovery --to %s --move -o codes.age", ui.Quote(a.Name), device)
	}
	return f
}
