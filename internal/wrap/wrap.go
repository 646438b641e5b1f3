// Package wrap runs a command of the user's with a one-time password: it decides
// which account the code is of, in which way the code reaches the command, and
// whether the registry that the command talks to is the account's.
//
// A code goes to no registry but the account's. Where that cannot be told, the
// command does not get one: the user is told which file or option is in the way.
package wrap

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"npmotp/internal/codes"
	"npmotp/internal/npm/tools"
	"npmotp/internal/ptyrun"
	"npmotp/internal/secret"
	"npmotp/internal/ui"
	"npmotp/vault"
)

// Options are what the user says about a run.
type Options struct {
	Account      string        // a name, or "" to have the registry decide
	Via          string        // auto, flag, env or prompt; "" for what the environment says, or auto
	MinRemaining time.Duration // what a code must have left when the command starts
	Flag, Env    string        // how a command takes a code that npmotp does not know
	Prompt       string        // what a command asks that npmotp does not know
	Registry     string        // where the code may go, whatever the account says
	Recovery     bool          // answer with a recovery code
	Last         bool          // also with the last unused one
	Shared       bool          // other processes may open the terminal of the command
	DryRun       bool
}

// A Runner is what a run needs of the world.
type Runner struct {
	UI       *ui.UI
	Codes    *codes.Source
	Terminal Terminal
	InTTY    bool   // standard input is a terminal
	Dir      string // the working folder
	Environ  []string
	Home     string
	// Exec becomes the command, or runs it where a process cannot be replaced.
	Exec func(ctx context.Context, argv, environ []string) error
	Now  func() time.Time
}

// Run runs argv, with a code where one is due. An error of the command itself
// is an [*tools.ExitError].
func (r *Runner) Run(ctx context.Context, o Options, argv []string) error {
	if err := o.checkRecovery(); err != nil {
		return err
	}
	x, err := r.plan(o, argv)
	if err != nil {
		return err
	}
	if !x.plan.NeedsCode {
		return x.start(ctx, x.plan, secret.Text{})
	}
	if x.terminal() && x.plan.Answerable() && !o.DryRun {
		x.stage = r.Terminal.Prepare(&ptyrun.Session{Environ: x.plan.Environ(), Shared: x.shared()})
	}
	err = x.run(ctx)
	x.stage.Close()
	r.Codes.Close()
	return err
}

// run runs a command that needs a code.
func (x *run) run(ctx context.Context) error {
	unlock := x.Codes.Open
	if x.o.Recovery { // the agent gives no recovery codes
		unlock = func(ctx context.Context) error { _, err := x.Codes.OpenVault(ctx); return err }
	}
	err := unlock(ctx)
	if x.untouched != nil && noVault(err) {
		x.UI.Explainf("%v, so a question is the user's to answer", err)
		return x.start(ctx, x.untouched, secret.Text{})
	}
	if err != nil {
		return err
	}
	a, err := x.decide(ctx)
	switch {
	case err != nil && x.untouched != nil && ctx.Err() == nil:
		x.UI.Sayf("%v, so a question is yours to answer", err)
		return x.start(ctx, x.untouched, secret.Text{})
	case x.isNobodys(err):
		x.UI.Sayf("%v, so %s runs without a code", err, x.plan.Tool)
		x.plan.NeedsCode = false
		return x.start(ctx, x.plan, secret.Text{})
	case err != nil:
		return err
	case !x.plan.NeedsCode || x.o.DryRun:
		return x.start(ctx, x.plan, secret.Text{})
	case x.o.Recovery:
		return x.recover(ctx, a)
	}
	// Now, while nobody else reads the terminal, and once for the whole run.
	if err := x.Codes.Allow(ctx, a.Name); err != nil {
		return err
	}
	if x.plan.AtPrompt {
		return x.answer(ctx, a, codes.Sent{})
	}
	code, err := x.Codes.ToSend(ctx, a, x.to, x.o.MinRemaining)
	if err != nil {
		return err
	}
	if x.terminal() && x.plan.Answerable() {
		// Tools ask at a terminal only. Elsewhere the process is replaced.
		return x.answer(ctx, a, code)
	}
	return x.start(ctx, x.plan, code.Value)
}

// noVault reports whether there is no vault, or none that can be opened without
// a terminal.
func noVault(err error) bool {
	return errors.Is(err, vault.ErrNoVault) || errors.Is(err, codes.ErrLocked) || errors.Is(err, ui.ErrNoTerminal)
}

// start becomes the planned command, or prints it.
func (x *run) start(ctx context.Context, plan *tools.Plan, code secret.Text) error {
	for _, w := range plan.Warnings {
		x.UI.Warnf("%s", w)
	}
	if x.o.DryRun {
		return x.print(plan)
	}
	x.UI.Explainf("%s", plan.Why)
	argv, environ := plan.Command(code)
	x.stage.Close()
	x.stage = nil
	x.Terminal.Release()
	return x.Exec(ctx, argv, environ)
}

// print prints the command as a shell would read it, the code masked.
func (x *run) print(plan *tools.Plan) error {
	const mask = "******" // is shown bare
	argv, environ := plan.Command(secret.New(mask))
	var words []string
	for _, kv := range environ {
		if strings.HasSuffix(kv, "="+mask) {
			words = append(words, ui.Quote(kv))
		}
	}
	for _, w := range argv {
		words = append(words, ui.Quote(w))
	}
	if _, err := fmt.Fprintln(x.UI.Out, strings.Join(words, " ")); err != nil {
		return err
	}
	if plan.AtPrompt {
		x.UI.Sayf("%s, which is typed when %s asks for it", plan.Why, plan.ToolArgv[0])
		return nil
	}
	x.UI.Sayf("%s", plan.Why)
	return nil
}
