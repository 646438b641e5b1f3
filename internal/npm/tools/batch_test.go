package tools

import (
	"os"
	"path/filepath"
	"testing"
)

func TestBatchLine(t *testing.T) {
	for _, test := range []struct{ arg, want string }{
		{"publish", `"publish"`},
		{"pkg@^1.0.0", `"pkg@^1.0.0"`},
		{"pkg@>=1.0.0", `"pkg@>=1.0.0"`},
		{"a|b&c<d", `"a|b&c<d"`},
		{"two words", `"two words"`},
		{"(a)!b!;c,d=e", `"(a)!b!;c,d=e"`},
		{`C:\dir\`, `"C:\dir\\"`},
		{"", `""`},
		{"--otp=123456", `"--otp=123456"`},
		{`a"&calc`, ""},
		{"%PATH%", ""},
		{"100%", ""},
		{"a\nb", ""},
		{"a\rb", ""},
	} {
		got, err := batchLine(`C:\tools\x.cmd`, []string{test.arg})
		if test.want == "" {
			if err == nil {
				t.Errorf("%q is passed on as %s", test.arg, got)
			}
			continue
		}
		if want := `cmd.exe /e:ON /v:OFF /d /c ""C:\tools\x.cmd" ` + test.want + `"`; err != nil || got != want {
			t.Errorf("%q: %s, %v; want %s", test.arg, got, err, want)
		}
	}
}

// The batch files are npm's own, and one of pnpm's.
func TestNodeScript(t *testing.T) {
	for name, want := range map[string]batchScript{
		"npm.cmd":   {"node_modules/npm/bin/npm-cli.js", "node_modules/npm/bin/npm-prefix.js"},
		"npx.cmd":   {"node_modules/npm/bin/npx-cli.js", "node_modules/npm/bin/npm-prefix.js"},
		"lerna.cmd": {"../lerna/dist/cli.js", ""},
		"pnpm.cmd":  {},
	} {
		text, err := os.ReadFile(filepath.Join("testdata", "batch", name))
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := nodeScript(string(text)); got != want || ok != (want.file != "") {
			t.Errorf("%s: %+v, %t", name, got, ok)
		}
	}
}
