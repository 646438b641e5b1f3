package cmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"npmotp/internal/agent"
	"npmotp/internal/npmconfig"
	"npmotp/internal/npmrun"
	"npmotp/internal/term"
	"npmotp/vault"
)

// An execution is a command on its way from the command line to its plan.
type execution struct {
	app     *App
	o       execOptions
	argv    []string
	options npmrun.Options
	auto    bool // the way of the password is not decided by the user
	plan    *npmrun.Plan
	// untouched is the plan without any password, for a script of the project
	// that may or may not run something that asks.
	untouched *npmrun.Plan
}

// newExecution plans the command as far as that goes without the vault.
func (app *App) newExecution(o execOptions, argv []string) (*execution, error) {
	x := &execution{app: app, o: o, argv: argv}
	x.options = npmrun.Options{FlagTemplate: o.flag, EnvName: o.variable, Environ: app.Environ()}
	via := cmp.Or(o.via, app.Getenv("NPMOTP_VIA"), viaAuto)
	if o.recovery {
		via = npmrun.Prompt.String()
	}
	if x.auto = via == viaAuto; !x.auto {
		var err error
		if x.options.Via, err = npmrun.ParseVia(via); err != nil {
			return nil, usageErrorf("%v; or auto", err)
		}
	}
	if err := x.replan(); err != nil {
		return nil, err
	}
	if x.plan.Tool == "npm" && x.plan.Subcommand == "star" {
		query, err := x.query()
		if err != nil {
			return nil, err
		}
		x.options.NPMMajor = npmconfig.Major(query)
		if err := x.replan(); err != nil {
			return nil, err
		}
	}
	if bare := x.plan; x.auto && bare.MayAsk && x.atPrompt() {
		x.untouched = bare
	}
	if o.recovery && x.plan.NeedsCode && !x.plan.AtPrompt {
		return nil, usageErrorf("a recovery code is typed at a prompt only, and goes into no argument")
	}
	return x, nil
}

// viaAuto leaves the way of the password to npmotp.
const viaAuto = "auto"

func (x *execution) replan() error {
	plan, err := npmrun.New(x.argv, x.options)
	if err == nil {
		x.plan = plan
	}
	return err
}

// atPrompt changes the way to the prompt, if the tool can be answered there.
func (x *execution) atPrompt() bool {
	before := x.options.Via
	x.options.Via = npmrun.Prompt
	if x.replan() == nil && x.plan.AtPrompt {
		return true
	}
	x.options.Via = before
	return false
}

// settle picks the account, decides the way, and makes sure that the password
// reaches no registry but the account's.
func (x *execution) settle(ctx context.Context, g *giver) (a agent.Account, err error) {
	targets, err := x.targets()
	if err != nil {
		return a, err
	}
	for _, t := range targets {
		x.app.explainf(x.o, "%s talks to %s (%s)", x.plan.Tool, t.Registry, t.Source)
	}
	if a, err = x.pickAccount(ctx, g, targets); err != nil {
		return a, err
	}
	meant := x.o.account != "" && x.o.registry != ""
	if a.Registry == "" && !meant && x.plan.Tool != "" && x.plan.Tool != "gem" {
		return a, withHint(fmt.Errorf("%q %s, so %s does not get its password", a.Name, belongsTo(""), x.plan.Tool), "%s", registryHint(a.Name, ""))
	}
	x.app.explainf(x.o, "the account is %q, which %s", a.Name, belongsTo(a.Registry))
	if a.Level == string(vault.AuthOnly) {
		x.options.Level = npmrun.AuthOnly
		if err := x.replan(); err != nil || !x.plan.NeedsCode {
			return a, err
		}
	}
	if err := x.able(g, a); err != nil {
		return a, err
	}
	if why := x.leak(targets, a); x.auto && !x.plan.AtPrompt && why != "" && x.atPrompt() {
		x.app.sayf("%s, so the password is typed when %s asks for it", why, x.plan.Tool)
	}
	for _, t := range targets {
		if x.allowed(t, a) || x.plan.AtPrompt && t.Reads {
			continue
		}
		return a, withHint(fmt.Errorf("%s would show the password to %s (%s), and %q belongs to %s",
			x.plan.Tool, t.Registry, t.Source, a.Name, a.Registry),
			"change that place; or, if it is meant, say 'npmotp exec --registry %s ...'", shellQuote(t.Registry))
	}
	if x.untouched != nil {
		x.app.sayf("%s, and then the password is typed", x.plan.Why)
	}
	return a, nil
}

