package config_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"npmotp/internal/npm/config"
)

// TestPeerFiles has the registry in the files of the tools beside npm. {dir} is
// the project's folder.
func TestPeerFiles(t *testing.T) {
	plain, scoped := pkg("thing", ""), pkg("@acme/thing", "")
	const a, b = "https://a.example/", "https://b.example/"
	for name, c := range map[string]struct {
		tool  string
		files map[string]string
		args  string
		env   string
		want  string // the registries; empty when it cannot be told
		where string // what the error names, or the first source
	}{
		"yarn":                    {tool: "yarn", files: map[string]string{"project/package.json": plain}, want: "https://registry.yarnpkg.com/"},
		"yarnrc":                  {tool: "yarn", files: map[string]string{"project/package.json": plain, "project/.yarnrc": "# x\nregistry \"" + a + "\"\n"}, want: a, where: "project/.yarnrc:2"},
		"yarnrc of a scope":       {tool: "yarn", files: map[string]string{"project/package.json": scoped, "project/.yarnrc": "\"@acme:registry\" \"" + a + "\"\n"}, want: a},
		"yarnrc of home":          {tool: "yarn", files: map[string]string{"project/package.json": plain, "home/.yarnrc": "registry \"" + a + "\"\n"}, want: a},
		"yarnrc above":            {tool: "yarn", files: map[string]string{"project/package.json": plain, ".yarnrc": "registry " + a + "\n"}, want: a},
		"npmrc above":             {tool: "yarn", files: map[string]string{"project/package.json": plain, ".npmrc": "registry=" + a + "\n"}, want: a + " https://registry.yarnpkg.com/"},
		"odd yarnrc":              {tool: "yarn", files: map[string]string{"project/package.json": plain, "project/.yarnrc": "\n--registry \"" + a + "\"\n"}, where: "project/.yarnrc:2"},
		"yarn's variable":         {tool: "yarn", files: map[string]string{"project/package.json": plain}, env: "yarn_registry=" + a, where: "yarn_registry"},
		"yarnrc.yml":              {tool: "yarn npm", files: map[string]string{"project/package.json": plain, "project/.yarnrc.yml": "nodeLinker: x\nnpmPublishRegistry: \"" + a + "\"\nnpmRegistryServer: " + b + "\n"}, want: a, where: "project/.yarnrc.yml:2"},
		"yarnrc.yml of a scope":   {tool: "yarn npm", files: map[string]string{"project/package.json": scoped, "project/.yarnrc.yml": "npmScopes:\n  acme:\n    npmPublishRegistry: " + a + "\n    npmAuthToken: x\nnpmPublishRegistry: " + b + "\n"}, want: a},
		"yarnrc.yml and npmrc":    {tool: "yarn npm", files: map[string]string{"project/package.json": plain, "project/.npmrc": "registry=" + b, "project/.yarnrc.yml": "npmRegistryServer: " + a + "\n"}, want: a},
		"yarnrc.yml in one line":  {tool: "yarn npm", files: map[string]string{"project/package.json": plain, "project/.yarnrc.yml": "npmScopes: {acme: {npmPublishRegistry: x}}\n"}, where: "project/.yarnrc.yml:1"},
		"yarnrc.yml and variable": {tool: "yarn npm", files: map[string]string{"project/package.json": plain, "project/.yarnrc.yml": "npmPublishRegistry: \"${X}\"\n"}, where: "project/.yarnrc.yml:1"},
		"variable of yarn 4":      {tool: "yarn npm", files: map[string]string{"project/package.json": plain}, env: "YARN_NPM_PUBLISH_REGISTRY=" + a, where: "YARN_NPM_PUBLISH_REGISTRY"},
		"bunfig":                  {tool: "bun", files: map[string]string{"project/package.json": plain, "project/bunfig.toml": "[install]\nregistry = \"" + a + "\"\n"}, want: a},
		"bunfig of home":          {tool: "bun", files: map[string]string{"project/package.json": plain, "home/.bunfig.toml": "[install]\nregistry = \"" + a + "\"\n"}, want: a},
		"bunfig and npmrc":        {tool: "bun", files: map[string]string{"project/package.json": plain, "project/.npmrc": "registry=" + b, "project/bunfig.toml": "[install]\nregistry = \"" + a + "\"\n"}, want: b + " " + a},
		"bunfig with a table":     {tool: "bun", files: map[string]string{"project/package.json": plain, "project/bunfig.toml": "[install]\nregistry = { url = \"" + a + "\", token = \"x\" }\n"}, want: a},
		"bunfig with a variable":  {tool: "bun", files: map[string]string{"project/package.json": plain, "project/bunfig.toml": "[install]\nregistry = { url = \"$REGISTRY\" }\n"}, where: "bunfig.toml:2"},
		"bunfig, a section":       {tool: "bun", files: map[string]string{"project/package.json": plain, "project/bunfig.toml": "[install.registry]\nurl = \"" + a + "\"\n"}, where: "bunfig.toml:1"},
		"bunfig with scopes":      {tool: "bun", files: map[string]string{"project/package.json": plain, "project/bunfig.toml": "[install.scopes]\nacme = \"" + a + "\"\n"}, want: "https://registry.npmjs.org/"},
		"bunfig of the scope":     {tool: "bun", files: map[string]string{"project/package.json": scoped, "project/bunfig.toml": "[install.scopes]\n\"@acme\" = { token = \"x\", url = \"" + a + "\" }\n"}, want: a, where: "bunfig.toml:2"},
		"bun's variable":          {tool: "bun", files: map[string]string{"project/package.json": plain}, env: "BUN_CONFIG_REGISTRY=" + a, where: "BUN_CONFIG_REGISTRY"},
		"pnpm":                    {tool: "pnpm", files: map[string]string{"project/package.json": plain, "project/.npmrc": "registry=" + a}, want: a},
		"pnpm with a workspace":   {tool: "pnpm", files: map[string]string{"project/package.json": plain, "pnpm-workspace.yaml": "packages:\n  - project\n", ".npmrc": "registry=" + a}, want: a},
		"pnpm with both":          {tool: "pnpm", files: map[string]string{"project/package.json": plain, "project/.npmrc": "registry=" + b, "pnpm-workspace.yaml": "packages:\n  - project\n", ".npmrc": "registry=" + a}, want: b + " " + a},
		"pnpm-workspace.yaml":     {tool: "pnpm", files: map[string]string{"project/package.json": plain, "project/pnpm-workspace.yaml": "packages: []\nregistries:\n  default: " + a}, where: "pnpm-workspace.yaml:2"},
		"pnpm's rc":               {tool: "pnpm", files: map[string]string{"project/package.json": plain, "home/.config/pnpm/rc": "registry=" + a}, where: "pnpm/rc:1"},
		"pnpm's rc elsewhere":     {tool: "pnpm", files: map[string]string{"project/package.json": plain, "xdg/pnpm/rc": "registry=" + a}, env: "XDG_CONFIG_HOME={root}/xdg", where: "pnpm/rc:1"},
		"pnpm's variable":         {tool: "pnpm", files: map[string]string{"project/package.json": plain}, env: "pnpm_config_registry=" + a, where: "pnpm_config_registry"},
		"pnpm in another folder":  {tool: "pnpm", files: map[string]string{"project/package.json": plain, "project/lib/package.json": plain, "project/lib/.npmrc": "registry=" + b, "project/.npmrc": "registry=" + a}, args: "-C lib", want: b},
		"lerna.json":              {tool: "lerna", files: map[string]string{"project/package.json": plain, "project/lerna.json": "{\"command\": {\n\"publish\": {\"registry\": \"" + a + "\"}}}"}, env: "npm_config_registry=" + b, want: a, where: "lerna.json:2"},
		"lerna.json, elsewhere":   {tool: "lerna", files: map[string]string{"project/package.json": plain, "project/lerna.json": "{\"command\": {\n\"bootstrap\": {\"registry\": \"" + a + "\"}}}"}, where: "lerna.json:2"},
		"lerna.json, twice":       {tool: "lerna", files: map[string]string{"project/package.json": plain, "project/lerna.json": "{\"command\": {\"publish\": {\"registry\": \"" + a + "\"},\n\"version\": {\"registry\": \"" + b + "\"}}}"}, where: "lerna.json:1"},
		"changeset":               {tool: "changeset", files: map[string]string{"project/package.json": plain, "project/.npmrc": "registry=" + a}, want: "https://registry.npmjs.org/"},
		"release-it":              {tool: "release-it", files: map[string]string{"project/package.json": plain, "project/.release-it.json": "{\"npm\": {\n\"publishPath\": \"dist\"}}"}, where: ".release-it.json:2"},
		"release-it, in package":  {tool: "release-it", files: map[string]string{"project/package.json": "{\"name\": \"a\", \"version\": \"1.0.0\",\n\"release-it\": {\n\"npm\": {\"publishArgs\": [\"--registry\"]}}}"}, where: "package.json:3"},
		"release-it, harmless":    {tool: "release-it", files: map[string]string{"project/package.json": "{\"name\": \"a\", \"version\": \"1.0.0\", \"scripts\": {\"x\": \"echo registry\"},\n\"release-it\": {\"git\": false}}"}, want: "https://registry.npmjs.org/"},
		"np":                      {tool: "np", files: map[string]string{"project/package.json": plain, "home/.npmrc": "registry=" + a}, want: a},
		"np with contents":        {tool: "np", files: map[string]string{"project/package.json": plain}, args: "--contents=dist", where: "--contents"},
		"unknown tool":            {tool: "nobody", files: map[string]string{"project/package.json": plain}, where: "nobody"},
	} {
		t.Run(name, func(t *testing.T) {
			q := project(t, c.files)
			q.Tool, q.Argv = c.tool, append([]string{c.tool, "publish"}, strings.Fields(c.args)...)
			if c.env != "" {
				q.Environ = append(q.Environ, strings.ReplaceAll(c.env, "{root}", strings.TrimSuffix(q.Dir, "/project")))
			}
			targets, err := config.Targets(q)
			if c.want == "" {
				unknown, ok := errors.AsType[*config.UnknownError](err)
				if !ok || unknown.Refused() || !strings.Contains(err.Error(), c.where) {
					t.Errorf("the targets are %v, %v, want an error about %s", targets, err, c.where)
				}
				return
			}
			if got := registries(targets); err != nil || !slices.Equal(got, strings.Fields(c.want)) {
				t.Fatalf("the targets are %v, %v, want %s", targets, err, c.want)
			}
			if !strings.Contains(targets[0].Source.String(), c.where) {
				t.Errorf("the source is %s, want %s", targets[0].Source, c.where)
			}
		})
	}
}

