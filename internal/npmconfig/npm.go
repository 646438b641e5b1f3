package npmconfig

import (
	"path/filepath"
	"slices"
	"strings"
)

// targets returns the targets of a command of npm. The commands are those of
// lib/commands in npm 8 to 12 and of lib in npm 6.
func (c *config) targets() ([]Target, error) {
	list, err := c.commandTargets()
	if err != nil || c.nearestPrefix {
		return list, err
	}
	// From npm 7 on, any command may ask whether there is a newer npm
	// (update-notifier.js), and it does so with the command's own settings.
	if s, ok := c.get("update-notifier"); !ok || s.value != false {
		t, err := c.plain().registry()
		if err != nil {
			return nil, err
		}
		t.Package, t.Reads = "npm", true
		list = append(list, t)
	}
	return list, nil
}

func (c *config) commandTargets() ([]Target, error) {
	args := c.words()
	verb := ""
	if len(args) > 0 {
		verb = args[0]
	}
	switch c.query.Subcommand {
	case "publish":
		return c.publishTargets()
	case "stage":
		if verb == "publish" {
			return c.publishTargets()
		}
		return c.plainTargets("")
	case "unpublish":
		return c.unpublishTargets(args)
	case "owner":
		return c.ownerTargets(verb, args)
	case "dist-tag", "deprecate", "undeprecate":
		if c.query.Subcommand == "dist-tag" && len(args) > 0 {
			args = args[1:]
		}
		return c.named(args, false)
	case "star", "unstar":
		return c.named(args, c.starReads)
	case "access":
		return c.accessTargets(verb, args)
	case "login", "adduser":
		return c.loginTargets()
	case "team", "org", "profile", "token", "hook":
		return c.plainTargets("")
	case "trust":
		return c.plainTargets(slices.Concat(args, []string{"", ""})[1])
	}
	return c.anyTargets(args)
}

// words returns the words after the sub-command.
func (c *config) words() []string {
	var list []string
	for _, w := range c.args.Words {
		list = append(list, w.Text)
	}
	return list[min(1, len(list)):]
}

// plainTargets returns the target of a request that has no package to choose a
// registry by.
func (c *config) plainTargets(about string) ([]Target, error) {
	t, err := c.plain().registry()
	t.Package = about
	return []Target{t}, err
}

// named returns the targets of a command that changes the packages that are
// named, or the project where none is. It reads from the registry for what has
// no scope too, if reads says so.
func (c *config) named(args []string, reads bool) ([]Target, error) {
	name, err := c.packageNamed(args)
	if err != nil {
		return nil, err
	}
	return c.changed([]string{name}, "", reads)
}

// changed returns the targets of requests about packages without any
// publishConfig.
func (c *config) changed(names []string, otherwise string, reads bool) ([]Target, error) {
	var list []Target
	for _, name := range names {
		t, err := c.plain().forScope(scopeOf(name), otherwise)
		if err != nil {
			return nil, err
		}
		t.Package = name
		list = append(list, t)
	}
	if !reads {
		return list, nil
	}
	t, err := c.plain().registry()
	t.Reads = true
	return append(list, t), err
}

// packageNamed returns the name of the package that the first argument names,
// or else that of the project.
func (c *config) packageNamed(args []string) (string, error) {
	if len(args) == 0 || args[0] == "" {
		m, err := c.manifest(c.prefix)
		if err != nil {
			return "", err
		}
		if m == nil || m.name == "" {
			return "", c.refused(Source{}, "no package is named, and the project has no name")
		}
		return m.name, nil
	}
	name, version := args[0], ""
	if i := strings.LastIndexByte(name, '@'); i > 0 {
		name, version = name[:i], name[i+1:]
	}
	bare := strings.TrimPrefix(name, scopeOf(name)+"/")
	if bare == "" || strings.ContainsAny(bare, `/\:@`) || strings.ContainsAny(version, `/\:`) || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "~") {
		return "", c.unknown(Source{}, "an argument is no name of a package", nil)
	}
	return name, nil
}

