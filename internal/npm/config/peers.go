package config

import (
	"cmp"
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

// A peer is a tool beside npm that publishes packages. What is known of one is
// where it may look; where it is not known which of two places counts more, the
// registries of both are returned. The order of the places themselves is the
// same for all: command line, environment, project, user, global.
type peer struct {
	registry string // what it takes without any setting
	own      string // base names of its own files, which are looked for upwards and in the home folder
	reader   func(text string) (layer, int)
	many     bool   // it publishes the packages of the project, and not only the one in the folder
	prefix   string // prefix of its own variables, in lower case

	alone         bool // it does not run npm
	asksFirst     bool // it asks the registry for what has no scope who the user is
	noEnvironment bool // npm's variables may not count
	noRC          bool // it reads .yarnrc.yml in place of .npmrc
	noScopes      bool // a scope's registry in publishConfig may not count
	ownFirst      bool // its own files count more than variables and .npmrc
	rcFirst       bool // .npmrc counts more than its own files
	noIgnore      bool // ignore-scripts does not keep it from running them
	final         bool // publishConfig.registry counts more than the registry of the scope
}

// peers returns the tools by the names that queries have for them. They were
// read in the sources of pnpm 10, yarn 1, lerna 8, changesets 2, np 10,
// release-it 19 and vlt 1, and in the manuals of yarn 4 and bun 1.
func peers() map[string]peer {
	const yarns = "https://registry.yarnpkg.com/"
	return map[string]peer{
		"pnpm": {registry: defaultRegistry, own: "pnpm-workspace.yaml .pnpmfile.cjs .pnpmfile.mjs .config/pnpm/rc .config/pnpm/auth.ini .config/pnpm/config.yaml " +
			"Library/Preferences/pnpm/rc Library/Preferences/pnpm/auth.ini AppData/Local/pnpm/config/rc AppData/Local/pnpm/config/auth.ini", reader: readPnpm, prefix: "pnpm_config_", noEnvironment: true},
		"yarn":       {alone: true, registry: yarns, own: ".yarnrc", reader: readYarnrc, rcFirst: true, prefix: "yarn_", final: true, noIgnore: true},
		"yarn npm":   {alone: true, registry: yarns, own: ".yarnrc.yml", reader: readYarnrcYML, prefix: "yarn_", noEnvironment: true, noRC: true, final: true, noIgnore: true},
		"bun":        {alone: true, registry: defaultRegistry, own: "bunfig.toml .bunfig.toml .config/.bunfig.toml", reader: readBunfig, prefix: "bun_config_", noScopes: true, noIgnore: true},
		"vlt":        {alone: true, registry: defaultRegistry, own: "vlt.json .config/vlt/vlt.json Library/Preferences/vlt/vlt.json", prefix: "vlt_", noScopes: true, noIgnore: true},
		"lerna":      {alone: true, asksFirst: true, registry: defaultRegistry, own: "lerna.json package.json", reader: readLerna, ownFirst: true, prefix: "lerna_", many: true, noIgnore: true},
		"changeset":  {registry: defaultRegistry, own: ".pnpmfile.cjs .pnpmfile.mjs", many: true, noIgnore: true}, // it may run pnpm
		"np":         {registry: defaultRegistry, own: "package.json .np-config.json .np-config.js .np-config.cjs .np-config.mjs", noIgnore: true},
		"release-it": {registry: defaultRegistry, own: "package.json" + releaseItFiles(), noIgnore: true},
	}
}

// releaseItFiles returns the files that release-it reads (SUPPORTED_EXTENSIONS and
// resolveConfig of c12).
func releaseItFiles() string {
	var b strings.Builder
	for _, name := range []string{" .release-it", " .release-it/index", " .config/.release-it"} {
		for _, extension := range []string{"", ".js", ".ts", ".mjs", ".cjs", ".mts", ".cts", ".json", ".jsonc", ".json5", ".yaml", ".yml", ".toml"} {
			b.WriteString(name + extension)
		}
	}
	return b.String()
}

// peerTargets returns the targets of a tool beside npm.
func (c *config) peerTargets(p peer) ([]Target, error) {
	if err := c.foreign(p); err != nil {
		return nil, err
	}
	members, err := c.peerMembers(p)
	if err == nil {
		members, err = c.inDirectories(members)
	}
	if err != nil {
		return nil, err
	}
	var list []Target
	for _, m := range members {
		if m.manifest == nil {
			m.manifest = &manifest{}
		}
		if err := c.ownWire(m.manifest.publishConfig); err != nil {
			return nil, err
		}
		variants, err := c.variants(p, m)
		if err != nil {
			return nil, err
		}
		for _, v := range variants {
			targets, err := v.targets(p, m.name)
			if err != nil {
				return nil, err
			}
			list = append(list, targets...)
		}
	}
	for i := range list {
		if list[i].Source.Kind == Default {
			list[i].Registry = p.registry
		}
	}
	return list, nil
}

// inDirectories adds the packages in the folders that publishConfig.directory names: some
// tools publish these in place of those around them, by settings of either.
func (c *config) inDirectories(members []member) ([]member, error) {
	for _, m := range members {
		if m.manifest == nil || !slices.Contains([]string{"pnpm", "lerna", "changeset"}, c.query.Tool) {
			continue
		}
		at, ok := m.manifest.publishConfig["directory"]
		if !ok {
			continue
		}
		folder, _ := at.value.(string)
		dir := filepath.Join(m.dir, folder)
		inner, err := c.manifest(dir)
		if err != nil || inner == nil || folder == "" {
			return nil, c.unknown(at.source, "the package is published out of another folder (publishConfig.directory), and there is no package.json yet", err)
		}
		members = append(members, member{cmp.Or(inner.name, m.name), dir, inner})
	}
	return members, nil
}

// A variant is settings that a peer may use for a package.
type variant struct {
	config         // without the package's publishConfig
	with   []layer // with it
}

func (v variant) targets(p peer, name string) ([]Target, error) {
	c := &v.config
	list, err := c.publishTarget(name, view{c, v.with})
	if !c.publishes() {
		list, err = c.commandTargets()
	}
	if p.final || c.isNative() { // only npm looks for the versions that there are
		list = slices.DeleteFunc(list, func(t Target) bool { return t.Reads })
	}
	if err == nil && p.asksFirst {
		var t Target
		t, err = c.plain().registry()
		t.Reads = true
		list = append(list, t)
	}
	if err != nil || p.alone {
		return list, err
	}
	notifier, err := c.notifierTargets()
	return append(list, notifier...), err
}

// publishes reports whether the command publishes packages, and not something
// that is named by its arguments.
func (c *config) publishes() bool {
	switch c.query.Tool {
	case "np", "release-it", "lerna", "changeset":
		return true
	}
	return c.query.Subcommand == "publish"
}

// variants returns the settings that a peer may use for a package.
func (c *config) variants(p peer, m member) ([]variant, error) {
	from := m.dir
	if c.query.Tool == "lerna" { // which reads nothing in the folders of packages
		from = c.cwd
	}
	projects, err := c.projectLayers(from)
	if err != nil {
		return nil, err
	}
	own, err := c.ownLayers(p, from)
	if err != nil {
		return nil, err
	}
	variables := []layer{c.vars}
	if c.query.Tool == "changeset" {
		variables = []layer{c.changesetVariables(m)}
	}
	switch native, known := c.isNative(), c.query.Tool == "pnpm" && Major(c.query) > 0; {
	case native:
		variables = []layer{nil}
	case p.noEnvironment && !known || c.own != nil:
		variables = append(variables, nil)
	}
	var list []variant
	if c.query.Tool == "changeset" && c.ofPnpm() {
		other := *c
		other.query.Tool, other.query.Argv = "pnpm", []string{"pnpm", "publish"}
		if list, err = other.variants(peers()["pnpm"], m); err != nil {
			return nil, err
		}
	}
	for _, project := range projects {
		for _, vars := range variables {
			rc := slices.Concat([]layer{project}, c.layers[3:])
			if p.noRC {
				rc = nil
			}
			orders := [][]layer{slices.Concat(rc, own), slices.Concat(own, rc)}
			switch {
			case p.noRC:
				orders = publishFirst(own)
			case p.rcFirst && c.own == nil:
				orders = orders[:1]
			case c.query.Tool == "pnpm" && Major(c.query) == 0:
				orders = append(orders, rc) // see nativePnpm
			}
			for _, files := range orders {
				v := variant{config: *c}
				v.layers = slices.Concat([]layer{c.cli, vars}, files)
				if p.ownFirst {
					v.layers = slices.Concat([]layer{c.cli}, own, []layer{vars}, rc)
				}
				for _, own := range c.publishConfigs(p, m) {
					v.with = slices.Concat([]layer{own}, v.layers)
					list = append(list, v)
					v.with = slices.Concat(v.layers[:1], []layer{own}, v.layers[1:])
					if _, given := c.cli["registry"]; given {
						v.with = slices.Concat([]layer{final(c.cli, m.name)}, v.with)
					}
					list = append(list, v)
				}
			}
		}
	}
	return list, nil
}

// ofPnpm reports whether changesets publish by a pnpm that reads settings of its own.
func (c *config) ofPnpm() bool {
	q := c.query
	q.Tool, q.Argv = "pnpm", []string{"pnpm"}
	return (c.isAbove("pnpm-lock.yaml") || c.isAbove("pnpm-workspace.yaml")) && programOf(q, q.Tool) != "" && (Major(q) == 0 || Major(q) >= nativePnpm)
}

// nativePnpm is the first pnpm that publishes by itself. Older ones run npm, which
// reads no file of pnpm's.
const nativePnpm = 11

// isNative reports whether the tool is such a pnpm.
func (c *config) isNative() bool {
	return c.query.Tool == "pnpm" && Major(c.query) >= nativePnpm
}

// publishConfigs returns what of a package's publishConfig may count.
func (c *config) publishConfigs(p peer, m member) []layer {
	if m.manifest == nil {
		return []layer{nil}
	}
	all := layer(m.manifest.publishConfig)
	bare := maps.Clone(all)
	maps.DeleteFunc(bare, func(key string, _ setting) bool { return strings.HasPrefix(key, "@") })
	switch {
	case p.final:
		return []layer{final(bare, m.name)}
	case c.isNative():
		return []layer{final(all, m.name)}
	case p.noScopes:
		return []layer{all, bare}
	case c.query.Tool == "pnpm" && Major(c.query) == 0:
		return []layer{all, final(all, m.name)}
	}
	return []layer{all}
}

// final returns settings whose registry is that of the package's scope too, unless
// they have another one for it.
func final(own layer, name string) layer {
	s, ok := own["registry"]
	key := scopeOf(name) + ":registry"
	if _, scoped := own[key]; !ok || scoped || scopeOf(name) == "" {
		return own
	}
	own = maps.Clone(own)
	own[key] = s
	return own
}

// projectLayers returns the .npmrc files that may be the project's: each one
// from the package's folder up to the project's, and none where the project has
// none itself.
func (c *config) projectLayers(dir string) ([]layer, error) {
	var list []layer
	rootHas := false
	user := c.path("userconfig", filepath.Join(c.home, ".npmrc"))
	for d := range upwards(dir) {
		name := filepath.Join(d, ".npmrc")
		if name != user && isPresent(name) {
			l, err := c.file(name)
			if err == nil {
				err = c.ownWire(l)
			}
			if err != nil {
				return nil, err
			}
			list = append(list, l)
			rootHas = d == c.top()
		}
		if d == c.top() && c.query.Tool != "yarn" {
			break
		}
	}
	if !rootHas {
		list = append(list, nil)
	}
	return list, nil
}

// top returns the folder of the project, which for some tools is another one
// than for npm.
func (c *config) top() string {
	top := c.prefix
	for d := range upwards(c.cwd) {
		if slices.ContainsFunc([]string{"pnpm-workspace.yaml", "lerna.json"}, func(name string) bool { return isPresent(filepath.Join(d, name)) }) &&
			len(d) < len(top) {
			top = d
		}
	}
	return top
}

// changesetVariables returns the variables that changesets sets for npm: of
// publishConfig and the environment it makes a registry, and without one takes
// npm's, whatever the files say (getCorrectRegistry).
func (c *config) changesetVariables(m member) layer {
	vars := maps.Clone(c.vars)
	if vars == nil {
		vars = layer{}
	}
	for _, key := range []string{scopeOf(m.name) + ":registry", "registry"} {
		for _, l := range []layer{m.manifest.publishConfig, c.vars} {
			if s, ok := l[key]; ok && s.value != "" && s.value != nil {
				vars[key] = s
				return vars
			}
		}
	}
	vars["registry"] = setting{defaultRegistry, Source{Kind: Default}}
	return vars
}

// foreign returns an error where the environment, or an option of any setting, has
// what the tool itself can be told a registry by, or a file with one.
func (c *config) foreign(p peer) error {
	for _, kv := range c.env {
		name, value, _ := strings.Cut(kv, "=")
		lower := strings.ToLower(name)
		if p.prefix == "" || !strings.HasPrefix(lower, p.prefix) || value == "" || !places(lower) {
			continue
		}
		key := map[string]string{
			"yarn yarn_registry": "registry", "yarn npm yarn_npm_publish_registry": "registry", "yarn npm yarn_npm_registry_server": serverPrefix + "registry",
			"bun bun_config_registry": "registry", "pnpm pnpm_config_registry": "registry",
		}[c.query.Tool+" "+lower]
		source := Source{Kind: Environment, Name: name}
		other, twice := c.own[key]
		if key == "" || twice && other.value != value || c.query.Tool == "bun" && lower == name || c.query.Tool == "pnpm" && !c.isNative() {
			return c.unknown(source, "what "+c.query.Tool+" makes of it is not known", nil)
		}
		if c.own == nil {
			c.own = layer{}
		}
		c.own[key] = setting{value, source}
	}
	if s, ok := c.get("pnpmfile"); ok && slices.Contains([]string{"pnpm", "changeset"}, c.query.Tool) && !c.isNative() {
		return c.unknown(s.source, "hooks of another file may change what is published", nil)
	}
	for name := range c.args.Options {
		if key, ok := strings.CutPrefix(name, "config."); ok && (places(strings.ToLower(key)) || isWire(key)) {
			return c.unknown(Source{Kind: CommandLine, Name: name}, "what "+c.query.Tool+" makes of it is not known", nil)
		}
	}
	return nil
}

// places reports whether a setting of a tool beside npm is about registries, or
// about the folder or the files that have them.
func places(name string) bool {
	for word := range strings.FieldsSeq("regist pnpmfile userconfig user_config user-config globalconfig global_config global-config npmrc rc_filename workspace_dir workspace-dir workspacedir") {
		if strings.Contains(name, word) {
			return true
		}
	}
	return strings.HasSuffix(name, "config_dir") || name == "dir"
}
