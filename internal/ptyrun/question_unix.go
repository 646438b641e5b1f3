//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package ptyrun

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"npmotp/internal/secret"
)

const (
	// quiet is how long a prompt must be the last output before it counts: a
	// prompt that is only passing on the screen is gone by then.
	quiet = 40 * time.Millisecond
	// again is how often a question is looked at again that cannot be answered
	// yet, such as while a process that a script left behind still ends.
	again = 50 * time.Millisecond
	// patience is how long that goes on before the user is told.
	patience = time.Second
	// patienceAlone is how long it goes on where no user can answer instead.
	patienceAlone = 5 * time.Second
	// reaction is how long the program has to take a key.
	reaction = 2 * time.Second
	// glance is how often it is looked whether it has.
	glance = 200 * time.Microsecond
)

// A question is what a run knows of the question on the screen.
type question struct {
	timer     *time.Timer
	answers   chan answer
	confirmed chan confirmation
	ctx       context.Context //nolint:containedctx // that of the run
	cancel    context.CancelFunc

	number int // as the matcher counts
	typing bool
	asking bool // an Ask or a Confirm is under way
	left   bool // the user answers
	code   *secret.Text
	counts time.Time // the prompt does, from then on
	alone  bool      // a look has found nothing in the way before that
	since  time.Time // it could not be answered since
	warned bool
	asker  int           // the process that asks, as far as is known
	yes    bool          // the user has said to answer, in this run
	robbed *BlockedError // somebody else took a key of an answer, in this run
	agreed []int         // the processes that were there then
	// judged has the verdicts on the processes that ask this question: for the next
	// one, files may have changed.
	judged map[int]Verdict
}

type answer struct {
	number int
	code   secret.Text
	err    error
}

type confirmation struct {
	number int
	pids   []int
	yes    bool
	err    error
}

func (q *question) start(ctx context.Context) {
	q.ctx = ctx
	q.timer = time.NewTimer(0)
	q.timer.Stop()
	q.answers = make(chan answer, 1)
	q.confirmed = make(chan confirmation, 1)
}

func (q *question) stop() {
	q.timer.Stop()
	if q.cancel != nil {
		q.cancel()
	}
}

// watch sees to the question after output.
func (r *run) watch() {
	q := &r.question
	if r.matcher.asked != q.number {
		q.stop()
		q.number = r.matcher.asked
		q.left, q.warned, q.since, q.code = false, false, time.Time{}, nil
		q.judged = map[int]Verdict{}
		if r.MaxAnswers > 0 && r.result.Answers >= r.MaxAnswers {
			r.fail(ErrTooManyQuestions)
			q.left = true
		}
	}
	switch _, open := r.matcher.Open(); {
	case q.left || r.matcher.asked == 0 || r.matcher.answered:
		q.timer.Stop()
	case open:
		q.counts = time.Now().Add(quiet) //nolint:forbidigo // of the screen, and not of the code
		q.alone = false
		q.timer.Reset(quiet / 2)
	default:
		q.timer.Reset(patience)
	}
}

// fail ends the program with SIGINT, as the user would, and then with SIGTERM.
func (r *run) fail(err error) {
	if r.failure == nil {
		r.failure = err
	}
	r.order(unix.SIGINT)
	r.order(unix.SIGTERM)
}

// consider answers the question if that can be done now.
func (r *run) consider() {
	q := &r.question
	p, open := r.matcher.Open()
	if q.left || q.asking || r.suspended || r.guard.program == 0 {
		return
	}
	if !open {
		r.disfigured()
		return
	}
	if q.code != nil {
		r.typeAnswer()
		return
	}
	if !q.alone {
		// A look takes a while, and so does the first one before the prompt counts.
		blocked := r.blocked()
		if left := time.Until(q.counts); left > 0 { //nolint:forbidigo // of the screen, and not of the code
			q.alone = blocked == nil
			q.timer.Reset(left)
			return
		}
		if blocked != nil {
			r.obstructed(blocked)
			return
		}
	}
	q.since, q.alone = time.Time{}, false
	r.ask(p)
}

// blocked says why an answer cannot be typed now, nil when it can.
func (r *run) blocked() *BlockedError {
	q := &r.question
	if q.robbed != nil {
		return q.robbed
	}
	if !r.guard.knows() {
		if q.yes || r.Agreed {
			return nil
		}
		return &BlockedError{Why: "this system does not tell which program asks"}
	}
	found, lines, sure := r.guard.strangers()
	q.asker = r.guard.program
	if len(lines) == 1 {
		q.asker = lines[0][len(lines[0])-1].PID
	}
	if why := r.judge(found, lines); why != nil {
		return why
	}
	for _, line := range lines {
		for _, p := range line {
			if how := tampered(p.PID); how != "" || r.debugged {
				return &BlockedError{Why: cmp.Or(how, "a debugger was started in the program"), Final: true}
			}
		}
	}
	switch {
	case !sure:
		return &BlockedError{Why: "processes come and go on the terminal"}
	case len(q.agreed) == 0 && !r.guard.inFront(q.asker):
		return &BlockedError{Why: "the program does not have the terminal's foreground"}
	case !r.out.idle():
		return &BlockedError{Why: "keys are on their way to the program"}
	}
	return nil
}

