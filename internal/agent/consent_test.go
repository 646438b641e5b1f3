package agent_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"npmotp/internal/agent"
	"npmotp/internal/confirm"
)

// A person is asked for a yes, and the program that asks for it.
type person struct {
	asked   atomic.Int64
	answer  func(ctx context.Context) error
	program atomic.Pointer[agent.Program]
	away    atomic.Bool   // from the terminal where the vault was unlocked
	gone    chan struct{} // closed when the program does not wait any more
}

func (p *person) is(program agent.Program) { p.program.Store(&program) }

// confirming serves with a person who is asked for each code.
func confirming(t *testing.T, s *source, p *person, c agent.Consent) *running {
	t.Helper()
	p.is(agent.Program{PID: 7, Started: "1", Command: "npmotp", Parent: "sh", Job: "1/7"})
	p.gone = make(chan struct{})
	return serveWith(t, s, agent.Limits{For: time.Hour}, func(config *agent.Config) {
		config.Consent = c
		config.Here = func(program agent.Program) bool { return program.Foreground && !p.away.Load() }
		config.Ask = func(ctx context.Context, _ confirm.Question, _ func() bool, asking func(confirm.Way)) (confirm.Way, error) {
			p.asked.Add(1)
			asking(confirm.Askpass)
			return confirm.Askpass, p.answer(ctx)
		}
	}, func() agent.Peer {
		program := *p.program.Load()
		return agent.Peer{
			PID: program.PID, Program: func() agent.Program { return program },
			Describe: func() (agent.Description, error) { return agent.Description{Line: "npmotp code"}, nil },
			Until: func(ctx context.Context) (context.Context, func()) {
				ctx, cancel := context.WithCancelCause(ctx)
				go func() {
					select {
					case <-p.gone:
						cancel(errors.New("gone"))
					case <-ctx.Done():
					}
				}()
				return ctx, func() { cancel(nil) }
			},
		}
	})
}

func yes(context.Context) error { return nil }
func no(context.Context) error  { return confirm.ErrNo }

// silent waits as a person does who is not there.
func silent(ctx context.Context) error {
	<-ctx.Done()
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return confirm.ErrSilence
	}
	return context.Cause(ctx)
}

func refused(err error) bool {
	e, ok := errors.AsType[*agent.Error](err)
	return ok && e.Kind == agent.KindRefused
}

func TestNoAnswerIsNo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, s := &person{answer: silent}, &source{}
		r := confirming(t, s, p, agent.Consent{All: true})
		start := time.Now()
		if err := r.code(); !refused(err) || time.Since(start) != 30*time.Second || !strings.Contains(err.Error(), "within 30 s") {
			t.Errorf("after %s: %v", time.Since(start), err)
		}
		// It holds for a minute, and then the person is asked again.
		p.answer = yes
		if err := r.code(); !refused(err) || p.asked.Load() != 1 {
			t.Errorf("%v, %d questions", err, p.asked.Load())
		}
		time.Sleep(time.Minute)
		if err := r.code(); err != nil || p.asked.Load() != 2 || s.asked.Load() != 1 {
			t.Errorf("%v, %d questions, %d codes", err, p.asked.Load(), s.asked.Load())
		}
	})
}

// While a question is up, others are refused, and the agent can be locked.
func TestOneQuestionAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &person{answer: silent}
		r := confirming(t, &source{}, p, agent.Consent{All: true})
		ended := make(chan error)
		go func() { ended <- r.code() }()
		synctest.Wait()
		p.is(agent.Program{PID: 8, Started: "1", Foreground: true, Job: "1/8"})
		if err := r.code(); !refused(err) || !strings.Contains(err.Error(), "another question") {
			t.Error(err)
		}
		if status, err := r.client().Status(); err != nil || status.Refused != 1 || !status.Confirm {
			t.Errorf("%+v, %v", status, err)
		}
		if err := r.client().Lock(); err != nil {
			t.Error(err)
		}
		if err := <-ended; err == nil {
			t.Error("a code was given after the end")
		}
		if p.asked.Load() != 1 {
			t.Errorf("%d questions", p.asked.Load())
		}
	})
}

