package config_test

import (
	"slices"
	"strconv"
	"strings"
)

// A layout is a project, a home and a command. {A}, {B} and {C} in it stand for
// the addresses of three registries, {a}, {b} and {c} for their hosts, {root}
// for the folder that all files lie in.
type layout struct {
	name    string
	npms    string // the major versions that have this, all when empty
	dir     string // where the command runs, "project" when empty
	command string // a + is a space within an argument
	sub     string // the full name of the sub-command, the first word when empty
	env     []string
	files   map[string]string // the user's .npmrc gets the tokens of all registries too
	prefix  bool              // the global npmrc is looked for as npm does by itself
	source  string            // who decides about the first target
	reads   bool              // the command finds nothing to change
	fails   bool              // npm fails or goes anywhere, and Targets knows that it does not know
}

func (l layout) folder() string {
	if l.dir == "" {
		return "project"
	}
	return l.dir
}

func (l layout) subcommand() string {
	if l.sub != "" {
		return l.sub
	}
	return strings.Fields(l.command)[0]
}

func (l layout) runsIn(major int) bool {
	return l.npms == "" || slices.Contains(strings.Fields(l.npms), strconv.Itoa(major))
}

// pkg is a package.json.
func pkg(name, more string) string {
	return "{\n\"name\": \"" + name + "\",\n\"version\": \"1.0.0\"" + more + "\n}\n"
}

func layouts() []layout {
	return slices.Concat(levelLayouts(), fileLayouts(), publishLayouts(), commandLayouts())
}

