package npmrun

import (
	"fmt"
	"slices"
)

// A Question is the one with which a tool asks for a one-time password.
type Question struct {
	Text    string   // without blanks at its end
	Intro   []string // the lines that the tool prints above it
	NoEnter bool     // the tool takes the answer without the enter key
}

// An Asking says how a tool asks for a one-time password at a terminal, and how
// it is brought to do so.
type Asking struct {
	Questions []Question
	// Nested tells that another program which the tool starts is the one that
	// asks.
	Nested bool

	env []string // variables that make it ask there and not in a browser
	arg string   // an argument that does the same
}

// classic are the variables that make npm 9 and later ask at the terminal: they
// log in and confirm in a browser otherwise (auth-type in npm's config/lib).
func classic() []string { return []string{"npm_config_auth_type=legacy"} }

// asking returns how the tool called name asks. The texts are those of the
// tools' sources: npm's lib/utils/read-user-info.js and otplease.js, pnpm's
// releasing/plugin-commands-publishing, yarn's plugin-npm, bun's
// publish_command, lerna's @lerna/otplease, np's source/npm/handle-npm-error.js,
// release-it's lib/prompt.js and rubygems' gemcutter_utilities.rb. Change one
// only after seeing the tool ask.
func asking(name string) (Asking, bool) {
	const intro = "This operation requires a one-time password."
	npm := Asking{
		Questions: []Question{{Text: "Enter OTP:", Intro: []string{intro}}, {Text: "Enter one-time password:"}},
		env:       classic(),
	}
	switch name {
	case "npm", "npx":
		return npm, true
	case "pnpm", "changeset", "lerna":
		npm.Nested = true
		npm.Questions = append(npm.Questions, Question{Text: intro[:len(intro)-1] + ":"})
		return npm, true
	case "yarn":
		return Asking{Questions: []Question{{Text: "question npm one-time password:"}}}, true
	case "yarn npm":
		return Asking{Questions: []Question{{Text: "One-time password:"}}}, true
	case "bun":
		return Asking{Questions: []Question{{Text: "Enter OTP:", Intro: []string{intro}}}, arg: "--auth-type=legacy"}, true
	case "np":
		return Asking{Questions: []Question{{Text: "Enter OTP:", NoEnter: true}}, env: classic()}, true
	case "release-it":
		return Asking{Questions: []Question{{Text: "Please enter OTP for npm:"}}, env: classic()}, true
	case "gem":
		return Asking{Questions: []Question{{Text: "Code:"}}}, true
	}
	return Asking{}, false
}

// askFor plans a command that is answered at its prompt.
func (p *Plan) askFor(c call) error {
	if c.tool == nil {
		return fmt.Errorf("%w: how %q asks for a one-time password is not known; say how it takes one with --flag or --env", ErrNoWay, c.name)
	}
	a, ok := asking(c.tool.name)
	if !ok {
		return fmt.Errorf("%w: %s does not ask for a one-time password", ErrNoWay, c.tool.name)
	}
	p.Asking = &a
	if a.arg != "" {
		p.insert, p.at = []string{a.arg}, c.place([]string{a.arg})
	}
	return nil
}

// Questioned returns the arguments and the environment of a command that is
// answered at its prompt. No code is in either.
func (p *Plan) Questioned() (argv, environ []string) {
	argv = slices.Insert(slices.Clone(p.argv), p.at, p.insert...)
	environ = WithoutPassphrase(p.environ)
	for _, kv := range p.Asking.env {
		environ = slices.DeleteFunc(environ, func(old string) bool { return isVariable(old, "npm_config_auth_type") })
		environ = append(environ, kv)
	}
	return argv, environ
}
