package enroll

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"unicode"

	"npmotp/internal/bundle"
	"npmotp/internal/passphrase"
	"npmotp/internal/secret"
	"npmotp/internal/ui"
	"npmotp/vault"
)

// A forwarding sends the recovery codes of an enrolment to another laptop: they
// never are in this vault.
type forwarding struct {
	device vault.Device
	file   string
	codes  []secret.Text // those that are in the file
	move   string        // id of the note in the vault
}

// forward prepares for --recovery-to: what can be wrong is wrong before npm runs.
func (e *enrolment) forward(c *vault.Contents) error {
	if e.o.RecoveryTo == "" {
		return nil
	}
	d, err := c.FindDevice(e.o.RecoveryTo)
	if err != nil {
		return err
	}
	f := &forwarding{device: *d, file: e.o.Output}
	if f.file == "" {
		f.file = "recovery-codes-for-" + fileName(d.Name) + ".age"
	}
	if _, err := os.Lstat(f.file); !errors.Is(err, fs.ErrNotExist) {
		return ui.WithHint(fmt.Errorf("%s is there already, or cannot be looked at", f.file), "-o FILE names another file for the recovery codes")
	}
	e.forwarding = f
	e.UI.Sayf("the recovery codes go to %q, with the fingerprint: %s", d.Name, passphrase.Fingerprint([]byte(d.Recipient)))
	return nil
}

// fileName returns what is left of a name that can be part of a file's.
func fileName(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-' || r == '_' {
			return r
		}
		return '-'
	}, name)
}

// sendCodes seals recovery codes for the device, and notes in the vault where
// they went when they are on the disk.
func (e *enrolment) sendCodes(ctx context.Context, codes []secret.Text) error {
	f := e.forwarding
	a := *e.stored
	a.Pending, a.Wanted = false, ""
	all := append(f.codes, codes...)
	b, err := bundle.NewForCodes(&a, all, e.Now())
	if err != nil {
		return err
	}
	sealed, err := b.Seal(f.device)
	if err != nil {
		return err
	}
	if len(f.codes) == 0 {
		err = bundle.Write(f.file, sealed)
	} else {
		err = bundle.Rewrite(f.file, sealed)
	}
	if err != nil {
		return err
	}
	f.codes = all
	return e.vault.Update(ctx, func(c *vault.Contents) error {
		a := Finish(c, e.stored.ID, e.Now())
		if a == nil {
			return errGone
		}
		bundle.NoteSent(a, f.move, &b.Accounts[0], b.Move(f.device), e.Now())
		f.move = b.ID
		return nil
	})
}

// tell says where the codes are.
func (f *forwarding) tell(u *ui.UI) {
	u.Sayf("%s sealed for %q in %s; they are not in this vault", ui.Plural(len(f.codes), "recovery code"), f.device.Name, f.file)
	u.Hintf("take the file to %q and run 'npmotp receive %s' there", f.device.Name, ui.Quote(f.file))
}
