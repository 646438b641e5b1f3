package npmrun_test

import (
	"slices"
	"strings"
	"testing"

	"npmotp/internal/npmrun"
	"npmotp/internal/secret"
)

// run returns the command line that line becomes, its environment, and the
// plan. Words are separated by single spaces.
func run(t *testing.T, line string, o npmrun.Options) (string, []string, *npmrun.Plan) {
	t.Helper()
	p, err := npmrun.New(strings.Split(line, " "), o)
	if err != nil {
		t.Fatalf("New(%q): %v", line, err)
	}
	argv, environ := p.Command(secret.New("123456"))
	return strings.Join(argv, " "), environ, p
}

func TestFlagIsAppended(t *testing.T) {
	for _, test := range []struct{ line, want string }{
		{"npm publish", "npm publish --otp=123456"},
		{"npm publish --tag next -- x", "npm publish --tag next --otp=123456 -- x"},
		{"npm install", "npm install"},
		{"npm", "npm"},
	} {
		if got, _, _ := run(t, test.line, npmrun.Options{}); got != test.want {
			t.Errorf("%q became %q, want %q", test.line, got, test.want)
		}
	}
}

func TestVariableIsSet(t *testing.T) {
	o := npmrun.Options{Via: npmrun.Env, Environ: []string{"A=1", "NPMOTP_PASSPHRASE=x"}}
	got, environ, _ := run(t, "npm publish", o)
	if got != "npm publish" {
		t.Errorf("the arguments became %q", got)
	}
	if want := []string{"A=1", "npm_config_otp=123456"}; !slices.Equal(environ, want) {
		t.Errorf("the environment is %q, want %q", environ, want)
	}
}