// registries returns the registries of targets, each once.
func registries(targets []config.Target) []string {
	var list []string
	for _, t := range targets {
		if !slices.Contains(list, t.Registry) {
			list = append(list, t.Registry)
		}
	}
	return list
}

// Tools that choose among packages may publish any of them.
func TestPeersWithManyPackages(t *testing.T) {
	files := map[string]string{
		"project/package.json":        pkg("root", `,"private": true, "workspaces": ["npm/*"]`),
		"project/lerna.json":          `{"packages": ["lerna/*"]}`,
		"project/pnpm-workspace.yaml": "packages:\n  # all\n  - 'pnpm/*' # of it\n  - \"!pnpm/no\"\nonlyBuiltDependencies:\n  - x\n",
		"project/npm/a/package.json":  noisy("a", ""), "project/npm/b/package.json": pkg("b", `,"private": true`),
		"project/lerna/c/package.json": pkg("c", ""), "project/pnpm/d/package.json": pkg("d", ""), "project/pnpm/no/package.json": pkg("no", ""),
	}
	for line, tool := range map[string]string{
		"lerna publish": "lerna", "changeset publish": "changeset", "pnpm publish -r": "pnpm", "pnpm publish --recursive": "pnpm",
		"pnpm --filter ...a publish": "pnpm", "pnpm -r -F !e publish": "pnpm",
	} {
		q := project(t, files)
		q.Tool, q.Argv = tool, strings.Fields(line)
		packages, err := config.Packages(q)
		var names []string
		for _, p := range packages {
			names = append(names, p.Name)
		}
		slices.Sort(names)
		if err != nil || !slices.Equal(names, []string{"a", "c", "d"}) {
			t.Errorf("%q publishes %q, %v", line, names, err)
		}
		scripts, err := config.Scripts(q)
		if err != nil || !slices.ContainsFunc(scripts, func(s config.Script) bool { return s.Package == "a" && s.Name == "prepublish" }) {
			t.Errorf("%q runs %v, %v", line, scripts, err)
		}
		if targets, err := config.Targets(q); err != nil || len(targets) != 3 {
			t.Errorf("%q has the targets %v, %v", line, targets, err)
		}
	}
}

