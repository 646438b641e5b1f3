package config

import (
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"

	"npmotp/internal/npm/argv"
)

// A setting is a value with who says so. The value is a string, bool, nil,
// []any or something else that npm does not want there.
type setting struct {
	value  any
	source Source
}

// A layer is the settings of one place.
type layer map[string]setting

// A config is npm's settings for one command.
type config struct {
	dialect
	query  Query
	env    environment
	cwd    string // the folder of the command, without symbolic links
	home   string
	args   argv.Parsed
	cli    layer   // what the command line says
	vars   layer   // what the environment says
	layers []layer // those and the files, the one that counts most first
	own    layer   // what variables of a peer's own say

	prefix    string // the project's folder
	workspace string // the workspace that cwd is in, "" when in none
}

// The types of the settings that are kept. All others are dropped while
// reading, so that no token or password is held.
func kindOf(key string) string {
	switch key {
	case "registry", "location", "pnpmfile":
		return "other"
	case "userconfig", "globalconfig", "prefix":
		return "path"
	case "scope":
		return "string"
	case "workspace":
		return "list"
	case "global", "ignore-scripts", "ignore-prepublish", "workspaces", "include-workspace-root",
		"force", "update-notifier":
		return "bool"
	}
	if strings.Contains(key, "@") && strings.HasSuffix(strings.ToLower(key), ":registry") {
		return "other"
	}
	if isWire(key) {
		return "wire"
	}
	return ""
}

// load reads the settings in npm's order: each file can say where the next one
// is (load in @npmcli/config/lib/index.js, load_ in npm 6's
// lib/config/core.js).
func load(q Query, d dialect, in install) (*config, error) {
	grammar := argv.WithPeer(q.Tool, peerShorthands(q.Tool))
	c := &config{dialect: d, query: q, env: q.Environ, args: grammar.Parse(q.Argv[1:])}
	if into, ok := c.into(); ok && !filepath.IsAbs(into) {
		q.Dir = filepath.Join(q.Dir, into)
	} else if ok {
		q.Dir = into
	}
	var err error
	if c.cwd, err = filepath.Abs(q.Dir); err == nil {
		c.cwd, err = filepath.EvalSymlinks(c.cwd)
	}
	if err != nil {
		return nil, c.unknown(Source{}, "the folder cannot be read", err)
	}
	if err := c.variableFiles(); err != nil {
		return nil, err
	}
	c.home = q.Home
	if home, ok := c.env.get("HOME"); ok && home != "" {
		c.home = home
	}

	var project, user, global, builtin layer
	set := func() { c.layers = []layer{c.cli, c.vars, project, user, global, builtin} }
	if in.dir != "" {
		if builtin, err = c.file(filepath.Join(in.dir, "npmrc")); err != nil {
			return nil, err
		}
	}
	if c.cli, err = c.commandLine(); err != nil {
		return nil, err
	}
	if c.vars, err = c.variables(); err != nil {
		return nil, err
	}
	if err = c.handOn(in); err != nil {
		return nil, err
	}
	set()
	if err = c.findPrefix(); err != nil {
		return nil, err
	}
	defaultUser := filepath.Join(c.home, ".npmrc")
	userFile := c.path("userconfig", defaultUser)
	projectFile := filepath.Join(c.prefix, ".npmrc")
	if !c.isGlobal() && projectFile != userFile && (!c.homeIsNoProject || projectFile != defaultUser) {
		if project, err = c.file(projectFile); err != nil {
			return nil, err
		}
		if err = c.ownWire(project); err != nil {
			return nil, err
		}
	}
	set()
	if user, err = c.file(c.path("userconfig", defaultUser)); err != nil {
		return nil, err
	}
	set()
	if file := c.globalFile(in); file != "" {
		if global, err = c.file(file); err != nil {
			return nil, err
		}
	}
	set()
	if err = c.madeWire(); err != nil {
		return nil, err
	}
	return c, nil
}

// handOn adds the registry that the runner in front sets npm's variable to: npm
// since 7 has the one that it would take itself, and yarn 1 its own, whatever the
// variable and .npmrc say. What reads the same files as npm gets nothing new by it.
func (c *config) handOn(in install) error {
	const variable = "registry"
	q := c.query
	q.Through = ""
	switch c.query.Through {
	case "npm", "npx":
		if c.nearestPrefix || !slices.Contains([]string{"yarn", "bun", "lerna", "changeset"}, q.Tool) {
			return nil
		}
		q.Tool, q.Argv = "npm", []string{"npm"}
		runner, err := load(q, c.dialect, in)
		if err != nil {
			return err
		}
		if s, ok := runner.get(variable); ok {
			c.vars[variable] = s
		}
	case "yarn":
		if strings.HasPrefix(q.Tool, "yarn") || IsBerry(q) {
			return nil
		}
		q.Tool = "yarn"
		runner := config{dialect: c.dialect, query: q, env: c.env, cwd: c.cwd, home: c.home}
		p := peers()[q.Tool]
		if err := runner.foreign(p); err != nil {
			return err
		}
		files, err := runner.ownLayers(p, c.cwd)
		if err != nil {
			return err
		}
		s, ok := find(files, variable)
		if !ok {
			s = setting{p.registry, Source{Kind: Environment, Name: "npm_config_registry"}}
		}
		if !ok && (c.query.Tool == "lerna" || c.query.Tool == "changeset") {
			s.value = defaultRegistry // which they take in its place
		}
		c.vars[variable] = s
	}
	return nil
}

