package enroll

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"slices"
	"time"

	"npmotp/internal/intake"
	"npmotp/internal/npm/tools"
	"npmotp/internal/ptyrun"
	"npmotp/internal/secret"
	"npmotp/vault"
)

// A witnessOrder is what the witness is told. It goes over a pipe, as the order
// of the agent does.
type witnessOrder struct {
	Vault      string `json:"vault"`
	Identity   string `json:"identity"`
	RecoveryTo string `json:"recovery_to,omitempty"`
	Output     string `json:"output,omitempty"`
}

// witness returns the tap for a run of npm.
func (e *enrolment) witness() (*ptyrun.Tap, error) {
	o := witnessOrder{Identity: e.vault.Identity().Reveal()}
	var err error
	if o.Vault, err = filepath.Abs(e.Path); err != nil {
		return nil, err
	}
	if f := e.forwarding; f != nil {
		o.RecoveryTo = f.device.Name
		if o.Output, err = filepath.Abs(f.file); err != nil {
			return nil, err
		}
	}
	order, err := json.Marshal(o)
	return &ptyrun.Tap{
		Argv: e.Self, Environ: tools.WithoutPassphrase(e.Environ), Order: order,
	}, err
}

// Witness stores the recovery codes of an enrolment, in a process that sees npm's
// output first and goes on when that of [Procedure.Enroll] is killed: npm prints
// the codes once. It returns the exit status of that process.
func Witness(ctx context.Context, now func() time.Time, options vault.Options) (status int) {
	return ptyrun.Witness(func(order []byte) (func([]byte), error) {
		return beginWitness(context.WithoutCancel(ctx), order, now, options)
	})
}

// beginWitness returns what stores the recovery codes in npm's output. What it
// cannot store is left to the process of enroll, which sees it next.
func beginWitness(ctx context.Context, order []byte, now func() time.Time, options vault.Options) (func([]byte), error) {
	var o witnessOrder
	if json.Unmarshal(order, &o) != nil {
		// The error of the decoder may quote what it read.
		return nil, errors.New("this command is for 'npmotp enroll' to run")
	}
	v, err := vault.At(o.Vault, options).Open(ctx, vault.ByIdentity(secret.New(o.Identity)))
	if err != nil {
		return nil, err
	}
	e := &enrolment{Procedure: &Procedure{Now: now, vault: v}}
	if o.RecoveryTo != "" {
		c, err := v.Contents()
		if err != nil {
			return nil, err
		}
		d, err := c.FindDevice(o.RecoveryTo)
		if err != nil {
			return nil, err
		}
		e.forwarding = &forwarding{device: *d, file: o.Output}
	}
	var seen secret.Text
	d := &Dialogue{
		Secret: func(found intake.Enrolment) (string, error) {
			seen = found.Key.Secret
			return "", nil
		},
		Codes: func(codes []secret.Text) error {
			if e.stored == nil {
				if err := e.findStored(seen); err != nil {
					return err
				}
			}
			return e.storeCodes(ctx, codes)
		},
	}
	return func(p []byte) { _, _ = d.Output(p) }, nil
}

// findStored finds the account that the process of enroll has stored.
func (e *enrolment) findStored(s secret.Text) error {
	c, err := e.vault.Contents()
	if err != nil {
		return err
	}
	for i := range c.Accounts {
		if a := &c.Accounts[i]; a.Pending && a.Key.Secret.Equal(s) {
			e.stored = a
			return nil
		}
	}
	return errGone
}

// keepCodes stores those recovery codes that the witness has not stored.
func (e *enrolment) keepCodes(ctx context.Context, codes []secret.Text) error {
	if e.stored == nil {
		return errGone
	}
	c, err := e.vault.Contents()
	if err != nil {
		return err
	}
	if a := c.ByID(e.stored.ID); a != nil {
		e.stored = a
		if e.forwarding != nil {
			return e.keepSent(ctx, codes)
		}
		codes = withoutStored(codes, a)
	}
	if len(codes) == 0 {
		return nil
	}
	return e.storeCodes(ctx, codes)
}

func withoutStored(codes []secret.Text, a *vault.Account) []secret.Text {
	return slices.DeleteFunc(slices.Clone(codes), func(code secret.Text) bool {
		return slices.ContainsFunc(a.RecoveryCodes, func(r vault.RecoveryCode) bool { return r.Code.Equal(code) })
	})
}

// keepSent seals those codes that the witness has not sealed. Its note in the
// vault counts them, in the order in which npm prints them.
func (e *enrolment) keepSent(ctx context.Context, codes []secret.Text) error {
	f := e.forwarding
	sealed := 0
	for _, m := range e.stored.Moved {
		if m.Device == f.device.ID {
			sealed, f.move = m.Codes, m.ID
		}
	}
	if sealed >= len(f.codes)+len(codes) {
		f.codes = append(f.codes, codes...)
		return nil
	}
	return e.sendCodes(ctx, codes)
}
