package tools_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"npmotp/internal/npm/tools"
	"npmotp/internal/secret"
)

// FuzzNew wants every argument of the user's to stay, in its order and as it
// was, with at most one insertion that holds the code; and nothing but the
// code's variables to change in the environment.
func FuzzNew(f *testing.F) {
	for _, line := range []string{
		"npm publish --tag x -- y", "npm --registry publish --registry", "npm login --browser",
		"npx -p lerna -- lerna publish", "npx -c x", "npm exec lerna publish", "npm exec lerna -- publish -- x",
		"npm --tag=-- publish", "npm --no-no-otp 1 publish", "npm -gf -w x --json=foo un", "npm run x {otp}",
		"pnpm -r m recursive publish", "yarn workspaces foreach -A npm publish", "yarn workspace", "bunx lerna publish",
		"corepack corepack npx npx npm publish", "release-it -d", "np", "gem yank -v 1", "npm --", "npm -= --=",
		"changeset publish", "cowsay", "npm @a/b@c", "npx --no-install", "npm x -- -- x",
	} {
		f.Add(strings.ReplaceAll(line, " ", "\n"), uint8(0), "")
		f.Add(strings.ReplaceAll(line, " ", "\n"), uint8(1), "npm_config_otp=\nNPMOTP_PASSPHRASE=x\nA=1")
		f.Add(strings.ReplaceAll(line, " ", "\n"), uint8(2), "PNPM_CONFIG_OTP=1")
		f.Add(strings.ReplaceAll(line, " ", "\n"), uint8(4), "CODE=1\n=\nCODE")
	}
	f.Fuzz(func(t *testing.T, line string, how uint8, environ string) {
		argv, before := strings.Split(line, "\n"), strings.Split(environ, "\n")
		o := tools.Options{Via: tools.Via(how & 1), Level: tools.Level(how >> 4 & 3), Environ: before}
		if how&2 != 0 {
			o.FlagTemplate = "--code={otp} {otp}"
		}
		if how&4 != 0 {
			o.EnvName = "CODE"
		}
		p, err := tools.New(slices.Clone(argv), o)
		if err != nil {
			if !errors.Is(err, tools.ErrNoWay) && !errors.Is(err, tools.ErrNoCommand) {
				t.Fatalf("%q: %v", argv, err)
			}
			return
		}
		if p.Why == "" {
			t.Fatalf("%q: no reason", argv)
		}
		const code = "\x00code\x00"
		got, after := p.Command(secret.New(code))
		plain, _ := p.Command(secret.Text{})
		if !slices.Equal(plain, argv) {
			t.Fatalf("%q became %q without a code", argv, plain)
		}
		checkArguments(t, argv, got, code)
		coded := slices.ContainsFunc(got, func(a string) bool { return strings.Contains(a, code) }) ||
			slices.ContainsFunc(after, func(kv string) bool { return strings.HasSuffix(kv, "="+code) })
		if coded != p.NeedsCode {
			t.Fatalf("%q became %q, NeedsCode %t", argv, got, p.NeedsCode)
		}
		for _, kv := range before {
			name, _, _ := strings.Cut(kv, "=")
			gone := !slices.Contains(after, kv)
			mayGo := strings.HasPrefix(name, "NPMOTP_PASSPHRASE") ||
				p.NeedsCode && (name == "CODE" || strings.HasSuffix(strings.ToUpper(name), "_OTP") || name == "GEM_HOST_OTP_CODE")
			if gone && !mayGo {
				t.Fatalf("%q: %q is gone from the environment", argv, kv)
			}
		}
	})
}

// checkArguments fails unless got is argv with places filled, or with one run
// of arguments inserted.
func checkArguments(t *testing.T, argv, got []string, code string) {
	t.Helper()
	if len(got) == len(argv) {
		for i := range argv {
			if got[i] != argv[i] && (i == 0 || got[i] != strings.ReplaceAll(argv[i], "{otp}", code)) {
				t.Fatalf("argument %d of %q became %q", i, argv, got[i])
			}
		}
		return
	}
	extra := len(got) - len(argv)
	at := 0
	for at < len(argv) && argv[at] == got[at] {
		at++
	}
	if extra < 0 || at == 0 || !slices.Equal(argv[at:], got[at+extra:]) {
		t.Fatalf("%q became %q", argv, got)
	}
	for _, a := range got[at : at+extra] {
		if !strings.Contains(a, code) {
			t.Fatalf("%q became %q", argv, got)
		}
	}
}
