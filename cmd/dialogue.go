package cmd

import (
	"context"
	"errors"
	"fmt"

	"npmotp/internal/codes"
	"npmotp/internal/enrol"
	"npmotp/internal/npmconfig"
	"npmotp/internal/npmrun"
	"npmotp/internal/ptyrun"
	"npmotp/internal/secret"
	"npmotp/internal/ui"
	"npmotp/vault"
)

// needDialogue returns an error where npm's dialogues cannot be had.
func (app *App) needDialogue(command, npms string) error {
	if !ptyrun.Supported {
		return ui.WithHint(ptyrun.ErrUnsupported, "run 'npm %s' yourself; 'npmotp add --text FILE' reads what it printed, "+
			"'npmotp code' has the password to answer with, and 'npmotp recovery add' stores the recovery codes", npms)
	}
	if !app.InTTY || !app.OutTTY || app.NoInput {
		return &ui.UsageError{Msg: command + " is a dialogue with npm, and needs a terminal to have it on"}
	}
	return nil
}

// npmTarget returns the registry that npm would talk to, or the one that the
// user names.
func (app *App) npmTarget(registry string, words ...string) (npmconfig.Target, error) {
	if registry != "" {
		clean, err := parseRegistry(registry)
		return npmconfig.Target{Registry: clean}, err
	}
	dir, err := app.Dir()
	if err != nil {
		return npmconfig.Target{}, err
	}
	targets, err := npmconfig.Targets(npmconfig.Query{
		Tool: "npm", Subcommand: words[0], Argv: append([]string{"npm"}, words...),
		Dir: dir, Environ: app.Environ(), Home: app.Getenv("HOME"),
	})
	if err != nil {
		return npmconfig.Target{}, ui.WithHint(err, "--registry URL names the registry")
	}
	for _, t := range targets[1:] {
		if t.Registry != targets[0].Registry {
			return npmconfig.Target{}, ui.WithHint(fmt.Errorf("npm may talk to %s or to %s", targets[0].Registry, t.Registry),
				"--registry URL names the registry")
		}
	}
	return targets[0], nil
}

// tellTarget says which registry npm talks to, and who says so.
func (app *App) tellTarget(t npmconfig.Target) {
	if t.Source == (npmconfig.Source{}) {
		app.Sayf("npm talks to %s", t.Registry)
		return
	}
	app.Sayf("npm talks to %s (%s)", t.Registry, t.Source)
}

// npmWords returns what npm is run with, so that it talks to the target.
func npmWords(t npmconfig.Target, words ...string) []string {
	if t.Source == (npmconfig.Source{}) {
		words = append(words, "--registry="+t.Registry)
	}
	return words
}

// A dialogueAnswer returns the text to type at a prompt of npm's. It speaks by
// the app that it is given.
type dialogueAnswer func(ctx context.Context, app *App, p ptyrun.Prompt) (secret.Text, error)

// holdDialogue has one dialogue with npm. Tap may be nil.
func (app *App) holdDialogue(ctx context.Context, d *enrol.Dialogue, answer dialogueAnswer, words []string, tap *ptyrun.Tap) (enrol.Verdict, error) {
	s, err := npmrun.Dialogue(app.Environ(), words...)
	if err != nil {
		return enrol.Unclear, err
	}
	const most = 2
	s.MaxAnswers, s.Relay, s.Tap = most, d, tap
	_, err = app.terminal().Run(ctx, s, func(beside *ui.UI) ptyrun.Ask {
		talking := *app
		talking.UI = *beside
		d.Say = func(text string) { beside.Sayf("%s", text) }
		return func(ctx context.Context, p ptyrun.Prompt) (secret.Text, error) { return answer(ctx, &talking, p) }
	})
	return d.Verdict(), err
}

// codeOf returns a code of an account that was sent to nobody yet.
func (app *App) codeOf(ctx context.Context, v *vault.Vault, a *vault.Account) (secret.Text, error) {
	contents, err := v.Contents(ctx)
	if err != nil {
		return secret.Text{}, err
	}
	source := app.codes()
	source.Use(&codes.Unlocked{Vault: v, Contents: contents, Now: app.Now})
	code, err := source.Unsent(ctx, codes.Describe(contents, a), execMinRemaining)
	return code.Value, err
}

// npmFailure says why a dialogue did not come to its end, and what to do. Err
// is that of the run of npm.
func npmFailure(d *enrol.Dialogue, verdict enrol.Verdict, t npmconfig.Target, err error) (hint string, failure error) {
	switch verdict {
	case enrol.BadPassword:
		return "npm asks for the password of your account at the registry; run the command again", errors.New("npm's password was not taken")
	case enrol.LoggedOut:
		return "run 'npm login' first; after the loss of a device, 'npmotp recover'", errors.New("npm is not logged in to " + t.Registry)
	case enrol.Unreachable:
		return "", errors.New("npm did not reach " + t.Registry)
	case enrol.BadCode:
		return "is the clock right, and is it the account that npm is logged in with? 'npm whoami' tells", errors.New("the registry did not take the code")
	case enrol.Refused, enrol.NotOffered:
		return "", fmt.Errorf("the registry refused; npm says: %s", d.Answer())
	case enrol.Unclear, enrol.Enabled, enrol.Already, enrol.Changed, enrol.On, enrol.Disabled, enrol.Off, enrol.LoggedIn, enrol.Cancelled:
	}
	exit, ok := errors.AsType[*npmrun.ExitError](err)
	switch {
	case ok && exit.Err != nil:
		return "", err
	case verdict == enrol.Cancelled:
		return "", &npmrun.ExitError{Status: interruptedStatus, Err: errInterrupted}
	case ok && exit.Status > signalStatus:
		return "", &npmrun.ExitError{Status: exit.Status, Err: errInterrupted}
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
func (app *App) speaking(err error, hint string) error {
	exit, ok := errors.AsType[*npmrun.ExitError](err)
	if ok && exit.Status > signalStatus {
		app.Warnf("%v", err)
		if hint != "" {
			app.Hintf("%s", hint)
		}
		return err
	}
	if hint == "" {
		return err
	}
	return ui.WithHint(err, "%s", hint)
}
