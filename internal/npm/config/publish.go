package config

import (
	"path/filepath"
	"slices"
	"strings"
)

func (c *config) publishTargets() ([]Target, error) {
	packages, err := c.published()
	if err != nil {
		return nil, err
	}
	var list []Target
	for _, p := range packages {
		if p.manifest.private && len(packages) > 1 {
			continue // npm skips it
		}
		if err := c.ownWire(p.manifest.publishConfig); err != nil {
			return nil, err
		}
		targets, err := c.publishTarget(p.name, c.with(p.manifest))
		if err != nil {
			return nil, err
		}
		list = append(list, targets...)
	}
	if len(list) == 0 {
		return c.plainTargets("") // all are private, and nothing is sent
	}
	return list, nil
}

// publishTarget returns the targets of the publication of one package with the
// settings v, which have its publishConfig.
func (c *config) publishTarget(name string, v view) ([]Target, error) {
	t, err := v.forScope(scopeOf(name), "")
	if err != nil {
		return nil, err
	}
	t.Package = name
	if !c.readsVersions || c.is("force") {
		return []Target{t}, nil
	}
	// The versions that there are come from where the package would go without
	// its publishConfig, except that the address for what has no scope is the
	// one just found.
	found := layer{"registry": {t.Registry, t.Source}}
	r, err := view{c, append([]layer{found}, c.layers...)}.forScope(scopeOf(name), "")
	r.Package, r.Reads = name, true
	return []Target{t, r}, err
}

func (c *config) unpublishTargets(args []string) ([]Target, error) {
	if members, ok, err := c.chosen(); err != nil {
		return nil, err
	} else if ok {
		var list []Target
		for _, m := range members {
			named, own := args, m.manifest
			if c.rootUnpublish {
				named = []string{m.name}
				if own, err = c.manifest(c.prefix); err != nil {
					return nil, err
				}
			}
			t, err := c.unpublished(named, own)
			if err != nil {
				return nil, err
			}
			list = append(list, t...)
		}
		return list, nil
	}
	m, err := c.manifest(c.prefix)
	if err != nil {
		return nil, err
	}
	return c.unpublished(args, m)
}

// unpublished returns the targets of the removal of the package that args name,
// or else of the one with the manifest.
func (c *config) unpublished(args []string, m *manifest) ([]Target, error) {
	name := ""
	if len(args) > 0 {
		var err error
		if name, err = c.packageNamed(args); err != nil {
			return nil, err
		}
	} else if m != nil {
		name = m.name
	}
	if name == "" {
		return nil, c.refused(Source{}, "no package is named, and the project has no name")
	}
	v := c.plain()
	if m != nil && m.name == name && (!c.manifestUnnamed || len(args) == 0) {
		v = c.with(m)
	}
	t, err := v.forScope(scopeOf(name), "")
	if err != nil {
		return nil, err
	}
	t.Package = name
	if !c.unpublishReads || len(args) == 0 {
		return []Target{t}, nil
	}
	r, err := v.registry()
	r.Package, r.Reads = name, true
	return []Target{t, r}, err
}

// published returns the packages that npm publish packs. Those of several that
// are private are not published then.
func (c *config) published() ([]member, error) {
	if p, ok := peers()[c.query.Tool]; ok {
		return c.peerMembers(p)
	}
	args := c.words()
	if c.query.Subcommand == "stage" {
		args = args[min(1, len(args)):]
	}
	if len(args) == 0 || slices.Contains(args, ".") || c.workspaceOnly {
		members, ok, err := c.chosen()
		if err != nil {
			return nil, err
		}
		if ok {
			return members, nil
		}
	}
	switch len(args) {
	case 0:
		args = []string{"."}
	case 1:
	default:
		return nil, c.refused(Source{}, "more than one package is named")
	}
	m, err := c.fromArgument(args[0])
	return []member{m}, err
}

// fromArgument returns the package that an argument of npm publish is: a folder
// or a tarball.
func (c *config) fromArgument(arg string) (member, error) {
	if rest, ok := strings.CutPrefix(arg, "file:"); ok && !c.nearestPrefix && !strings.HasPrefix(rest, "~") && !strings.ContainsAny(rest, "/%?#") {
		arg = "./" + rest
	}
	file := c.resolve(arg)
	source := Source{Kind: File, File: file}
	var m *manifest
	var err error
	switch {
	case isDir(file) && (c.nearestPrefix || namesFile(arg)):
		source.File = filepath.Join(file, "package.json")
		m, err = c.manifest(file)
	case isFile(file) && (namesFile(arg) || namesTarball(arg)):
		if m, err = readTarball(file); err != nil {
			err = c.unknown(source, "the tarball cannot be read", err)
		} else {
			m.scripts = nil // npm runs none of a tarball
		}
	case namesFile(arg):
		return member{}, c.refused(source, "there is no such file")
	default:
		return member{}, c.unknown(Source{}, "the package that is named does not lie on this machine", nil)
	}
	if err != nil {
		return member{}, err
	}
	if m == nil && isFile(filepath.Join(file, "index.js")) {
		// Up to npm 8, read-package-json takes a comment in it for one.
		return member{}, c.unknown(source, "there is no such file, but an index.js beside it", nil)
	}
	if m == nil || m.name == "" {
		return member{}, c.refused(source, "there is no package with a name")
	}
	return member{m.name, file, m}, nil
}

// namesFile reports whether npm takes an argument for a path and not for a
// package's name (isFileSpec in npm-package-arg).
func namesFile(arg string) bool {
	return strings.HasPrefix(arg, ".") || strings.HasPrefix(arg, "~/") || filepath.IsAbs(arg) ||
		strings.HasSuffix(arg, "/") && !strings.ContainsAny(arg, "@:%~") // as no repository of a hoster is
}

// namesTarball reports whether npm takes an argument for a file by its name
// (isFileType in npm-package-arg). With a slash in it, it could be a repository
// of a hoster too.
func namesTarball(arg string) bool {
	lower := strings.ToLower(arg)
	return !strings.ContainsAny(arg, `@:/\`) &&
		(strings.HasSuffix(lower, ".tgz") || strings.HasSuffix(lower, ".tar.gz") || strings.HasSuffix(lower, ".tar"))
}