// globalFile returns the name of the global npmrc, "" when it is not known
// where npm is installed.
func (c *config) globalFile(in install) string {
	prefix, _ := c.env.get("PREFIX")
	if prefix == "" {
		prefix = in.prefix
		if destdir, ok := c.env.get("DESTDIR"); ok && runtime.GOOS != "windows" && prefix != "" {
			prefix = filepath.Join(destdir, prefix)
		}
	}
	if prefix = c.path("prefix", prefix); prefix != "" {
		prefix = filepath.Join(c.resolve(prefix), "etc", "npmrc")
	}
	return c.path("globalconfig", prefix)
}

// get returns the setting that counts.
func (c *config) get(key string) (setting, bool) { return find(c.layers, key) }

func find(layers []layer, key string) (setting, bool) {
	for _, l := range layers {
		if s, ok := l[key]; ok {
			return s, true
		}
	}
	return setting{}, false
}

// path returns a setting that names a file or a folder.
func (c *config) path(key, otherwise string) string {
	s, _ := c.get(key)
	if name, ok := s.value.(string); ok && name != "" {
		return name
	}
	return otherwise
}

// is reports whether a setting is on.
func (c *config) is(key string) bool {
	s, _ := c.get(key)
	return s.value == true || s.value == "1"
}

// isGlobal reports whether the command is about global packages, so that there
// is no project.
func (c *config) isGlobal() bool {
	s, _ := c.get("location")
	return c.is("global") || !c.nearestPrefix && s.value == "global"
}

func (c *config) unknown(source Source, reason string, err error) error {
	return &UnknownError{Tool: c.query.Tool, Source: source, Reason: reason, Err: err}
}

func (c *config) refused(source Source, reason string) error {
	return &UnknownError{Tool: c.query.Tool, Source: source, Reason: reason, refused: true}
}

func (c *config) commandLine() (layer, error) {
	l := layer{}
	for name, values := range c.args.Options {
		source := Source{Kind: CommandLine, Name: name}
		var value any = values[len(values)-1]
		switch kindOf(name) {
		case "":
			continue
		case "list":
			list := make([]any, len(values))
			for i, v := range values {
				list[i] = v
			}
			value = list
		case "path":
			// A path without a value, or with one of these, is none to nopt.
			if value == "true" || value == "false" || value == "" {
				continue
			}
		}
		if err := c.put(l, name, value, source); err != nil {
			return nil, err
		}
	}
	return l, nil
}

func (c *config) variables() (layer, error) {
	l := layer{}
	for key, v := range c.env.settings() {
		if kindOf(key) == "" {
			continue
		}
		old, twice := l[key]
		if err := c.put(l, key, v.value, Source{Kind: Environment, Name: v.name}); err != nil {
			return nil, err
		}
		// The order of variables does not outlive a shell in between.
		if twice && old.source.Name != v.name && !reflect.DeepEqual(old.value, l[key].value) {
			return nil, c.unknown(l[key].source, "the variable "+old.source.Name+" says something else", nil)
		}
	}
	return l, nil
}

// file reads an .npmrc. One that is not there has no settings.
func (c *config) file(name string) (layer, error) {
	name = c.resolve(name)
	source := Source{Kind: File, File: name}
	text, found, err := readFile(name, rcLimit)
	if err != nil {
		return nil, c.unknown(source, "the file cannot be read", err)
	}
	if !found {
		return nil, nil
	}
	entries, line, err := c.parseINI(text)
	if err != nil {
		source.Line = line
		return nil, c.unknown(source, "the line cannot be read", err)
	}
	l := layer{}
	for key, e := range entries {
		source.Line = e.line
		key, err := c.expand(key, c.env)
		if err != nil {
			return nil, c.refused(source, err.Error())
		}
		source.Name = key
		if kindOf(key) == "" {
			if err := c.variablesExist(e.value, source); err != nil {
				return nil, err
			}
			continue
		}
		if err := c.put(l, key, e.value, source); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// variablesExist returns an error where npm 6 stops at a setting that is of no
// interest here because it names a variable that is not set.
func (c *config) variablesExist(value any, source Source) error {
	if text, ok := value.(string); ok && c.strictVariables {
		if _, err := c.expand(text, c.env); err != nil {
			return c.refused(source, err.Error())
		}
	}
	return nil
}
