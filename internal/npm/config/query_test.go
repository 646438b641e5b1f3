package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"npmotp/internal/npm/config"
)

// project writes files and returns a query about npm publish among them, with a
// home and without any npm.
func project(t *testing.T, files map[string]string, args ...string) config.Query {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		write(t, filepath.Join(root, name), text)
	}
	if err := os.MkdirAll(filepath.Join(root, "project"), 0o700); err != nil {
		t.Fatal(err)
	}
	return config.Query{
		Tool: "npm", Subcommand: "publish", Argv: append([]string{"npm", "publish"}, args...),
		Dir: filepath.Join(root, "project"), Environ: []string{"HOME=" + filepath.Join(root, "home"), "npm_config_update_notifier=false"}, Version: "12.2.0",
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

const elsewhere = "registry=https://elsewhere.example/\n"

// target wants one target.
func target(t *testing.T, q config.Query) config.Target {
	t.Helper()
	targets, err := config.Targets(q)
	if err != nil || len(targets) != 1 {
		t.Fatalf("the targets are %v, %v", targets, err)
	}
	return targets[0]
}

func TestDefault(t *testing.T) {
	got := target(t, project(t, map[string]string{"project/package.json": pkg("thing", "")}))
	want := config.Target{Package: "thing", Registry: "https://registry.npmjs.org/", Source: config.Source{Kind: config.Default}}
	if got != want {
		t.Errorf("the target is %+v, want %+v", got, want)
	}
}

// What cannot be read stops, because npm may read it a moment later.
func TestFilesThatCannotBeRead(t *testing.T) {
	for name, spoil := range map[string]func(t *testing.T, dir string){
		"folder": func(t *testing.T, dir string) {
			t.Helper()
			write(t, filepath.Join(dir, ".npmrc", "x"), "")
		},
		"link to itself": func(t *testing.T, dir string) {
			t.Helper()
			if err := os.Symlink(".npmrc", filepath.Join(dir, ".npmrc")); err != nil {
				t.Skip(err)
			}
		},
		"too large": func(t *testing.T, dir string) {
			t.Helper()
			write(t, filepath.Join(dir, ".npmrc"), strings.Repeat("; comment\n", 200_000))
		},
		"forbidden": func(t *testing.T, dir string) {
			t.Helper()
			write(t, filepath.Join(dir, ".npmrc"), elsewhere)
			if err := os.Chmod(filepath.Join(dir, ".npmrc"), 0); err != nil {
				t.Fatal(err)
			}
			if _, err := os.ReadFile(filepath.Join(dir, ".npmrc")); err == nil {
				t.Skip("nothing is forbidden to this user")
			}
		},
		"device": func(t *testing.T, dir string) {
			t.Helper()
			if err := os.Symlink("/dev/zero", filepath.Join(dir, ".npmrc")); err != nil || runtime.GOOS == "windows" {
				t.Skip(err)
			}
		},
		"odd key": func(t *testing.T, dir string) {
			t.Helper()
			write(t, filepath.Join(dir, ".npmrc"), "x=1\n'[\"registry\"]'=https://elsewhere.example/\n")
		},
		"no JSON": func(t *testing.T, dir string) {
			t.Helper()
			write(t, filepath.Join(dir, "package.json"), "{\"name\": \"thing\"} {")
		},
		"a list": func(t *testing.T, dir string) {
			t.Helper()
			write(t, filepath.Join(dir, "package.json"), "[]")
		},
	} {
		t.Run(name, func(t *testing.T) {
			q := project(t, map[string]string{"project/package.json": pkg("thing", "")})
			spoil(t, q.Dir)
			targets, err := config.Targets(q)
			var unknown *config.UnknownError
			if !errors.As(err, &unknown) || unknown.Refused() || !strings.HasPrefix(unknown.Source.File, q.Dir) {
				t.Errorf("the targets are %v, %v", targets, err)
			}
		})
	}
}

func TestNullDevice(t *testing.T) {
	q := project(t, map[string]string{"project/package.json": pkg("thing", ""), "home/.npmrc": elsewhere})
	q.Environ = append(q.Environ, "npm_config_userconfig="+os.DevNull)
	if got := target(t, q); got.Source.Kind != config.Default {
		t.Errorf("the target is %+v", got)
	}
}

// Two variables that differ in case say the same to npm, and a shell can change
// their order.
func TestVariablesThatDisagree(t *testing.T) {
	q := project(t, map[string]string{"project/package.json": pkg("thing", "")})
	q.Environ = append(q.Environ, "npm_config_registry=https://one.example", "NPM_CONFIG_REGISTRY=https://one.example")
	if got := target(t, q); got.Registry != "https://one.example/" {
		t.Errorf("the target is %+v", got)
	}
	q.Environ = append(q.Environ, "NPM_config_registry=https://two.example")
	targets, err := config.Targets(q)
	if err == nil || !strings.Contains(err.Error(), "NPM_config_registry") {
		t.Errorf("the targets are %v, %v", targets, err)
	}
}

// Where the version of npm is not known, all that the versions do is named.
func TestVersionNotKnown(t *testing.T) {
	q := project(t, map[string]string{
		"project/package.json": pkg("thing", `,"publishConfig": {"registry": "https://own.example"}`), "home/.npmrc": elsewhere,
	}, "--registry=https://given.example")
	for version, want := range map[string]string{
		"6.14.18": "https://own.example/", "8.19.4": "https://own.example/", "12.2.0": "https://given.example/", "13.0.0": "https://given.example/",
		"": "https://own.example/ https://given.example/", "9.1.0": "https://own.example/ https://given.example/",
		"10.2.0": "https://own.example/ https://given.example/", "x": "https://own.example/ https://given.example/",
	} {
		q.Version = version
		targets, err := config.Targets(q)
		var got []string
		for _, t := range targets {
			got = append(got, t.Registry)
		}
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("npm %s goes to %q, %v, want %s", version, got, err, want)
		}
	}
}

