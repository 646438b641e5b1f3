//go:build linux || darwin

package codes_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"npmotp/internal/agent"
	"npmotp/internal/codes"
	"npmotp/internal/secret"
	"npmotp/internal/ui"
	"npmotp/vault"
)

// fuzzRecovery is a recovery code of an account behind the agent.
const fuzzRecovery = "7a036304a7e14ea57a33424afd8374114abc2a40705d790f45a8092885178851"

// fuzzLive returns the vault of [newVault], open for an agent, and what no reply may
// hold.
func fuzzLive(f testing.TB) (l *codes.Live, hidden []string) {
	f.Helper()
	v := newVault(f)
	hidden = []string{adaSecret, strings.ToLower(adaSecret), hotSecret, strings.ToLower(hotSecret), vaultPassphrase, fuzzRecovery, strings.ToUpper(fuzzRecovery), "AGE-SECRET-KEY", v.Identity().Reveal()[20:60]}
	err := v.Update(f.Context(), func(c *vault.Contents) error {
		_, err := c.Accounts[0].AddRecoveryCodes([]secret.Text{secret.New(fuzzRecovery)}, false, start())
		return err
	})
	if err != nil {
		f.Fatal(err)
	}
	return codes.NewLive(v.File().Path(), v.Identity(), start, vault.Options{}), hidden
}

// oneConnection is a listener with one connection, open until it is closed.
type oneConnection chan net.Conn

func (l oneConnection) Accept() (net.Conn, error) {
	if c, ok := <-l; ok {
		return c, nil
	}
	return nil, net.ErrClosed
}
func (l oneConnection) Close() error   { return nil }
func (l oneConnection) Addr() net.Addr { return &net.UnixAddr{} }

// A sender is a client that has sent all it will, and waits for replies.
type sender struct {
	net.Conn
	sent io.Reader
}

func (s sender) Read(p []byte) (int, error) { return s.sent.Read(p) }

// Whatever is sent to an agent, no reply holds a secret, the identity, the
// passphrase or a recovery code, and each reply is one frame of JSON.
func FuzzAgentFrame(f *testing.F) {
	live, hidden := fuzzLive(f)
	for _, request := range []string{
		`{"v":1,"op":"code","account":"ada"}`, `{"v":1,"op":"code","account":"hot"}`, `{"v":1,"op":"code","account":"hot","time_based":true}`,
		`{"v":1,"op":"find","account":"ada"}`, `{"v":1,"op":"list"}`, `{"v":1,"op":"list","offset":1}`, `{"v":1,"op":"status"}`, `{"v":1,"op":"lock"}`,
		`{"v":1,"op":"secret","account":"ada"}`, `{"v":1,"op":"export"}`, `{"v":1,"op":"code"}`, `{"v":9}`, `[]`, `null`, "",
	} {
		f.Add([]byte(request), true)
		f.Add([]byte(request), false)
	}
	f.Fuzz(func(t *testing.T, request []byte, framed bool) {
		sent := request
		if framed {
			sent = append(binary.BigEndian.AppendUint32(nil, uint32(len(request))), request...)
		}
		near, far := net.Pipe()
		ended := serve(t, live, sender{far, bytes.NewReader(sent)})
		checkReply(t, near, request, hidden)
		_ = near.Close()
		ended()
	})
}

// serve has an agent answer on a connection. What it returns is called when that is
// closed, and waits for the agent's end.
func serve(t *testing.T, live *codes.Live, conn net.Conn) (ended func()) {
	t.Helper()
	l := make(oneConnection, 1)
	l <- conn
	var agents sync.WaitGroup
	agents.Go(func() {
		_ = agent.Serve(t.Context(), l, agent.Config{
			Source: live, Limits: agent.Limits{For: time.Hour},
			Peer: func(net.Conn) (agent.Peer, error) {
				return agent.Peer{PID: 1, Program: func() agent.Program { return agent.Program{PID: 1, Command: "fuzz"} }}, nil
			},
			Slept:    func() time.Duration { return 0 },
			Wall:     time.Now,
			Lost:     func() bool { return false },
			InMemory: func() bool { return true },
		})
	})
	return func() { close(l); agents.Wait() }
}

