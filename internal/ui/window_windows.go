package ui

import (
	"os"

	"golang.org/x/sys/windows"
)

// obeySequences has a console obey escape sequences, until undo is called.
func obeySequences(out *os.File) (undo func(), err error) {
	console := windows.Handle(out.Fd())
	var mode uint32
	if err := windows.GetConsoleMode(console, &mode); err != nil {
		return nil, ErrNoTerminal
	}
	const wanted = windows.ENABLE_PROCESSED_OUTPUT | windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING | windows.DISABLE_NEWLINE_AUTO_RETURN
	if err := windows.SetConsoleMode(console, mode|wanted); err != nil {
		return nil, err
	}
	return func() { _ = windows.SetConsoleMode(console, mode) }, nil
}

// There is no signal for a change of the size, which is seen with the next second.
func notifyWindow(chan os.Signal) {}

func (w *Window) signalled(os.Signal) error { return nil }

// suspend does nothing: consoles have no jobs.
func (w *Window) suspend() error { return nil }
