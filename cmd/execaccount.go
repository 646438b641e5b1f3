package cmd

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"npmotp/internal/npmconfig"
	"npmotp/internal/npmrun"
	"npmotp/vault"
)

// execAccount returns the account whose password the command gets: the one that
// is named, or the one of the registry that the command will talk to. It is an
// error when the password could reach another registry.
func (app *App) execAccount(c *vault.Contents, o execOptions, plan *npmrun.Plan) (*vault.Account, error) {
	targets, err := app.execTargets(o, plan)
	if err != nil {
		return nil, err
	}
	for _, t := range targets {
		app.explainf(o, "%s talks to %s (%s)", plan.Tool, t.Registry, t.Source)
	}
	a, err := pickAccount(c, o, targets)
	if err != nil {
		return nil, err
	}
	app.explainf(o, "the account is %q, of %s", a.Name, a.Registry)
	for _, t := range targets {
		if !sameOrigin(t.Registry, a.Registry) && !sameOrigin(t.Registry, o.registry) {
			return nil, withHint(fmt.Errorf("%s would show the password to %s (%s), and %q belongs to %s",
				plan.Tool, t.Registry, t.Source, a.Name, a.Registry),
				"change that place; or, if it is meant, say 'npmotp exec --registry %s ...'", shellQuote(t.Registry))
		}
	}
	return a, nil
}

// execTargets returns the registries that the command will talk to. Of commands that have no npm registry,
// gem and those that npmotp does not know, there are none.
func (app *App) execTargets(o execOptions, plan *npmrun.Plan) ([]npmconfig.Target, error) {
	if plan.Tool == "" || plan.Tool == "gem" {
		return nil, nil
	}
	dir, err := app.Dir()
	if err != nil {
		return nil, err
	}
	targets, err := npmconfig.Targets(npmconfig.Query{
		Tool: plan.Tool, Subcommand: plan.Subcommand, Argv: plan.ToolArgv,
		Dir: dir, Environ: app.Environ(), Home: app.Getenv("HOME"),
	})
	unknown, isUnknown := errors.AsType[*npmconfig.UnknownError](err)
	switch {
	case isUnknown && unknown.Refused():
		return nil, nil // its own words are the better ones
	case isUnknown && o.registry != "":
		app.warnf("%v; the password goes wherever that is", unknown)
		return nil, nil
	case isUnknown:
		return nil, withHint(err, "if you know where it goes, say 'npmotp exec --registry URL ...'")
	case err != nil:
		return nil, err
	}
	return targets, nil
}

// pickAccount returns the account that is named, or else the one of the
// registry.
func pickAccount(c *vault.Contents, o execOptions, targets []npmconfig.Target) (*vault.Account, error) {
	registry := o.registry
	if registry == "" && len(targets) > 0 {
		registry = targets[0].Registry
	}
	if o.account != "" || registry == "" {
		return c.Find(o.account)
	}
	var matches []*vault.Account
	for i := range c.Accounts {
		if a := &c.Accounts[i]; a.Key != nil && sameOrigin(a.Registry, registry) {
			matches = append(matches, a)
		}
	}
	if len(matches) == 1 {
		return matches[0], nil
	}
	if i := slices.IndexFunc(matches, func(a *vault.Account) bool { return a.ID == c.Default }); i >= 0 {
		return matches[i], nil
	}
	if len(matches) > 1 {
		e := &vault.AmbiguousError{}
		for _, a := range matches {
			e.Matches = append(e.Matches, a.Name)
		}
		return nil, withHint(e, "name one with 'npmotp exec -a ACCOUNT ...'")
	}
	if o.registry != "" {
		return c.Find("")
	}
	source := ""
	if len(targets) > 0 {
		source = fmt.Sprintf(" (%s)", targets[0].Source)
	}
	return nil, withHint(fmt.Errorf("%w for the registry %s%s", vault.ErrNoAccount, registry, source),
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