// noVault reports whether there is no vault, or none that can be opened without
// a terminal.
func noVault(err error) bool {
	return errors.Is(err, vault.ErrNoVault) || errors.Is(err, errLocked) || errors.Is(err, term.ErrNoTerminal)
}

func (x *execution) allowed(t npmconfig.Target, a agent.Account) bool {
	return x.belongs(a, t.Registry) || sameOrigin(t.Registry, x.o.registry)
}

// browsing is the first pnpm that has its own publish, which asks for a password
// only where the registry offers no page for the browser.
const browsing = 11

// leak says why a password that is appended would be seen by others, or end
// before it is used; "" when it is safe.
func (x *execution) leak(targets []npmconfig.Target, a agent.Account) string {
	if !x.app.OutTTY && slices.Contains(x.argv, "--json") {
		return "" // a question would stand in the middle of the data
	}
	for _, t := range targets {
		if t.Reads && !x.allowed(t, a) {
			return fmt.Sprintf("%s also reads from %s", x.plan.Tool, t.Registry)
		}
	}
	query, err := x.query()
	if err != nil {
		return ""
	}
	if major := npmconfig.Major(query); query.Tool == "pnpm" && (major == 0 || major >= browsing) {
		x.app.explainf(x.o, "this pnpm opens a browser where it could ask, so the password is appended")
		return ""
	}
	packages, err := npmconfig.Packages(query)
	if err != nil {
		x.app.explainf(x.o, "%v", err)
		return ""
	}
	public := 0
	for _, p := range packages {
		if !p.Private {
			public++
		}
	}
	if public > 1 {
		return "several packages are published"
	}
	for _, p := range packages {
		if len(p.Scripts) > 0 {
			return fmt.Sprintf("the script %s runs first", p.Scripts[0].Name)
		}
	}
	return ""
}

func (x *execution) query() (npmconfig.Query, error) {
	dir, err := x.app.Dir()
	return npmconfig.Query{
		Tool: x.plan.Tool, Subcommand: x.plan.Subcommand, Argv: x.plan.ToolArgv,
		Dir: dir, Environ: x.plan.Environ(), Home: x.app.Getenv("HOME"),
	}, err
}

// targets returns the registries that the command will talk to. Of commands
// that have no npm registry, gem and those that npmotp does not know, there are
// none.
func (x *execution) targets() ([]npmconfig.Target, error) {
	if x.plan.Tool == "" || x.plan.Tool == "gem" {
		return nil, nil
	}
	query, err := x.query()
	if err != nil {
		return nil, err
	}
	targets, err := npmconfig.Targets(query)
	unknown, isUnknown := errors.AsType[*npmconfig.UnknownError](err)
	switch {
	case isUnknown && unknown.Refused():
		return nil, nil // its own words are the better ones
	case isUnknown && x.o.registry != "":
		x.app.warnf("%v; the password goes wherever that is", unknown)
		return nil, nil
	case isUnknown:
		return nil, withHint(err, "if you know where it goes, say 'npmotp exec --registry URL ...'")
	}
	return targets, err
}

// explainf says why, with --verbose.
func (app *App) explainf(o execOptions, format string, args ...any) {
	if o.verbose {
		_, _ = fmt.Fprintf(app.Err, "npmotp: "+format+"\n", args...)
	}
}
