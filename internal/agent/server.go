package agent

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"sync"
	"time"

	"npmotp/internal/confirm"
)

const (
	// maxConnections are served at once; the next ones wait in the queue of the
	// socket, and none is turned away.
	maxConnections = 128
	// patience is how long a client may take to send a request or to take a
	// reply.
	patience = 5 * time.Second
	// handling bounds the work on a request. A counter waits for the lock of
	// the vault, which is given up after ten seconds.
	handling = 12 * time.Second
	// checkEvery is how often the agent looks whether it should end for another
	// reason than time. No request is answered without that look.
	checkEvery = 5 * time.Second
	// slept is how much of a difference between the clocks is a sleep.
	slept = time.Second
)

// Limits are how long an agent serves.
type Limits struct {
	For  time.Duration
	Idle time.Duration // without use; 0 for no limit
}

// A Config is what an agent needs.
type Config struct {
	Source Source
	Limits Limits
	// Peer tells who is at the other end; an error turns the client away.
	Peer func(net.Conn) (Peer, error)
	// Slept returns for how long the machine has slept since some fixed time.
	Slept func() time.Duration
	// Wall returns what the clock on the wall says, which may be set.
	Wall func() time.Time
	// Lost reports that clients do not reach the agent any more.
	Lost func() bool
	// InMemory reports whether what is known of the vault is kept from being swapped.
	InMemory func() bool
	Consent  Consent
	// Ask puts a question to the person, and returns nil for a yes.
	Ask func(ctx context.Context, q confirm.Question, here func() bool, asking func(confirm.Way)) (confirm.Way, error)
	// Here reports whether the terminal where the vault was unlocked is for a
	// program just now.
	Here func(Program) bool
}

// A Peer is the process at the other end of a connection.
type Peer struct {
	PID int
	// Program returns what is known of the process. It may wait for that, which is
	// looked up while the request is on its way.
	Program func() Program
	// Describe returns what a person is told of it.
	Describe func() (Description, error)
	// Until returns a context that ends when the process does not wait for an
	// answer any more. No request is read before stop has been called.
	Until func(ctx context.Context) (waiting context.Context, stop func())
}

type server struct {
	Config
	ctx   context.Context //nolint:containedctx // the life of the agent, which is that of this value
	end   context.CancelCauseFunc
	slots chan struct{}
	guard *guard

	mu      sync.Mutex
	started time.Time
	used    time.Time
	asleep  time.Duration // what Slept said at the start
	wall    time.Time     // what Wall said then
	codes   int
	lists   int
	refused int
	given   []Given
	held    []net.Conn // of clients that wait for the end
}

// Serve answers on l until the agent ends, and returns why. It closes l.
func Serve(ctx context.Context, l net.Listener, c Config) error {
	s := &server{Config: c, slots: make(chan struct{}, maxConnections), guard: newGuard()}
	s.ctx, s.end = context.WithCancelCause(ctx)
	s.started = time.Now()
	s.used = s.started
	s.asleep, s.wall = c.Slept(), c.Wall().Round(0)
	stop := context.AfterFunc(s.ctx, func() { _ = l.Close() })
	defer stop()
	var running sync.WaitGroup
	running.Go(s.watch)
	for {
		conn, err := s.accept(l)
		if err != nil {
			s.end(err)
			break
		}
		running.Go(func() {
			defer func() { <-s.slots }()
			s.serve(conn)
		})
	}
	running.Wait()
	for _, conn := range s.held {
		_ = conn.Close()
	}
	return context.Cause(s.ctx)
}

// accept returns the next connection when there is a slot for it.
func (s *server) accept(l net.Listener) (net.Conn, error) {
	select {
	case s.slots <- struct{}{}:
	case <-s.ctx.Done():
		return nil, context.Cause(s.ctx)
	}
	for {
		conn, err := l.Accept()
		if err == nil {
			return conn, nil
		}
		if s.ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
			return nil, err
		}
		// Out of file descriptors, or a client that went away in the queue.
		select {
		case <-time.After(10 * time.Millisecond):
		case <-s.ctx.Done():
			return nil, context.Cause(s.ctx)
		}
	}
}

// watch ends the agent when its time has come.
func (s *server) watch() {
	for {
		timer := time.NewTimer(s.nextLook())
		select {
		case <-s.ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
		if err := s.over(); err != nil {
			s.end(err)
		} else if s.Lost() {
			s.end(ErrLost)
		} else if err := s.Source.Check(s.ctx); errors.Is(err, ErrEnded) {
			s.end(err)
		}
	}
}

func (s *server) nextLook() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := min(checkEvery, s.Limits.For-time.Since(s.started))
	if s.Limits.Idle > 0 {
		next = min(next, s.Limits.Idle-time.Since(s.used))
	}
	return max(next, time.Millisecond)
}

// over returns why the agent has to end, or nil. The timer of watch stands
// still while the machine sleeps and may fire late, so each request asks too.
func (s *server) over() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	switch {
	case s.ctx.Err() != nil:
		return context.Cause(s.ctx)
	case s.Slept()-s.asleep > slept:
		return ErrSlept
	case now.Sub(s.started) >= s.Limits.For, s.Wall().Sub(s.wall) >= s.Limits.For:
		return ErrTime // by the monotonic clock, or by that on the wall
	case s.Limits.Idle > 0 && now.Sub(s.used) >= s.Limits.Idle:
		return ErrIdle
	}
	return nil
}

