//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package ptyrun

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Supported tells whether a [Session] can run on this system.
const Supported = true

// signalBase is added to the number of a signal to make an exit status of it,
// as shells do.
const signalBase = 128

// lookAround is how often a process in the background looks whether it has
// come to the foreground: no signal tells.
const lookAround = 200 * time.Millisecond

// A run is a session under way. Its fields belong to the goroutine of loop.
type run struct {
	*Session
	*Stage
	in       *input
	out      *writer
	orders   *json.Encoder
	matcher  *Matcher
	question question

	signals   chan os.Signal
	paused    bool // the user is being asked something else
	suspended bool
	inputEnds bool   // the end of input is still to be passed on
	broken    bool   // the user pressed the key that interrupts
	tail      []byte // of the output
	debugged  bool   // a debugger was started in the program
	lastKey   byte
	result    Result
	failure   error
}

// Run runs the program to its end. The end of ctx does not end it, as it would
// not end a program that took the place of this process: SIGINT, SIGTERM,
// SIGHUP and SIGQUIT that reach this process are passed on, and what the
// program makes of them counts.
//
// While it runs, no other part of this process may read Stdin or change the
// terminal's mode.
func (s *Session) Run(ctx context.Context) (Result, error) {
	if err := context.Cause(ctx); err != nil {
		return Result{}, err
	}
	stage := s.Stage
	if stage == nil {
		var err error
		if stage, err = s.Prepare(); err != nil {
			return Result{}, err
		}
	}
	defer stage.leave()
	r := &run{Session: s, Stage: stage, orders: json.NewEncoder(stage.control)}
	s.screen.to = s.Stderr
	if err := r.prepare(); err != nil {
		return Result{}, err
	}
	return r.do(context.WithoutCancel(ctx))
}

// do runs the loop between everything that the session needs, and puts it all
// back.
func (r *run) do(ctx context.Context) (Result, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	signals := make(chan os.Signal, 16)
	r.signals = signals
	signal.Notify(signals, unix.SIGINT, unix.SIGTERM, unix.SIGHUP, unix.SIGQUIT, unix.SIGTSTP, unix.SIGCONT, unix.SIGWINCH)
	defer signal.Stop(signals)
	var err error
	if r.in, err = newInput(r.Stdin); err != nil {
		return Result{}, err
	}
	defer r.in.close()
	ended, end, err := os.Pipe()
	if err != nil {
		return Result{}, err
	}
	defer func() { _ = ended.Close() }()
	r.out = newWriter(r.master)
	defer close(r.out.chunks)
	if err := r.launch(); err != nil {
		_ = end.Close()
		return Result{}, err
	}
	defer r.restore()
	r.takeTerminal()
	output := make(chan []byte)
	if err := r.startOutput(ended, output); err != nil {
		return Result{}, err
	}
	reports := make(chan report)
	go readReports(r.control, reports)
	r.loop(ctx, output, reports, end)
	if r.broken && r.result.Status == signalBase+int(unix.SIGINT) {
		// The key went to the program's terminal. What stands around this process,
		// such as the shell of a script, is stopped as the user's own would have.
		_ = unix.Kill(0, unix.SIGINT)
	}
	return r.result, r.failure
}

// readReports sends what the monitor says, and at its end that the program
// ended, should the monitor have been killed.
func readReports(control *os.File, reports chan<- report) {
	in := json.NewDecoder(control)
	for {
		var p report
		if in.Decode(&p) != nil {
			p = report{Ended: true, Status: signalBase + int(unix.SIGKILL)}
		}
		reports <- p
		if p.Ended || p.Errno != 0 {
			return
		}
	}
}

// takeTerminal makes the user's keys the program's.
func (r *run) takeTerminal() {
	r.keys.setRaw()
	r.window.setRaw()
	r.talkRaw()
	r.in.allow(!r.paused && (r.keys == nil || r.keys.raw))
}

// restore gives the user's terminal back.
func (r *run) restore() {
	r.in.allow(false)
	r.keys.restore()
	r.window.restore()
	r.talkRaw()
}

func (r *run) talkRaw() {
	mine := r.keys != nil && r.keys.raw || r.window != nil && r.window.raw
	r.screen.set(mine && isTerminal(r.Stderr))
}

