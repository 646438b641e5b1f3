package enroll

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"npmotp/internal/codes"
	"npmotp/internal/npm/config"
	"npmotp/internal/npm/tools"
	"npmotp/internal/ptyrun"
	"npmotp/internal/registry"
	"npmotp/internal/secret"
	"npmotp/internal/ui"
	"npmotp/internal/wrap"
	"npmotp/vault"
)

// minRemaining is what a code must have left when it is typed: npm needs a
// moment before it sends it.
const minRemaining = 5 * time.Second

// A Procedure is what npm's dialogues need of the world.
type Procedure struct {
	UI       *ui.UI
	Terminal wrap.Terminal
	InTTY    bool // standard input is a terminal
	Dir      string
	Environ  []string
	Home     string
	Now      func() time.Time
	// Codes hands out codes of the vault once it is open.
	Codes *codes.Source
	// Open opens the vault, or creates it where there is none and create is set.
	Open func(ctx context.Context, create bool) (*vault.Vault, error)
	// Path is the vault's, and Self the command that begins [Witness].
	Path string
	Self []string
	// Registry is the one that the user names, or "" for npm's own setting.
	Registry string

	target config.Target // the registry that npm talks to
	vault  *vault.Vault
}

// begin finds out which registry npm talks to in a dialogue, and opens the vault.
// What can be wrong is wrong before a passphrase is asked for.
func (p *Procedure) begin(ctx context.Context, command string, create bool, words ...string) (err error) {
	if !ptyrun.Supported {
		return ui.WithHint(ptyrun.ErrUnsupported, "run 'npm %s' yourself; 'npmotp add --text FILE' reads what it printed, "+
			"'npmotp code' has the code to answer with, and 'npmotp recovery add' stores the recovery codes", strings.Join(words, " "))
	}
	if !p.InTTY || !p.UI.OutTTY || p.UI.NoInput {
		return ui.Usagef("%s is a dialogue with npm, and needs a terminal to have it on", command)
	}
	if p.target, err = p.findTarget(words...); err != nil {
		return err
	}
	p.vault, err = p.Open(ctx, create)
	return err
}

// findTarget returns the registry that npm would talk to, or the one that the
// user names.
func (p *Procedure) findTarget(words ...string) (config.Target, error) {
	if p.Registry != "" {
		return config.Target{Registry: p.Registry}, nil
	}
	targets, err := config.Targets(config.Query{
		Tool: "npm", Subcommand: words[0], Argv: append([]string{"npm"}, words...),
		Dir: p.Dir, Environ: p.Environ, Home: p.Home,
	})
	if err != nil {
		return config.Target{}, ui.WithHint(err, "--registry URL names the registry")
	}
	for _, t := range targets[1:] {
		if t.Registry != targets[0].Registry {
			return config.Target{}, ui.WithHint(fmt.Errorf("npm may talk to %s or to %s", targets[0].Registry, t.Registry),
				"--registry URL names the registry")
		}
	}
	return targets[0], nil
}

// tellTarget says which registry npm talks to, and who says so.
func (p *Procedure) tellTarget() {
	if p.target.Source == (config.Source{}) {
		p.UI.Sayf("npm talks to %s", p.target.Registry)
		return
	}
	p.UI.Sayf("npm talks to %s (%s)", p.target.Registry, p.target.Source)
}

// here reports whether a URL is that of the registry.
func (p *Procedure) here(address string) bool { return registry.Same(address, p.target.Registry) }

// elsewhere says that an account belongs to another registry.
func (p *Procedure) elsewhere(a *vault.Account) error {
	return ui.WithHint(fmt.Errorf("%q %s, and npm talks to %s (%s)", a.Name, wrap.BelongsTo(a.Registry), p.target.Registry, p.target.Source),
		"%s", wrap.RegistryHint(a.Name, a.Registry))
}

// npm returns what npm is run with, so that it talks to the target.
func (p *Procedure) npm(words ...string) []string {
	if p.target.Source == (config.Source{}) {
		words = append(words, "--registry="+p.target.Registry)
	}
	return words
}

// An exchange is what one run of npm is told from the start.
type exchange struct {
	words []string
	code  secret.Text // is sent without a question, if there is one
	tap   *ptyrun.Tap // may be nil
}

