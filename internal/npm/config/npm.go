package config

import (
	"slices"
	"strings"
)

// targets returns the targets of a command of npm. The commands are those of
// lib/commands in npm 8 to 12 and of lib in npm 6.
func (c *config) targets() ([]Target, error) {
	if c.query.Tool != "npm" && c.query.Tool != "npx" {
		p, known := peers()[c.query.Tool]
		if !known {
			return nil, c.unknown(Source{}, "the tool is not known", nil)
		}
		return c.peerTargets(p)
	}
	list, err := c.commandTargets()
	if err != nil {
		return nil, err
	}
	notifier, err := c.notifierTargets()
	return append(list, notifier...), err
}

// notifierTargets returns where npm asks whether there is a newer npm. From
// npm 7 on any command may do so, with its own settings (update-notifier.js).
func (c *config) notifierTargets() ([]Target, error) {
	s, ok := find(slices.Concat([]layer{c.cli, c.vars}, c.layers), "update-notifier")
	if c.nearestPrefix || ok && s.value == false {
		return nil, nil
	}
	t, err := c.plain().registry()
	t.Package, t.Reads = "npm", true
	return []Target{t}, err
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
	case "team", "org", "profile", "token", "hook", "ping", "search", "whoami":
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
		return "", c.unknown(Source{}, "an argument is not the name of a package", nil)
	}
	return name, nil
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
	if _, given := c.cli["registry"]; scope != "" && !given {
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
