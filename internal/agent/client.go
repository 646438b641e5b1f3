package agent

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"time"

	"npmotp/internal/confirm"
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
	// Asking is told by which way of [confirm] a person is asked for a yes.
	Asking func(confirm.Way)
	ctx    context.Context //nolint:containedctx // the life of the client
	stop   func() bool
}

// NewClient returns a client that asks over conn until ctx is done.
func NewClient(ctx context.Context, conn net.Conn) *Client {
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	return &Client{conn: conn, ctx: ctx, Warn: func(string) {}, Asking: func(confirm.Way) {}, stop: stop}
}

// Close ends the connection.
func (c *Client) Close() error {
	c.stop()
	return c.conn.Close()
}

// A head is what all replies have. A client reads that and what it asked for:
// to learn the shape of a whole [reply], encoding/json takes longer than the
// agent to answer.
type head struct {
	V       int    `json:"v"`
	Error   *Error `json:"error"`
	Warning string `json:"warning"`
	Asking  string `json:"asking"`
}

// ask sends a request and reads the reply into answer, which h is part of.
func (c *Client) ask(r request, answer any, h *head) error {
	r.V = protocol
	if err := c.conn.SetDeadline(time.Now().Add(answerTime)); err != nil {
		return err
	}
	if err := writeFrame(c.conn, r); err != nil {
		if errors.Is(err, syscall.EPIPE) {
			return ErrNone // it ended just after it was reached
		}
		return fmt.Errorf("asking the agent: %w", err)
	}
	for more := true; more; more = h.Asking != "" {
		h.Asking = ""
		if err := readFrame(c.conn, answer); err != nil {
			if errors.Is(err, io.EOF) {
				return ErrNone // it ended, or was about to
			}
			return fmt.Errorf("the answer of the agent: %w", err)
		}
		if h.Asking != "" {
			if err := c.conn.SetDeadline(time.Now().Add(questionTime + answerTime)); err != nil {
				return err
			}
			if c.ctx.Err() != nil { // it may have ended just before that
				return context.Cause(c.ctx)
			}
			c.Asking(confirm.Way(h.Asking))
		}
	}
	switch {
	case h.V != protocol && r.Op != opLock:
		return fmt.Errorf("the agent is one of another version of npmotp; 'npmotp lock' ends it")
	case h.Error != nil:
		return h.Error
	}
	if h.Warning != "" {
		c.Warn(h.Warning)
	}
	return nil
}

// Code returns a password of the account that query names. With timeBased one
// of a counter-based account is refused and not used up.
func (c *Client) Code(query string, timeBased bool) (Code, error) {
	var answer struct {
		head
		Code *wireCode `json:"code"`
	}
	if err := c.ask(request{Op: opCode, Account: query, TimeBased: timeBased}, &answer, &answer.head); err != nil {
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
	var answer struct {
		head
		Account *Account `json:"account"`
	}
	if err := c.ask(request{Op: opFind, Account: query}, &answer, &answer.head); err != nil {
		return Account{}, err
	}
	if answer.Account == nil {
		return Account{}, errFrame
	}
	return *answer.Account, nil
}

// Allow asks for codes of the account that query names, or of all accounts for "",
// for as long as this process runs. Where no yes is needed it returns at once.
func (c *Client) Allow(query string) error {
	var answer head
	return c.ask(request{Op: opAllow, Account: query}, &answer, &answer)
}

// List returns all accounts.
func (c *Client) List() ([]Account, error) {
	var accounts []Account
	var state uint64
	for {
		var answer struct {
			head
			Accounts []Account `json:"accounts"`
			More     bool      `json:"more"`
			State    uint64    `json:"state"`
		}
		if err := c.ask(request{Op: opList, Offset: len(accounts)}, &answer, &answer.head); err != nil {
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
func (c *Client) Status() (Status, error) { return c.status(opStatus) }

// Use counts as use of the agent, as a code does, and returns its status.
func (c *Client) Use() (Status, error) { return c.status(opUse) }

func (c *Client) status(op string) (Status, error) {
	var answer struct {
		head
		Status *Status `json:"status"`
	}
	if err := c.ask(request{Op: op}, &answer, &answer.head); err != nil {
		return Status{}, err
	}
	if answer.Status == nil {
		return Status{}, errFrame
	}
	return *answer.Status, nil
}

// End ends the agent at e, and reports whether there was one.
func End(ctx context.Context, e Endpoint) (bool, error) {
	c, err := Dial(ctx, e)
	if err == nil {
		defer func() { _ = c.Close() }()
		err = c.Lock()
	}
	if errors.Is(err, ErrNone) {
		return false, nil
	}
	return err == nil, err
}

// Lock ends the agent, and returns when it has ended.
func (c *Client) Lock() error {
	var answer head
	if err := c.ask(request{Op: opLock}, &answer, &answer); err != nil {
		return err
	}
	// It holds the connection until it ends.
	if _, err := io.Copy(io.Discard, c.conn); err != nil {
		return fmt.Errorf("waiting for the end of the agent: %w", err)
	}
	return nil
}
