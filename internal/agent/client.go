package agent

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"npmotp/internal/secret"
)

// answerTime is how long a client waits for a reply: longer than the agent
// waits for the lock of the vault.
const answerTime = 15 * time.Second

// A Client asks an agent. It is for one goroutine.
type Client struct {
	conn net.Conn
	// Warn is told what the agent wants the user to know.
	Warn func(string)
	stop func() bool
}

// NewClient returns a client that asks over conn until ctx is done.
func NewClient(ctx context.Context, conn net.Conn) *Client {
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	return &Client{conn: conn, Warn: func(string) {}, stop: stop}
}

// Close ends the connection.
func (c *Client) Close() error {
	c.stop()
	return c.conn.Close()
}

func (c *Client) ask(r request) (reply, error) {
	r.V = protocol
	if err := c.conn.SetDeadline(time.Now().Add(answerTime)); err != nil {
		return reply{}, err
	}
	if err := writeFrame(c.conn, r); err != nil {
		return reply{}, fmt.Errorf("asking the agent: %w", err)
	}
	var answer reply
	if err := readFrame(c.conn, &answer); err != nil {
		if errors.Is(err, io.EOF) {
			return reply{}, ErrNone // it ended, or was about to
		}
		return reply{}, fmt.Errorf("the answer of the agent: %w", err)
	}
	switch {
	case answer.V != protocol:
		return reply{}, fmt.Errorf("the agent is one of another version of npmotp; 'npmotp lock' ends it")
	case answer.Error != nil:
		return reply{}, answer.Error
	}
	if answer.Warning != "" {
		c.Warn(answer.Warning)
	}
	return answer, nil
}

// Code returns a password of the account that query names. With timeBased one
// of a counter-based account is refused and not used up.
func (c *Client) Code(query string, timeBased bool) (Code, error) {
	answer, err := c.ask(request{Op: opCode, Account: query, TimeBased: timeBased})
	if err != nil {
		return Code{}, err
	}
	w := answer.Code
	if w == nil {
		return Code{}, errFrame
	}
	return Code{
		Account: w.Account, Value: secret.New(w.Value), Next: secret.New(w.Next), From: w.From, Until: w.Until,
	}, nil
}

// Find returns the account that query names.
func (c *Client) Find(query string) (Account, error) {
	answer, err := c.ask(request{Op: opFind, Account: query})
	if err != nil {
		return Account{}, err
	}
	if answer.Account == nil {
		return Account{}, errFrame
	}
	return *answer.Account, nil
}

// List returns all accounts.
func (c *Client) List() ([]Account, error) {
	var accounts []Account
	var state uint64
	for {
		answer, err := c.ask(request{Op: opList, Offset: len(accounts)})
		if err != nil {
			return nil, err
		}
		if len(accounts) > 0 && answer.State != state {
			accounts = nil // they changed in between
			continue
		}
		state = answer.State
		accounts = append(accounts, answer.Accounts...)
		if !answer.More {
			return accounts, nil
		}
		if len(answer.Accounts) == 0 {
			return nil, errFrame
		}
	}
}

// Status returns what the agent does and did.
func (c *Client) Status() (Status, error) {
	answer, err := c.ask(request{Op: opStatus})
	if err != nil {
		return Status{}, err
	}
	if answer.Status == nil {
		return Status{}, errFrame
	}
	return *answer.Status, nil
}

// Lock ends the agent, and returns when it has ended.
func (c *Client) Lock() error {
	if _, err := c.ask(request{Op: opLock}); err != nil {
		return err
	}
	// It holds the connection until it ends.
	if _, err := io.Copy(io.Discard, c.conn); err != nil {
		return fmt.Errorf("waiting for the end of the agent: %w", err)
	}
	return nil
}
