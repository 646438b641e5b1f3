package tools

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strings"
	"unicode"

	"npmotp/internal/ptyrun"
	"npmotp/internal/secret"
)

// authType is the variable that has npm 9 and later ask on the terminal; by
// itself npm 9 would open a browser where the registry offers that. To older
// ones it says what they do anyway.
const authType = "npm_config_auth_type"

// npmAsks returns the prompts of npm 6 to 12 and of what runs it: otplease of
// lib/utils/auth.js and lib/utils/read-user-info.js, and the questions of
// lib/commands/profile.js.
func npmAsks() []ptyrun.Pattern {
	return []ptyrun.Pattern{
		{Text: "Enter OTP:", Intro: []string{
			"This operation requires a one-time password.",
			"This command requires a one-time password (OTP) from your authenticator app.",
			"Enter one below. You can also pass one on the command line by appending --otp=123456.",
			"For more information, see:",
			"https://docs.npmjs.com/getting-started/using-two-factor-authentication",
		}},
		{Text: "And an OTP code from your authenticator:"},
		// In disable-2fa npm 9 and 10 ask for it right after the password, whose
		// line they end only then.
		{Text: "Enter one-time password:", Below: true},
		{Text: "Enter one-time password from authenticator app:"},
	}
}

// literal fills in that the code is typed where a program asks for text.
func (p *Plan) literal(text string) error {
	text = strings.TrimSpace(text)
	switch {
	case !ptyrun.Supported:
		return fmt.Errorf("%w: %w, so nothing can be typed at a prompt", ErrNoWay, ptyrun.ErrUnsupported)
	case text == "" || strings.ContainsFunc(text, unicode.IsControl):
		return fmt.Errorf("%w: --prompt wants the line with which the command asks, as 'Verification code:'", ErrNoWay)
	}
	p.NeedsCode, p.AtPrompt, p.Literal, p.nested = true, true, true, true
	p.Why = fmt.Sprintf("a question %q is answered", text)
	p.prompts = []ptyrun.Pattern{{Text: text}}
	return nil
}

// TakesAtPrompt reports whether npm takes a recovery code where it asks for a
// one-time password. Other codes it asks for again, without a word
// (lib/utils/read-user-info.js); from its configuration it sends whatever is there.
func TakesAtPrompt(code secret.Text) bool {
	return regexp.MustCompile(`^(?:[0-9 ]+|[A-Fa-f0-9]{64})$`).MatchString(code.Reveal())
}

// prompt fills in how the code reaches the command c at its prompt.
func (p *Plan) prompt(c call, runner bool) error {
	switch {
	case !ptyrun.Supported:
		return fmt.Errorf("%w: %w, so nothing can be typed at a prompt; use --via flag", ErrNoWay, ptyrun.ErrUnsupported)
	case c.tool == nil:
		return fmt.Errorf("%w: the prompt of %q is not known; say with --prompt TEXT what it asks", ErrNoWay, c.name)
	case len(c.tool.asks) == 0:
		return fmt.Errorf("%w: %s asks for no one-time password; use --via flag", ErrNoWay, c.tool.name)
	}
	p.AtPrompt = true
	p.prompts = c.tool.asks
	p.nested = runner || c.tool.nested
	p.classic = true
	if c.tool.classic != "" && !c.script {
		p.insert = []string{c.tool.classic}
		p.at = c.place(p.insert)
	}
	return nil
}

// Answerable reports whether the tool asks at its prompt when a code is
// missing or refused, and can be answered there.
func (p *Plan) Answerable() bool { return ptyrun.Supported && p.NeedsCode && len(p.prompts) > 0 }

// Session returns the run of a plan that is [Plan.Answerable]. The code goes
// along as [Plan.Command] has it, unless the plan is [Plan.AtPrompt]. The caller
// fills in the streams, the helper, and who answers. When the program is not to
// be found the error is an [*ExitError].
func (p *Plan) Session(code secret.Text) (*ptyrun.Session, error) {
	path, err := Find(p.argv[0], p.environ)
	if err != nil {
		return nil, err
	}
	argv, environ := p.Command(code)
	if p.AtPrompt {
		argv = insertAt(p.argv, p.at, p.insert)
	}
	if p.classic {
		environ = append(withoutVariable(environ, authType), authType+"=legacy")
	}
	return &ptyrun.Session{Path: path, Argv: argv, Environ: environ, Prompts: p.prompts, Nested: p.nested}, nil
}

// Converse runs a session and returns how many answers were typed. The error is
// nil or an [*ExitError], as that of [Run]; its Err says why npmotp ended the
// command, if it did.
func Converse(ctx context.Context, s *ptyrun.Session) (answers int, err error) {
	result, err := s.Run(ctx)
	var start *ptyrun.StartError
	switch {
	case errors.As(err, &start) && errors.Is(err, fs.ErrNotExist):
		return 0, &ExitError{statusNotFound, fmt.Errorf("%s: its interpreter is not there", start.Path)}
	case errors.As(err, &start):
		return 0, &ExitError{statusNotExecutable, err}
	case err != nil && result.Status == 0:
		return result.Answers, &ExitError{statusNotTried, err}
	case err != nil || result.Status != 0:
		return result.Answers, &ExitError{result.Status, err}
	}
	return result.Answers, nil
}

func withoutVariable(environ []string, name string) []string {
	var kept []string
	for _, kv := range environ {
		if key, _, _ := strings.Cut(kv, "="); !strings.EqualFold(key, name) {
			kept = append(kept, kv)
		}
	}
	return kept
}
