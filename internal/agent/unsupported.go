//go:build !linux && !darwin

package agent

import (
	"context"
	"io"
	"net"
)

// Supported reports whether there is an agent on this system.
const Supported = false

// Folder returns state.
func Folder(_, state string) string { return state }

// A Listener is the socket of an agent.
type Listener struct{ net.Listener }

// Release does nothing.
func (l *Listener) Release() error { return nil }

// Listen returns [ErrUnsupported].
func Listen(context.Context, Endpoint) (*Listener, error) { return nil, ErrUnsupported }

// ThisTerminal returns none.
func ThisTerminal() Terminal { return Terminal{} }

// Dial returns [ErrNone]: no agent can be there.
func Dial(context.Context, Endpoint) (*Client, error) { return nil, ErrNone }

// Run returns [ErrUnsupported].
func Run(context.Context, *Listener, Config) error { return ErrUnsupported }

// Start returns [ErrUnsupported].
func Start(context.Context, []string, []string, Order) error { return ErrUnsupported }

// ReadOrder returns [ErrUnsupported].
func ReadOrder(io.Reader) (Order, error) { return Order{}, ErrUnsupported }

// Report does nothing.
func Report(io.Writer, error) error { return nil }
