package tools

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"strings"
	"time"

	"npmotp/internal/ptyrun"
	"npmotp/internal/secret"
)

// Dialogue returns a run of npm, with words after its name, as one of the
// dialogues that a person has with it: "profile enable-2fa", "login". The
// caller fills in the streams, the helper, and who answers. When npm is not to
// be found the error is an [*ExitError].
func Dialogue(environ []string, words ...string) (*ptyrun.Session, error) {
	path, err := Find("npm", environ)
	if err != nil {
		return nil, err
	}
	return &ptyrun.Session{
		Path: path, Argv: append([]string{"npm"}, words...), Environ: forDialogue(environ), Prompts: npmAsks(),
	}, nil
}

// SendCode has a dialogue send a code from the start, as npm does that asks for none
// then. What npm starts could read it: [Quiet] has what starts nothing.
func SendCode(s *ptyrun.Session, code secret.Text) {
	s.Environ = append(withoutVariable(NoBrowser(s.Environ), npmVariable), npmVariable+"="+code.Reveal())
}

// NoBrowser returns environ with a setting that has npm print the address of a page
// instead of starting a browser, which would inherit what else is there. That npm 6
// and 8 do at "login" where the registry offers a page.
func NoBrowser(environ []string) []string {
	const browser = "npm_config_browser"
	return append(withoutVariable(environ, browser), browser+"=false")
}

// Output runs npm where it asks nothing, and returns what it prints, to each
// stream, and whether it succeeded.
func Output(ctx context.Context, environ []string, words ...string) (stdout, stderr string, err error) {
	return OutputIn(ctx, "", environ, words...)
}

// OutputIn is [Output] in a folder.
func OutputIn(ctx context.Context, dir string, environ []string, words ...string) (stdout, stderr string, err error) {
	return Capture(ctx, dir, append([]string{"npm"}, words...), forDialogue(environ))
}

// patience is what a command has to end after it was interrupted.
const patience = 5 * time.Second

// Capture runs a command of npm, which has no terminal to ask on, and returns what
// it prints. In its environment it may have a code, see [Plan.Command]. When ctx
// ends it is interrupted as by Ctrl-C.
func Capture(ctx context.Context, dir string, argv, environ []string) (stdout, stderr string, err error) {
	path, err := Find(argv[0], environ)
	if err != nil {
		return "", "", err
	}
	cmd := exec.CommandContext(ctx, path, argv[1:]...) //nolint:gosec // npm, with words of npmotp's own
	cmd.Dir, cmd.Env = dir, forReading(environ)
	cmd.Cancel = func() error {
		if cmd.Process.Signal(os.Interrupt) != nil { // as on Windows
			return cmd.Process.Kill()
		}
		return nil
	}
	cmd.WaitDelay = patience
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	err = cmd.Run()
	return strings.TrimSpace(out.String()), strings.TrimSpace(said.String()), err
}

// forDialogue returns an environment in which npm has its dialogues: on the
// terminal and in words. A one-time password in it would be sent before npm
// asks for one.
func forDialogue(environ []string) []string {
	return forReading(withoutVariable(environ, npmVariable))
}

// forReading returns an environment in which npm prints what npmotp can read.
func forReading(environ []string) []string {
	environ = WithoutPassphrase(environ)
	for _, kv := range []string{
		authType + "=legacy",
		"npm_config_json=false",
		"npm_config_parseable=false",
		"npm_config_loglevel=notice",
		"npm_config_progress=false",
		"npm_config_update_notifier=false",
	} {
		name, _, _ := strings.Cut(kv, "=")
		environ = append(withoutVariable(environ, name), kv)
	}
	return environ
}
