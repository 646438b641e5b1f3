package wrap_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"npmotp/internal/agent"
	"npmotp/internal/codes"
	"npmotp/internal/npm/tools"
	"npmotp/internal/secret"
	"npmotp/internal/ui"
	"npmotp/internal/wrap"
	"npmotp/otpgen"
	"npmotp/vault"
)

const elsewhere = "https://npm.example.org/"

// A setup is a folder with files in it, and what the vault holds.
type setup struct {
	runner   *wrap.Runner
	out, err bytes.Buffer
	ran      []string // the command that ran, and what its environment has of a code
}

func account(name, registry string) vault.Account {
	key := otpgen.Key{Secret: secret.New("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"), Digits: 6, Period: 30 * time.Second}
	return vault.Account{ID: name, Name: name, Registry: registry, Level: vault.AuthAndWrites, Key: &key}
}

func newSetup(t *testing.T, files map[string]string, accounts ...vault.Account) *setup {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "package.json"), []byte(`{"name":"a","version":"1.0.0"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	s := &setup{}
	u := &ui.UI{Out: &s.out, Err: &s.err, NoInput: true}
	now := func() time.Time { return time.Unix(59, 0) }
	s.runner = &wrap.Runner{
		UI: u, Dir: dir, Home: t.TempDir(), Environ: []string{"HOME=" + t.TempDir()}, Now: now,
		Codes: &codes.Source{
			UI: u, Now: now,
			Dial: func(context.Context, func(string)) *agent.Client { return nil },
			Unlock: func(context.Context) (*codes.Unlocked, error) {
				if accounts == nil {
					return nil, vault.ErrNoVault
				}
				return &codes.Unlocked{Contents: &vault.Contents{Accounts: accounts, Default: "default"}, Now: now}, nil
			},
			Wait: func(context.Context, time.Duration) error { return nil },
		},
		Terminal: wrap.Terminal{UI: u, Release: func() {}},
		Exec: func(_ context.Context, argv, environ []string) error {
			s.ran = argv
			for _, kv := range environ {
				if strings.Contains(kv, "287082") {
					s.ran = append(s.ran, kv)
				}
			}
			return nil
		},
	}
	return s
}

func words(s string) []string { return strings.Fields(s) }

// What runs, in which way, and with whose code.
func TestRun(t *testing.T) {
	authOnly := account("ada", vault.DefaultRegistry)
	authOnly.Level = vault.AuthOnly
	hidden := account("gone", vault.DefaultRegistry)
	hidden.ArchivedAt = time.Unix(1, 0)
	pending := account("begun", vault.DefaultRegistry)
	pending.Pending = true
	codesOnly := account("paper", vault.DefaultRegistry)
	codesOnly.Key = nil
	npm, other := account("ada", vault.DefaultRegistry), account("bob", elsewhere)
	const scripts = `{"name":"a","version":"1.0.0","scripts":{"prepublishOnly":"true"}}`
	for name, tt := range map[string]struct {
		files    map[string]string
		accounts []vault.Account
		options  wrap.Options
		argv     string
		ran      string // "" when nothing runs
		failure  error
		says     string // a part of the error or of what is said
	}{
		"appended":                        {nil, []vault.Account{npm, other}, wrap.Options{}, "npm publish", "npm publish --otp=287082", nil, ""},
		"in front of --":                  {nil, []vault.Account{npm}, wrap.Options{}, "npm dist-tag add a@1.0.0 -- x", "npm dist-tag add a@1.0.0 --otp=287082 -- x", nil, ""},
		"a command that needs none":       {nil, nil, wrap.Options{}, "npm install", "npm install", nil, ""},
		"no vault":                        {nil, nil, wrap.Options{}, "npm publish", "", vault.ErrNoVault, ""},
		"by the variable":                 {nil, []vault.Account{npm}, wrap.Options{Via: "env"}, "npm publish", "npm publish npm_config_otp=287082", nil, ""},
		"a way that there is not":         {nil, []vault.Account{npm}, wrap.Options{Via: "mail"}, "npm publish", "", nil, "or auto"},
		"auth-only, a write":              {nil, []vault.Account{authOnly}, wrap.Options{}, "npm publish", "npm publish", nil, ""},
		"auth-only, the profile":          {nil, []vault.Account{authOnly}, wrap.Options{}, "npm profile set email a@b", "npm profile set email a@b --otp=287082", nil, ""},
		"the registry picks":              {map[string]string{".npmrc": "registry=" + elsewhere}, []vault.Account{npm, other}, wrap.Options{}, "npm publish", "npm publish --otp=287082", nil, ""},
		"nobody's registry":               {map[string]string{".npmrc": "registry=https://third.example/"}, []vault.Account{npm, other}, wrap.Options{}, "npm publish", "npm publish", nil, ".npmrc:1), so npm runs without a code"},
		"nobody's, and a way is named":    {map[string]string{".npmrc": "registry=https://third.example/"}, []vault.Account{npm, other}, wrap.Options{Via: "flag"}, "npm publish", "", vault.ErrNoAccount, ".npmrc:1"},
		"nobody's, and {otp}":             {map[string]string{".npmrc": "registry=https://third.example/"}, []vault.Account{npm}, wrap.Options{}, "npm publish --otp={otp}", "", vault.ErrNoAccount, ".npmrc:1"},
		"{otp} for a script":              {nil, []vault.Account{npm}, wrap.Options{}, "npm run a -- --otp={otp}", "npm run a -- --otp=287082", nil, "npm run takes no one-time password itself, and npmotp cannot see which registry"},
		"npm's, and no account of it":     {nil, []vault.Account{other}, wrap.Options{}, "npm publish", "", vault.ErrNoAccount, "registry.npmjs.org"},
		"named, but of another registry":  {map[string]string{".npmrc": "\nregistry=" + elsewhere}, []vault.Account{npm}, wrap.Options{Account: "ada"}, "npm publish", "", nil, ".npmrc:2"},
		"publishConfig":                   {map[string]string{"package.json": `{"name":"a","publishConfig":{"registry":"https://evil.example/"}}`}, []vault.Account{npm}, wrap.Options{}, "npm publish", "npm publish", nil, "publishConfig"},
		"another registry, knowingly":     {nil, []vault.Account{npm}, wrap.Options{Account: "ada", Registry: elsewhere}, "npm publish --registry " + elsewhere, "npm publish --registry " + elsewhere + " --otp=287082", nil, ""},
		"a proxy of the project":          {map[string]string{".npmrc": "https-proxy=http://127.0.0.1:9/"}, []vault.Account{npm}, wrap.Options{}, "npm publish", "", nil, "(https-proxy) take that out there"},
		"without encryption":              {map[string]string{".npmrc": "registry=http://npm.example.org/"}, []vault.Account{account("ada", "http://npm.example.org/")}, wrap.Options{}, "npm publish", "npm publish --otp=287082", nil, "without encryption (/"},
		"certificates that nobody checks": {nil, []vault.Account{npm}, wrap.Options{}, "npm publish --strict-ssl=false", "npm publish --strict-ssl=false --otp=287082", nil, "strict-ssl is off (--strict-ssl on"},
		"archived ones do not count":      {nil, []vault.Account{hidden, npm}, wrap.Options{}, "npm publish", "npm publish --otp=287082", nil, ""},
		"before a pending one":            {nil, []vault.Account{pending, npm}, wrap.Options{}, "npm publish", "npm publish --otp=287082", nil, ""},
		"several":                         {nil, []vault.Account{npm, account("eve", vault.DefaultRegistry)}, wrap.Options{}, "npm publish", "", &vault.AmbiguousError{}, "ada"},
		"the default of several":          {nil, []vault.Account{npm, account("default", vault.DefaultRegistry)}, wrap.Options{}, "npm publish", "npm publish --otp=287082", nil, ""},
		"recovery codes only":             {nil, []vault.Account{codesOnly}, wrap.Options{}, "npm publish", "", vault.ErrNoKey, "recovery codes only"},
		"yarn's mirror is npm's registry": {nil, []vault.Account{npm}, wrap.Options{}, "yarn publish --non-interactive", "yarn publish --non-interactive --otp=287082", nil, ""},
		"nobody's, dry run":               {map[string]string{".npmrc": "registry=https://third.example/"}, []vault.Account{npm}, wrap.Options{DryRun: true}, "npm publish", "", nil, "runs without a code"},
		"one of several is somebody's":    {map[string]string{".npmrc": "@s:registry=https://third.example/", "package.json": `{"name":"@s/a","publishConfig":{"registry":"https://registry.npmjs.org"}}`}, []vault.Account{npm}, wrap.Options{}, "pnpm publish", "", nil, "would send the code to https://third.example/"},
		"dry run":                         {nil, []vault.Account{npm}, wrap.Options{DryRun: true}, "npm publish", "", nil, "takes a one-time password"},
		"a script first, and no terminal": {map[string]string{"package.json": scripts}, []vault.Account{npm}, wrap.Options{DryRun: true}, "npm publish", "", nil, "the script prepublishOnly runs first; without a terminal"},
		"a recovery code in an argument":  {nil, []vault.Account{npm}, wrap.Options{Recovery: true}, "npm publish {otp}", "", nil, "goes into no argument"},
		"none left":                       {nil, []vault.Account{npm}, wrap.Options{Recovery: true}, "npm publish", "", vault.ErrNoCodes, ""},
		"--last alone":                    {nil, []vault.Account{npm}, wrap.Options{Last: true}, "npm publish", "", nil, "--last is for --recovery"},
		"longer than a step":              {nil, []vault.Account{npm}, wrap.Options{MinRemaining: time.Minute}, "npm publish", "", nil, "can never be left"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSetup(t, tt.files, tt.accounts...)
			err := s.runner.Run(t.Context(), tt.options, words(tt.argv))
			if got := strings.Join(s.ran, " "); got != tt.ran {
				t.Errorf("%q ran, want %q", got, tt.ran)
			}
			said := s.err.String()
			if err != nil {
				said += err.Error()
			}
			if h, ok := errors.AsType[*ui.HintError](err); ok {
				said += " " + h.Hint
			}
			if !strings.Contains(said, tt.says) {
				t.Errorf("it says %q, want %q in it", said, tt.says)
			}
			wantErr := tt.failure != nil || tt.ran == "" && !tt.options.DryRun
			if _, ambiguous := errors.AsType[*vault.AmbiguousError](tt.failure); ambiguous {
				if _, ok := errors.AsType[*vault.AmbiguousError](err); !ok {
					t.Errorf("got %v, want an ambiguous account", err)
				}
			} else if (err != nil) != wantErr || tt.failure != nil && !errors.Is(err, tt.failure) {
				t.Errorf("got %v, want %v", err, tt.failure)
			}
		})
	}
}

// A command of a script is the one that asks where no other one could.
func TestOnlyCommandOfAScript(t *testing.T) {
	for script, want := range map[string]string{
		"npm publish":                              "npm publish",
		"npm run build && npm publish --tag a":     "npm publish --tag a",
		"cd dist; npm publish | tee log":           "npm publish",
		"npm publish; npm publish":                 "",
		"npm publish && env npm publish":           "",
		"npm publish; for r in a; do npm pu; done": "",
		"npm publish && (cd a; npm publish)":       "",
		"npm publish && /usr/bin/time npm x":       "",
		"npm publish --registry $R":                "",
		`npm publish --tag "it's" && echo 'npm x'`: "npm publish --tag it's",
	} {
		if got := strings.Join(wrap.Only(script), " "); got != want {
			t.Errorf("%q: %q, want %q", script, got, want)
		}
	}
}

// An npm that is a script is asked what registries it has.
func TestNPMBehindAScript(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the script is for sh")
	}
	const third = "https://third.example/"
	for _, tt := range []struct {
		says    string // the npm
		options wrap.Options
		runs    bool
	}{
		{`{"npm-version": "11.21.0", "registry": "https://registry.npmjs.org/"}`, wrap.Options{}, true},
		{`{"user-agent": "npm/6.14.18 node/v20 linux x64", "registry": "https://registry.npmjs.org/"}`, wrap.Options{}, true},
		{"11.21.0", wrap.Options{}, true}, // which is no npm, and no list
		{`{"npm-version": "11.21.0", "registry": "` + third + `"}`, wrap.Options{}, false},
		{`{"npm-version": "11.21.0", "registry": "` + third + `"}`, wrap.Options{Registry: vault.DefaultRegistry}, false},
		{`{"npm-version": "11.21.0", "registry": "` + third + `"}`, wrap.Options{Account: "ada", Registry: third}, true},
	} {
		s := newSetup(t, nil, account("ada", vault.DefaultRegistry))
		bin := t.TempDir()
		if err := os.WriteFile(filepath.Join(bin, "npm"), []byte("#!/bin/sh\necho '"+tt.says+"'\n"), 0o700); err != nil {
			t.Fatal(err)
		}
		s.runner.Environ = append(s.runner.Environ, "PATH="+bin)
		err := s.runner.Run(t.Context(), tt.options, words("npm publish"))
		if (s.ran != nil) != tt.runs || !tt.runs && !errors.Is(err, wrap.ErrRegistryNotSeen) {
			t.Errorf("%s with %+v: %v, and %q ran", tt.says, tt.options, err, s.ran)
		}
	}
}

// An account of one registry is never used for another one, whatever the tool.
func TestNoCodeForAnotherRegistry(t *testing.T) {
	for _, argv := range []string{
		"npm publish --registry https://evil.example/", "npx npm@11 publish --registry=https://evil.example/",
		"pnpm publish --registry https://evil.example/", "yarn publish --registry https://evil.example/",
		"npm owner add eve a --registry https://evil.example/", "bun publish --registry https://evil.example/",
	} {
		for _, o := range []wrap.Options{{}, {Account: "ada"}, {Account: "ada", Via: "env"}} {
			s := newSetup(t, nil, account("ada", vault.DefaultRegistry))
			err := s.runner.Run(t.Context(), o, words(argv))
			if err == nil && o.Account != "" || strings.Contains(strings.Join(s.ran, " "), "287082") {
				t.Errorf("%s with %+v: %v, and %q ran", argv, o, err, s.ran)
			}
			if _, ran := errors.AsType[*tools.ExitError](err); ran {
				t.Errorf("%s: %v is said to be of the command", argv, err)
			}
		}
	}
}
