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