// Filters by name leave others out; a name without a scope may mean one with it.
func TestPeersFiltered(t *testing.T) {
	files := map[string]string{
		"project/package.json": pkg("root", `,"private": true`), "project/pnpm-workspace.yaml": "packages:\n  - '*'\n",
		"project/a/package.json": pkg("a", ""), "project/b/package.json": pkg("b", ""), "project/c/package.json": pkg("@s/c", ""), "project/d/package.json": pkg("@s/d", ""),
	}
	for line, want := range map[string]string{
		"pnpm --filter a publish": "a", "pnpm --filter=a -F b publish": "a b", "pnpm -r --filter !a publish": "@s/c @s/d b", "pnpm --filter c publish": "@s/c",
		"pnpm --filter @s/* publish": "@s/c @s/d", "pnpm -r --filter !c publish": "@s/c @s/d a b", "pnpm --filter @s/* --filter !@s/d publish": "@s/c",
		"pnpm --filter [main] publish": "@s/c @s/d a b", "pnpm --filter ./a publish": "@s/c @s/d a b",
	} {
		q := project(t, files)
		q.Tool, q.Argv = "pnpm", strings.Fields(line)
		targets, err := config.Targets(q)
		var names []string
		for _, target := range targets {
			names = append(names, target.Package)
		}
		slices.Sort(names)
		if got := strings.Join(names, " "); err != nil || got != want {
			t.Errorf("%q publishes %q, %v, want %q", line, got, err, want)
		}
	}
}

