package cmd

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"npmotp/internal/agent"
	"npmotp/internal/codes"
	"npmotp/internal/ui"
)

// statusView is the JSON of the state of the agent. When it is locked, all but
// the first field are null, zero or empty.
type statusView struct {
	Unlocked   bool        `json:"unlocked"`
	UnlockedAt *time.Time  `json:"unlocked_at"`
	Until      *time.Time  `json:"until"`
	Idle       int         `json:"idle"` // seconds; 0 when there is no limit
	IdleUntil  *time.Time  `json:"idle_until"`
	PID        int         `json:"pid"`
	InMemory   bool        `json:"in_memory"` // kept from being swapped
	Codes      int         `json:"codes"`
	Lists      int         `json:"lists"`
	Given      []givenView `json:"given"`
	// Confirm says that each code needs a yes, TerminalOnly that programs without a
	// terminal get none; Refused is how many were not given.
	Confirm      bool `json:"confirm"`
	TerminalOnly bool `json:"terminal_only"`
	Refused      int  `json:"refused"`
	// Registries are those that were seen to take, or to refuse, a code twice.
	Registries []replayView `json:"registries"`
}

type replayView struct {
	Registry  string    `json:"registry"`
	ReuseSeen string    `json:"reuse_seen"` // taken or refused
	At        time.Time `json:"at"`
}

type givenView struct {
	At      time.Time `json:"at"`
	What    string    `json:"what"`
	Account string    `json:"account"`
	PID     int       `json:"pid"`
	Command string    `json:"command"`
	Parent  string    `json:"parent"`
	Answer  string    `json:"answer,omitempty"` // to the question, where one was asked
}

func newStatusCmd(app *App) *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "Say whether the vault is unlocked, and what was given to whom",
		Long: `Say whether the vault is unlocked, until when, and what the agent has given to
which process: one-time passwords, and lists of accounts; with unlock --confirm
also what it refused, and how each question was answered. It counts all, and
lists the last 40. Registries that were seen to take a code twice, or to refuse
it, follow.

The exit status is 4 while the vault is locked.`,
		Annotations: statuses(exitUsage, exitLocked),
		Example:     "  npmotp status\n  npmotp status --json | jq .until",
		Args:        noArgs,
		RunE:        func(cmd *cobra.Command, _ []string) error { return runStatus(cmd.Context(), app) },
	}
}

func runStatus(ctx context.Context, app *App) error {
	status, err := app.agentStatus(ctx)
	locked := errors.Is(err, agent.ErrNone)
	if e, ok := errors.AsType[*agent.Error](err); ok && e.Kind == agent.KindEnded {
		app.Warnf("%v", err)
		locked = true
	}
	if err != nil && !locked {
		return err
	}
	if app.flags.json {
		view := viewStatus(status, !locked)
		for _, r := range codes.Ledger(app.State).Replays() {
			view.Registries = append(view.Registries, replayView{string(r.Registry), r.Name(), r.At.Truncate(time.Second)})
		}
		err = app.JSON(view)
	} else {
		err = app.printStatus(status, !locked)
	}
	if err == nil && locked {
		return &statusError{exitLocked}
	}
	return err
}

func (app *App) agentStatus(ctx context.Context) (agent.Status, error) {
	_, endpoint, err := app.endpoint()
	if err != nil {
		return agent.Status{}, err
	}
	c, err := agent.Dial(ctx, endpoint)
	if err != nil {
		return agent.Status{}, err
	}
	defer func() { _ = c.Close() }()
	c.Warn = func(text string) { app.Warnf("%s", text) }
	return c.Status()
}

func viewStatus(s agent.Status, unlocked bool) statusView {
	// Digits of a fraction say nothing here, and could look like a code.
	second := func(t time.Time) *time.Time { return instant(t.Truncate(time.Second)) }
	view := statusView{
		Unlocked: unlocked, UnlockedAt: second(s.UnlockedAt), Until: second(s.Until), Idle: s.Idle,
		IdleUntil: second(s.IdleUntil), PID: s.PID, InMemory: s.InMemory, Codes: s.Codes, Lists: s.Lists, Given: []givenView{}, Registries: []replayView{},
		Confirm: s.Confirm, TerminalOnly: s.TerminalOnly, Refused: s.Refused,
	}
	for _, g := range s.Given {
		g.At = g.At.Truncate(time.Second)
		view.Given = append(view.Given, givenView(g))
	}
	return view
}

func (app *App) printStatus(s agent.Status, unlocked bool) error {
	var registries [][2]string
	for _, r := range codes.Ledger(app.State).Replays() {
		registries = append(registries, [2]string{string(r.Registry), r.String()})
	}
	if !unlocked {
		return app.Fields(append([][2]string{{"state", "locked"}}, registries...))
	}
	fields := [][2]string{
		{"state", "unlocked"},
		{"until", clockTime(s.Until)},
		{"unused until", clockTime(s.IdleUntil)},
		{"process", fmt.Sprint(s.PID)},
		{"memory", "may be swapped"},
		{"given", ui.Plural(s.Codes, "code") + ", " + ui.Plural(s.Lists, "list")},
	}
	if s.InMemory {
		fields[4][1] = "is not swapped"
	}
	head := "TIME WHAT ACCOUNT PROCESS COMMAND PARENT"
	if s.Confirm || s.TerminalOnly || s.Refused > 0 {
		head += " ANSWER"
		fields = append(fields, [2]string{"refused", ui.Plural(s.Refused, "code")})
	}
	if err := app.Fields(append(fields, registries...)); err != nil || len(s.Given) == 0 {
		return err
	}
	var rows [][]string
	for _, g := range s.Given {
		row := []string{clockTime(g.At), g.What, g.Account, fmt.Sprint(g.PID), g.Command, g.Parent, g.Answer}
		rows = append(rows, row[:len(strings.Fields(head))])
	}
	return app.Table(head, rows)
}

// clockTime writes a time of this day or the next.
func clockTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Local().Format("Mon 15:04:05")
}