// withAgent returns a source whose codes come from an agent, with the vault that the
// agent has and what is said to the user.
func withAgent(t *testing.T) (s *codes.Source, path string, said *strings.Builder) {
	t.Helper()
	v := newVault(t)
	path, said = v.File().Path(), &strings.Builder{}
	near, far := net.Pipe()
	ended := serve(t, codes.NewLive(path, v.Identity(), start, vault.Options{}), far)
	t.Cleanup(func() { s.Close(); ended() })
	s = &codes.Source{
		UI:   &ui.UI{Err: said},
		Dial: func(ctx context.Context, _ func(string)) *agent.Client { return agent.NewClient(ctx, near) },
		Unlock: func(ctx context.Context) (*codes.Unlocked, error) {
			t.Error("the vault is opened")
			return nil, codes.ErrLocked
		},
		Now: start,
	}
	if err := s.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s, path, said
}

// What goes wrong in the agent is the same here: the status and the hint of a command
// go by it. What has no kind keeps its words.
func TestErrorsOfTheAgent(t *testing.T) {
	code := func(query string, timeBased bool) func(s *codes.Source) error {
		return func(s *codes.Source) error { _, err := s.Code(t.Context(), query, timeBased); return err }
	}
	find := func(s *codes.Source) error { _, err := s.Find(t.Context(), "ada"); return err }
	list := func(s *codes.Source) error { _, err := s.List(t.Context()); return err }
	nothing := func(string) error { return nil }
	damage := func(path string) error { return os.WriteFile(path, []byte("age\n"), 0o600) }
	notAFolder := func(path string) error {
		return errors.Join(os.RemoveAll(filepath.Dir(path)), os.WriteFile(filepath.Dir(path), nil, 0o600))
	}
	for name, tt := range map[string]struct {
		change func(path string) error
		ask    func(*codes.Source) error
		want   error // nil is one without a kind
	}{
		"no account":              {nothing, code("eve", true), vault.ErrNoAccount},
		"a counter":               {nothing, code("hot", true), codes.ErrCounterBased},
		"code without a vault":    {os.Remove, code("ada", true), vault.ErrNoVault},
		"find without a vault":    {os.Remove, find, vault.ErrNoVault},
		"list without a vault":    {os.Remove, list, vault.ErrNoVault},
		"damaged":                 {damage, code("ada", true), vault.ErrFormat},
		"its folder is a file":    {notAFolder, find, nil},
		"the folder of a listing": {notAFolder, list, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s, path, _ := withAgent(t)
			if err := tt.change(path); err != nil {
				t.Fatal(err)
			}
			err := tt.ask(s)
			if tt.want != nil && !errors.Is(err, tt.want) {
				t.Errorf("got %v", err)
			}
			if e, ok := errors.AsType[*agent.Error](err); tt.want == nil && (!ok || e.Kind != agent.KindFailed || !strings.Contains(e.Message, path)) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// Who types the passphrase because the agent has ended is asked for nothing else.
func TestAllowAfterTheAgent(t *testing.T) {
	s, path, said := withAgent(t)
	other := newVault(t)
	opened := 0
	s.Unlock = func(ctx context.Context) (*codes.Unlocked, error) {
		opened++
		return &codes.Unlocked{Vault: other, Now: start}, nil
	}
	if err := os.Rename(other.File().Path(), path); err != nil {
		t.Fatal(err)
	}
	if err := s.Allow(t.Context(), "ada"); err != nil || opened != 1 {
		t.Errorf("%v, and the vault is opened %d times", err, opened)
	}
	if !strings.Contains(said.String(), "the agent has locked itself") {
		t.Errorf("the user is told %q", said)
	}
}

// checkReply reads one reply, if there is one.
func checkReply(t *testing.T, conn net.Conn, request []byte, hidden []string) {
	t.Helper()
	var length [4]byte
	if _, err := io.ReadFull(conn, length[:]); err != nil {
		return
	}
	n := binary.BigEndian.Uint32(length[:])
	if n > 64<<10 {
		t.Fatalf("a reply of %d bytes", n)
	}
	answer := make([]byte, n)
	if _, err := io.ReadFull(conn, answer); err != nil {
		t.Fatalf("half a reply: %v", err)
	}
	if !json.Valid(answer) {
		t.Errorf("the reply is no JSON: %q", answer)
	}
	for _, text := range hidden {
		if strings.Contains(string(answer), text) && !strings.Contains(string(request), text) {
			t.Errorf("a reply to %q holds a secret", request)
		}
	}
}
