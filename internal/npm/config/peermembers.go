package config

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
)

// peerMembers returns the packages that a tool beside npm publishes. For tools
// that choose among the packages of a project, by what has changed or by
// filters, that is all of them that are not private.
func (c *config) peerMembers(p peer) ([]member, error) {
	if !c.publishes() {
		return []member{{dir: c.cwd}}, nil
	}
	if name, ok := c.elsewhere(); ok {
		return nil, c.unknown(Source{Kind: CommandLine, Name: name}, "it has another folder published, or another file read", nil)
	}
	if !p.many && !c.recursive() && !c.query.Everywhere {
		if args := c.words(); len(args) > 0 && slices.Contains([]string{"pnpm", "bun", "yarn"}, c.query.Tool) {
			at := args[0]
			if !namesFile(at) { // no name of a package to these
				at = "./" + at
			}
			m, err := c.fromArgument(at)
			return []member{m}, err
		}
		dir := c.cwd
		if c.query.Tool == "np" {
			dir = c.prefix
		}
		for d := range upwards(c.cwd) { // all but vlt look for the package upwards
			if c.query.Tool != "vlt" && c.query.Tool != "np" && isFile(filepath.Join(d, "package.json")) {
				dir = d
				break
			}
		}
		m, err := c.manifest(dir)
		if err != nil {
			return nil, err
		}
		if m == nil || m.name == "" {
			return nil, c.unknown(Source{}, "there is no package with a name in the folder", nil)
		}
		return []member{{m.name, dir, m}}, nil
	}
	return c.projectMembers()
}

// peerShorthands returns the short options that are not npm's to a tool.
func peerShorthands(tool string) map[string]string {
	switch tool {
	case "pnpm":
		return map[string]string{"C": "--dir", "F": "--filter", "w": "--workspace-root"}
	case "bun":
		return map[string]string{"F": "--filter", "c": "--config"}
	}
	return nil
}

// into returns the folder that an option has the tool go to before it reads
// anything.
func (c *config) into() (string, bool) {
	name := map[string]string{"pnpm": "dir", "yarn": "cwd", "bun": "cwd"}[c.query.Tool]
	dir, ok := c.args.Option(name)
	delete(c.args.Options, name)
	return dir, ok
}

// elsewhere returns the option that has the tool publish another folder than
// the one that it runs in, or read another file. What others call -C and -c is
// prefix and call to npm, and -w workspace, whose grammar the command line is read by.
func (c *config) elsewhere() (string, bool) {
	if c.query.Tool == "vlt" {
		for _, name := range []string{"publish-directory", "recursive", "scope", "workspace", "workspace-group"} {
			if _, ok := c.args.Option(name); ok {
				return name, true
			}
		}
	}
	for name := range c.args.Options { // "npm.publishArgs.0" too
		if strings.HasPrefix(strings.ReplaceAll(strings.ToLower(name), "-", ""), "npm.publish") && name != "npm.publish" {
			return name, true
		}
	}
	for _, name := range []string{"contents", "dir", "cwd", "prefix", "config", "configDir", "config-dir", "extends", "call", "env-file", "npmrc-auth-file", "use-yarnrc", "workspace-packages", "workspace", "workspaces", "workspace-root"} {
		if _, ok := c.args.Option(name); ok {
			return name, true
		}
	}
	return "", false
}

// recursive reports whether pnpm publishes packages of the workspace.
func (c *config) recursive() bool {
	for _, name := range []string{"recursive", "r", "filter", "filter-prod"} {
		if _, ok := c.args.Option(name); ok {
			return true
		}
	}
	return len(c.query.Argv) > 0 && slices.Contains([]string{"recursive", "multi", "m"}, c.query.Argv[0])
}