func (r *run) loop(ctx context.Context, output <-chan []byte, reports <-chan report, end *os.File) {
	r.question.start(ctx)
	defer r.question.stop()
	look := time.NewTicker(lookAround)
	defer look.Stop()
	closing := false
	typed := r.in.chunks
	for {
		keys := typed
		if len(r.out.queue) > chunk || r.question.typing {
			keys = nil
		}
		select {
		case p, ok := <-output:
			if !ok {
				r.finish()
				return
			}
			r.show(p)
		case p, ok := <-keys:
			if !ok {
				typed = nil
				r.inputEnds = r.keys == nil
				r.passEnd()
				break
			}
			if p = r.keepKeys(p); len(p) == 0 || r.interrupt(p) {
				break
			}
			r.lastKey = p[len(p)-1]
			r.broken = r.broken || r.keys != nil && bytes.IndexByte(p, r.keys.before.Cc[unix.VINTR]) >= 0
			r.out.queue = append(r.out.queue, p...)
		case r.out.next() <- r.out.queue:
			r.out.queue, r.out.busy = nil, true
		case <-r.out.done:
			r.out.busy = false
			r.passEnd()
		case sig := <-r.signals:
			r.signal(sig)
		case p := <-reports:
			if r.report(p) && !closing {
				closing = true
				_ = end.Close()
			}
		case <-look.C:
			r.debugged = r.debugged || r.guard.program != 0 && tampered(r.guard.program) != ""
			r.passEnd()
			if r.suspended && orphaned() { // the shell has gone since, and nothing has stopped
				r.signal(unix.SIGCONT)
			}
			if r.keys != nil && !r.keys.raw && !r.suspended && !r.paused {
				r.takeTerminal()
			}
		case <-r.question.timer.C:
			r.consider()
		case a := <-r.question.answers:
			r.gotAnswer(a)
		case c := <-r.question.confirmed:
			r.gotConfirmation(c)
		}
	}
}

// signal passes a signal on.
func (r *run) signal(sig os.Signal) {
	s, ok := sig.(syscall.Signal)
	if !ok {
		return
	}
	switch s {
	case unix.SIGWINCH:
		r.resize()
	case unix.SIGCONT:
		r.suspended = false
		signal.Notify(r.signals, unix.SIGTSTP)
		r.resize()
		r.takeTerminal()
		r.order(s)
		r.watch()
	default:
		if !r.keep() {
			r.order(s)
		}
	}
}

func (r *run) order(s syscall.Signal) { _ = r.orders.Encode(order{Signal: int(s)}) }

// report heeds what the monitor says, and tells whether the program has ended.
func (r *run) report(p report) bool {
	switch {
	case p.Started != 0:
		r.guard.program, r.guard.ours = p.Started, []int{os.Getpid(), r.monitor, p.Started}
		r.watch() // it may have asked already
	case p.Errno != 0:
		r.failure = &StartError{r.Path, syscall.Errno(p.Errno)}
		return true
	case p.Stopped != 0:
		r.suspend()
	case p.Ended:
		r.result.Status = p.Status
		return true
	}
	return false
}

// suspend stops this process with the program, the way the terminal would have
// stopped both, and everything else in the shell's job. A group without a
// shell that could continue it is not stopped; then the program goes on.
func (r *run) suspend() {
	if orphaned() {
		r.order(unix.SIGCONT)
		return
	}
	r.restore()
	r.suspended = true
	stopJob() // now or in a moment; either way SIGCONT ends it
}

// passEnd tells the program that its input has ended, as soon as it reads
// lines: in a raw mode the end of file is a key like any other.
func (r *run) passEnd() {
	if !r.inputEnds || !r.out.idle() {
		return
	}
	mode, err := unix.IoctlGetTermios(fdOf(r.slave), getTermios)
	if err != nil || mode.Lflag&unix.ICANON == 0 {
		return
	}
	r.inputEnds = false
	key := mode.Cc[unix.VEOF]
	r.out.queue = append(r.out.queue, key)
	if r.lastKey != 0 && r.lastKey != '\n' {
		r.out.queue = append(r.out.queue, key) // the first one ends the line
	}
}
