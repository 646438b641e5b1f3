package codes

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"npmotp/internal/agent"
	"npmotp/internal/atomicfile"
	"npmotp/internal/confirm"
	"npmotp/internal/ui"
	"npmotp/vault"
)

// agentGC is how much the heap of the agent grows between two collections, in
// percent.
const agentGC = 20

// AgentOf returns where the agent of the vault at path is, below the folder of the
// runtime or else of the state, and the path that its name is made of: absolute and
// without symbolic links, so that all names of a vault lead to one agent.
func AgentOf(path, runtime, state string) (absolute string, e agent.Endpoint, err error) {
	if path, err = atomicfile.Resolve(path); err != nil {
		return "", e, err
	}
	if !filepath.IsAbs(path) {
		wd, err := os.Getwd()
		if err == nil {
			wd, err = filepath.EvalSymlinks(wd)
		}
		if err != nil {
			return "", e, err
		}
		path = filepath.Join(wd, path)
	}
	return path, agent.EndpointOf(agent.Folder(runtime, state), path), nil
}

// Promise says how long an agent will serve by an order, and how its programs, which
// get environ, will ask for a yes. The error is [confirm.ErrNobody] where they could
// not.
func Promise(o agent.Order, environ []string) (string, error) {
	said := "unlocked for " + ui.Span(o.Limits.For)
	if o.Limits.Idle > 0 && o.Limits.Idle < o.Limits.For {
		said += ", or until unused for " + ui.Span(o.Limits.Idle)
	}
	if !o.Consent.All {
		return said, nil
	}
	var ways []string
	for _, way := range (confirm.Person{Environ: environ, Way: o.Consent.Way, TTY: o.Consent.Terminal.TTY}).Can(true) {
		if ways = append(ways, "by "+string(way)); way == confirm.Terminal {
			ways[len(ways)-1] = "in this terminal"
		}
	}
	if ways == nil {
		return "", confirm.ErrNobody
	}
	return said + "; each code needs a yes, asked for " + strings.Join(ways, ", or else "), nil
}

// Serve is the agent, from its order, which it reads from in, to its end. It reports
// to out, and asks by programs that get environ. Nobody reads why it ended: its
// streams are closed by then.
func Serve(ctx context.Context, in io.Reader, out io.Writer, environ []string, now func() time.Time, options vault.Options) error {
	order, err := agent.ReadOrder(in)
	if err != nil {
		return err
	}
	// A small heap leaves fewer copies behind, and fits into the memory that
	// may be locked.
	debug.SetGCPercent(agentGC)
	l, err := agent.Listen(ctx, order.Endpoint)
	var live *Live
	if err == nil {
		live = NewLive(order.Vault, order.Identity, now, options)
		err = live.Check(ctx)
	}
	if reportErr := agent.Report(out, err); err == nil {
		err = reportErr
	}
	if err != nil {
		return err
	}
	person := confirm.Person{Environ: environ, Way: order.Consent.Way, TTY: order.Consent.Terminal.TTY}
	reason := agent.Run(ctx, l, agent.Config{
		Source: live, Limits: order.Limits, Wall: now, InMemory: live.InMemory, Consent: order.Consent, Ask: person.Ask,
	})
	return errors.Join(reason, l.Release())
}
