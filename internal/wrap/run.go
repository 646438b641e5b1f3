package wrap

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"npmotp/internal/agent"
	"npmotp/internal/npm/config"
	"npmotp/internal/npm/tools"
	"npmotp/internal/ptyrun"
	"npmotp/internal/registry"
	"npmotp/internal/ui"
	"npmotp/vault"
)

// ErrRegistryNotSeen says that a runner moves what it runs out of sight.
var ErrRegistryNotSeen = errors.New("cannot tell which registry the code would go to")

// A run is a command on its way from the command line to its plan.
type run struct {
	*Runner
	o       Options
	argv    []string
	options tools.Options
	auto    bool // the way of the code is not decided by the user
	plan    *tools.Plan
	to      string // the registry that the code goes to
	unseen  bool   // the registry is seen only when the program asks
	version string // npm's, where npm itself had to be asked
	// untouched is the plan without any code, for a script of the project that
	// may or may not run something that asks.
	untouched *tools.Plan
	stage     *ptyrun.Stage // where the command will run, nil for nowhere yet
}

// plan plans the command as far as that goes without the vault.
func (r *Runner) plan(o Options, argv []string) (*run, error) {
	x := &run{Runner: r, o: o, argv: argv}
	x.options = tools.Options{
		FlagTemplate: o.Flag, EnvName: o.Env, Prompt: o.Prompt, Environ: r.Environ, Scripts: config.ProjectScripts(r.Dir),
		Alias: cmp.Or(o.Via, viaAuto) == viaAuto && o.Account == "" && !o.Recovery, Berry: config.IsBerry(config.Query{Dir: r.Dir, Environ: r.Environ}),
	}
	via := cmp.Or(o.Via, viaAuto)
	if o.Recovery {
		via = tools.Prompt.String()
	}
	if x.auto = via == viaAuto; !x.auto {
		var err error
		if x.options.Via, err = tools.ParseVia(via); err != nil {
			return nil, ui.Usagef("%v; or auto", err)
		}
	}
	err := x.replan()
	if errors.Is(err, tools.ErrNoWay) && x.auto && x.terminal() && x.atPrompt() {
		err = nil
	}
	if err != nil {
		return nil, err
	}
	if x.plan.Literal && !x.terminal() && !o.DryRun {
		return nil, ui.Usagef("--prompt types the code on a terminal, and there is none")
	}
	if x.plan.Tool == "npm" && x.plan.Subcommand == "star" {
		x.options.NPMMajor = config.Major(x.query())
		if err := x.replan(); err != nil {
			return nil, err
		}
	}
	if x.auto && x.plan.Moved != "" && x.terminal() {
		x.atPrompt()
	}
	if bare := x.plan; x.auto && bare.MayAsk && x.terminal() && x.atPrompt() {
		x.untouched = bare
	}
	if o.Recovery && x.plan.NeedsCode && !x.plan.AtPrompt {
		return nil, ui.Usagef("a recovery code is typed at a prompt only, and goes into no argument")
	}
	return x, nil
}

// viaAuto leaves the way of the code to npmotp.
const viaAuto = "auto"

// terminal reports whether there is one on which the tool would ask by itself.
func (x *run) terminal() bool { return x.InTTY && x.UI.OutTTY }

func (x *run) replan() error {
	plan, err := tools.New(x.argv, x.options)
	if err == nil {
		x.plan = plan
	}
	return err
}

// atPrompt changes the way to the prompt, if the tool can be answered there.
func (x *run) atPrompt() bool {
	before := x.options.Via
	x.options.Via = tools.Prompt
	if x.replan() == nil && x.plan.AtPrompt {
		return true
	}
	x.options.Via = before
	return false
}

