package agent_test

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"npmotp/internal/agent"
	"npmotp/internal/secret"
)

// pipes is a listener whose connections are pipes, so that a test can have its
// own time.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), closed: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.once.Do(func() { close(p.closed) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.UnixAddr{} }

// dial connects, or returns nil when nobody listens.
func (p *pipes) dial() net.Conn {
	near, far := net.Pipe()
	select {
	case p.conns <- far:
		return near
	case <-p.closed:
		return nil
	}
}

// source is a vault with the accounts of a test.
type source struct {
	accounts []agent.Account
	state    atomic.Uint64
	asked    atomic.Int64
	failure  error // of Code
	gone     atomic.Bool
	warning  string
}

func (s *source) Code(_ context.Context, query string, _ bool) (agent.Code, error) {
	if s.failure != nil {
		return agent.Code{}, s.failure
	}
	s.asked.Add(1)
	from := time.Unix(1e9, 0).UTC()
	return agent.Code{Account: query, Value: secret.New("123456"), Next: secret.New("654321"), From: from, Until: from.Add(30 * time.Second)}, nil
}

func (s *source) Find(_ context.Context, query string) (agent.Account, error) {
	return agent.Account{ID: "id of " + query, Name: query, Level: "auth-only", Type: "totp"}, nil
}

func (s *source) List(context.Context) ([]agent.Account, uint64, error) {
	return s.accounts, s.state.Load(), nil
}

func (s *source) Check(context.Context) error {
	if s.gone.Load() {
		return fmt.Errorf("testing: %w", agent.ErrEnded)
	}
	return nil
}

func (s *source) Warning() string { return s.warning }

func program() agent.Program { return agent.Program{PID: 7, Command: "npmotp", Parent: "sh"} }

// An agent under test.
type running struct {
	*pipes
	t     *testing.T
	slept atomic.Int64
	ahead atomic.Int64 // of the clock on the wall, which somebody set
	lost  atomic.Bool
	end   chan error
}

func serve(t *testing.T, s *source, limits agent.Limits) *running {
	t.Helper()
	return serveWith(t, s, limits, func(*agent.Config) {}, func() agent.Peer { return agent.Peer{PID: 7, Program: program} })
}

func serveWith(t *testing.T, s *source, limits agent.Limits, change func(*agent.Config), peer func() agent.Peer) *running {
	t.Helper()
	r := &running{pipes: newPipes(), t: t, end: make(chan error, 1)}
	config := agent.Config{
		Source: s, Limits: limits,
		Peer:     func(net.Conn) (agent.Peer, error) { return peer(), nil },
		Slept:    func() time.Duration { return time.Duration(r.slept.Load()) },
		Wall:     func() time.Time { return time.Now().Add(time.Duration(r.ahead.Load())).Round(0) },
		Lost:     r.lost.Load,
		InMemory: func() bool { return true },
	}
	change(&config)
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	go func() { r.end <- agent.Serve(ctx, r.pipes, config) }()
	synctest.Wait() // it has read the clocks
	return r
}

func (r *running) client() *agent.Client {
	r.t.Helper()
	conn := r.dial()
	if conn == nil {
		r.t.Fatal("the agent has ended")
	}
	c := agent.NewClient(r.t.Context(), conn)
	r.t.Cleanup(func() { _ = c.Close() })
	return c
}

// code asks for a code over a new connection.
func (r *running) code() error {
	conn := r.dial()
	if conn == nil {
		return agent.ErrNone
	}
	c := agent.NewClient(r.t.Context(), conn)
	defer func() { _ = c.Close() }()
	_, err := c.Code("npm", false)
	return err
}

func (r *running) wantEnd(want error) {
	r.t.Helper()
	if err := <-r.end; !errors.Is(err, want) {
		r.t.Errorf("it ended because %v, want %v", err, want)
	}
	if err := r.code(); !errors.Is(err, agent.ErrNone) {
		r.t.Errorf("after the end a request gave %v", err)
	}
}

func TestAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &source{accounts: []agent.Account{{Name: "a"}, {Name: "b", Default: true}}, warning: "look out"}
		r := serve(t, s, agent.Limits{For: time.Hour})
		c := r.client()
		var warned []string
		c.Warn = func(text string) { warned = append(warned, text) }
		code, err := c.Code("npm", false)
		if err != nil || code.Account != "npm" || code.Value.Reveal() != "123456" || code.Next.Reveal() != "654321" || code.Until.Sub(code.From) != 30*time.Second {
			t.Errorf("code: %+v, %v", code, err)
		}
		if a, err := c.Find("x"); err != nil || a.Name != "x" || a.Level != "auth-only" {
			t.Errorf("find: %+v, %v", a, err)
		}
		if list, err := c.List(); err != nil || len(list) != 2 || !list[1].Default {
			t.Errorf("list: %+v, %v", list, err)
		}
		status, err := c.Status()
		if err != nil || status.Codes != 1 || status.Lists != 2 || len(status.Given) != 3 || !status.InMemory {
			t.Fatalf("status: %+v, %v", status, err)
		}
		if g := status.Given[0]; g.What != "code" || g.Account != "npm" || g.PID != 7 || g.Command != "npmotp" || g.Parent != "sh" {
			t.Errorf("the record: %+v", g)
		}
		if len(warned) != 4 || warned[0] != "look out" {
			t.Errorf("warnings: %q", warned)
		}
		if err := c.Lock(); err != nil {
			t.Error(err)
		}
		r.wantEnd(agent.ErrLocked)
	})
}

// An agent of another version is ended all the same, and by a client of one.
func TestLocksAcrossVersions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, &source{}, agent.Limits{For: time.Hour})
		conn := r.dial()
		if _, err := conn.Write(frame(`{"v":2,"op":"lock"}`)); err != nil {
			t.Fatal(err)
		}
		if answer, err := io.ReadAll(conn); err != nil || strings.Contains(string(answer), "error") {
			t.Errorf("the answer is %q, %v", answer, err)
		}
		r.wantEnd(agent.ErrLocked)
	})
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		go func() {
			_, _ = io.ReadFull(far, make([]byte, 4+len(`{"v":1,"op":"lock"}`)))
			_, _ = far.Write(frame(`{"v":2}`))
			_ = far.Close()
		}()
		if err := agent.NewClient(t.Context(), near).Lock(); err != nil {
			t.Error(err)
		}
	})
}

func TestEndsAtItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, &source{}, agent.Limits{For: 15 * time.Minute})
		for range 14 {
			time.Sleep(time.Minute)
			if err := r.code(); err != nil { // use does not lengthen it
				t.Fatal(err)
			}
		}
		time.Sleep(time.Minute - time.Millisecond)
		if err := r.code(); err != nil {
			t.Errorf("a moment before its time: %v", err)
		}
		time.Sleep(2 * time.Millisecond)
		r.wantEnd(agent.ErrTime)
	})
}

func TestEndsWhenUnused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, &source{}, agent.Limits{For: time.Hour, Idle: 5 * time.Minute})
		for range 6 {
			time.Sleep(4 * time.Minute)
			if err := r.code(); err != nil {
				t.Fatal(err)
			}
		}
		for range 3 { // a run under way
			time.Sleep(4 * time.Minute)
			if _, err := r.client().Use(); err != nil {
				t.Fatal(err)
			}
		}
		c := r.client()
		if s, err := c.Status(); err != nil || time.Until(s.IdleUntil) != 5*time.Minute {
			t.Errorf("%+v, %v", s, err)
		}
		time.Sleep(5*time.Minute - time.Millisecond)
		if _, err := r.client().Status(); err != nil { // to look is not to use
			t.Error(err)
		}
		time.Sleep(2 * time.Millisecond)
		r.wantEnd(agent.ErrIdle)
	})
}

// Whatever is done to the clock on the wall, no agent lives longer than it was told,
// and one whose time is over by that clock ends.
func TestClockIsSet(t *testing.T) {
	const day = 24 * time.Hour
	limits, idle := agent.Limits{For: 15 * time.Minute}, agent.Limits{For: time.Hour, Idle: 5 * time.Minute}
	for name, tt := range map[string]struct {
		limits agent.Limits
		ahead  []time.Duration // the clock, after each minute
		lives  time.Duration
		reason error
	}{
		"back":                     {limits, []time.Duration{-time.Hour}, 15 * time.Minute, agent.ErrTime},
		"back again and again":     {limits, []time.Duration{-time.Minute, -time.Hour, -day, -2 * day}, 15 * time.Minute, agent.ErrTime},
		"back while it is unused":  {idle, []time.Duration{-day}, 5 * time.Minute, agent.ErrIdle},
		"ahead by some":            {limits, []time.Duration{10 * time.Minute}, 5 * time.Minute, agent.ErrTime},
		"ahead by more":            {limits, []time.Duration{0, 1000 * day}, 2 * time.Minute, agent.ErrTime},
		"ahead, and right again":   {limits, []time.Duration{10 * time.Minute, 0}, 15 * time.Minute, agent.ErrTime},
		"ahead, and then behind":   {limits, []time.Duration{10 * time.Minute, -day}, 15 * time.Minute, agent.ErrTime},
		"ahead while it is unused": {idle, []time.Duration{30 * time.Minute}, 5 * time.Minute, agent.ErrIdle},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := serve(t, &source{}, tt.limits)
				began := time.Now()
				for _, ahead := range tt.ahead {
					time.Sleep(time.Minute)
					r.ahead.Store(int64(ahead))
				}
				r.wantEnd(tt.reason)
				// It looks at the clock every five seconds, and before each answer.
				if lived := time.Since(began); lived < tt.lives || lived > tt.lives+5*time.Second {
					t.Errorf("it lived for %s, want %s", lived, tt.lives)
				}
			})
		})
	}
}

