package ui

import (
	"errors"
	"os"
)

// openTerminal returns the console.
func openTerminal() (in, out *os.File, done func(), err error) {
	in, err = os.OpenFile("CONIN$", os.O_RDWR, 0)
	if err != nil {
		return nil, nil, nil, err
	}
	out, err = os.OpenFile("CONOUT$", os.O_RDWR, 0)
	if err != nil {
		return nil, nil, nil, errors.Join(err, in.Close())
	}
	return in, out, func() { _, _ = in.Close(), out.Close() }, nil
}