// decide picks the account, decides the way, and makes sure that the code reaches
// no registry but the account's.
func (x *run) decide(ctx context.Context) (a agent.Account, err error) {
	if err := x.askNPM(ctx); err != nil {
		return a, err
	}
	targets, err := x.targets()
	if err != nil {
		return a, err
	}
	for _, t := range targets {
		x.UI.Explainf("%s talks to %s (%s)", x.plan.Tool, t.Registry, t.Source)
	}
	x.warnInsecure(targets)
	if a, err = x.pick(ctx, targets); err != nil {
		return a, err
	}
	meant := x.o.Account != "" && x.o.Registry != ""
	if a.Registry == "" && !meant && x.plan.Tool != "" && x.plan.Tool != "gem" {
		return a, ui.WithHint(fmt.Errorf("%q %s, so %s does not get its code", a.Name, BelongsTo(""), x.plan.Tool), "%s", RegistryHint(a.Name, ""))
	}
	x.to = x.sendsTo(a, targets)
	x.UI.Explainf("the account is %q, which %s", a.Name, BelongsTo(a.Registry))
	if a.Level == string(vault.AuthOnly) {
		x.options.Level = tools.AuthOnly
		if err := x.replan(); err != nil || !x.plan.NeedsCode {
			return a, err
		}
	}
	if err := x.lacks(a); err != nil {
		return a, err
	}
	if x.o.Recovery {
		if err := x.recoveryWay(a); err != nil {
			return a, err
		}
	}
	why := x.leak(targets, a)
	if x.auto && !x.plan.AtPrompt && why != "" && x.terminal() && x.atPrompt() {
		x.UI.Sayf("%s, so the code is typed when %s asks for it", why, x.plan.Tool)
	}
	for _, t := range targets {
		if x.allowed(t, a) || x.plan.AtPrompt && (t.Reads || x.plan.MayAsk && ptyrun.Seen) {
			continue // what a script runs is judged when it asks
		}
		return a, ui.WithHint(fmt.Errorf("%s would send the code to %s (%s), and %q %s",
			x.plan.Tool, t.Registry, t.Source, a.Name, BelongsTo(a.Registry)),
			"change that place; or, if it is meant, say 'npmotp exec --registry %s ...'", ui.Quote(t.Registry))
	}
	if !x.plan.AtPrompt {
		if err := x.inherited(a); err != nil {
			return a, err
		}
	}
	switch {
	case x.untouched != nil:
		x.UI.Sayf("%s, and then the code is typed", x.plan.Why)
	case x.auto && !x.terminal() && why != "":
		x.UI.Sayf("%s; without a terminal to type it on the code goes along all the same", why)
	}
	return a, nil
}

// sendsTo returns the registry that a code of a goes to. The other names of the
// account's own are that one.
func (x *run) sendsTo(a agent.Account, targets []config.Target) string {
	for _, t := range targets {
		if !t.Reads && !x.belongs(a, t.Registry) {
			return t.Registry
		}
	}
	if len(targets) == 0 {
		return cmp.Or(x.o.Registry, a.Registry)
	}
	return a.Registry
}

// warnInsecure warns where somebody on the way could read a code: the user's own
// settings are followed.
func (x *run) warnInsecure(targets []config.Target) {
	for _, t := range targets {
		switch {
		case t.Reads:
			continue
		case registry.OriginOf(t.Registry).IsOpen():
			x.UI.Warnf("the code goes to %s without encryption (%s)", t.Registry, t.Source)
		case t.Unverified != config.Source{} && strings.HasPrefix(t.Registry, "https:"):
			x.UI.Warnf("%s looks at no certificate of %s: strict-ssl is off (%s)", x.plan.Tool, t.Registry, t.Unverified)
		default:
			continue
		}
		return
	}
}

func (x *run) allowed(t config.Target, a agent.Account) bool {
	return x.belongs(a, t.Registry) || registry.Same(t.Registry, x.o.Registry)
}

// browsing is the first pnpm that has its own publish, which asks for a code
// only where the registry offers no page for the browser.
const browsing = 11

