//go:build linux || darwin

package confirm

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// TTYOf returns the terminal with the device number, if it has a name.
func TTYOf(device uint64) TTY {
	for _, pattern := range []string{"/dev/pts/[0-9]*", "/dev/tty[0-9]*", "/dev/tty[a-zA-Z]*", "/dev/console"} {
		names, _ := filepath.Glob(pattern)
		for _, name := range names {
			var stat unix.Stat_t
			if unix.Stat(name, &stat) == nil && uint64(stat.Rdev) == device && stat.Mode&unix.S_IFMT == unix.S_IFCHR { //nolint:unconvert // int32 on macOS
				return TTY{Path: name, Device: device}
			}
		}
	}
	return TTY{}
}

// open opens the terminal without making it that of this process. It is an error if
// another one has got its name, or if somebody reads single keys there: the shell's
// line editor or a program that draws would take the answer away.
func (t TTY) open() (*os.File, error) {
	tty, err := os.OpenFile(t.Path, os.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0)
	if err != nil {
		return nil, err
	}
	info, err := tty.Stat()
	if err == nil {
		if stat, ok := info.Sys().(*syscall.Stat_t); !ok || uint64(stat.Rdev) != t.Device { //nolint:unconvert // int32 on macOS
			err = fmt.Errorf("%s is another terminal now", t.Path)
		}
	}
	if err == nil && !inLineMode(tty) {
		err = fmt.Errorf("a program reads the keys of %s", t.Path)
	}
	if err != nil {
		_ = tty.Close()
		return nil, err
	}
	return tty, nil
}

func inLineMode(tty *os.File) bool {
	modes, err := unix.IoctlGetTermios(int(tty.Fd()), getTermios)
	return err == nil && modes.Lflag&unix.ICANON != 0
}

// look is how often it is looked whether a question was taken away.
const look = 100 * time.Millisecond

// within says how long a question waits.
func within(ctx context.Context) string {
	end, ok := ctx.Deadline()
	if !ok {
		return ""
	}
	return fmt.Sprintf(" No answer in %d s is a no.", int(time.Until(end).Round(time.Second).Seconds()))
}

// byTerminal asks on the terminal, in one line. The modes of the terminal are left
// as they are: were the question taken away by the end of the program that waits for
// it, what the shell has set by then could not be told from what was set here.
//
// It ends when free says that the terminal is for another program, as after Ctrl-Z.
func (p Person) byTerminal(ctx context.Context, q Question, free func() bool) error {
	tty, err := p.TTY.open()
	if err != nil {
		return fmt.Errorf("%w: %w", errUnusable, err)
	}
	defer func() { _ = tty.Close() }()
	// What was typed before the question is no answer to it.
	if err := flushInput(int(tty.Fd())); err != nil {
		return fmt.Errorf("%w: %w", errUnusable, err)
	}
	text := "npmotp: " + strings.Join(q.lines(), "\n") + "\nGive it?" + within(ctx) + " [y/N] "
	if _, err := io.WriteString(tty, text); err != nil {
		return fmt.Errorf("%w: %w", errUnusable, err)
	}
	for ctx.Err() == nil {
		ready := []unix.PollFd{{Fd: int32(tty.Fd()), Events: unix.POLLIN}} //nolint:gosec // a descriptor
		n, err := unix.Poll(ready, int(look/time.Millisecond))
		if err != nil && err != unix.EINTR || n > 0 && ready[0].Revents&unix.POLLIN == 0 {
			return ErrSilence // the terminal has gone
		}
		// Asked anew before each read: the line may be the shell's by now.
		if ctx.Err() != nil {
			break
		}
		if !free() || !inLineMode(tty) {
			_, _ = io.WriteString(tty, "\r\n")
			return fmt.Errorf("%w: the terminal is for another program now", errUnusable)
		}
		if n <= 0 {
			continue
		}
		// A line is there, whole: that is when a terminal in line mode can be read.
		answer := make([]byte, 256)
		if n, err = tty.Read(answer); err != nil {
			return ErrSilence
		}
		switch strings.ToLower(strings.TrimSpace(string(answer[:n]))) {
		case "y", "yes":
			return nil
		}
		return ErrNo
	}
	_, _ = io.WriteString(tty, "\r\n")
	return ctx.Err()
}
