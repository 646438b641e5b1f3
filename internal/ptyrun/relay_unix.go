//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package ptyrun

import (
	"bytes"
	"fmt"
	"os"
	"slices"

	"golang.org/x/sys/unix"
)

// show passes the program's output on, and sees whether it asks.
func (r *run) show(p []byte) {
	// What node says when SIGUSR1 has it listen for a debugger (node's
	// src/inspector_socket_server.cc). It is printed before anybody can connect.
	r.tail = append(r.tail, p...)
	r.debugged = r.debugged || bytes.Contains(r.tail, []byte("Debugger listening on "))
	r.tail = bytes.Clone(r.tail[max(0, len(r.tail)-len("Debugger listening on ")):])
	p, failed := r.relay(r.matcher.Pass(p))
	column := r.matcher.x
	if r.Relay != nil || column >= r.matcher.width {
		column = 0
	}
	err := r.screen.show(r.Stdout, p, r.matcher.x != 0, column)
	switch {
	case failed != nil:
		r.question.left = true
		r.fail(failed)
	case err != nil && r.failure == nil && !r.keep():
		// As a program whose reader is gone.
		r.failure = fmt.Errorf("write the program's output: %w", err)
		r.order(unix.SIGHUP)
	}
	if r.failure == nil {
		r.watch()
	}
}

// relay passes output through the session's relay, if it has one.
func (r *run) relay(p []byte) ([]byte, error) {
	if r.Relay == nil {
		return p, nil
	}
	return r.Relay.Output(p)
}

// finish shows what the relay has left to show.
func (r *run) finish() {
	if r.Relay != nil {
		_ = r.screen.show(r.Stdout, r.Relay.End(), false, 0)
	}
}

// keep tells that the program must not be interrupted now.
func (r *run) keep() bool { return r.Relay != nil && !r.Relay.Interrupt() }

// keepKeys returns keys without those that make signals, when the program must
// not be interrupted.
func (r *run) keepKeys(keys []byte) []byte {
	if r.Relay == nil || r.keys == nil {
		return keys
	}
	mode := r.keys.before.Cc
	interrupts := func(k byte) bool { return k == mode[unix.VINTR] || k == mode[unix.VQUIT] || k == mode[unix.VSUSP] }
	if !slices.ContainsFunc(keys, interrupts) || r.Relay.Interrupt() {
		return keys
	}
	return slices.DeleteFunc(bytes.Clone(keys), interrupts)
}

func (t *talker) set(raw bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.raw = raw
}

// show writes the program's output, which ends within a line or not, and in a
// column if that is known.
func (t *talker) show(to *os.File, p []byte, midway bool, column int) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.takeBack()
	t.midway, t.column = midway, column
	_, err := to.Write(p)
	return err
}
