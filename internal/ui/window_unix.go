//go:build !windows

package ui

import (
	"os"
	"os/signal"
	"syscall"
	"time"
)

// obeySequences has a terminal obey escape sequences, which all do here.
func obeySequences(*os.File) (undo func(), err error) { return func() {}, nil }

// notifyWindow has signals told that change what the window shows. SIGTSTP is not
// among them: once Go has handled a signal it keeps its handler, and the process
// would not stop by it any more.
func notifyWindow(signals chan os.Signal) {
	signal.Notify(signals, syscall.SIGWINCH, syscall.SIGCONT)
}

func (w *Window) signalled(s os.Signal) error {
	if s == syscall.SIGCONT {
		return w.enter() // it was stopped from outside, and a shell had the terminal
	}
	w.drawn = ""
	return nil
}

// suspend stops the process and what was started with it, as Ctrl-Z does outside
// of raw mode, and returns when it goes on.
func (w *Window) suspend() error {
	w.leave()
	signal.Stop(w.signals)
	on := make(chan os.Signal, 1)
	signal.Notify(on, syscall.SIGCONT)
	defer signal.Stop(on)
	if err := syscall.Kill(0, syscall.SIGTSTP); err != nil {
		return err
	}
	select {
	case <-on:
	case <-time.After(time.Second): // nobody stops an orphaned process group (POSIX, 2.4.3)
	}
	notifyWindow(w.signals)
	return w.enter()
}