// projectMembers returns the packages of the project that are not private, the
// root among them.
func (c *config) projectMembers() ([]member, error) {
	top := c.top()
	root, err := c.manifest(top)
	if err != nil {
		return nil, err
	}
	if root == nil {
		root = &manifest{file: filepath.Join(top, "package.json"), private: true}
	}
	pattern := *root
	more, err := c.morePatterns(top)
	if err != nil {
		return nil, err
	}
	pattern.workspaces = slices.Concat(root.workspaces, more)
	list, err := c.workspaces(top, &pattern)
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(list, func(m member) bool { return m.manifest.hasWorkspaces }); i >= 0 && c.query.Everywhere {
		return nil, c.unknown(Source{Kind: File, File: list[i].manifest.file}, "a workspace has workspaces of its own", nil)
	}
	list = append([]member{{root.name, top, root}}, list...)
	list = slices.DeleteFunc(list, func(m member) bool { return m.manifest.private || m.name == "" })
	list = filtered(list, c.args.Options["filter"], c.cwd)
	if len(list) == 0 {
		return nil, c.unknown(Source{}, "the project has no packages that are not private, or the filter leaves none", nil)
	}
	return list, nil
}

// filtered returns the packages that filters by name or folder leave. Where one of
// the filters is of another kind (pnpm's by what has changed, with dependencies) it
// is all of them.
func filtered(list []member, filters []string, cwd string) []member {
	var with, without []string
	for _, f := range filters {
		name, not := strings.CutPrefix(f, "!")
		if inner, ok := strings.CutPrefix(name, "{"); ok && strings.HasSuffix(inner, "}") {
			name = "./" + strings.TrimSuffix(inner, "}")
		}
		switch {
		case name == "" || strings.ContainsAny(name, "{}[]^") || strings.Contains(name, "..."):
			return list
		case not:
			without = append(without, name)
		default:
			with = append(with, name)
		}
	}
	taken := func(names []string, m member, in bool) bool {
		_, bare, scoped := strings.Cut(m.name, "/")
		return slices.ContainsFunc(names, func(name string) bool {
			if strings.HasPrefix(name, ".") { // what is below the folder counts to some versions
				folder := split(filepath.ToSlash(filepath.Join(cwd, name)))
				at := split(filepath.ToSlash(m.dir))
				return match(folder, at) || in && match(append(folder, "**"), at)
			}
			return match(split(name), split(m.name)) ||
				scoped && in && !strings.HasPrefix(name, "@") && matchSegment(name, bare)
		})
	}
	return slices.DeleteFunc(list, func(m member) bool {
		// A name without a scope may take one that has a scope in, but not out.
		return with != nil && !taken(with, m, true) || taken(without, m, false)
	})
}

// morePatterns returns the patterns of packages in lerna.json and
// pnpm-workspace.yaml.
func (c *config) morePatterns(top string) ([]string, error) {
	name := filepath.Join(top, "lerna.json")
	text, _, err := readFile(name, rcLimit)
	var packages []string
	if err == nil && text != "" {
		var file map[string]json.RawMessage // and no struct, to which "Packages" is the same
		err = json.Unmarshal([]byte(text), &file)
		if list := file["packages"]; err == nil && list != nil {
			err = json.Unmarshal(list, &packages)
		}
	}
	if err != nil {
		return nil, c.unknown(Source{Kind: File, File: name}, "the file cannot be read", err)
	}
	name = filepath.Join(top, "pnpm-workspace.yaml")
	text, _, err = readFile(name, rcLimit)
	if err != nil {
		return nil, c.unknown(Source{Kind: File, File: name}, "the file cannot be read", err)
	}
	list, line := yamlList(text, "packages")
	if line > 0 {
		return nil, c.unknown(Source{Kind: File, File: name, Line: line}, "the line is not understood", nil)
	}
	return append(packages, list...), nil
}

// yamlList returns the items of a list of strings in YAML, one to a line. The
// line is that of an item that is not understood, or 0.
func yamlList(text, key string) (list []string, line int) {
	inside := false
	for n, l := range numberedLines(text) {
		bare := trim(l)
		item, isItem := strings.CutPrefix(bare, "-")
		switch {
		case bare == "" || strings.HasPrefix(bare, "#"):
		case strings.HasPrefix(l, key+":"):
			if inside = bare == key+":"; !inside {
				return nil, n
			}
		case !isItem && !strings.HasPrefix(l, " "):
			inside = false
		case inside:
			item = trim(item)
			if i := strings.Index(item, " #"); i >= 0 {
				item = trim(item[:i])
			}
			if quoted(item) && len(item) > 1 {
				item = item[1 : len(item)-1]
			}
			if !isItem || item == "" || strings.ContainsAny(item, "\"'\\#:&|>`") {
				return nil, n
			}
			list = append(list, item)
		}
	}
	return list, 0
}