func (c *config) publishTargets() ([]Target, error) {
	packages, err := c.published()
	if err != nil {
		return nil, err
	}
	var list []Target
	for _, p := range packages {
		t, err := c.with(p.manifest).forScope(scopeOf(p.name), "")
		if err != nil {
			return nil, err
		}
		t.Package = p.name
		list = append(list, t)
		if !c.readsVersions || c.is("force") {
			continue
		}
		// The versions that there are come from where the package would go
		// without its publishConfig, except that the address for what has no
		// scope is the one just found.
		found := layer{"registry": {t.Registry, t.Source}}
		r, err := view{c, append([]layer{found}, c.layers...)}.forScope(scopeOf(p.name), "")
		if err != nil {
			return nil, err
		}
		r.Package, r.Reads = p.name, true
		list = append(list, r)
	}
	return list, nil
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
	if m != nil && m.name == name && !(c.manifestUnnamed && len(args) > 0) {
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

func (c *config) ownerTargets(verb string, args []string) ([]Target, error) {
	args = args[min(1, len(args)):]
	if verb != "ls" && verb != "list" {
		args = args[min(1, len(args)):] // the user
	}
	if len(args) == 0 {
		members, ok, err := c.chosen()
		if err != nil {
			return nil, err
		}
		if ok {
			var names []string
			for _, m := range members {
				names = append(names, m.name)
			}
			return c.changed(names, "", c.ownerReads)
		}
	}
	return c.named(args, c.ownerReads)
}

// accessTargets knows the words of npm 6 and 8, such as "access public", and
// those of newer ones, such as "access set status=public".
func (c *config) accessTargets(verb string, args []string) ([]Target, error) {
	rest := args[min(2, len(args)):]
	reads := false
	switch verb {
	case "grant":
		return c.granted(slices.Concat(args, []string{"", ""})[2], args[min(3, len(args)):])
	case "revoke":
		return c.granted(slices.Concat(args, []string{"", ""})[1], rest)
	case "public", "restricted", "2fa-required", "2fa-not-required":
		rest = args[1:]
	case "set":
		reads = c.accessReads && len(args) > 1 && strings.HasPrefix(args[1], "status=")
	default:
		return c.plainTargets("")
	}
	return c.named(rest, reads)
}

// granted returns the target of a package that a team gets access to. The scope
// of the team stands in for that of the package (libnpmaccess).
func (c *config) granted(team string, args []string) ([]Target, error) {
	name, err := c.packageNamed(args)
	if err != nil {
		return nil, err
	}
	scope, _, _ := strings.Cut(strings.TrimPrefix(team, "@"), ":")
	return c.changed([]string{name}, scope, false)
}

// loginTargets is about the scope's registry, unless the command line names
// another (getRegistry of lib/commands/adduser.js).
func (c *config) loginTargets() ([]Target, error) {
	s, _ := c.get("scope")
	scope, _ := s.value.(string)
	if _, given := c.layers[0]["registry"]; scope != "" && !given {
		t, err := c.plain().forScope(scope, "")
		return []Target{t}, err
	}
	return c.plainTargets("")
}

// anyTargets returns every registry that a command may talk to that is not
// known: the one for what has no scope, and those of the scopes of the words
// and of the project.
func (c *config) anyTargets(args []string) ([]Target, error) {
	names := append(slices.Clone(args), "")
	m, err := c.manifest(c.prefix)
	if err != nil {
		return nil, err
	}
	if m != nil {
		names = append(names, m.name)
	}
	var list []Target
	for _, name := range names {
		t, err := c.plain().forScope(scopeOf(name), "")
		if err != nil {
			return nil, err
		}
		if scopeOf(name) != "" {
			t.Package = name
		}
		list = append(list, t)
	}
	return list, nil
}

// published returns the packages that npm publish publishes.
func (c *config) published() ([]member, error) {
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
			return slices.DeleteFunc(members, func(m member) bool { return m.manifest.private }), nil
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
	return strings.HasPrefix(arg, ".") || strings.HasPrefix(arg, "~/") || filepath.IsAbs(arg)
}

// namesTarball reports whether npm takes an argument for a file by its name
// (isFileType in npm-package-arg). With a slash in it, it could be a repository
// of a hoster too.
func namesTarball(arg string) bool {
	lower := strings.ToLower(arg)
	return !strings.ContainsAny(arg, `@:/\`) &&
		(strings.HasSuffix(lower, ".tgz") || strings.HasSuffix(lower, ".tar.gz") || strings.HasSuffix(lower, ".tar"))
}
