// Package approve decides about npm's staged packages: it shows what waits, has the
// user choose, and approves or rejects one after the other.
//
// Only npm talks to the registry, and what it tells of packages is a registry's
// word: names, versions and differences are shown only as far as they can be seen.
package approve

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"npmotp/internal/npm/config"
	"npmotp/internal/ui"
	"npmotp/internal/wrap"
)

// ErrNotStaged says that nothing that waits goes by an id or a name.
var ErrNotStaged = errors.New("is not staged")

// Options are what the user says.
type Options struct {
	// Chosen are ids, their beginnings, or names of packages with or without a
	// version. Without any, and without All, the user ticks them on the terminal.
	Chosen       []string
	All          bool
	Tag          string // only what is staged for that dist-tag; "" for any
	Registry     string // npm's, "" for the one that npm is set to
	Account      string // whose code it is, "" to have the registry decide
	MinRemaining time.Duration
	Reject       bool // instead of approving
	Diff         bool // only show what would change
	DryRun       bool // only show what would be run
	JSON         bool
}

// A Procedure is what approving needs of the world.
type Procedure struct {
	Runner *wrap.Runner
}

// A Result is what became of a staged package.
type Result struct {
	ID      string `json:"id"`
	Package string `json:"package"`
	Version string `json:"version"`
	Tag     string `json:"tag"`
	Outcome string `json:"outcome"` // approved, rejected, failed, left or gone
	Error   string `json:"error,omitempty"`
}

// The outcomes that are not done.
const (
	failed = "failed" // npm or the registry refused
	left   = "left"   // not tried: something before it failed
	gone   = "gone"   // it is not staged, or not any more
)

// Run does what o says. The error wraps [ErrNotStaged] where something is not to
// be found; what could be done is done then all the same.
func (p *Procedure) Run(ctx context.Context, o Options) error {
	stages, err := p.list(ctx, o)
	if err != nil {
		return err
	}
	if o.Tag != "" {
		stages = slices.DeleteFunc(stages, func(s Stage) bool { return s.Tag != o.Tag })
	}
	if len(o.Chosen) == 0 && !o.All {
		switch {
		case o.JSON:
			return p.Runner.UI.JSON(stages)
		case len(stages) == 0:
			p.Runner.UI.Sayf("nothing is staged")
			return nil
		}
		return p.interactive(ctx, o, stages)
	}
	chosen, missing, err := choose(stages, o)
	if err != nil {
		return err
	}
	if o.Diff {
		return p.printDiffs(ctx, o, chosen)
	}
	if len(chosen) == 0 && missing == nil {
		p.Runner.UI.Sayf("nothing is staged")
	}
	if len(chosen) > 0 && !o.DryRun {
		if err := p.confirm(ctx, o, chosen); err != nil {
			return err
		}
	}
	return p.decide(ctx, o, chosen, missing)
}

// confirm asks whether it is meant.
func (p *Procedure) confirm(ctx context.Context, o Options, chosen []Stage) error {
	var names []string
	for _, s := range chosen {
		names = append(names, s.String())
	}
	what := "publish " + strings.Join(names, ", ") + p.at(o)
	if o.Reject {
		what = "delete " + strings.Join(names, ", ") + " from the queue" + p.at(o) + " for good"
	}
	return p.Runner.UI.Confirm(ctx, what+"?", "say --yes to go on")
}

// at says which registry it is, as far as npm's settings tell.
func (p *Procedure) at(o Options) string {
	targets, err := config.Targets(config.Query{
		Tool: "npm", Subcommand: "stage", Argv: p.npmArgs(o, "stage", "approve"), Dir: p.Runner.Dir, Environ: p.Runner.Environ, Home: p.Runner.Home,
	})
	if err != nil || len(targets) == 0 {
		return ""
	}
	return " at " + targets[0].Registry
}

// interactive has the user tick, and goes on with that.
func (p *Procedure) interactive(ctx context.Context, o Options, stages []Stage) error {
	u := p.Runner.UI
	if !p.Runner.InTTY || !u.OutTTY || u.NoInput {
		return &ui.UsageError{
			Msg:  "there is no terminal to choose on",
			Hint: "name ids, as in 'npmotp approve ID... --yes'; 'npmotp approve --json' lists them, and --all takes all",
		}
	}
	chosen, err := p.pick(ctx, o, stages)
	if err != nil {
		return err
	}
	if len(chosen) == 0 {
		u.Sayf("nothing was ticked, and nothing is changed")
		return nil
	}
	if o.Reject { // which nothing brings back
		if err := p.confirm(ctx, o, chosen); err != nil {
			return err
		}
	}
	return p.decide(ctx, o, chosen, nil)
}