// What has a tool publish another folder than the one that it runs in is said, and
// an option with a value is not taken for the package.
func TestPeersElsewhere(t *testing.T) {
	files := map[string]string{
		"project/package.json": pkg("a", `,"publishConfig": {"directory": "dist"}`), "project/b/package.json": pkg("b", ""),
	}
	for line, known := range map[string]bool{
		"pnpm publish": false, "changeset publish": false, "lerna publish": false, // by publishConfig.directory
		"pnpm -w publish ./b": false, "pnpm --workspace-root publish ./b": false, "pnpm -C b publish": true,
		"pnpm publish ./b --publish-branch main": true, "yarn publish ./b --new-version 1.0.1 --network-timeout 1000": true,
		"bun publish ./b --gzip-level 9": true,
	} {
		q := project(t, files)
		q.Argv = strings.Fields(line)
		q.Tool, q.Subcommand = q.Argv[0], "publish"
		_, err := config.Targets(q)
		if _, unknown := errors.AsType[*config.UnknownError](err); unknown == known || known && err != nil {
			t.Errorf("%q: %v", line, err)
		}
	}
}

// What publishes no package reads no package.json, and has a registry all the same.
func TestPeersThatPublishNothing(t *testing.T) {
	for _, command := range []string{"pnpm dist-tag add a@1 x", "pnpm owner add a b", "yarn tag add a@1 x", "yarn owner add a b", "bun pm whoami"} {
		argv := strings.Fields(command)
		list, err := config.Targets(config.Query{
			Tool: argv[0], Subcommand: argv[1], Argv: argv, Dir: t.TempDir(), Environ: []string{"HOME=" + t.TempDir()},
		})
		if err != nil || len(list) == 0 {
			t.Errorf("%s: %v, %v", command, list, err)
		}
	}
}
