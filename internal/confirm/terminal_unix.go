//go:build linux || darwin

package confirm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"npmotp/internal/cleantext"
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

// columnsOf returns the width of a terminal, or 0 where it does not know.
func columnsOf(tty *os.File) int {
	size, err := unix.IoctlGetWinsize(int(tty.Fd()), unix.TIOCGWINSZ)
	if err != nil {
		return 0
	}
	return int(size.Col)
}

// onTerminal returns the question as it is asked on a terminal of so many columns.
//
// A line that is too long for them is broken here and not by the terminal, and goes on
// further in than any fact begins: the command line of a stranger, drawn out by blanks,
// would else show as a line of the question.
func (q Question) onTerminal(columns int, within string) string {
	lines := q.lines()
	lines[0] = "npmotp: " + lines[0]
	indent := strings.Repeat(" ", q.width()+len("  ")+len("  ")+len("  "))
	const leastText = 12
	if columns < len(indent)+leastText {
		columns = math.MaxInt
	}
	var text strings.Builder
	for _, line := range lines {
		text.WriteString(fold(line, columns, indent) + "\n")
	}
	return text.String() + fold("Give it?"+within+" [y/N]", columns, "") + " "
}

// fold breaks a line into some of so many columns at most, at a blank where there is
// one near the end; each but the first is indented.
func fold(line string, columns int, indent string) string {
	var folded strings.Builder
	for cleantext.Width(line) > columns {
		end, blank, width := 0, 0, 0
		for i, r := range line {
			if width += cleantext.Width(string(r)); width > columns {
				end = i
				break
			}
			if r == ' ' {
				blank = i + 1
			}
		}
		if blank > max(end*2/3, len(indent)) {
			end = blank
		}
		folded.WriteString(strings.TrimRight(line[:end], " ") + "\n")
		line = indent + strings.TrimLeft(line[end:], " ")
	}
	return folded.String() + line
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
	if _, err := io.WriteString(tty, q.onTerminal(columnsOf(tty), within(ctx))); err != nil {
		return fmt.Errorf("%w: %w", errUnusable, err)
	}
	for ctx.Err() == nil {
		ready := []unix.PollFd{{Fd: int32(tty.Fd()), Events: unix.POLLIN}} //nolint:gosec // a descriptor
		n, err := unix.Poll(ready, int(look/time.Millisecond))
		if err != nil && !errors.Is(err, unix.EINTR) || n > 0 && ready[0].Revents&unix.POLLIN == 0 {
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
