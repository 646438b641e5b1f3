package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"npmotp/internal/npm/config"
)

// What a runner starts gets the runner's registry, reads files of variables for some,
// and may be of another version than the user's own. A line is the command behind the
// runner; {link} makes a program of the project.
func TestBehindRunners(t *testing.T) {
	const a, b, yarns, npms = "https://a.example/", "https://b.example/", "https://registry.yarnpkg.com/", "https://registry.npmjs.org/"
	const yarn1 = `{"name": "yarn", "version": "1.22.22"}`
	plain := pkg("a", "")
	for name, c := range map[string]struct {
		through, line string
		files         map[string]string
		want          string // the registries, or what the error names
	}{
		"yarn 1 hands its registry on":       {"yarn", "npm publish", map[string]string{"yarn/package.json": yarn1, "project/.yarnrc": "registry " + b, "project/.npmrc": "registry=" + a}, b},
		"and its default":                    {"yarn", "npm publish", map[string]string{"yarn/package.json": yarn1, "project/.npmrc": "registry=" + a}, yarns},
		"which lerna does not take":          {"yarn", "lerna publish", map[string]string{"yarn/package.json": yarn1, "home/.npmrc": "registry=" + a}, npms},
		"and changesets do, of a file":       {"yarn", "changeset publish", map[string]string{"yarn/package.json": yarn1, "home/.yarnrc": "registry " + b}, b},
		"a line of it that is not read":      {"yarn", "npm publish", map[string]string{"yarn/package.json": yarn1, "project/.yarnrc": "--registry " + b}, ".yarnrc:1"},
		"a newer yarn hands none on":         {"yarn", "npm publish", map[string]string{"project/.yarnrc": "registry " + b, "project/.npmrc": "registry=" + a}, a},
		"one that yarn 1 finds":              {"yarn", "npm publish", map[string]string{"yarn/package.json": yarn1, "project/.yarnrc": "registry " + b + "\nyarn-path x", "project/.npmrc": "registry=" + a}, a},
		"files of variables of the newer":    {"yarn", "npm publish", map[string]string{"project/.yarnrc.yml": "injectEnvironmentFiles:\n  - .env.release?\n", "project/.env.release": "X=y\nnpm_config_registry=" + b}, ".env.release:2"},
		"such files in a line":               {"yarn", "npm publish", map[string]string{"project/.yarnrc.yml": "injectEnvironmentFiles: [x]\n"}, ".yarnrc.yml:1"},
		"npm hands its registry on":          {"npx", "changeset publish", map[string]string{"project/.npmrc": "registry=" + b}, b},
		"which counts more than a file":      {"npm", "bun publish", map[string]string{"project/.npmrc": "registry=" + b, "project/bunfig.toml": "[install]\nregistry = '" + a + "'"}, b},
		"no runner, no registry":             {"", "changeset publish", map[string]string{"project/.npmrc": "registry=" + b}, npms},
		"the project's own npm 6":            {"npx", "npm publish --registry " + a, map[string]string{"project/package.json": pkg("a", `,"publishConfig": {"registry": "`+b+`"}`), "project/node_modules/npm/package.json": `{"name": "npm", "version": "6.14.18"}`, "project/node_modules/npm/bin/npm-cli.js": ""}, b},
		"an npm that is named with one":      {"npx", "npm@6 publish --registry " + a, map[string]string{"project/package.json": pkg("a", `,"publishConfig": {"registry": "`+b+`"}`)}, b},
		"pnpm's own file":                    {"", "pnpm publish", map[string]string{"home/.config/pnpm/auth.ini": "registry=" + b}, b + " " + npms},
		"changesets that publish by pnpm":    {"", "changeset publish", map[string]string{"project/pnpm-lock.yaml": "", "project/.npmrc": "registry=" + b, "yarn/pnpm": "", "yarn/package.json": `{"name": "pnpm", "version": "12.0.0"}`}, b + " " + npms},
		"and by one that has npm publish it": {"", "changeset publish", map[string]string{"project/pnpm-lock.yaml": "", "project/.npmrc": "registry=" + b, "yarn/pnpm": "", "yarn/package.json": `{"name": "pnpm", "version": "10.0.0"}`}, npms},
	} {
		t.Run(name, func(t *testing.T) {
			if c.files["project/package.json"] == "" {
				c.files["project/package.json"] = plain
			}
			c.files["yarn/yarn"] = ""
			q := project(t, c.files)
			root := filepath.Dir(q.Dir)
			for _, program := range []string{"yarn/yarn", "yarn/pnpm", "project/node_modules/npm/bin/npm-cli.js"} {
				_ = os.Chmod(filepath.Join(root, program), 0o700)
			}
			own := filepath.Join(q.Dir, "node_modules", ".bin")
			if err := os.MkdirAll(own, 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(filepath.Join("..", "npm", "bin", "npm-cli.js"), filepath.Join(own, "npm")); err != nil {
				t.Skip(err)
			}
			q.Environ = append(q.Environ, "PATH="+filepath.Join(root, "yarn"))
			q.Argv = strings.Fields(c.line)
			q.Through, q.Subcommand = c.through, "publish"
			q.Tool, _, _ = strings.Cut(q.Argv[0], "@")
			if q.Tool == "npm" {
				q.Version = "" // which stands beside the program
			}
			targets, err := config.Targets(q)
			got := strings.Join(registries(targets), " ")
			if err != nil {
				got = err.Error()
			}
			if got != c.want && (err == nil || !strings.Contains(got, c.want)) {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}