// No request after a sleep is answered, also when the timer has not run yet.
func TestEndsAfterSleep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &source{}
		r := serve(t, s, agent.Limits{For: time.Hour})
		r.slept.Store(int64(500 * time.Millisecond)) // clocks are read one after the other
		if err := r.code(); err != nil {
			t.Fatal(err)
		}
		r.slept.Store(int64(2 * time.Second))
		var told *agent.Error
		if err := r.code(); !errors.As(err, &told) || told.Kind != agent.KindEnded || !strings.Contains(told.Message, "slept") {
			t.Errorf("after a sleep: %v", err)
		}
		if n := s.asked.Load(); n != 1 {
			t.Errorf("%d codes were made, want 1", n)
		}
		r.wantEnd(agent.ErrSlept)
	})
}

func TestEndsAfterSleepUnasked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, &source{}, agent.Limits{For: time.Hour})
		r.slept.Store(int64(time.Minute))
		r.wantEnd(agent.ErrSlept)
	})
}

func TestEndsWithoutSocket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, &source{}, agent.Limits{For: time.Hour})
		r.lost.Store(true)
		r.wantEnd(agent.ErrLost)
	})
}

func TestEndsWithItsVault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &source{}
		r := serve(t, s, agent.Limits{For: time.Hour})
		c := r.client()
		s.gone.Store(true)
		var told *agent.Error
		if _, err := c.Status(); !errors.As(err, &told) || told.Kind != agent.KindEnded {
			t.Errorf("the status after the vault was replaced: %v", err)
		}
		r.wantEnd(agent.ErrEnded)
	})
	synctest.Test(t, func(t *testing.T) {
		s := &source{}
		r := serve(t, s, agent.Limits{For: time.Hour})
		s.gone.Store(true)
		r.wantEnd(agent.ErrEnded) // also when nobody asks
	})
}

// A client that sends nothing, or half a frame, is dropped; others are served
// all the while.
func TestSlowClients(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, &source{}, agent.Limits{For: time.Hour})
		silent, half := r.dial(), r.dial()
		if _, err := half.Write([]byte{0, 0}); err != nil {
			t.Fatal(err)
		}
		if err := r.code(); err != nil {
			t.Error(err)
		}
		start := time.Now()
		for _, conn := range []net.Conn{silent, half} {
			if n, err := io.Copy(io.Discard, conn); err != nil || n != 0 {
				t.Errorf("%d bytes, %v", n, err)
			}
		}
		if waited := time.Since(start); waited != 5*time.Second {
			t.Errorf("they were dropped after %v", waited)
		}
	})
}

// More clients than are served at once wait for their turn.
func TestManyClients(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &source{}
		r := serve(t, s, agent.Limits{For: time.Hour})
		const clients, rounds = 300, 20
		var wait sync.WaitGroup
		for range clients {
			wait.Go(func() {
				for range rounds {
					if err := r.code(); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wait.Wait()
		status, err := r.client().Status()
		if err != nil || status.Codes != clients*rounds || s.asked.Load() != clients*rounds {
			t.Errorf("%d codes given, %v; want %d", status.Codes, err, clients*rounds)
		}
	})
}

func TestErrorsAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		many := make([]string, 5000)
		for i := range many {
			many[i] = fmt.Sprintf("account-%04d", i)
		}
		for _, failure := range []error{
			errors.New("disk on fire"),
			&agent.Error{Kind: "mine", Message: "words", Matches: []string{"a", "b"}},
			&agent.Error{Kind: "mine", Message: strings.Repeat("\x00", 100<<10), Matches: many},
		} {
			s := &source{failure: failure}
			r := serve(t, s, agent.Limits{For: time.Hour})
			var told *agent.Error
			if err := r.code(); !errors.As(err, &told) || told.Message[:5] != failure.Error()[:5] {
				t.Errorf("%.40v became %.40v", failure, err)
			}
			// The connection outlives an error.
			c := r.client()
			if _, err := c.Code("x", false); !errors.As(err, &told) {
				t.Error(err)
			}
			if _, err := c.Find("x"); err != nil {
				t.Error(err)
			}
		}
	})
}

