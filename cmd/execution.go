package cmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"npmotp/internal/agent"
	"npmotp/internal/npmconfig"
	"npmotp/internal/npmrun"
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
}

// newExecution plans the command as far as that goes without the vault.
func (app *App) newExecution(o execOptions, argv []string) (*execution, error) {
	x := &execution{app: app, o: o, argv: argv}
	x.options = npmrun.Options{FlagTemplate: o.flag, EnvName: o.variable, Environ: app.Environ()}
	via := cmp.Or(o.via, app.Getenv("NPMOTP_VIA"), viaAuto)
	if x.auto = via == viaAuto; !x.auto {
		var err error
		if x.options.Via, err = npmrun.ParseVia(via); err != nil {
			return nil, usageErrorf("%v; or auto", err)
		}
	}
	return x, x.replan()
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
	if a, err = pickAccount(ctx, g, x.o, targets); err != nil {
		return a, err
	}
	x.app.explainf(x.o, "the account is %q, of %s", a.Name, a.Registry)
	if a.Level == string(vault.AuthOnly) {
		x.options.Level = npmrun.AuthOnly
		if err := x.replan(); err != nil || !x.plan.NeedsCode {
			return a, err
		}
	}
	if why := x.leak(targets, a); x.auto && why != "" && x.atPrompt() {
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
	return a, nil
}

func (x *execution) allowed(t npmconfig.Target, a agent.Account) bool {
	return sameOrigin(t.Registry, a.Registry) || sameOrigin(t.Registry, x.o.registry)
}

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
	packages, err := npmconfig.Packages(query)
	if err != nil {
		x.app.explainf(x.o, "%v", err)
		return ""
	}
	if len(packages) > 1 {
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
		Dir: dir, Environ: x.app.Environ(), Home: x.app.Getenv("HOME"),
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

// pickAccount returns the account that is named, or else the one of the
// registry.
func pickAccount(ctx context.Context, g *giver, o execOptions, targets []npmconfig.Target) (agent.Account, error) {
	registry := o.registry
	if registry == "" && len(targets) > 0 {
		registry = targets[0].Registry
	}
	if o.account != "" || registry == "" {
		return g.find(ctx, o.account)
	}
	accounts, err := g.list(ctx)
	if err != nil {
		return agent.Account{}, err
	}
	var matches []agent.Account
	for _, a := range accounts {
		if a.Type != "" && a.ArchivedAt.IsZero() && sameOrigin(a.Registry, registry) {
			matches = append(matches, a)
		}
	}
	if ready := slices.DeleteFunc(slices.Clone(matches), func(a agent.Account) bool { return a.Pending }); len(ready) > 0 {
		matches = ready
	}
	if len(matches) == 1 {
		return matches[0], nil
	}
	if i := slices.IndexFunc(matches, func(a agent.Account) bool { return a.Default }); i >= 0 {
		return matches[i], nil
	}
	if len(matches) > 1 {
		e := &vault.AmbiguousError{}
		for _, a := range matches {
			e.Matches = append(e.Matches, a.Name)
		}
		return agent.Account{}, withHint(e, "name one with 'npmotp exec -a ACCOUNT ...'")
	}
	if o.registry != "" {
		return g.find(ctx, "")
	}
	source := ""
	if len(targets) > 0 {
		source = fmt.Sprintf(" (%s)", targets[0].Source)
	}
	return agent.Account{}, withHint(fmt.Errorf("%w for the registry %s%s", vault.ErrNoAccount, registry, source),
		"'npmotp add --registry URL' adds one, 'npmotp edit ACCOUNT --registry URL' changes one")
}

// sameOrigin reports whether two URLs have the same scheme, host and port.
func sameOrigin(a, b string) bool {
	x, y := origin(a), origin(b)
	return x != "" && x == y
}

// origin returns scheme, host and port of a URL in one form, or "".
func origin(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Hostname() == "" {
		return ""
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[strings.ToLower(u.Scheme)]
	}
	return strings.ToLower(u.Scheme) + "://" + strings.ToLower(u.Hostname()) + ":" + port
}

// explainf says why, with --verbose.
func (app *App) explainf(o execOptions, format string, args ...any) {
	if o.verbose {
		_, _ = fmt.Fprintf(app.Err, "npmotp: "+format+"\n", args...)
	}
}
