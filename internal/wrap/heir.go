package wrap

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"npmotp/internal/agent"
	"npmotp/internal/npm/config"
	"npmotp/internal/npm/tools"
	"npmotp/internal/ui"
)

// An heir is a script that inherits a code which goes along with npm, as far as it was
// followed.
type heir struct {
	*run
	account agent.Account
	name    string
	dirs    []string // where it may be: a parenthesis ends what a cd in it did
	environ []string
	scripts map[string]string // those of its package that it has not been seen to run
}

// inherited fails where the code goes along with an npm, which hands it on to its
// scripts, and one of these runs a command of npm for another registry.
func (x *run) inherited(a agent.Account) error {
	if !slices.Contains([]string{"npm", "pnpm", "changeset", "release-it"}, x.plan.Tool) {
		return nil
	}
	packages, _ := config.Packages(x.query()) // what is not known is said elsewhere
	for _, p := range packages {
		all := config.ProjectScripts(p.Path)
		for _, s := range p.Scripts {
			delete(all, s.Name)
		}
		for _, s := range p.Scripts {
			h := &heir{x, a, s.Name, []string{filepath.Dir(s.File)}, x.plan.Environ(), maps.Clone(all)}
			if err := h.follow(s.Text); err != nil {
				return ui.WithHint(err, "at a terminal the code is typed, and no script gets it")
			}
		}
	}
	return nil
}

// follow looks at each command of a script, whatever the shell has in front of it
// (then, exec, a parenthesis), and at the scripts of the package that one names.
func (h *heir) follow(script string) error {
	script = strings.NewReplacer("${npm_execpath}", "npm", "$npm_execpath", "npm").Replace(script)
	for _, words := range commands(script) {
		first, last := bare(words[0]), len(words)-1
		if !strings.Contains(words[last], "(") {
			words[last] = strings.TrimRight(words[last], ")`")
		}
		at := slices.IndexFunc(words, func(w string) bool { return tools.Known(bare(w)) })
		switch {
		case first == "cd" && last > 0:
			h.dirs = append(h.dirs, filepath.Join(h.dirs[len(h.dirs)-1], words[1]))
		case first == "export":
			h.environ = append(h.environ, words[1:]...)
		case at >= 0:
			words[at] = bare(words[at])
			if err := h.command(words[at:], slices.Concat(h.environ, words[:at])); err != nil {
				return err
			}
		}
		if at < 0 && !slices.ContainsFunc(words, func(w string) bool { return strings.Contains(w, "run") }) { // run-s, node --run
			continue
		}
		for _, w := range words {
			for _, name := range []string{"pre" + w, w, "post" + w} {
				text := h.scripts[name]
				delete(h.scripts, name)
				other := *h
				other.dirs, other.environ = slices.Clip(h.dirs[:1]), slices.Clip(h.environ) // it begins anew
				if err := other.follow(text); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// reading are the commands of npm that take no code, and send one that they inherit.
const reading = "audit ci dedupe diff doctor install install-ci-test install-test outdated ping search stars update view whoami"

// command fails where a command would send the code elsewhere.
func (h *heir) command(argv, environ []string) error {
	if shells(argv[0]) {
		return h.follow(script(argv))
	}
	plan, err := tools.New(argv, tools.Options{})
	sends := err == nil && (plan.NeedsCode || slices.Contains(strings.Fields(reading), plan.Subcommand))
	switch {
	case !sends:
		return nil
	case strings.HasPrefix(plan.Tool, "yarn") || plan.Tool == "bun":
		return nil // which read no variable
	case plan.Moved != "":
		return fmt.Errorf("%w: the script %s hands it on, and %q may run in another folder or with other settings", ErrRegistryNotSeen, h.name, plan.Moved)
	}
	for i, dir := range h.dirs {
		targets, err := config.Targets(config.Query{
			Tool: plan.Tool, Subcommand: plan.Subcommand, Argv: plan.ToolArgv, Dir: dir, Environ: environ, Home: h.Home,
		})
		unknown, isUnknown := errors.AsType[*config.UnknownError](err)
		if i == len(h.dirs)-1 && isUnknown && !unknown.Refused() {
			return fmt.Errorf("%w: the script %s hands it on: %w", ErrRegistryNotSeen, h.name, err)
		}
		for _, t := range targets {
			if !h.allowed(t, h.account) {
				return fmt.Errorf("the script %s would send the code to %s (%s), and %q %s", h.name, t.Registry, t.Source, h.account.Name, BelongsTo(h.account.Registry))
			}
		}
	}
	return nil
}

// bare returns a word without what the shell makes of its ends.
func bare(word string) string { return strings.Trim(word, expanded+"!") }
