package config

import (
	"path/filepath"
	"slices"
	"strings"
)

// A member is a package of a project: a workspace, or the root.
type member struct {
	name     string
	dir      string
	manifest *manifest
}

// workspaces returns the workspaces of the project in dir in npm's order, as
// @npmcli/map-workspaces finds them.
func (c *config) workspaces(dir string, m *manifest) ([]member, error) {
	source := Source{Kind: File, Name: "workspaces", File: m.file}
	positive, negative := patternsOf(m.workspaces)
	if len(positive) == 0 {
		return nil, nil
	}
	g := &globber{root: dir}
	for _, p := range negative {
		alternatives, err := braces(p)
		if err != nil {
			return nil, c.unknown(source, "the workspaces cannot be found", err)
		}
		for _, a := range alternatives {
			g.ignored = append(g.ignored, split(a))
		}
	}
	var list []member
	for _, p := range positive {
		if err := g.find(p); err != nil {
			return nil, c.unknown(source, "the workspaces cannot be found", err)
		}
	}
	for _, folder := range g.found {
		m, err := c.manifest(folder)
		if err != nil {
			return nil, err
		}
		if m == nil {
			continue
		}
		w := member{name: m.name, dir: folder, manifest: m}
		if w.name == "" {
			w.name = nameFromFolder(folder)
		}
		if slices.ContainsFunc(list, func(other member) bool { return other.name == w.name }) {
			return nil, c.unknown(source, "two workspaces have the same name", nil)
		}
		list = append(list, w)
	}
	return list, nil
}

// patternsOf sorts patterns into those that add and those that take away. One
// that takes away ends the effect of what stands before it, and is ended by
// what stands after it (appendNegatedPatterns in map-workspaces).
func patternsOf(list []string) (positive, negative []string) {
	for _, p := range list {
		bare := strings.TrimLeft(p, "!")
		negated := (len(p)-len(bare))%2 == 1
		if rest := strings.TrimPrefix(bare, "."); strings.HasPrefix(rest, "/") {
			bare = strings.TrimLeft(rest, "/")
		}
		if negated {
			negative = append(negative, bare)
			continue
		}
		negative = slices.DeleteFunc(negative, func(n string) bool { return match(split(n), split(bare)) })
		positive = append(positive, bare)
	}
	for _, n := range negative {
		positive = slices.DeleteFunc(positive, func(p string) bool { return match(split(n), split(p)) })
	}
	return positive, negative
}

// nameFromFolder is @npmcli/name-from-folder.
func nameFromFolder(dir string) string {
	name := filepath.Base(dir)
	if scope := filepath.Base(filepath.Dir(dir)); strings.HasPrefix(scope, "@") {
		return scope + "/" + name
	}
	return name
}

// chosen returns the workspaces that the command is about, and false where it
// is about the folder or the project instead (execCommandClass in lib/npm.js,
// lib/utils/get-workspaces.js).
func (c *config) chosen() ([]member, bool, error) {
	filters, explicit := c.filters()
	all := c.cli["workspaces"]
	if s, ok := c.get("workspaces"); ok {
		all = s
	}
	if c.nearestPrefix || all.value != true && len(filters) == 0 {
		return nil, false, nil
	}
	if all.value == false && explicit {
		return nil, false, c.refused(all.source, "it says both workspaces and no workspaces")
	}
	if c.isGlobal() {
		return nil, false, c.refused(Source{}, "global packages have no workspaces")
	}
	root, err := c.manifest(c.prefix)
	if err != nil {
		return nil, false, err
	}
	if root == nil {
		return nil, false, c.refused(Source{Kind: File, File: filepath.Join(c.prefix, "package.json")}, "there is no such file")
	}
	list, err := c.workspaces(c.prefix, root)
	if err != nil {
		return nil, false, err
	}
	var selected []member
	if c.is("include-workspace-root") {
		selected = append(selected, member{root.name, c.prefix, root})
	}
	if len(filters) == 0 {
		selected = append(selected, list...)
	}
	for _, f := range filters {
		for _, w := range list {
			if c.selects(f, w) && !slices.ContainsFunc(selected, func(s member) bool { return s.name == w.name }) {
				selected = append(selected, w)
			}
		}
	}
	if len(selected) == 0 {
		return nil, false, c.unknown(Source{}, "no workspace is called as the command says", nil)
	}
	return selected, true, nil
}

// filters returns what the option workspace says, which by itself is the
// workspace that the command is in.
func (c *config) filters() (list []string, explicit bool) {
	s, ok := c.get("workspace")
	values, _ := s.value.([]any)
	for _, v := range values {
		if text, ok := v.(string); ok {
			list = append(list, text)
		}
	}
	if !ok && c.workspace != "" {
		list = append(list, c.workspace)
	}
	return list, ok
}

// selects reports whether a filter names a workspace: by its name, by its
// folder, or by the folder that it lies in.
func (c *config) selects(filter string, w member) bool {
	from := c.cwd
	if up, err := filepath.Rel(c.prefix, c.cwd); err != nil || strings.HasPrefix(up, "..") {
		from = c.prefix
	}
	absolute := filter
	if !filepath.IsAbs(absolute) {
		absolute = filepath.Join(from, filter)
	}
	if filter == w.name || absolute == w.dir {
		return true
	}
	relative, err := filepath.Rel(from, w.dir)
	if err != nil {
		return false
	}
	patterns := []string{filter}
	if !filepath.IsAbs(filter) {
		filter = filepath.Join(c.cwd, filter)
	}
	if r, err := filepath.Rel(c.prefix, filter); err == nil {
		patterns = append(patterns, r)
	}
	return slices.ContainsFunc(patterns, func(p string) bool {
		return match(append(split(filepath.ToSlash(p)), "*"), split(filepath.ToSlash(relative)))
	})
}

// manifest reads the package.json of a folder, nil when there is none.
func (c *config) manifest(dir string) (*manifest, error) {
	m, err := readManifest(dir)
	if err == nil {
		return m, nil
	}
	source := Source{Kind: File, File: filepath.Join(dir, "package.json")}
	return nil, c.unknown(source, "the file cannot be read", err)
}
