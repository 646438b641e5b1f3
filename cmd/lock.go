package cmd

import (
	"context"
	"errors"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"

	"npmotp/internal/agent"
	"npmotp/internal/codes"
	"npmotp/internal/npm/tools"
	"npmotp/internal/ui"
)

const (
	// agentCommand is the name of the hidden command that is the agent.
	agentCommand = "agent"

	unlockFor  = 15 * time.Minute
	unlockIdle = 5 * time.Minute
	// longestUnlock is a working day and some; a vault that is open for longer
	// is not locked.
	longestUnlock = 24 * time.Hour
	// agentGC is how much the heap of the agent grows between two collections,
	// in percent.
	agentGC = 20
)

// noAgentHint is for systems without an agent.
const noAgentHint = "every command asks for the passphrase; NPMOTP_PASSPHRASE_COMMAND can fetch it from a password manager"

func newUnlockCmd(app *App) *cobra.Command {
	limits := agent.Limits{For: unlockFor, Idle: unlockIdle}
	cmd := &cobra.Command{
		Use:   "unlock",
		Short: "Ask for the passphrase once, for a while",
		Long: `Ask for the passphrase once, and start the agent: a process that prints
one-time passwords until its time is over. While it runs, code, exec, list and
the completion of account names in the shell ask for no passphrase. Everything
else does: the agent gives one-time passwords and the list of accounts, never a
secret or a recovery code.

The agent ends after the time of --for, when it was not used for that of --idle
(0: never), at 'npmotp lock', when the machine has slept, and when the
passphrase is changed. It serves this vault and your user only. There is no
agent on Windows.`,
		Annotations: statuses(exitUsage, exitLocked, exitVault),
		Example:     "  npmotp unlock\n  npmotp unlock --for 8h --idle 30m",
		Args:        noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runUnlock(cmd.Context(), app, limits)
		},
	}
	f := cmd.Flags()
	f.Var((*ui.TimeFlag)(&limits.For), "for", "lock again after this `TIME`, a day at most")
	f.Var((*ui.TimeFlag)(&limits.Idle), "idle", "lock earlier when unused for this `TIME`")
	return cmd
}

func runUnlock(ctx context.Context, app *App, limits agent.Limits) error {
	if limits.For < time.Second || limits.For > longestUnlock {
		return ui.Usagef("--for takes a time from 1s to %dh", longestUnlock/time.Hour)
	}
	if limits.Idle > 0 && limits.Idle < time.Second {
		return ui.Usagef("--idle takes a time from 1s on, or 0")
	}
	if !agent.Supported {
		return ui.WithHint(agent.ErrUnsupported, noAgentHint)
	}
	path, endpoint, err := app.endpoint()
	if err != nil {
		return err
	}
	v, err := app.unlock(ctx)
	if err != nil {
		return err
	}
	// The agent before is ended once the passphrase is known to be right.
	if _, err := app.endAgent(ctx); err != nil {
		return err
	}
	err = agent.Start(ctx, []string{app.Self, agentCommand}, tools.WithoutPassphrase(app.Environ()), agent.Order{
		Vault: path, Identity: v.Identity(), Endpoint: endpoint, Limits: limits,
	})
	if err != nil {
		return err
	}
	if limits.Idle == 0 || limits.Idle >= limits.For {
		app.Sayf("unlocked for %s", ui.Span(limits.For))
	} else {
		app.Sayf("unlocked for %s, or until unused for %s", ui.Span(limits.For), ui.Span(limits.Idle))
	}
	return nil
}

// endAgent ends the agent of the vault, and reports whether there was one.
func (app *App) endAgent(ctx context.Context) (bool, error) {
	_, endpoint, err := app.endpoint()
	if err != nil {
		return false, err
	}
	c, err := agent.Dial(ctx, endpoint)
	if err == nil {
		defer func() { _ = c.Close() }()
		err = c.Lock()
	}
	if errors.Is(err, agent.ErrNone) {
		return false, nil
	}
	return err == nil, err
}

func newLockCmd(app *App) *cobra.Command {
	return &cobra.Command{
		Use:         "lock",
		Short:       "Forget the passphrase again",
		Long:        "End the agent that 'npmotp unlock' started. It is no error if there is none.",
		Annotations: statuses(exitUsage),
		Example:     "  npmotp lock",
		Args:        noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			was, err := app.endAgent(cmd.Context())
			if err != nil {
				return err
			}
			if was {
				app.Sayf("locked")
			} else {
				app.Sayf("it was locked already")
			}
			return nil
		},
	}
}

// newAgentCmd returns the command that is the agent. It is no part of the
// interface.
func newAgentCmd(app *App) *cobra.Command {
	return &cobra.Command{
		Use:    agentCommand,
		Short:  "Hand out one-time passwords",
		Hidden: true,
		Args:   noArgs,
		RunE:   func(cmd *cobra.Command, _ []string) error { return runAgent(cmd.Context(), app) },
	}
}

// runAgent is the agent, from its order to its end. Why it ended is nobody's to
// read: its streams are closed by then.
func runAgent(ctx context.Context, app *App) error {
	order, err := agent.ReadOrder(app.In)
	if err != nil {
		return err
	}
	// A small heap leaves fewer copies behind, and fits into the memory that
	// may be locked.
	debug.SetGCPercent(agentGC)
	l, err := agent.Listen(ctx, order.Endpoint)
	var live *codes.Live
	if err == nil {
		live = codes.NewLive(order.Vault, order.Identity, app.Now, app.VaultOptions)
		err = live.Check(ctx)
	}
	if reportErr := agent.Report(app.Out, err); err == nil {
		err = reportErr
	}
	if err != nil {
		return err
	}
	reason := agent.Run(ctx, l, agent.Config{Source: live, Limits: order.Limits, InMemory: live.InMemory})
	return errors.Join(reason, l.Release())
}