// judge says why those who could read an answer do not get one, nil when they do.
func (r *run) judge(found []Process, lines [][]Process) *BlockedError {
	q := &r.question
	why := &BlockedError{Why: "another process could read the answer", Processes: found}
	if len(found) > 0 && !r.Nested {
		return why
	}
	if r.Judge != nil {
		for _, line := range lines {
			asks := line[len(line)-1].PID
			v, known := q.judged[asks]
			if !known {
				v = r.Judge(line)
				q.judged[asks] = v
			}
			if v.Refused != "" {
				return &BlockedError{Why: v.Refused, Final: true}
			}
			why.Question = cmp.Or(v.Question, why.Question)
		}
		if len(lines) == 1 && why.Question == "" {
			return nil
		}
	}
	if len(lines) == 1 && (q.yes || r.Agreed) {
		return nil // a yes is for whoever asks alone
	}
	strange := slices.ContainsFunc(found, func(p Process) bool { return !slices.Contains(q.agreed, p.PID) })
	if !strange && (q.yes || why.Question == "") {
		return nil
	}
	return why
}

// disfigured sees to a question that does not stay on the screen as it should:
// the user types the answer, or something has changed the terminal's mode.
func (r *run) disfigured() {
	q := &r.question
	found, _, _ := r.guard.strangers()
	if r.matcher.answered || len(found) == 0 || q.warned {
		return
	}
	r.obstructed(&BlockedError{Why: "another process disturbs the terminal", Processes: found})
}

// obstructed sees to a question that cannot be answered now.
func (r *run) obstructed(why *BlockedError) {
	q := &r.question
	now := time.Now() //nolint:forbidigo // patience is with processes, not with the code's clock
	if q.since.IsZero() {
		q.since = now
	}
	waited := now.Sub(q.since)
	user := r.keys != nil && r.keys.raw
	switch {
	case waited < patience && (r.guard.knows() || !user):
	case user && r.Confirm != nil && !why.Final && (r.Nested || why.Question != "" || !r.guard.knows()) && !q.warned:
		q.warned = true
		r.confirm(why)
		return
	case user && !q.warned && why.Final:
		q.warned = true
		r.warn(why.Error() + "; press Ctrl-C")
	case user && !q.warned:
		q.warned = true
		r.warn(why.Error() + "; answer it yourself, or press Ctrl-C")
	case !user && waited > patienceAlone:
		q.left = true
		r.fail(why)
		return
	}
	q.timer.Reset(again)
}

func (r *run) warn(text string) {
	if r.Warn != nil {
		r.Warn(text)
	}
}

// ask asks for the text to type.
func (r *run) ask(p Pattern) {
	q := &r.question
	q.asking = true
	var ctx context.Context
	ctx, q.cancel = context.WithCancel(q.ctx)
	prompt := Prompt{Text: p.Text, Again: r.result.Answers, Refused: r.result.Answers > 0 && !r.matcher.worked}
	number := q.number
	go func() {
		code, err := r.Ask(ctx, prompt)
		q.answers <- answer{number, code, err}
	}()
}

func (r *run) gotAnswer(a answer) {
	q := &r.question
	q.asking = false
	switch {
	case a.number != q.number:
		r.watch()
	case errors.Is(a.err, ErrLeave):
		q.left = true
	case a.err != nil:
		q.left = true
		r.fail(a.err)
	default:
		q.code = &a.code
		q.timer.Reset(0)
	}
}

// confirm asks the user whether what is on the terminal may be answered.
func (r *run) confirm(why *BlockedError) {
	q := &r.question
	q.asking, r.paused = true, true
	r.restore()
	pids := []int{r.guard.program}
	for _, p := range why.Processes {
		pids = append(pids, p.PID)
	}
	number := q.number
	question := cmp.Or(why.Question, why.Error()+"; answer it all the same?")
	go func() {
		yes, err := r.Confirm(q.ctx, question)
		q.confirmed <- confirmation{number, pids, yes, err}
	}()
}

func (r *run) gotConfirmation(c confirmation) {
	q := &r.question
	q.asking, r.paused = false, false
	r.takeTerminal()
	switch {
	case c.err != nil || !c.yes:
		q.left = q.left || c.number == q.number
	default:
		q.yes = true
		q.agreed = append(q.agreed, c.pids...)
		q.timer.Reset(quiet)
	}
}
