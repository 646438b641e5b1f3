//go:build linux || darwin

package codes_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"npmotp/internal/agent"
	"npmotp/internal/codes"
	"npmotp/internal/secret"
	"npmotp/otpgen"
	"npmotp/vault"
)

// The secrets of the vault behind the agent.
const (
	fuzzPassphrase = "correct horse battery staple"
	fuzzRecovery   = "7a036304a7e14ea57a33424afd8374114abc2a40705d790f45a8092885178851"
)

// fuzzLive returns a vault, open for an agent, with a time-based and a counted
// account, and what no reply may hold.
func fuzzLive(f testing.TB) (l *codes.Live, hidden []string) {
	f.Helper()
	file := vault.At(filepath.Join(f.TempDir(), "vault.npmotp"), vault.Options{WorkFactor: vault.MinWorkFactor})
	v, err := file.Create(f.Context(), secret.New(fuzzPassphrase))
	if err != nil {
		f.Fatal(err)
	}
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	hidden = []string{fuzzPassphrase, fuzzRecovery, strings.ToUpper(fuzzRecovery), "AGE-SECRET-KEY", v.Identity().Reveal()[20:60]}
	err = v.Update(f.Context(), func(c *vault.Contents) error {
		for i, text := range []string{"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "MZXW6YTBOJRGC6RAMZXW6YTBOJRGC6RA"} {
			key, err := otpgen.NewKey(secret.New(text))
			if err != nil {
				return err
			}
			if i == 1 {
				key.Kind = otpgen.HOTP
			}
			hidden = append(hidden, text, strings.ToLower(text))
			if _, err := c.Add(vault.Account{Name: []string{"ada", "hot"}[i], Key: &key}, now); err != nil {
				return err
			}
		}
		_, err := c.Accounts[0].AddRecoveryCodes([]secret.Text{secret.New(fuzzRecovery)}, false, now)
		return err
	})
	if err != nil {
		f.Fatal(err)
	}
	return codes.NewLive(file.Path(), v.Identity(), func() time.Time { return now }, vault.Options{}), hidden
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
		l := make(oneConnection, 1)
		l <- sender{far, bytes.NewReader(sent)}
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			_ = agent.Serve(t.Context(), l, agent.Config{
				Source: live, Limits: agent.Limits{For: time.Hour},
				Peer: func(net.Conn) (agent.Peer, error) {
					return agent.Peer{PID: 1, Program: func() agent.Program { return agent.Program{PID: 1, Command: "fuzz"} }}, nil
				},
				Slept:    func() time.Duration { return 0 },
				Lost:     func() bool { return false },
				InMemory: func() bool { return true },
			})
		}()
		checkReply(t, near, request, hidden)
		_ = near.Close()
		close(l)
		<-ended
	})
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
