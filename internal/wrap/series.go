package wrap

import (
	"context"
	"io"
	"strings"

	"npmotp/internal/npm/tools"
	"npmotp/internal/secret"
	"npmotp/internal/ui"
)

// A Series runs commands of npm one after the other, each with a code where one is
// due, and keeps what they print. The code goes in the environment, so only
// commands that run no scripts may be part of it. Each command is judged for
// itself, by the same rules as [Runner.Run]; what there is to say of that is said
// once.
type Series struct {
	runner Runner
	o      Options
	again  bool
	// Underway tells of a run that ended with its context that the command had
	// begun: what it did is not known.
	Underway bool
}

// Series returns a series of commands. The caller closes the codes of the runner.
func (r *Runner) Series(o Options) *Series {
	o.Via = tools.Env.String()
	s := &Series{runner: *r, o: o}
	s.runner.InTTY = false // the commands have none
	return s
}

// A RefusedError is what npm says when a command has failed.
type RefusedError struct {
	Code string // such as EOTP, "" when there is none
	Said string // npm's own words
	Err  error  // of the process
}

// Error implements error.
func (e *RefusedError) Error() string {
	if e.Said == "" {
		return e.Err.Error()
	}
	return e.Said
}

// Unwrap returns Err.
func (e *RefusedError) Unwrap() error { return e.Err }

// NoCode is how npm calls a code that is missing, or that was not taken.
const NoCode = "EOTP"

// NewRefusedError reads what npm has printed to standard error.
func NewRefusedError(stderr string, err error) *RefusedError {
	e := &RefusedError{Err: err}
	var said []string
	for line := range strings.Lines(stderr) {
		line = strings.TrimSpace(line)
		text, ok := strings.CutPrefix(line, "npm error ")
		switch code, isCode := strings.CutPrefix(text, "code "); {
		case !ok || strings.HasPrefix(text, "A complete log of this run"):
		case isCode:
			e.Code = code
		default:
			said = append(said, strings.TrimSpace(text))
		}
	}
	e.Said = strings.Join(said, " ")
	return e
}

// Run runs a command to its end. When it fails the error is a [*RefusedError], or says
// what kept it from being run. A code that was refused is followed by a later one,
// once: a registry may lock an account that fails often.
func (s *Series) Run(ctx context.Context, argv ...string) error {
	r := &s.runner
	s.Underway = false
	x, err := r.plan(s.o, argv)
	if err != nil {
		return err
	}
	if err := r.Codes.Open(ctx); err != nil {
		return err
	}
	a, err := x.decide(ctx)
	if err != nil {
		return err
	}
	if !s.again {
		s.again = true
		r.UI = r.UI.Beside(io.Discard)
	}
	if s.o.DryRun {
		return x.print(x.plan)
	}
	if !x.plan.NeedsCode {
		return x.capture(ctx, secret.Text{})
	}
	if err := r.Codes.Allow(ctx, a.Name); err != nil {
		return err
	}
	for try := 1; ; try++ {
		code, err := r.Codes.ToSend(ctx, a, x.to, s.o.MinRemaining)
		if err != nil {
			return err
		}
		s.Underway = true
		err = x.capture(ctx, code.Value)
		s.Underway = ctx.Err() != nil && err != nil
		switch refusal, refused := err.(*RefusedError); { //nolint:errorlint // it is made there
		case err == nil:
			r.Codes.Took(context.WithoutCancel(ctx), code)
			return nil
		case !refused || refusal.Code != NoCode:
			return err
		}
		r.Codes.Refused(context.WithoutCancel(ctx), code)
		const most = 2
		if try == most {
			return ui.WithHint(err, "is the clock right, and is %q the account that npm is logged in with? 'npm whoami' tells", a.Name)
		}
	}
}

// capture runs the planned command, and returns a [*RefusedError] when it fails.
func (x *run) capture(ctx context.Context, code secret.Text) error {
	argv, environ := x.plan.Command(code)
	_, stderr, err := tools.Capture(ctx, x.Dir, argv, environ)
	if err == nil {
		return nil
	}
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return NewRefusedError(stderr, err)
}
