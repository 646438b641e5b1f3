package cmd

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"npmotp/internal/agent"
	"npmotp/internal/codes"
	"npmotp/internal/confirm"
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
)

// noAgentHint is for systems without an agent.
const noAgentHint = "every command asks for the passphrase; NPMOTP_PASSPHRASE_COMMAND can fetch it from a password manager"

func newUnlockCmd(app *App) *cobra.Command {
	o := agent.Order{Limits: agent.Limits{For: unlockFor, Idle: unlockIdle}, Consent: agent.Consent{Way: confirm.Any}}
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
agent on Windows.

With --confirm each code needs a yes, to a question that names the program,
what started it, the account and its registry: in this terminal when the
program is in its foreground, else by the program of SSH_ASKPASS, pinentry or
a notification. --confirm=WAY takes only one of these: terminal, askpass,
pinentry or notify. exec, approve and watch ask once a run. No answer in 30
seconds is a no, and a no holds for the program for a minute. --remember has a
yes hold for the same program, folder and command. What 'npmotp edit --confirm'
says of an account wins. With --terminal-only programs that have no terminal
get no code.`,
		Annotations: statuses(exitUsage, exitLocked, exitVault),
		Example:     "  npmotp unlock\n  npmotp unlock --for 8h --idle 30m\n  npmotp unlock --confirm --remember 5m",
		Args:        noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.Consent.All = cmd.Flags().Changed("confirm")
			return runUnlock(cmd.Context(), app, o)
		},
	}
	f := cmd.Flags()
	f.Var((*ui.TimeFlag)(&o.Limits.For), "for", "lock again after this `TIME`, a day at most")
	f.Var((*ui.TimeFlag)(&o.Limits.Idle), "idle", "lock earlier when unused for this `TIME`")
	f.StringVar((*string)(&o.Consent.Way), "confirm", string(confirm.Any), "give each code only after a yes, asked for by this `WAY`")
	f.Lookup("confirm").NoOptDefVal = string(confirm.Any)
	completeChoices(cmd, "confirm", confirm.Ways()...)
	f.Var((*ui.TimeFlag)(&o.Consent.Remember), "remember", "with --confirm: have a yes hold for the same again for this `TIME`")
	f.BoolVar(&o.Consent.TerminalOnly, "terminal-only", false, "give no code to a program without a terminal")
	return cmd
}

func runUnlock(ctx context.Context, app *App, o agent.Order) error {
	if o.Limits.For < time.Second || o.Limits.For > longestUnlock {
		return ui.Usagef("--for takes a time from 1s to %dh", longestUnlock/time.Hour)
	}
	if o.Limits.Idle > 0 && o.Limits.Idle < time.Second {
		return ui.Usagef("--idle takes a time from 1s on, or 0")
	}
	if _, err := confirm.ParseWay(string(o.Consent.Way)); err != nil {
		return ui.Usagef("--confirm: %v", err)
	}
	if !agent.Supported {
		return ui.WithHint(agent.ErrUnsupported, noAgentHint)
	}
	environ := tools.WithoutPassphrase(app.Environ())
	o.Consent.Terminal = agent.ThisTerminal()
	promise, err := codes.Promise(o, environ)
	if err != nil {
		return &ui.UsageError{Msg: "--confirm: " + err.Error(), Hint: "run it at a terminal, set SSH_ASKPASS, or install pinentry or notify-send on a desktop"}
	}
	if o.Vault, o.Endpoint, err = app.endpoint(); err != nil {
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
	o.Identity = v.Identity()
	if err := agent.Start(ctx, []string{app.Self, agentCommand}, environ, o); err != nil {
		return err
	}
	app.Sayf("%s", promise)
	return nil
}

// endAgent ends the agent of the vault, and reports whether there was one.
func (app *App) endAgent(ctx context.Context) (bool, error) {
	_, endpoint, err := app.endpoint()
	if err != nil {
		return false, err
	}
	return agent.End(ctx, endpoint)
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
		RunE: func(cmd *cobra.Command, _ []string) error {
			return codes.Serve(cmd.Context(), app.In, app.Out, app.Environ(), app.Now, app.VaultOptions)
		},
	}
}