// A question goes with the program that asked, and counts: it could come back at once.
func TestQuestionOfOneThatEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, s := &person{answer: silent}, &source{}
		r := confirming(t, s, p, agent.Consent{All: true})
		ended := make(chan error)
		start := time.Now()
		go func() { ended <- r.code() }()
		synctest.Wait()
		close(p.gone)
		if err := <-ended; !refused(err) || time.Since(start) != 0 {
			t.Error(err)
		}
		p.answer = yes
		if err := r.code(); !refused(err) || s.asked.Load() != 0 || p.asked.Load() != 1 {
			t.Error(err)
		}
	})
}

// Programs that are another one each time, each in the foreground of a terminal of its
// own, are quiet after three questions; the person's own terminal is not.
func TestManyQuestions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &person{answer: no}
		r := confirming(t, &source{}, p, agent.Consent{All: true})
		here := func(i int, foreground bool) {
			p.is(agent.Program{PID: i, Started: "1", Foreground: foreground, Job: fmt.Sprint("1/", i)})
		}
		for i := range 100 {
			here(100+i, true)
			p.away.Store(true)
			if err := r.code(); !refused(err) {
				t.Fatal(err)
			}
		}
		if n := p.asked.Load(); n != 3 {
			t.Errorf("%d questions", n)
		}
		p.answer = yes
		p.away.Store(false)
		here(300, true)
		if err := r.code(); err != nil {
			t.Error(err)
		}
	})
}

// A yes for a run is one for that process and that account, and not for what the
// process becomes.
func TestYesForARun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &person{answer: yes}
		r := confirming(t, &source{}, p, agent.Consent{All: true})
		want := func(n int64, what string) {
			t.Helper()
			if p.asked.Load() != n {
				t.Errorf("%s: %d questions, want %d", what, p.asked.Load(), n)
			}
		}
		if err := r.client().Allow("npm"); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if err := r.code(); err != nil {
				t.Error(err)
			}
		}
		want(1, "its run")
		time.Sleep(10 * time.Minute)
		_ = r.code()
		want(1, "its run, later")
		if _, err := r.client().Code("other", false); err != nil {
			t.Error(err)
		}
		want(2, "another account")
		p.is(agent.Program{PID: 7, Started: "2", Job: "1/7"})
		_ = r.code()
		want(3, "another process with the number")
	})
}

// A yes for all accounts is asked for where one of them needs it.
func TestYesForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &person{answer: yes}
		s := &source{accounts: []agent.Account{{ID: "1", Name: "a", Type: "totp", Confirm: agent.ConfirmAuto}}}
		r := confirming(t, s, p, agent.Consent{}) // but of those that say so
		if err := r.client().Allow(""); err != nil || p.asked.Load() != 0 {
			t.Errorf("%v, %d questions", err, p.asked.Load())
		}
		s.accounts[0].Confirm = "in a later version"
		if err := r.client().Allow(""); err != nil || p.asked.Load() != 1 {
			t.Errorf("%v, %d questions", err, p.asked.Load())
		}
		if err := r.code(); err != nil || p.asked.Load() != 1 {
			t.Errorf("%v, %d questions", err, p.asked.Load())
		}
		p = &person{answer: yes}
		r = confirming(t, s, p, agent.Consent{All: true})
		s.accounts[0].Confirm = agent.ConfirmNever
		if err := r.client().Allow(""); err != nil || p.asked.Load() != 0 {
			t.Errorf("%v, %d questions", err, p.asked.Load())
		}
	})
}

// The agent does not outlive its time by a question.
func TestTimeEndsAtAQuestion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &source{}
		p := &person{answer: func(context.Context) error { time.Sleep(20 * time.Second); return nil }}
		r := confirming(t, s, p, agent.Consent{All: true})
		time.Sleep(time.Hour - 10*time.Second)
		if err := r.code(); err == nil || s.asked.Load() != 0 {
			t.Errorf("%v, %d codes", err, s.asked.Load())
		}
	})
}