// levelLayouts have the registry in each place that npm reads, and in several.
func levelLayouts() []layout {
	plain := pkg("thing", "")
	scoped := pkg("@acme/thing", "")
	return []layout{
		{
			name: "user", command: "publish", source: "{root}/home/.npmrc:4",
			files: map[string]string{"project/package.json": plain, "home/.npmrc": "registry={A}"},
		},
		{
			name: "project before user", command: "publish", source: "{root}/project/.npmrc:1",
			files: map[string]string{"project/package.json": plain, "project/.npmrc": "registry={B}/\n", "home/.npmrc": "registry={A}"},
		},
		{
			name: "variable before project", command: "publish", env: []string{"NPM_Config_Registry={C}"}, source: "the variable NPM_Config_Registry",
			files: map[string]string{"project/package.json": plain, "project/.npmrc": "registry={B}/\n", "home/.npmrc": "registry={A}"},
		},
		{
			name: "command line before variable", command: "publish --registry={A}", env: []string{"npm_config_registry={C}"}, source: "--registry on the command line",
			files: map[string]string{"project/package.json": plain, "project/.npmrc": "registry={B}/\n"},
		},
		{
			name: "option before the command", command: "--registry {A} publish", sub: "publish",
			files: map[string]string{"project/package.json": plain, "home/.npmrc": "registry={B}"},
		},
		{
			name: "short option", npms: "6 8 10 11", command: "publish -reg {A}",
			files: map[string]string{"project/package.json": plain, "home/.npmrc": "registry={B}"},
		},
		{
			name: "last option", command: "publish --registry={B} --registry {A}",
			files: map[string]string{"project/package.json": plain, "home/.npmrc": "registry={B}"},
		},
		{
			name: "value that looks like an option", command: "publish --access --registry={B}",
			files: map[string]string{"project/package.json": plain, "home/.npmrc": "registry={A}"},
		},
		{
			name: "scope of the project", command: "publish", source: "{root}/project/.npmrc:2",
			files: map[string]string{"project/package.json": scoped, "project/.npmrc": "registry={B}/\n@acme:registry={A}\n"},
		},
		{
			name: "scope of the user before registry on the command line", command: "publish --registry={B}", npms: "6 8 10",
			files: map[string]string{"project/package.json": scoped, "home/.npmrc": "@acme:registry={A}\n"},
		},
		{
			name: "scope on the command line", command: "publish --@acme:registry={A}", source: "--@acme:registry on the command line",
			files: map[string]string{"project/package.json": scoped, "home/.npmrc": "@acme:registry={B}\nregistry={C}"},
		},
		{
			name: "scope in a variable", command: "publish", env: []string{"npm_config_@acme:registry={A}"},
			files: map[string]string{"project/package.json": scoped, "home/.npmrc": "@acme:registry={B}\nregistry={C}"},
		},
		{
			name: "empty scope hides", command: "publish",
			files: map[string]string{"project/package.json": scoped, "project/.npmrc": "@acme:registry=\n", "home/.npmrc": "@acme:registry={B}\nregistry={A}"},
		},
		{
			name: "setting scope", command: "publish --scope=other",
			files: map[string]string{"project/package.json": plain, "home/.npmrc": "@other:registry={A}\nregistry={B}"},
		},
		{
			name: "publishConfig", command: "publish", npms: "6 8 10", source: "publishConfig in {root}/project/package.json:4",
			files: map[string]string{"project/package.json": pkg("thing", ",\n\"publishConfig\": {\"registry\": \"{A}\"}"), "home/.npmrc": "registry={B}"},
		},
		{
			name: "publishConfig where versions are read", command: "publish", npms: "11 12",
			files: map[string]string{"project/package.json": pkg("thing", ",\n\"publishConfig\": {\"registry\": \"{A}\"}"), "home/.npmrc": "registry={B}"},
		},
		{
			name: "scope in publishConfig", command: "publish",
			files: map[string]string{"project/package.json": pkg("@acme/thing", `,"publishConfig": {"@acme:registry": "{A}"}`), "home/.npmrc": "@acme:registry={B}\nregistry={C}"},
		},
		{
			name: "scope in publishConfig by force", command: "publish --force",
			files: map[string]string{"project/package.json": pkg("@acme/thing", `,"publishConfig": {"@acme:registry": "{A}"}`), "home/.npmrc": "@acme:registry={B}\nregistry={C}"},
		},
		{
			name: "publishConfig and command line", command: "publish --registry={B}",
			files: map[string]string{"project/package.json": pkg("thing", `,"publishConfig": {"registry": "{A}"}`), "home/.npmrc": "registry={C}"},
		},
		{
			name: "publishConfig in the wrong case", command: "publish",
			files: map[string]string{"project/package.json": pkg("thing", `,"PublishConfig": {"registry": "{A}"},"publishconfig": {"registry": "{A}"}`), "home/.npmrc": "registry={B}"},
		},
		{
			name: "two publishConfigs", command: "publish --force",
			files: map[string]string{"project/package.json": pkg("thing", `,"publishConfig": {"registry": "{A}"},"publishConfig": {"registry": "{B}"}`), "home/.npmrc": "registry={C}"},
		},
		{
			name: "userconfig in a variable", command: "publish", env: []string{"NPM_CONFIG_USERCONFIG={root}/home/other/.npmrc"},
			files: map[string]string{"project/package.json": plain, "home/.npmrc": "registry={B}", "home/other/.npmrc": "registry={A}"},
		},
		{
			name: "userconfig of the project", command: "publish",
			files: map[string]string{"project/package.json": plain, "project/.npmrc": "userconfig=../home/other/.npmrc", "home/.npmrc": "registry={B}", "home/other/.npmrc": "registry={A}"},
		},
		{
			name: "userconfig below home", command: "publish --userconfig ~/other/.npmrc",
			files: map[string]string{"project/package.json": plain, "home/.npmrc": "registry={B}", "home/other/.npmrc": "registry={A}"},
		},
		{
			name: "globalconfig in a variable", command: "publish", env: []string{"npm_config_globalconfig={root}/etc/npmrc"}, source: "{root}/etc/npmrc:1",
			files: map[string]string{"project/package.json": plain, "etc/npmrc": "registry={A}"},
		},
		{
			name: "global npmrc by PREFIX", command: "publish", env: []string{"PREFIX={root}"}, prefix: true,
			files: map[string]string{"project/package.json": plain, "etc/npmrc": "registry={A}"},
		},
		{
			name: "global npmrc by the user's prefix", command: "publish", prefix: true,
			files: map[string]string{"project/package.json": plain, "home/.npmrc": "prefix={root}/usr", "usr/etc/npmrc": "registry={A}"},
		},
		{
			name: "home is a project", command: "publish", dir: "home",
			files: map[string]string{"home/package.json": plain, "home/.npmrc": "registry={A}"},
		},
		{
			name: "home is a project of another user", command: "publish --userconfig={root}/home/other/.npmrc", dir: "home",
			files: map[string]string{"home/package.json": plain, "home/.npmrc": "registry={A}", "home/other/.npmrc": "registry={B}"},
		},
		{
			name: "global mode has no project", command: "publish -g",
			files: map[string]string{"project/package.json": plain, "project/.npmrc": "registry={B}", "home/.npmrc": "registry={A}"},
		},
	}
}
