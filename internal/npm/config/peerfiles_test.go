package config_test

import (
	"errors"
	"os"
	"path/filepath"
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
		"yarn":                          {tool: "yarn", files: map[string]string{"project/package.json": plain}, want: "https://registry.yarnpkg.com/"},
		"yarnrc":                        {tool: "yarn", files: map[string]string{"project/package.json": plain, "project/.yarnrc": "# x\nregistry \"" + a + "\"\n"}, want: a, where: "project/.yarnrc:2"},
		"yarnrc of a scope":             {tool: "yarn", files: map[string]string{"project/package.json": scoped, "project/.yarnrc": "\"@acme:registry\" \"" + a + "\"\n"}, want: a},
		"yarnrc of home":                {tool: "yarn", files: map[string]string{"project/package.json": plain, "home/.yarnrc": "registry \"" + a + "\"\n"}, want: a},
		"yarnrc above":                  {tool: "yarn", files: map[string]string{"project/package.json": plain, ".yarnrc": "registry " + a + "\n"}, want: a},
		"npmrc above":                   {tool: "yarn", files: map[string]string{"project/package.json": plain, ".npmrc": "registry=" + a + "\n"}, want: a + " https://registry.yarnpkg.com/"},
		"odd yarnrc":                    {tool: "yarn", files: map[string]string{"project/package.json": plain, "project/.yarnrc": "\n--registry \"" + a + "\"\n"}, where: "project/.yarnrc:2"},
		"yarn's variable":               {tool: "yarn", files: map[string]string{"project/package.json": plain}, env: "yarn_registry=" + a, want: a, where: "yarn_registry"},
		"yarnrc.yml":                    {tool: "yarn npm", files: map[string]string{"project/package.json": plain, "project/.yarnrc.yml": "nodeLinker: x\nnpmPublishRegistry: \"" + a + "\"\nnpmRegistryServer: " + b + "\n"}, want: a, where: "project/.yarnrc.yml:2"},
		"yarnrc.yml of a scope":         {tool: "yarn npm", files: map[string]string{"project/package.json": scoped, "project/.yarnrc.yml": "npmScopes:\n  acme:\n    npmPublishRegistry: " + a + "\n    npmAuthToken: x\nnpmPublishRegistry: " + b + "\n"}, want: a},
		"yarnrc.yml and npmrc":          {tool: "yarn npm", files: map[string]string{"project/package.json": plain, "project/.npmrc": "registry=" + b, "project/.yarnrc.yml": "npmRegistryServer: " + a + "\n"}, want: a},
		"yarnrc.yml in one line":        {tool: "yarn npm", files: map[string]string{"project/package.json": plain, "project/.yarnrc.yml": "npmScopes: {acme: {npmPublishRegistry: x}}\n"}, where: "project/.yarnrc.yml:1"},
		"yarnrc.yml and variable":       {tool: "yarn npm", files: map[string]string{"project/package.json": plain, "project/.yarnrc.yml": "npmPublishRegistry: \"${X}\"\n"}, where: "project/.yarnrc.yml:1"},
		"yarnrc.yml, a fallback":        {tool: "yarn npm", files: map[string]string{"project/package.json": plain, "project/.yarnrc.yml": "npmPublishRegistry: \"${X:-" + a + "}\" # ours\n"}, want: a},
		"yarnrc.yml, set":               {tool: "yarn npm", files: map[string]string{"project/package.json": plain, "project/.yarnrc.yml": "npmPublishRegistry: ${X-" + b + "}\n"}, env: "X=" + a, want: a},
		"yarnrc.yml and .env.yarn":      {tool: "yarn npm", files: map[string]string{"project/package.json": plain, "project/.env.yarn": "X=y", "project/.yarnrc.yml": "npmPublishRegistry: ${X-" + a + "}\n"}, where: "project/.yarnrc.yml:1"},
		"yarnrc.yml of another name":    {tool: "yarn npm", files: map[string]string{"project/package.json": plain}, env: "YARN_RC_FILENAME=.x.yml", where: "YARN_RC_FILENAME"},
		"yarnrc, a folder":              {tool: "yarn", files: map[string]string{"project/package.json": plain, "project/.yarnrc": "\"--publish.cwd\" x\n"}, where: ".yarnrc:1"},
		"yarnrc, a token":               {tool: "yarn", files: map[string]string{"project/package.json": plain, "project/.yarnrc": "\"//registry.npmjs.org/:_authToken\" x\n"}, want: "https://registry.yarnpkg.com/"},
		"yarnrc behind npmrc":           {tool: "yarn", files: map[string]string{"project/package.json": plain, "home/.npmrc": "registry=" + a, "project/.yarnrc": "registry: \"" + b + "\"\n"}, want: a},
		"variable of yarn 4":            {tool: "yarn npm", files: map[string]string{"project/package.json": plain}, env: "YARN_NPM_PUBLISH_REGISTRY=" + a, want: a, where: "YARN_NPM_PUBLISH_REGISTRY"},
		"bunfig":                        {tool: "bun", files: map[string]string{"project/package.json": plain, "project/bunfig.toml": "[install]\nregistry = \"" + a + "\"\n"}, want: a},
		"bunfig of home":                {tool: "bun", files: map[string]string{"project/package.json": plain, "home/.bunfig.toml": "[install]\nregistry = \"" + a + "\"\n"}, want: a},
		"bunfig and npmrc":              {tool: "bun", files: map[string]string{"project/package.json": plain, "project/.npmrc": "registry=" + b, "project/bunfig.toml": "[install]\nregistry = \"" + a + "\"\n"}, want: b + " " + a},
		"bunfig with a table":           {tool: "bun", files: map[string]string{"project/package.json": plain, "project/bunfig.toml": "[install]\nregistry = { url = \"" + a + "\", token = \"x\" }\n"}, want: a},
		"bunfig with a variable":        {tool: "bun", files: map[string]string{"project/package.json": plain, "project/bunfig.toml": "[install]\nregistry = { url = \"$REGISTRY\" }\n"}, where: "bunfig.toml:2"},
		"bunfig, a section":             {tool: "bun", files: map[string]string{"project/package.json": plain, "project/bunfig.toml": "[install.registry]\nurl = \"" + a + "\"\n"}, where: "bunfig.toml:1"},
		"bunfig, a comment":             {tool: "bun", files: map[string]string{"project/package.json": plain, "project/bunfig.toml": "[ install ] # x\nregistry = \"" + a + "\" # y\nscanner = \"registry-scanner\"\n"}, want: a},
		"bunfig, scopes in a line":      {tool: "bun", files: map[string]string{"project/package.json": scoped, "project/bunfig.toml": "[install]\nscopes = { acme = \"" + a + "\" }\n"}, where: "bunfig.toml:2"},
		"bunfig, a dotted scope":        {tool: "bun", files: map[string]string{"project/package.json": scoped, "project/bunfig.toml": "[install]\nscopes.acme = \"" + a + "\"\n"}, where: "bunfig.toml:2"},
		"bun's .env":                    {tool: "bun", files: map[string]string{"project/package.json": plain, "project/.env": "A=1\nexport npm_config_registry=" + a}, where: ".env:2"},
		"bun's .env, its own name":      {tool: "bun", files: map[string]string{"project/package.json": plain, "project/.env.local": "BUN_CONFIG_REGISTRY=" + a}, where: ".env.local:1"},
		"bun's .env, a token":           {tool: "bun", files: map[string]string{"project/package.json": plain, "project/.env": "NPM_CONFIG_TOKEN=x\nNPM_TOKEN=y"}, want: "https://registry.npmjs.org/"},
		"bunfig with scopes":            {tool: "bun", files: map[string]string{"project/package.json": plain, "project/bunfig.toml": "[install.scopes]\nacme = \"" + a + "\"\n"}, want: "https://registry.npmjs.org/"},
		"bunfig of the scope":           {tool: "bun", files: map[string]string{"project/package.json": scoped, "project/bunfig.toml": "[install.scopes]\n\"@acme\" = { token = \"x\", url = \"" + a + "\" }\n"}, want: a, where: "bunfig.toml:2"},
		"bun's variable":                {tool: "bun", files: map[string]string{"project/package.json": plain}, env: "BUN_CONFIG_REGISTRY=" + a, want: a, where: "BUN_CONFIG_REGISTRY"},
		"pnpm":                          {tool: "pnpm", files: map[string]string{"project/package.json": plain, "project/.npmrc": "registry=" + a}, want: a},
		"pnpm with a workspace":         {tool: "pnpm", files: map[string]string{"project/package.json": plain, "pnpm-workspace.yaml": "packages:\n  - project\n", ".npmrc": "registry=" + a}, want: a},
		"pnpm with both":                {tool: "pnpm", files: map[string]string{"project/package.json": plain, "project/.npmrc": "registry=" + b, "pnpm-workspace.yaml": "packages:\n  - project\n", ".npmrc": "registry=" + a}, want: b + " " + a},
		"pnpm-workspace.yaml":           {tool: "pnpm", files: map[string]string{"project/package.json": plain, "project/pnpm-workspace.yaml": "packages: []\nregistries:\n  default: " + a}, want: a + " https://registry.npmjs.org/", where: "pnpm-workspace.yaml:3"},
		"pnpm-workspace.yaml, scopes":   {tool: "pnpm", files: map[string]string{"project/package.json": scoped, "project/.npmrc": "@acme:registry=" + a, "project/pnpm-workspace.yaml": "registries: # ours\n  '@acme': " + a + "\n"}, want: a},
		"pnpm-workspace.yaml, harmless": {tool: "pnpm", files: map[string]string{"project/package.json": plain, "project/pnpm-workspace.yaml": "# of the registry\ncatalog:\n  registry-url: ^1\n"}, want: "https://registry.npmjs.org/"},
		"pnpm-workspace.yaml in a line": {tool: "pnpm", files: map[string]string{"project/package.json": plain, "project/pnpm-workspace.yaml": "registries: {default: " + a + "}\n"}, where: "pnpm-workspace.yaml:1"},
		"pnpm-workspace.yaml, a file":   {tool: "pnpm", files: map[string]string{"project/package.json": plain, "project/pnpm-workspace.yaml": "npmrcAuthFile: x\n"}, where: "pnpm-workspace.yaml:1"},
		"pnpm, a setting by option":     {tool: "pnpm", files: map[string]string{"project/package.json": plain}, args: "--config.registry=" + a, where: "--config.registry"},
		"pnpm, a token in its rc":       {tool: "pnpm", files: map[string]string{"project/package.json": plain, "home/.config/pnpm/rc": "//registry.npmjs.org/:_authToken=x"}, want: "https://registry.npmjs.org/"},
		"pnpm, another npmrc":           {tool: "pnpm", files: map[string]string{"project/package.json": plain}, args: "--npmrc-auth-file x", where: "--npmrc-auth-file"},
		"pnpm's rc":                     {tool: "pnpm", files: map[string]string{"project/package.json": plain, "home/.config/pnpm/rc": "registry=" + a}, want: a + " https://registry.npmjs.org/", where: "pnpm/rc:1"},
		"pnpm's rc elsewhere":           {tool: "pnpm", files: map[string]string{"project/package.json": plain, "xdg/pnpm/rc": "registry=" + a}, env: "XDG_CONFIG_HOME={root}/xdg", want: a + " https://registry.npmjs.org/", where: "pnpm/rc:1"},
		"pnpm's variable":               {tool: "pnpm", files: map[string]string{"project/package.json": plain}, env: "pnpm_config_registry=" + a, where: "pnpm_config_registry"},
		"pnpm in another folder":        {tool: "pnpm", files: map[string]string{"project/package.json": plain, "project/lib/package.json": plain, "project/lib/.npmrc": "registry=" + b, "project/.npmrc": "registry=" + a}, args: "-C lib", want: b},
		"lerna.json":                    {tool: "lerna", files: map[string]string{"project/package.json": plain, "project/lerna.json": "{\"command\": {\n\"publish\": {\"registry\": \"" + a + "\"}}}"}, env: "npm_config_registry=" + b, want: a, where: "lerna.json:2"},
		"lerna.json, elsewhere":         {tool: "lerna", files: map[string]string{"project/package.json": plain, "project/lerna.json": "{\"command\": {\n\"bootstrap\": {\"registry\": \"" + a + "\"}}}"}, want: "https://registry.npmjs.org/"},
		"lerna.json, of all":            {tool: "lerna", files: map[string]string{"project/package.json": plain, "project/lerna.json": "{\"registry\": \"" + a + "\", \"command\": {\"publish\": {\"message\": \"registry\"}}}"}, want: a},
		"lerna.json, a folder":          {tool: "lerna", files: map[string]string{"project/package.json": plain, "project/lerna.json": "{\"command\": {\n\"publish\": {\"directory\": \"dist\"}}}"}, where: "lerna.json:2"},
		"lerna.json, another file":      {tool: "lerna", files: map[string]string{"project/package.json": plain, "project/lerna.json": "{\n\n\"extends\": \"./more.json\"}"}, where: "lerna.json:3"},
		"lerna, in package.json":        {tool: "lerna", files: map[string]string{"project/package.json": pkg("a", ",\n\"lerna\": {\"command\": {\"publish\": {\"directory\": \"dist\"}}}")}, where: "package.json:"},
		"lerna.json, twice":             {tool: "lerna", files: map[string]string{"project/package.json": plain, "project/lerna.json": "{\"command\": {\"publish\": {\"registry\": \"" + a + "\"},\n\"version\": {\"registry\": \"" + b + "\"}}}"}, want: a, where: "lerna.json:1"},
		"changeset":                     {tool: "changeset", files: map[string]string{"project/package.json": plain, "project/.npmrc": "registry=" + a}, want: "https://registry.npmjs.org/"},
		"release-it":                    {tool: "release-it", files: map[string]string{"project/package.json": plain, "project/.release-it.json": "{\"npm\": {\n\"publishPath\": \"dist\"}}"}, where: ".release-it.json:2"},
		"release-it, in package":        {tool: "release-it", files: map[string]string{"project/package.json": "{\"name\": \"a\", \"version\": \"1.0.0\",\n\"release-it\": {\n\"npm\": {\"publishArgs\": [\"--registry\"]}}}"}, where: "package.json:3"},
		"release-it, harmless":          {tool: "release-it", files: map[string]string{"project/package.json": "{\"name\": \"a\", \"version\": \"1.0.0\", \"scripts\": {\"x\": \"echo registry\"},\n\"release-it\": {\"git\": false}}"}, want: "https://registry.npmjs.org/"},
		"release-it, of another file":   {tool: "release-it", files: map[string]string{"project/package.json": plain, "project/.release-it.json": "{\n\"extends\": \"./base.json\"}"}, where: ".release-it.json:2"},
		"release-it, by pnpm":           {tool: "release-it", files: map[string]string{"project/package.json": plain, "project/.release-it.yaml": "npm:\n  publishPackageManager: pnpm\n"}, where: ".release-it.yaml:2"},
		"release-it, one argument":      {tool: "release-it", files: map[string]string{"project/package.json": plain}, args: "--npm.publishArgs.0=--registry=" + a, where: "--npm.publishArgs.0"},
		"release-it, another tag":       {tool: "release-it", files: map[string]string{"project/package.json": plain}, args: "--npm.publish --npm.tag next", want: "https://registry.npmjs.org/"},
		"release-it, of comments":       {tool: "release-it", files: map[string]string{"project/package.json": plain, "project/.release-it.json5": "{npm: {\npublishArgs: ['--registry']}}"}, where: ".release-it.json5:2"},
		"release-it, without an ending": {tool: "release-it", files: map[string]string{"project/package.json": plain, "project/.release-it": "export default {npm: {publishPath: 'dist'}}"}, where: ".release-it:1"},
		"release-it, an index":          {tool: "release-it", files: map[string]string{"project/package.json": plain, "project/.release-it/index.mts": "export default {npm: {publishPath: 'dist'}}"}, where: "index.mts:1"},
		"release-it, in .config":        {tool: "release-it", files: map[string]string{"project/package.json": plain, "project/.config/.release-it.json": "{\"npm\": {\"publishPath\": \"dist\"}}"}, where: ".config/.release-it.json:1"},
		"release-it, a folder":          {tool: "release-it", files: map[string]string{"project/package.json": plain, "project/.release-it/notes": "registry"}, want: "https://registry.npmjs.org/"},
		"release-it, another folder":    {tool: "release-it", files: map[string]string{"project/package.json": plain}, args: "--configDir x", where: "--configDir"},
		"release-it, another base":      {tool: "release-it", files: map[string]string{"project/package.json": plain}, args: "--extends ./x.json", where: "--extends"},
		"lerna, files of a package":     {tool: "lerna", files: map[string]string{"project/package.json": pkg("a", ",\"private\":true,\"workspaces\":[\"b\"]"), "project/b/package.json": pkg("b", ""), "project/b/.npmrc": "registry=" + a, "project/b/lerna.json": "{\"registry\": \"" + a + "\"}"}, want: "https://registry.npmjs.org/"},
		"lerna.json, in capitals":       {tool: "lerna", files: map[string]string{"project/package.json": plain, "project/lerna.json": "{\"command\": {\"publish\": {\"registry\": \"" + a + "\", \"REGISTRY\": \"" + b + "\"}}}"}, want: a},
		"bun's .env, of tests":          {tool: "bun", files: map[string]string{"project/package.json": plain, "project/.env.test": "NPM_CONFIG_REGISTRY=" + a}, where: ".env.test:1"},
		"bun's .env, behind a tab":      {tool: "bun", files: map[string]string{"project/package.json": plain, "project/.env": "export\tNPM_CONFIG_REGISTRY = " + a}, where: ".env:1"},
		"pnpm's hooks":                  {tool: "pnpm", files: map[string]string{"project/package.json": plain, "project/.pnpmfile.cjs": "module.exports = {hooks: {\nbeforePacking: p => ({...p, publishConfig})}}"}, where: ".pnpmfile.cjs:2"},
		"pnpm's hooks, harmless":        {tool: "pnpm", files: map[string]string{"project/package.json": plain, "project/.pnpmfile.cjs": "module.exports = {hooks: {readPackage: p => p}}"}, want: "https://registry.npmjs.org/"},
		"pnpm's hooks, of another name": {tool: "pnpm", files: map[string]string{"project/package.json": plain, "project/pnpm-workspace.yaml": "packages: []\npnpmfile: x.cjs"}, where: "pnpm-workspace.yaml:2"},
		"pnpm's hooks, by npmrc":        {tool: "pnpm", files: map[string]string{"project/package.json": plain, "project/.npmrc": "pnpmfile=x.cjs"}, where: ".npmrc:1"},
		"pnpm's hooks, by a variable":   {tool: "pnpm", files: map[string]string{"project/package.json": plain}, env: "PNPM_CONFIG_PNPMFILE=x.cjs", where: "PNPM_CONFIG_PNPMFILE"},
		"bun's .env, a comment":         {tool: "bun", files: map[string]string{"project/package.json": plain, "project/.env": "# NPM_CONFIG_REGISTRY=" + a}, want: "https://registry.npmjs.org/"},
		"pnpm's hooks, in changesets":   {tool: "changeset", files: map[string]string{"project/package.json": plain, "project/.pnpmfile.cjs": "p.publishConfig = {}"}, where: ".pnpmfile.cjs:1"},
		"pnpm-workspace.yaml, escaped":  {tool: "pnpm", files: map[string]string{"project/package.json": plain, "project/pnpm-workspace.yaml": "\"regi\\x73tries\":\n  default: " + a}, where: "pnpm-workspace.yaml:1"},
		"pnpm-workspace.yaml, merged":   {tool: "pnpm", files: map[string]string{"project/package.json": plain, "project/pnpm-workspace.yaml": "<<: {registries: {default: x}}"}, where: "pnpm-workspace.yaml:1"},
		"bunfig, escaped":               {tool: "bun", files: map[string]string{"project/package.json": plain, "project/bunfig.toml": "[install]\n\"r\\u0065gistry\" = \"" + a + "\"\n"}, where: "bunfig.toml:2"},
		"yarnrc.yml, escaped":           {tool: "yarn npm", files: map[string]string{"project/package.json": plain, "project/.yarnrc.yml": "\"npmPublishRegi\\U00000073try\": " + a}, where: ".yarnrc.yml:1"},
		"bun's variable, in another":    {tool: "bun", files: map[string]string{"project/package.json": plain}, env: "bun_config_registry=" + a, where: "bun_config_registry"},
		"variable of yarn 4, to read":   {tool: "yarn npm", files: map[string]string{"project/package.json": plain, "project/.yarnrc.yml": "npmPublishRegistry: " + b}, env: "YARN_NPM_REGISTRY_SERVER=" + a, want: b},
		"yarn's variable and npmrc":     {tool: "yarn", files: map[string]string{"project/package.json": plain, "project/.npmrc": "registry=" + b}, env: "YARN_REGISTRY=" + a, want: b + " " + a},
		"np":                            {tool: "np", files: map[string]string{"project/package.json": plain, "home/.npmrc": "registry=" + a}, want: a},
		"np with contents":              {tool: "np", files: map[string]string{"project/package.json": plain}, args: "--contents=dist", where: "--contents"},
		"unknown tool":                  {tool: "nobody", files: map[string]string{"project/package.json": plain}, where: "nobody"},
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

// What publishConfig says counts for a scope too where the tool is no npm, and for
// pnpm since it publishes by itself.
func TestPublishConfigOfAScope(t *testing.T) {
	const own, scopes = "https://own.example/", "https://scopes.example/"
	for _, c := range []struct{ tool, version, publishConfig, want string }{
		{"yarn", "", `"registry": "` + own + `"`, own},
		{"yarn", "", `"@acme:registry": "` + own + `"`, scopes},
		{"pnpm", "12.1.0", `"registry": "` + own + `"`, own},
		{"pnpm", "12.1.0", `"registry": "` + scopes + `", "@acme:registry": "` + own + `"`, own},
		{"pnpm", "10.1.0", `"registry": "` + own + `"`, scopes},
		{"pnpm", "10.1.0", `"@acme:registry": "` + own + `"`, own + " " + scopes}, // which npm reads from
		{"pnpm", "", `"registry": "` + own + `"`, scopes + " " + own},
		{"bun", "", `"registry": "` + own + `"`, scopes},
	} {
		q := project(t, map[string]string{
			"project/package.json": pkg("@acme/a", `, "publishConfig": {`+c.publishConfig+`}`), "project/.npmrc": "@acme:registry=" + scopes,
			"pnpm/package.json": `{"name": "pnpm", "version": "` + c.version + `"}`, "pnpm/pnpm": "",
		})
		q.Tool, q.Subcommand, q.Argv = c.tool, "publish", []string{c.tool, "publish"}
		if c.version != "" {
			q.Argv[0] = filepath.Join(filepath.Dir(q.Dir), "pnpm", "pnpm")
			if err := os.Chmod(q.Argv[0], 0o700); err != nil {
				t.Fatal(err)
			}
		}
		targets, err := config.Targets(q)
		if got := strings.Join(registries(targets), " "); err != nil || got != c.want {
			t.Errorf("%s %s with %s: %q, %v, want %q", c.tool, c.version, c.publishConfig, got, err, c.want)
		}
	}
}

// What the newer yarn starts has the variables of .env.yarn.
func TestVariablesOfYarn(t *testing.T) {
	q := project(t, map[string]string{"project/package.json": pkg("a", ""), ".env.yarn": "A=b\nnpm_config_registry=https://a.example/"})
	q.Tool, q.Subcommand, q.Argv = "npm", "publish", []string{"npm", "publish"}
	if _, err := config.Targets(q); err != nil {
		t.Error(err)
	}
	q.Through = "yarn"
	if targets, err := config.Targets(q); err == nil || !strings.Contains(err.Error(), ".env.yarn:2") {
		t.Errorf("%v, %v", targets, err)
	}
}

// A registry that npm itself names is compared with what is read for it.
func TestOtherRegistry(t *testing.T) {
	q := project(t, map[string]string{"project/package.json": pkg("a", ""), "project/.npmrc": "registry=https://a.example\n@acme:registry=https://b.example/"})
	q.Tool, q.Subcommand, q.Argv, q.Version = "npm", "publish", []string{"npm", "publish"}, "11.21.0"
	for _, c := range []struct{ key, said, want string }{
		{"registry", "https://a.example/", ""},
		{"@acme:registry", "https://b.example", ""},
		{"metrics-registry", "https://x.example/", ""},
		{"registry", "https://x.example/", "https://x.example/"},
		{"@acme:registry", "https://x.example/", "https://x.example/"},
		{"@other:registry", "https://x.example/", "https://x.example/"},
	} {
		other, differs := config.OtherRegistry(q, map[string]any{c.key: c.said})
		if differs != (c.want != "") || differs && other != c.want {
			t.Errorf("%s %s: %q, %v", c.key, c.said, other, differs)
		}
	}
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
		"pnpm --filter [main] publish": "@s/c @s/d a b", "pnpm --filter ./a publish": "a",
		"pnpm -r --filter {b} publish": "b", "pnpm -r --filter ./[ab] publish": "@s/c @s/d a b", "pnpm --filter . publish": "@s/c @s/d a b", "pnpm -r --filter !./a publish": "@s/c @s/d b",
		"pnpm -r --filter ./* --filter !@s/* publish": "a b", "pnpm multi publish": "@s/c @s/d a b", "pnpm m publish --filter a": "a",
	} {
		q := project(t, files)
		q.Tool, q.Argv = "pnpm", strings.Fields(line)
		if q.Argv[1] == "multi" || q.Argv[1] == "m" { // as it is seen through
			q.Argv = q.Argv[1:]
		}
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
		"pnpm --prefix b publish": false, "pnpm publish b": true, "yarn publish b": true, "bun publish b": true, "pnpm publish c": false,
		"pnpm publish ./b --publish-branch main": true, "yarn publish ./b --new-version 1.0.1 --network-timeout 1000": true,
		"bun publish ./b --gzip-level 9": true, "pnpm publish ./b --pack-gzip-level 9": true, "pnpm publish ./b --reporter silent --store-dir x": true,
		"yarn publish ./b --preid x --use-yarnrc y": false, "bun publish ./b --omit dev --env-file x": false, "bun publish ./b --cache-dir x": true,
		"bun -c x publish": false,
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

// Tools that look for the package upwards publish it from a folder in it.
func TestPeersBelowThePackage(t *testing.T) {
	q := project(t, map[string]string{"project/package.json": pkg("a", ""), "project/src/x": ""})
	q.Dir = filepath.Join(q.Dir, "src")
	for tool, found := range map[string]bool{"pnpm": true, "yarn": true, "yarn npm": true, "bun": true, "vlt": false} {
		q.Tool, q.Subcommand, q.Argv = tool, "publish", []string{tool, "publish"}
		if targets, err := config.Targets(q); (err == nil) != found || found && targets[0].Package != "a" {
			t.Errorf("%s: %v, %v", tool, targets, err)
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
