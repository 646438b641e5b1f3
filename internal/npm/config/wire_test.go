package config_test

import (
	"errors"
	"strings"
	"testing"

	"npmotp/internal/npm/config"
)

// A project that says who is at the other end of the connection would have the
// code and npm's token read there.
func TestProjectsDoNotChooseTheOtherEnd(t *testing.T) {
	for name, c := range map[string]struct {
		tool, file, text string
		where            string // "" when it does no harm
	}{
		"a proxy":                        {"npm", "project/.npmrc", "a=b\nhttps-proxy=http://127.0.0.1:9/", "project/.npmrc:2"},
		"no check of certificates":       {"npm", "project/.npmrc", "strict-ssl=false", "project/.npmrc:1"},
		"the same, in quotes":            {"npm", "project/.npmrc", `strict-ssl="false"`, "project/.npmrc:1"},
		"authorities":                    {"npm", "project/.npmrc", "cafile=./ca.pem", "project/.npmrc:1"},
		"authorities in a list":          {"npm", "project/.npmrc", "ca[]=x\nca[]=y", "project/.npmrc"},
		"a certificate of the client":    {"npm", "project/.npmrc", "cert=x", "project/.npmrc:1"},
		"hosts without a proxy":          {"npm", "project/.npmrc", "noproxy=registry.npmjs.org", "project/.npmrc:1"},
		"the safe values":                {"npm", "project/.npmrc", "strict-ssl=true\nhttps-proxy=null\nproxy=false", ""},
		"publishConfig":                  {"npm", "project/package.json", pkg("a", `,"publishConfig": {"https-proxy": "http://127.0.0.1:9/"}`), "publishConfig in"},
		"publishConfig, in pnpm":         {"pnpm", "project/package.json", pkg("a", `,"publishConfig": {"strict-ssl": false}`), "publishConfig in"},
		"pnpm":                           {"pnpm", "project/.npmrc", "https-proxy=http://127.0.0.1:9/", "project/.npmrc:1"},
		"pnpm's own file":                {"pnpm", "project/pnpm-workspace.yaml", "packages: []\nhttpsProxy: http://127.0.0.1:9/", "pnpm-workspace.yaml:2"},
		"yarn 1":                         {"yarn", "project/.yarnrc", "https-proxy \"http://127.0.0.1:9/\"", ".yarnrc:1"},
		"yarn berry":                     {"yarn npm", "project/.yarnrc.yml", "enableStrictSsl: false", ".yarnrc.yml:1"},
		"yarn berry, for a host":         {"yarn npm", "project/.yarnrc.yml", "networkSettings:\n  \"*\":\n    httpsProxy: \"http://127.0.0.1:9/\"", ".yarnrc.yml:3"},
		"yarn berry, for a host, inline": {"yarn npm", "project/.yarnrc.yml", "networkSettings: {\"*\": {caFilePath: x}}", ".yarnrc.yml:1"},
		"a table with a comment":         {"bun", "project/bunfig.toml", "[install] # x\ncafile = \"ca.pem\"", "bunfig.toml:2"},
		"pnpm, a package called proxy":   {"pnpm", "project/pnpm-workspace.yaml", "catalog:\n  proxy: ^1.0.0", ""},
		"yarn berry, the safe value":     {"yarn npm", "project/.yarnrc.yml", "enableStrictSsl: true", ""},
		"bun":                            {"bun", "project/bunfig.toml", "[install]\ncafile = \"ca.pem\"", "bunfig.toml:2"},
		"a table of bun that is another": {"bun", "project/bunfig.toml", "[test]\nkey = 1", ""},
		"lerna":                          {"lerna", "project/.npmrc", "proxy=http://127.0.0.1:9/", "project/.npmrc:1"},
		"the user's own":                 {"npm", "home/.npmrc", "https-proxy=http://127.0.0.1:9/\nstrict-ssl=false", ""},
		"the user's own, of yarn berry":  {"yarn npm", "home/.yarnrc.yml", "enableStrictSsl: false", ""},
	} {
		t.Run(name, func(t *testing.T) {
			files := map[string]string{"project/package.json": pkg("a", "")}
			files[c.file] = c.text
			q := project(t, files)
			q.Tool, q.Subcommand, q.Argv = c.tool, "publish", []string{c.tool, "publish"}
			targets, err := config.Targets(q)
			unknown, is := errors.AsType[*config.UnknownError](err)
			if c.where == "" {
				if err != nil {
					t.Error(err)
				}
				if off := strings.Contains(c.text, "strict-ssl=false"); err == nil && off != (targets[0].Unverified != config.Source{}) {
					t.Errorf("certificates: %v", targets[0].Unverified)
				}
				return
			}
			if !is || unknown.Refused() || !strings.Contains(err.Error(), c.where) || !strings.Contains(err.Error(), "the other end") {
				t.Errorf("%v, %v; want an error about %s", targets, err, c.where)
			}
		})
	}
}
