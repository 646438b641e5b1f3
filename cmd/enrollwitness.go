package cmd

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"

	"github.com/spf13/cobra"

	"npmotp/internal/enrol"
	"npmotp/internal/intake"
	"npmotp/internal/npmrun"
	"npmotp/internal/ptyrun"
	"npmotp/internal/secret"
	"npmotp/vault"
)

// enrolmentWitness is the name of the hidden command that stores the recovery
// codes of an enrolment. It sees npm's output first, and goes on when the
// process of enroll is killed: npm prints the codes once.
const enrolmentWitness = "enrolment-witness"

// A witnessOrder is what the witness is told. It goes over a pipe, as the order
// of the agent does.
type witnessOrder struct {
	Vault      string `json:"vault"`
	Identity   string `json:"identity"`
	RecoveryTo string `json:"recovery_to,omitempty"`
	Output     string `json:"output,omitempty"`
}

func newWitnessCmd(app *App) *cobra.Command {
	return &cobra.Command{
		Use:    enrolmentWitness,
		Short:  "Store the recovery codes that npm prints",
		Hidden: true,
		Args:   noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return &statusError{ptyrun.Witness(func(order []byte) (func([]byte), error) {
				return app.beginWitness(context.WithoutCancel(cmd.Context()), order)
			})}
		},
	}
}

// witness returns the tap for a run of npm.
func (e *enrolling) witness() (*ptyrun.Tap, error) {
	path, err := e.app.vaultPath()
	if err != nil {
		return nil, err
	}
	o := witnessOrder{Identity: e.v.Identity().Reveal()}
	if o.Vault, err = filepath.Abs(path); err != nil {
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
		Argv: []string{e.app.Self, enrolmentWitness}, Environ: npmrun.WithoutPassphrase(e.app.Environ()), Order: order,
	}, err
}

// beginWitness returns what stores the recovery codes in npm's output. What it
// cannot store is left to the process of enroll, which sees it next.
func (app *App) beginWitness(ctx context.Context, order []byte) (func([]byte), error) {
	var o witnessOrder
	if json.Unmarshal(order, &o) != nil {
		// The error of the decoder may quote what it read.
		return nil, errors.New("this command is for 'npmotp enroll' to run")
	}
	v, err := vault.At(o.Vault, app.VaultOptions...).UnlockWith(ctx, secret.New(o.Identity))
	if err != nil {
		return nil, err
	}
	e := &enrolling{app: app, v: v}
	if o.RecoveryTo != "" {
		c, err := v.Contents(ctx)
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
	d := &enrol.Dialogue{
		Secret: func(found intake.Enrolment) (string, error) {
			seen = found.Key.Secret
			return "", nil
		},
		Codes: func(codes []secret.Text) error {
			if e.stored == nil {
				if err := e.findStored(ctx, seen); err != nil {
					return err
				}
			}
			return e.storeCodes(ctx, codes)
		},
	}
	return func(p []byte) { _, _ = d.Output(p) }, nil
}

// findStored finds the account that the process of enroll has stored.
func (e *enrolling) findStored(ctx context.Context, s secret.Text) error {
	c, err := e.v.Contents(ctx)
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
func (e *enrolling) keepCodes(ctx context.Context, codes []secret.Text) error {
	if e.stored == nil {
		return errGone
	}
	c, err := e.v.Contents(ctx)
	if err != nil {
		return err
	}
	for i := range c.Accounts {
		a := &c.Accounts[i]
		if a.ID != e.stored.ID {
			continue
		}
		stored := *a
		e.stored = &stored
		if f := e.forwarding; f != nil {
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
	var fresh []secret.Text
	for _, code := range codes {
		known := false
		for i := range a.RecoveryCodes {
			known = known || a.RecoveryCodes[i].Code.Equal(code)
		}
		if !known {
			fresh = append(fresh, code)
		}
	}
	return fresh
}

// keepSent seals those codes that the witness has not sealed. Its note in the
// vault counts them, in the order in which npm prints them.
func (e *enrolling) keepSent(ctx context.Context, codes []secret.Text) error {
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