// serve answers the requests of one connection.
func (s *server) serve(conn net.Conn) {
	hold := false
	defer func() {
		if !hold {
			_ = conn.Close()
		}
	}()
	peer, err := s.Peer(conn)
	if err != nil {
		return
	}
	// The end wakes those that wait for a request, and leaves replies alone.
	stop := context.AfterFunc(s.ctx, func() { _ = conn.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	for s.ctx.Err() == nil {
		if conn.SetReadDeadline(time.Now().Add(patience)) != nil {
			return
		}
		var r request
		err := readFrame(conn, &r)
		if err != nil && !errors.Is(err, errFrame) {
			return
		}
		answer := reply{Error: &Error{Kind: KindFailed, Message: errFrame.Error()}}
		if err == nil {
			answer = s.answer(r, peer, func(way confirm.Way) {
				// One that does not listen gets no answer either.
				_ = conn.SetWriteDeadline(time.Now().Add(patience))
				_ = writeFrame(conn, reply{V: protocol, Asking: string(way)})
			})
		}
		answer.V = protocol
		if conn.SetWriteDeadline(time.Now().Add(patience)) != nil || writeFrame(conn, answer) != nil || err != nil {
			return
		}
		if r.Op == opLock && answer.Error == nil {
			hold = true
			s.mu.Lock()
			s.held = append(s.held, conn)
			s.mu.Unlock()
			s.end(ErrLocked)
			return
		}
	}
}

// answer does what a request asks for.
func (s *server) answer(r request, peer Peer, asking func(confirm.Way)) reply {
	if r.Op == opLock {
		return reply{} // in whatever version: it is the way out of a difference
	}
	if r.V != protocol {
		return failed(fmt.Errorf("the agent speaks version %d of its protocol, and was asked in version %d; 'npmotp lock' ends it", protocol, r.V))
	}
	err := s.over()
	if err == nil {
		// Of a vault with a new passphrase not even the past is told.
		err = s.Source.Check(s.ctx)
	}
	if err != nil && (errors.Is(err, ErrEnded) || s.isEnd(err)) {
		s.end(err)
		return reply{Error: &Error{Kind: KindEnded, Message: "the agent has locked itself: " + err.Error()}}
	}
	answer := s.do(r, peer, asking)
	if answer.Error == nil {
		answer.Warning = s.Source.Warning()
	}
	return answer
}

func (s *server) isEnd(err error) bool {
	return s.ctx.Err() != nil || errors.Is(err, ErrTime) || errors.Is(err, ErrIdle) || errors.Is(err, ErrSlept)
}

func (s *server) do(r request, peer Peer, asking func(confirm.Way)) reply {
	yes := ""
	if r.Op == opCode || r.Op == opAllow {
		var err error
		if yes, err = s.allow(r, peer, asking); err != nil {
			return failed(err)
		}
	}
	ctx, cancel := context.WithTimeout(s.ctx, handling)
	defer cancel()
	switch r.Op {
	case opAllow:
		return reply{}
	case opUse:
		s.use()
		return reply{Status: s.status()}
	case opStatus:
		return reply{Status: s.status()}
	case opCode:
		code, err := s.Source.Code(ctx, r.Account, r.TimeBased)
		if err != nil {
			return failed(err)
		}
		s.note("code", code.Account, yes, peer)
		return reply{Code: &wireCode{
			Account: code.Account, Value: code.Value.Reveal(), Next: code.Next.Reveal(),
			From: code.From, Until: code.Until,
		}}
	case opFind:
		account, err := s.Source.Find(ctx, r.Account)
		if err != nil {
			return failed(err)
		}
		s.note("list", account.Name, "", peer)
		return reply{Account: &account}
	case opList:
		accounts, state, err := s.Source.List(ctx)
		if err != nil {
			return failed(err)
		}
		if r.Offset <= 0 {
			s.note("list", "", "", peer)
		}
		return page(accounts, state, r.Offset)
	}
	return failed(fmt.Errorf("the agent has no operation %.20q", r.Op))
}

// allow returns nil if a program may have what it asks for, and the yes to that, or
// "" where none was needed.
func (s *server) allow(r request, peer Peer, asking func(confirm.Way)) (yes string, err error) {
	ctx, cancel := context.WithTimeout(s.ctx, handling)
	defer cancel()
	w := wish{whole: r.Op == opAllow, asking: asking}
	if r.Account != "" || !w.whole {
		if w.account, err = s.Source.Find(ctx, r.Account); err != nil {
			return "", err
		}
		if w.account.Type == "" || r.TimeBased && w.account.Counter != nil {
			return "", nil // there is none to give, which the source says
		}
	} else {
		accounts, _, err := s.Source.List(ctx)
		if err != nil || !slices.ContainsFunc(accounts, s.Consent.needed) && !s.Consent.TerminalOnly {
			return "", err
		}
	}
	return s.consent(w, peer)
}

func failed(err error) reply {
	if e, ok := errors.AsType[*Error](err); ok {
		return reply{Error: e.fit()}
	}
	return reply{Error: (&Error{Kind: KindFailed, Message: err.Error()}).fit()}
}

func (s *server) use() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.used = time.Now()
}

func (s *server) status() *Status {
	inMemory := s.InMemory()
	s.mu.Lock()
	defer s.mu.Unlock()
	status := &Status{
		PID: os.Getpid(), UnlockedAt: s.started.UTC(), Until: s.started.Add(s.Limits.For).UTC(),
		Idle: int(s.Limits.Idle / time.Second), Codes: s.codes, Lists: s.lists, InMemory: inMemory,
		Confirm: s.Consent.All, TerminalOnly: s.Consent.TerminalOnly, Refused: s.refused,
		Given: append([]Given(nil), s.given...),
	}
	if s.Limits.Idle > 0 {
		status.IdleUntil = s.used.Add(s.Limits.Idle).UTC()
	}
	return status
}