// hold has one dialogue with npm, whose questions are answered by answer. It may
// speak by the UI that it is given.
func (p *Procedure) hold(ctx context.Context, d *Dialogue, answer answerer, x exchange) (Verdict, error) {
	s, err := tools.Dialogue(p.Environ, x.words...)
	if err != nil {
		return Unclear, err
	}
	if x.code.Len() > 0 {
		tools.SendCode(s, x.code)
	}
	const most = 2
	s.MaxAnswers, s.Relay, s.Tap = most, d, x.tap
	_, err = p.Terminal.Run(ctx, s, func(beside *ui.UI) ptyrun.Ask {
		d.Say = func(text string) { beside.Sayf("%s", text) }
		p.Codes.UI = beside
		return func(ctx context.Context, q ptyrun.Prompt) (secret.Text, error) { return answer(ctx, beside, q) }
	})
	p.Codes.UI = p.UI
	return d.Verdict(), err
}

// An answerer returns the text to type at a prompt of npm's.
type answerer func(ctx context.Context, beside *ui.UI, q ptyrun.Prompt) (secret.Text, error)

// codeOf returns a code of an account that was sent to nobody yet.
func (p *Procedure) codeOf(ctx context.Context, a *vault.Account) (secret.Text, error) {
	contents, err := p.vault.Contents()
	if err != nil {
		return secret.Text{}, err
	}
	p.Codes.Use(&codes.Unlocked{Vault: p.vault, Contents: contents, Now: p.Now})
	code, err := p.Codes.ToSend(ctx, codes.Describe(contents, a), p.target.Registry, minRemaining)
	return code.Value, err
}

// again reports whether npm is to run once more after an attempt that ended so, and
// says so.
func (p *Procedure) again(ctx context.Context, verdict Verdict, attempt int) bool {
	const attempts = 2
	if verdict != BadCode || attempt == attempts || ctx.Err() != nil {
		return false
	}
	p.UI.Sayf("the registry did not take the code; npm runs once more, and gets a later one")
	return true
}

// failure says why a dialogue did not come to its end, and what to do. Err
// is that of the run of npm.
func (p *Procedure) failure(d *Dialogue, verdict Verdict, err error) (hint string, failure error) {
	switch verdict {
	case BadPassword:
		return "npm asks for the password of your account at the registry; run the command again", errors.New("npm's password was not taken")
	case LoggedOut:
		return "run 'npm login' first; after the loss of a device, 'npmotp recover'", errors.New("npm is not logged in to " + p.target.Registry)
	case Unreachable:
		return "", errors.New("npm did not reach " + p.target.Registry)
	case BadCode:
		return "is the clock right, and is it the account that npm is logged in with? 'npm whoami' tells", errors.New("the registry did not take the code")
	case Refused, NotOffered:
		return "", fmt.Errorf("the registry refused; npm says: %s", d.Answer())
	case Unclear, Enabled, Already, Changed, On, Disabled, Off, LoggedIn, Cancelled:
	}
	exit, ok := errors.AsType[*tools.ExitError](err)
	switch {
	case ok && exit.Err != nil:
		return "", err
	case verdict == Cancelled:
		return "", &tools.ExitError{Status: interruptedStatus, Err: errInterrupted}
	case ok && exit.Status > signalStatus:
		return "", &tools.ExitError{Status: exit.Status, Err: errInterrupted}
	}
	return "", errors.New("npm ended before its dialogue did")
}

const (
	signalStatus      = 128 // and the number of the signal
	interruptedStatus = 130
)

var errInterrupted = errors.New("npm was interrupted")

// speaking returns err with a hint. A run that was interrupted is not reported
// elsewhere, so that is done here.
func (p *Procedure) speaking(err error, hint string) error {
	exit, ok := errors.AsType[*tools.ExitError](err)
	if ok && exit.Status > signalStatus {
		p.UI.Warnf("%v", err)
		if hint != "" {
			p.UI.Hintf("%s", hint)
		}
		return err
	}
	if hint == "" {
		return err
	}
	return ui.WithHint(err, "%s", hint)
}
