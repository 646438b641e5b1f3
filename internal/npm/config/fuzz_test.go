package config_test

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"npmotp/internal/npm/config"
)

// FuzzINI wants no text to crash the parser, or to set what an object of
// JavaScript has by itself.
func FuzzINI(f *testing.F) {
	for _, text := range iniTexts()[:200] {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, major := range []int{6, 8, 12} {
			values, err := config.INI(major, text)
			if err != nil {
				continue
			}
			for key := range values {
				if key == "__proto__" {
					t.Errorf("%q sets %s", text, key)
				}
			}
		}
	})
}

// FuzzAddress wants an address that is taken to have one form, and the host that
// Go finds in it.
func FuzzAddress(f *testing.F) {
	for _, a := range []string{"https://registry.example:443/npm", "http://a:b@[::1]:1/%2e", "https://x\\@y", "HTTP://A"} {
		f.Add(a)
	}
	f.Fuzz(func(t *testing.T, address string) {
		got, ok := config.Canonical(address)
		if !ok {
			return
		}
		if again, ok := config.Canonical(got); !ok || again != got {
			t.Errorf("%q is %q and then %q", address, got, again)
		}
		u, err := url.Parse(strings.TrimSpace(address))
		if err != nil {
			return // more is an error to Go
		}
		if want, err := url.Parse(got); err != nil || !strings.EqualFold(u.Hostname(), want.Hostname()) && !strings.Contains(got, "[") {
			t.Errorf("%q has the host %q, and %q", address, u.Hostname(), got)
		}
	})
}

// FuzzTargets writes a project's .npmrc and package.json, and wants targets or
// an error, and of an address nothing but its one form.
func FuzzTargets(f *testing.F) {
	f.Add("registry=https://r.example", pkg("@a/b", `,"publishConfig": {"@a:registry": "https://r.example"}`))
	f.Add("@a:registry[]=x\nuserconfig=./x", pkg("thing", `,"workspaces": ["*"],"private": 0`))
	f.Fuzz(func(t *testing.T, npmrc, manifest string) {
		root := t.TempDir()
		dir := filepath.Join(root, "project")
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, ".npmrc"), npmrc)
		write(t, filepath.Join(dir, "package.json"), manifest)
		q := config.Query{Tool: "npm", Subcommand: "publish", Argv: []string{"npm", "publish"}, Dir: dir, Environ: []string{"HOME=" + root}}
		targets, err := config.Targets(q)
		if err == nil && len(targets) == 0 {
			t.Error("there is neither a target nor an error")
		}
		for _, target := range targets {
			if again, ok := config.Canonical(target.Registry); !ok || again != target.Registry {
				t.Errorf("the registry is %q", target.Registry)
			}
		}
		if _, err := config.Scripts(q); err != nil && len(targets) > 0 {
			t.Errorf("there are targets and no scripts: %v", err)
		}
	})
}

// FuzzPeers writes the files of the other tools, and wants of each tool targets or
// an error, and of an address nothing but its one form.
func FuzzPeers(f *testing.F) {
	peers := []string{"pnpm", "yarn", "bun", "lerna", "np", "release-it", "changeset", "yarn npm"}
	files := []string{".npmrc", ".yarnrc", ".yarnrc.yml", "bunfig.toml", "lerna.json", "pnpm-workspace.yaml"}
	f.Add(byte(1), byte(1), "registry \"https://r.example\"\n\"@a:registry\" https://a.example", pkg("@a/b", ""))
	f.Add(byte(7), byte(2), "npmPublishRegistry: https://r.example\nnpmScopes:\n  a:\n    npmRegistryServer: \"https://a.example\"\n", pkg("@a/b", ""))
	f.Add(byte(2), byte(3), "[install]\nregistry = \"https://r.example\"\n[install.scopes]\na = { url = \"https://a.example\" }\n", pkg("@a/b", ""))
	f.Add(byte(3), byte(4), `{"command":{"publish":{"registry":"https://r.example"}},"packages":["*"]}`, pkg("x", ""))
	f.Add(byte(0), byte(5), "packages:\n  - '*'\n  - '!b'\n", pkg("x", ""))
	f.Add(byte(5), byte(0), "registry=https://r.example", pkg("x", `,"release-it":{"npm":{"publishArgs":["--registry","https://a.example"]}}`))
	f.Fuzz(func(t *testing.T, which, file byte, text, manifest string) {
		root := t.TempDir()
		dir := filepath.Join(root, "project")
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, files[int(file)%len(files)]), text)
		write(t, filepath.Join(dir, "package.json"), manifest)
		name := peers[int(which)%len(peers)]
		subcommand := []string{"publish", "owner"}[int(which)/len(peers)%2]
		q := config.Query{Tool: name, Subcommand: subcommand, Argv: append(strings.Fields(name), subcommand), Dir: dir, Environ: []string{"HOME=" + root}}
		targets, err := config.Targets(q)
		if err == nil && len(targets) == 0 {
			t.Error("there is neither a target nor an error")
		}
		for _, target := range targets {
			if again, ok := config.Canonical(target.Registry); !ok || again != target.Registry {
				t.Errorf("the registry is %q", target.Registry)
			}
		}
	})
}
