//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package ptyrun

import (
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// drainLimit bounds what is read after the program's end: more than a terminal
// holds, and an end to what a process that stayed behind prints.
const drainLimit = 256 << 10

// readOutput sends what the program prints, until ended is closed at its other
// end and nothing is left.
func readOutput(master, ended *os.File, chunks chan<- []byte) {
	defer close(chunks)
	buf := make([]byte, chunk)
	wait, left := time.Duration(-1), drainLimit
	for left > 0 {
		ready, err := readable(wait, fdOf(master), fdOf(ended))
		if err != nil {
			return
		}
		if ready[1] && wait < 0 {
			wait = 0
			continue
		}
		if !ready[0] {
			return
		}
		n, err := unix.Read(fdOf(master), buf)
		if errors.Is(err, unix.EINTR) || errors.Is(err, unix.EAGAIN) {
			continue
		}
		if err != nil || n <= 0 {
			return
		}
		if wait == 0 {
			left -= n
		}
		chunks <- append([]byte(nil), buf[:n]...)
	}
}

// A writer types into a terminal without keeping its user waiting when the
// program does not read.
type writer struct {
	to     *os.File
	queue  []byte
	busy   bool
	chunks chan []byte
	done   chan struct{}
}

func newWriter(to *os.File) *writer {
	w := &writer{to: to, chunks: make(chan []byte), done: make(chan struct{})}
	go func() {
		for p := range w.chunks {
			_, _ = w.to.Write(p) // the program has ended, or reads no more
			w.done <- struct{}{}
		}
	}()
	return w
}

// next returns the channel to send the queue to, nil when there is nothing to
// send or a write is under way.
func (w *writer) next() chan<- []byte {
	if len(w.queue) == 0 || w.busy {
		return nil
	}
	return w.chunks
}

func (w *writer) idle() bool { return len(w.queue) == 0 && !w.busy }