// decide approves or rejects what was chosen, one after the other.
func (p *Procedure) decide(ctx context.Context, o Options, chosen []Stage, missing []string) error {
	u := p.Runner.UI
	needs := p.dependencies()
	chosen = order(chosen, needs)
	verb, done := "approve", "approved"
	if o.Reject {
		verb, done, needs = "reject", "rejected", nil
	}
	results := []Result{}
	tell := func(r Result) error {
		results = append(results, r)
		if o.JSON || o.DryRun {
			return nil
		}
		return u.Line("%s", r)
	}
	series := p.Runner.Series(wrap.Options{Account: o.Account, MinRemaining: o.MinRemaining, DryRun: o.DryRun})
	defer p.Runner.Codes.Close()
	var ended error
	undone := map[string]bool{} // packages
	for i, s := range chosen {
		r := Result{ID: s.ID, Package: s.Package, Version: s.Version, Tag: s.Tag, Outcome: done}
		dependency := ""
		for _, name := range needs[s.Package] {
			if undone[name] {
				dependency = name
			}
		}
		var refusal *wrap.RefusedError
		switch {
		case ended != nil:
			r.Outcome, r.Error = left, "an earlier one failed"
		case dependency != "":
			r.Outcome, r.Error = left, "it depends on "+dependency
		default:
			err := series.Run(ctx, p.npmArgs(o, "stage", verb, s.ID)...)
			switch {
			case errors.As(err, &refusal):
				r.Outcome, r.Error = failed, refusal.Error()
				if stops(refusal) {
					ended = err
				}
			case err != nil:
				p.interrupted(chosen[i:], series.Underway, done)
				return err
			}
		}
		undone[s.Package] = undone[s.Package] || r.Outcome != done
		if err := tell(r); err != nil {
			return err
		}
	}
	for _, word := range missing {
		if err := tell(Result{ID: word, Outcome: gone, Error: "it is not staged, or not any more"}); err != nil {
			return err
		}
	}
	if o.JSON && !o.DryRun {
		if err := u.JSON(results); err != nil {
			return err
		}
	}
	return conclude(results, done, missing, ended)
}

// conclude returns the error of all results together.
func conclude(results []Result, done string, missing []string, ended error) error {
	n := 0
	for _, r := range results {
		if r.Outcome != done && r.Outcome != gone {
			n++
		}
	}
	switch {
	case n > 0:
		err := fmt.Errorf("%d of %s not %s", n, ui.Plural(len(results), "package"), done)
		if hint, ok := errors.AsType[*ui.HintError](ended); ok {
			return ui.WithHint(err, "%s", hint.Hint)
		}
		return err
	case len(missing) > 0:
		return fmt.Errorf("%s %w", strings.Join(missing, ", "), ErrNotStaged)
	}
	return nil
}

// interrupted says what is left, where there is something. Of one that npm was at
// work on nobody knows.
func (p *Procedure) interrupted(rest []Stage, underway bool, done string) {
	if underway {
		p.Runner.UI.Warnf("whether %s was %s is not known; 'npmotp approve' lists what waits", rest[0], done)
		rest = rest[1:]
	}
	if len(rest) > 0 {
		p.Runner.UI.Sayf("not %s: %s; 'npmotp approve' goes on with what is left", done, ui.Plural(len(rest), "package"))
	}
}

// stops reports whether the rest would fail as well, or would cost tries that
// a registry counts: a code or a login that is not taken, a limit, no network.
func stops(e *wrap.RefusedError) bool {
	switch e.Code {
	case "E400", "E402", "E403", "E404", "E405", "E409", "E410", "E422", "EPUBLISHCONFLICT":
		return false
	}
	return true
}

// String is the line of a result.
func (r Result) String() string {
	line := r.Outcome + " " + r.ID
	if r.Package != "" {
		line = fmt.Sprintf("%s %s@%s %s", r.Outcome, r.Package, r.Version, r.ID)
	}
	if r.Error != "" {
		line += ": " + r.Error
	}
	return line
}
