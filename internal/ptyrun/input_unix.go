//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package ptyrun

import (
	"errors"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

const chunk = 32 << 10

// An input reads what the user types, but only while it may: what is typed in
// the background or while another question is asked is not for the program,
// and what is typed after its end is for the shell.
type input struct {
	fd     int
	wake   *os.File // ends a wait
	chunks chan []byte

	mu      sync.Mutex
	changed *sync.Cond
	allowed bool
	closed  bool
}

// newInput returns a stopped input.
func newInput(from *os.File) (*input, error) {
	i := &input{fd: fdOf(from), chunks: make(chan []byte)}
	i.changed = sync.NewCond(&i.mu)
	woken, wake, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	i.wake = wake
	go i.read(woken)
	return i, nil
}

// allow lets it read, or not. When it returns, no read is under way that was
// not allowed.
func (i *input) allow(yes bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.allowed == yes || i.closed {
		return
	}
	i.allowed = yes
	i.changed.Signal()
	if !yes {
		_, _ = i.wake.Write([]byte{0})
	}
}

func (i *input) close() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.allowed, i.closed = false, true
	i.changed.Signal()
	_ = i.wake.Close()
}

// read sends what arrives, and at the end of input closes the channel.
func (i *input) read(woken *os.File) {
	defer close(i.chunks)
	defer func() { _ = woken.Close() }()
	buf := make([]byte, chunk)
	for {
		i.mu.Lock()
		for !i.allowed && !i.closed {
			i.changed.Wait()
		}
		closed := i.closed
		i.mu.Unlock()
		if closed || i.fd < 0 {
			return
		}
		ready, err := readable(-1, i.fd, fdOf(woken))
		if err != nil {
			return
		}
		if ready[1] {
			_, _ = woken.Read(make([]byte, 16))
			continue
		}
		i.mu.Lock()
		if !i.allowed {
			i.mu.Unlock()
			continue
		}
		n, err := unix.Read(i.fd, buf)
		i.mu.Unlock()
		switch {
		case errors.Is(err, unix.EINTR), errors.Is(err, unix.EAGAIN):
			continue
		case err != nil, n <= 0:
			return
		}
		i.chunks <- append([]byte(nil), buf[:n]...)
	}
}