// leak says why a code that is appended would be seen by others, or end
// before it is used; "" when it is safe.
func (x *run) leak(targets []config.Target, a agent.Account) string {
	for _, t := range targets {
		if t.Reads && !x.allowed(t, a) {
			return fmt.Sprintf("%s also reads from %s", x.plan.Tool, t.Registry)
		}
	}
	query := x.query()
	if query.Tool == "pnpm" {
		if major := config.Major(query); major == 0 || major >= browsing {
			x.UI.Explainf("this pnpm opens a browser where it could ask, so the code is appended")
			return ""
		}
	}
	packages, err := config.Packages(query)
	if err != nil {
		x.UI.Explainf("%v", err)
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

func (x *run) query() config.Query {
	return config.Query{
		Tool: x.plan.Tool, Through: x.plan.Through, Subcommand: x.plan.Subcommand, Argv: x.plan.ToolArgv,
		Dir: x.Dir, Environ: x.plan.Environ(), Home: x.Home, Version: x.version,
	}
}

// patience is how long an npm has to say its version.
const patience = 10 * time.Second

// askNPM asks npm for its version and its registries, where it is a script of a
// version manager that cannot be seen through. What settings it reads depends on
// the version, and the script may have settings of its own.
func (x *run) askNPM(ctx context.Context) error {
	q := x.query()
	if q.Tool != "npm" || config.Major(q) != 0 || q.Through != "" { // behind a runner it may be the project's
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	npm := "npm"
	if named := x.plan.ToolArgv[0]; named == x.argv[0] {
		npm = named // by the path that the user gave
		if abs, err := filepath.Abs(named); err == nil && strings.ContainsRune(named, filepath.Separator) {
			npm = abs
		}
	}
	said, _, err := tools.Capture(ctx, config.ProjectDir(q), []string{npm, "config", "list", "--json"}, q.Environ)
	var settings map[string]any
	if err == nil {
		err = json.Unmarshal([]byte(said), &settings)
	}
	if err != nil {
		x.UI.Explainf("npm is a script here, and does not tell its settings: %v", err)
		return nil
	}
	x.version, _ = settings["npm-version"].(string)
	if agent, _ := settings["user-agent"].(string); x.version == "" { // npm 6
		x.version, _, _ = strings.Cut(strings.TrimPrefix(agent, "npm/"), " ")
	}
	x.UI.Explainf("npm is a script here, and says that its version is %q", x.version)
	theirs, differs := config.OtherRegistry(x.query(), settings)
	if !differs || registry.Same(theirs, x.o.Registry) {
		return nil
	}
	return ui.WithHint(fmt.Errorf("%w: npm is a script here, which has it talk to %s", ErrRegistryNotSeen, theirs),
		"if that is meant, say 'npmotp exec --registry %s ...'", ui.Quote(theirs))
}

// targets returns the registries that the command will talk to. Of commands
// that have no npm registry, gem and those that npmotp does not know, there are
// none.
func (x *run) targets() ([]config.Target, error) {
	if x.plan.Tool == "" || x.plan.Tool == "gem" {
		return nil, nil
	}
	if x.plan.Moved != "" {
		if x.o.Registry != "" {
			x.UI.Warnf("%q may run in another folder or with other settings; the code goes wherever these say", x.plan.Moved)
			return nil, nil
		}
		if x.unseen = x.plan.AtPrompt && x.terminal(); x.unseen {
			x.UI.Explainf("%q may run in another folder or with other settings, so the registry is looked at when the code is asked for", x.plan.Moved)
			return nil, nil
		}
		return nil, ui.WithHint(fmt.Errorf("%w: %q runs %s in another folder or with other settings", ErrRegistryNotSeen, x.plan.Moved, x.plan.Tool),
			"run it where it publishes, or if you know where it goes, say 'npmotp exec --registry URL ...'")
	}
	targets, err := config.Targets(x.query())
	unknown, isUnknown := errors.AsType[*config.UnknownError](err)
	switch {
	case isUnknown && unknown.Refused():
		return nil, nil // its own words are the better ones
	case isUnknown && x.o.Registry != "":
		x.UI.Warnf("%v; the code goes wherever that is", unknown)
		return nil, nil
	case isUnknown && slices.ContainsFunc(x.plan.ToolArgv, func(a string) bool { return slices.Contains([]string{"-a", "--account", "--via"}, a) }):
		return nil, ui.WithHint(err, "what is meant for npmotp stands before the command: 'npmotp exec -a ACCOUNT %s ...'", x.argv[0])
	case isUnknown && unknown.Wire:
		return nil, ui.WithHint(err, "take that out there; what you trust belongs into your own settings, as in ~/.npmrc")
	case isUnknown:
		return nil, ui.WithHint(err, "if you know where it goes, say 'npmotp exec --registry URL ...'")
	}
	return targets, err
}