// A list comes in pages, and anew when it changes in between.
func TestLongList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &source{}
		for i := range 10_000 {
			s.accounts = append(s.accounts, agent.Account{Name: fmt.Sprintf("account-%d", i), Registry: "https://registry.npmjs.org/"})
		}
		list, err := serve(t, s, agent.Limits{For: time.Hour}).client().List()
		if err != nil || len(list) != len(s.accounts) || list[9_999].Name != "account-9999" || list[0].Name != "account-0" {
			t.Errorf("%d accounts, %v", len(list), err)
		}
		s = &source{accounts: []agent.Account{{Name: strings.Repeat("x", 70<<10)}}}
		if _, err := serve(t, s, agent.Limits{For: time.Hour}).client().List(); err == nil {
			t.Error("an account that fits into no frame was sent")
		}
	})
}

func frame(text string) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(text))), text...)
}

// What is no request gets an error or nothing, and an end.
func TestNoRequests(t *testing.T) {
	tests := []struct {
		name string
		sent []byte
		want string // in the answer
	}{
		{"another version", frame(`{"v":2,"op":"code"}`), "version"},
		{"no version", frame(`{"op":"code"}`), "version"},
		{"no operation", frame(`{"v":1}`), "no operation"},
		{"a key", frame(`{"v":1,"op":"export"}`), "no operation"},
		{"no JSON", frame(`secret`), "not one of an agent"},
		{"nothing", frame(``), "not one of an agent"},
		{"too long", []byte{0, 1, 0, 1}, "not one of an agent"},
		{"a page before the first", frame(`{"v":1,"op":"list","offset":-1}`), `"v":1`},
		{"a page after the last", frame(`{"v":1,"op":"list","offset":9}`), `"v":1`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				conn := serve(t, &source{}, agent.Limits{For: time.Hour}).dial()
				if _, err := conn.Write(tt.sent); err != nil {
					t.Fatal(err)
				}
				var length [4]byte
				if _, err := io.ReadFull(conn, length[:]); err != nil {
					t.Fatal(err)
				}
				answer := make([]byte, binary.BigEndian.Uint32(length[:]))
				if _, err := io.ReadFull(conn, answer); err != nil {
					t.Fatal(err)
				}
				if !json.Valid(answer) || !strings.Contains(string(answer), tt.want) {
					t.Errorf("the answer is %s", answer)
				}
				_ = conn.Close()
			})
		})
	}
}

// A client does not take just anything for an answer.
func TestNoAnswers(t *testing.T) {
	for _, sent := range []string{"", `{"v":2}`, `{}`, `nonsense`, `{"v":1}`} {
		synctest.Test(t, func(t *testing.T) {
			near, far := net.Pipe()
			go func() {
				_, _ = io.ReadFull(far, make([]byte, 40)) // most of the request
				_ = far.SetReadDeadline(time.Now().Add(time.Second))
				_, _ = io.Copy(io.Discard, far)
				_, _ = far.Write(frame(sent))
			}()
			c := agent.NewClient(t.Context(), near)
			if code, err := c.Code("npm", false); err == nil {
				t.Errorf("%q was taken for %+v", sent, code)
			}
			_ = c.Close()
			_ = far.Close()
		})
	}
}

// A hundred entries of names that grow when they are escaped fit into a frame.
func TestRecordIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, &source{}, agent.Limits{For: time.Hour})
		c := r.client()
		for range 100 {
			if _, err := c.Code(strings.Repeat("\x01", 1000), false); err != nil {
				t.Fatal(err)
			}
		}
		status, err := c.Status()
		if err != nil || status.Codes != 100 || len(status.Given) != 40 || len(status.Given[0].Account) > 64 {
			t.Errorf("%d entries of %d, %v", len(status.Given), status.Codes, err)
		}
	})
}

func TestTurnedAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &source{}
		r := serveWith(t, s, agent.Limits{For: time.Hour}, func(c *agent.Config) {
			c.Peer = func(net.Conn) (agent.Peer, error) { return agent.Peer{}, errors.New("another user") }
		}, nil)
		if err := r.code(); err == nil || s.asked.Load() != 0 {
			t.Errorf("another user got an answer: %v", err)
		}
	})
}