func TestRefused(t *testing.T) {
	for _, args := range [][]string{{}, {"./nothing"}, {".", "."}} {
		_, err := config.Targets(project(t, nil, args...))
		var unknown *config.UnknownError
		if !errors.As(err, &unknown) || !unknown.Refused() {
			t.Errorf("%q: %v, want npm to refuse it", args, err)
		}
	}
	_, err := config.Targets(project(t, map[string]string{"project/package.json": pkg("thing", "")}, "thing"))
	var unknown *config.UnknownError
	if !errors.As(err, &unknown) || unknown.Refused() {
		t.Errorf("a package of the registry: %v", err)
	}
}

func TestTarballs(t *testing.T) {
	manifest := pkg("thing", `,"publishConfig": {"registry": "https://own.example"}`)
	for name, c := range map[string]struct {
		files map[string]string
		good  bool
	}{
		"as npm packs":  {map[string]string{"package/package.json": manifest, "package/lib/package.json": "{}"}, true},
		"other folder":  {map[string]string{"x/package.json": manifest}, true},
		"two of them":   {map[string]string{"package/package.json": pkg("thing", ""), "other/package.json": manifest}, false},
		"by their case": {map[string]string{"package/package.json": pkg("thing", ""), "package/Package.JSON": manifest}, false},
		"none":          {map[string]string{"package.json": manifest}, false},
	} {
		t.Run(name, func(t *testing.T) {
			q := project(t, map[string]string{"project/x.tgz": packed(t, c.files)}, "x.tgz")
			targets, err := config.Targets(q)
			if c.good != (err == nil && targets[0].Registry == "https://own.example/" && strings.HasPrefix(targets[0].Source.File, q.Dir)) {
				t.Errorf("the targets are %v, %v", targets, err)
			}
			if scripts, err := config.Scripts(q); len(scripts) > 0 || c.good != (err == nil) {
				t.Errorf("the scripts are %v, %v", scripts, err)
			}
		})
	}
	q := project(t, map[string]string{"project/x.tgz": "\x1f\x8bno"}, "x.tgz")
	if targets, err := config.Targets(q); err == nil {
		t.Errorf("of what is not a tarball the targets are %v", targets)
	}
}

func TestAddresses(t *testing.T) {
	for address, want := range map[string]string{
		"https://Registry.Example":            "https://registry.example/",
		" HTTPS://registry.example:443/npm/":  "https://registry.example/npm/",
		"http://registry.example:0080":        "http://registry.example/",
		"http://registry.example:443/a/b":     "http://registry.example:443/a/b/",
		"https://user:pass@registry.example":  "https://registry.example/",
		"http://[::0001]:4873/":               "http://[::1]:4873/",
		"":                                    "",
		"registry.example":                    "",
		"//registry.example":                  "",
		"ftp://registry.example":              "",
		"https:/registry.example":             "",
		"https://":                            "",
		"https://good.example\\@evil.example": "",
		"https://good.example#@evil.example/": "",
		"https://good.example?@evil.example/": "",
		"https://a@good.example@evil.example": "",
		"https://evil.example\t/":             "",
		"https://ex\u00e4mple.org":            "",
		"https://evil%2eexample/":             "",
		"https://evil.example:65536":          "",
		"https://evil.example:":               "",
		"https://evil.example:+1":             "",
		"https://[::1%25lo]/":                 "",
		"https://[::1/":                       "",
		"https://[1.2.3.4]/":                  "",
	} {
		if got, ok := config.Canonical(address); got != want || ok != (want != "") {
			t.Errorf("%q is %q, %t, want %q", address, got, ok, want)
		}
	}
}

func TestPatternsThatAreNotUnderstood(t *testing.T) {
	for _, pattern := range []string{"packages/+(a|b)", "packages/a**", "{a", "{a,{b,c}}", "../other", "[[:alpha:]]*", "["} {
		if found, err := config.Workspaces(t.TempDir(), []string{pattern}); err == nil {
			t.Errorf("%q names %q", pattern, found)
		}
	}
}

// No error and no source holds a value, because a value can hold a password.
func TestErrorsHoldNoValues(t *testing.T) {
	q := project(t, map[string]string{
		"project/package.json": pkg("thing", ""), "home/.npmrc": "//registry.example/:_authToken=s3cret\nregistry=https://alice:s3cret@bad example/\n",
	})
	_, err := config.Targets(q)
	if err == nil || strings.Contains(err.Error(), "s3cret") || !strings.Contains(err.Error(), ".npmrc:2") {
		t.Errorf("the error is %v", err)
	}
}
