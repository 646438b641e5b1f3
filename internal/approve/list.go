package approve

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"time"

	"npmotp/internal/cleantext"
	"npmotp/internal/npm/config"
	"npmotp/internal/npm/tools"
	"npmotp/internal/ui"
	"npmotp/internal/wrap"
)

// A Stage is a version that waits to be approved.
type Stage struct {
	ID       string    `json:"id"`
	Package  string    `json:"package"`
	Version  string    `json:"version"`
	Tag      string    `json:"tag"`
	StagedBy string    `json:"staged_by"`
	StagedAt time.Time `json:"staged_at"`
	Shasum   string    `json:"shasum"`
}

// String names the version.
func (s Stage) String() string { return s.Package + "@" + s.Version }

// A wireStage is what npm prints of a stage, and the registry says.
type wireStage struct {
	ID, PackageName, Version, Tag, Actor, ActorType, Shasum string
	CreatedAt                                               time.Time
}

// npmArgs returns a command line of npm.
func (p *Procedure) npmArgs(o Options, words ...string) []string {
	argv := append([]string{"npm"}, words...)
	if o.Registry != "" {
		argv = append(argv, "--registry="+o.Registry)
	}
	return argv
}

// npm runs npm where no code is due, and returns what it prints. The error is a
// [*wrap.RefusedError] where npm itself fails.
func (p *Procedure) npm(ctx context.Context, dir string, o Options, words ...string) (stdout, stderr string, err error) {
	stdout, stderr, err = tools.OutputIn(ctx, cmp.Or(dir, p.Runner.Dir), p.Runner.Environ, p.npmArgs(o, words...)[1:]...)
	if cause := context.Cause(ctx); cause != nil {
		return "", "", cause
	}
	if _, missing := errors.AsType[*tools.ExitError](err); err != nil && !missing {
		err = wrap.NewRefusedError(stderr, err)
	}
	return stdout, stderr, err
}

// list returns what waits, the oldest first.
func (p *Procedure) list(ctx context.Context, o Options) ([]Stage, error) {
	stdout, stderr, err := p.npm(ctx, "", o, "stage", "list", "--json")
	refusal, refused := errors.AsType[*wrap.RefusedError](err)
	switch {
	case strings.Contains(stdout+stderr, "Unknown command"):
		return nil, ui.WithHint(errors.New("this npm has no staged publishing"), "'npm install -g npm@latest' brings one that has: it takes 11.15 or later")
	case refused && (refusal.Code == "E401" || refusal.Code == "ENEEDAUTH"):
		return nil, ui.WithHint(fmt.Errorf("npm does not list what is staged: %w", err), "'npmotp exec npm login' logs in")
	case refused && refusal.Code == "E404":
		return nil, fmt.Errorf("the registry has no staged publishing: %w", err)
	case err != nil:
		return nil, fmt.Errorf("npm does not list what is staged: %w", err)
	}
	var items []wireStage
	if err := json.Unmarshal([]byte(stdout), &items); err != nil {
		return nil, fmt.Errorf("what npm lists cannot be read: %w", err)
	}
	stages := []Stage{}
	for _, w := range items {
		if !isID(w.ID) || !isWord(w.PackageName) || !isWord(w.Version) {
			p.Runner.UI.Warnf("left out, because its id or name is none: %s@%s (%s)", w.PackageName, w.Version, w.ID)
			continue
		}
		s := Stage{
			ID: w.ID, Package: w.PackageName, Version: w.Version, Tag: cleantext.Name(w.Tag), StagedBy: cleantext.Name(w.Actor),
			StagedAt: w.CreatedAt, Shasum: cleantext.Name(w.Shasum),
		}
		if w.ActorType != "" && w.ActorType != "user" {
			s.StagedBy += " (" + cleantext.Name(w.ActorType) + ")"
		}
		stages = append(stages, s)
	}
	sort.SliceStable(stages, func(i, j int) bool {
		return cmp.Or(stages[i].StagedAt.Compare(stages[j].StagedAt), strings.Compare(stages[i].Package, stages[j].Package)) < 0
	})
	return stages, nil
}

// isID reports whether s is an id as npm takes it, a UUID.
func isID(s string) bool {
	const length = 36
	return len(s) == length && strings.Trim(s, "0123456789abcdefABCDEF-") == "" && s[0] != '-'
}

// isWord reports whether npm can take s for nothing but a word.
func isWord(s string) bool {
	return s != "" && s[0] != '-' && cleantext.Show(s) == s && !strings.ContainsAny(s, " \t")
}

// choose returns what the words of the user name. Ids that are not there are
// missing: they may have been approved before. A name that is not there, or a
// beginning of several ids, is an error.
func choose(stages []Stage, o Options) (chosen []Stage, missing []string, err error) {
	if o.All {
		return stages, nil, nil
	}
	for _, word := range o.Chosen {
		var named []Stage
		for _, s := range stages {
			if s.ID == word || s.Package == word || s.String() == word {
				named = append(named, s)
			}
		}
		if named == nil {
			for _, s := range stages {
				if strings.HasPrefix(s.ID, word) {
					named = append(named, s)
				}
			}
			if len(named) > 1 {
				return nil, nil, ui.WithHint(fmt.Errorf("%q begins the ids of %s", word, ui.Plural(len(named), "staged package")), "give more of it")
			}
		}
		switch {
		case named == nil && isID(word):
			missing = append(missing, word)
		case named == nil:
			return nil, nil, ui.WithHint(fmt.Errorf("%q %w", word, ErrNotStaged), "'npmotp approve --json' lists what is")
		}
		for _, s := range named {
			if !slices.Contains(chosen, s) {
				chosen = append(chosen, s)
			}
		}
	}
	return chosen, missing, nil
}

// dependencies returns for each workspace of the folder the packages that it needs
// to work. Where there is no project there are none.
func (p *Procedure) dependencies() map[string][]string {
	needs := map[string][]string{}
	for _, argv := range [][]string{{"npm", "publish", "--workspaces"}, {"pnpm", "-r", "publish"}} {
		packages, err := config.Packages(config.Query{
			Tool: argv[0], Subcommand: "publish", Argv: argv, Dir: p.Runner.Dir, Environ: p.Runner.Environ, Home: p.Runner.Home,
		})
		if err != nil {
			p.Runner.UI.Explainf("no workspaces of %s are found here: %v", argv[0], err)
		}
		for _, workspace := range packages {
			var m struct {
				Dependencies, OptionalDependencies, PeerDependencies map[string]any
			}
			text, err := os.ReadFile(filepath.Join(workspace.Path, "package.json"))
			if err != nil || json.Unmarshal(text, &m) != nil {
				continue
			}
			for _, list := range []map[string]any{m.Dependencies, m.OptionalDependencies, m.PeerDependencies} {
				for name := range list {
					needs[workspace.Name] = append(needs[workspace.Name], name)
				}
			}
			slices.Sort(needs[workspace.Name])
		}
	}
	return needs
}

// order has what others need come before them, and leaves the rest as it is.
func order(stages []Stage, needs map[string][]string) []Stage {
	var sorted []Stage
	visited := map[string]bool{} // by package: a circle ends where it began
	var visit func(name string)
	visit = func(name string) {
		if visited[name] {
			return
		}
		visited[name] = true
		for _, need := range needs[name] {
			visit(need)
		}
		for _, s := range stages {
			if s.Package == name {
				sorted = append(sorted, s)
			}
		}
	}
	for _, s := range stages {
		visit(s.Package)
	}
	return sorted
}
