package confirm

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// grace is how long a program may take to end once its question is taken away.
const grace = time.Second

// command returns a program that asks. It ends with ctx.
func (p Person) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...) //nolint:gosec // one that the user has for this
	cmd.Env = p.Environ
	cmd.WaitDelay = grace
	return cmd
}

// byAskpass asks by the program of $SSH_ASKPASS, in the way of ssh-add -c: it shows
// its argument, and its status is the answer (ssh-add(1), SSH_ASKPASS_PROMPT of
// readpass.c).
func (p Person) byAskpass(ctx context.Context, q Question) error {
	cmd := p.command(ctx, p.getenv("SSH_ASKPASS"), strings.Join(q.lines(), "\n"))
	cmd.Env = append(slices.Clip(cmd.Env), "SSH_ASKPASS_PROMPT=confirm")
	err := cmd.Run()
	exit, ended := errors.AsType[*exec.ExitError](err)
	switch {
	case err == nil:
		return nil
	case ended && exit.ExitCode() == 1:
		return ErrNo
	}
	return fmt.Errorf("%w: %w", errUnusable, err)
}

// byNotification asks by a notification with two buttons (notify-send(1), from
// libnotify 0.7.10 on), which prints the name of the one that was pressed.
func (p Person) byNotification(ctx context.Context, q Question) error {
	lines := q.lines()
	// The body may be markup (Desktop Notifications Specification).
	body := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(strings.Join(lines[1:], "\n"))
	cmd := p.command(ctx, "notify-send", "--app-name=npmotp", "--urgency=critical", "--wait",
		"--action=yes=Give it", "--action=no=No", "--", lines[0], body)
	out, err := cmd.Output()
	switch answer := strings.TrimSpace(string(out)); {
	case err != nil:
		return fmt.Errorf("%w: %w", errUnusable, err)
	case answer == "yes":
		return nil
	case answer == "":
		return ErrSilence // it was closed, or has gone
	}
	return ErrNo
}

// pinentry returns the pinentry program, or "".
func pinentry() string {
	for _, name := range []string{"pinentry", "pinentry-curses"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// The numbers of errors of GnuPG that are an answer, without the part that says who
// made them (libgpg-error, err-codes.h).
const (
	pinentryTimeout      = 62
	pinentryCanceled     = 99
	pinentryNotConfirmed = 114
)

// byPinentry asks by pinentry (pinentry's manual, "Pinentry Protocol").
func (p Person) byPinentry(ctx context.Context, q Question) error {
	cmd := p.command(ctx, pinentry())
	// It takes the alarm for the end of its time, and puts the terminal back as it was.
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGALRM) }
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("%w: %w", errUnusable, err)
	}
	answer := p.pinentryDialogue(ctx, in, out, q)
	_ = in.Close() // which ends it
	_ = cmd.Wait()
	return answer
}

func (p Person) pinentryDialogue(ctx context.Context, in io.Writer, out io.Reader, q Question) error {
	lines := bufio.NewScanner(out)
	if err := pinentryReply(lines); err != nil { // its greeting
		return err
	}
	orders := []string{"SETTITLE npmotp", "SETDESC " + escape(strings.Join(q.lines(), "\n")), "SETOK Give it", "SETCANCEL No"}
	if p.TTY.Path != "" {
		orders = append(orders, "OPTION ttyname="+p.TTY.Path)
	}
	if term := p.getenv("TERM"); term != "" {
		orders = append(orders, "OPTION ttytype="+escape(term))
	}
	// The locale of characters (locale(7)).
	if locale := cmp.Or(p.getenv("LC_ALL"), p.getenv("LC_CTYPE"), p.getenv("LANG")); locale != "" {
		orders = append(orders, "OPTION lc-ctype="+escape(locale))
	}
	if end, ok := ctx.Deadline(); ok {
		// It puts the terminal back when it ends by itself: a second before it is ended.
		orders = append(orders, fmt.Sprintf("SETTIMEOUT %d", max(1, int(time.Until(end).Seconds())-1)))
	}
	for _, order := range orders {
		if _, err := fmt.Fprintln(in, order); err != nil {
			return fmt.Errorf("%w: %w", errUnusable, err)
		}
		_ = pinentryReply(lines) // an option that it does not know costs nothing
	}
	if _, err := fmt.Fprintln(in, "CONFIRM"); err != nil {
		return fmt.Errorf("%w: %w", errUnusable, err)
	}
	return pinentryReply(lines)
}

// pinentryReply reads lines up to OK or ERR.
func pinentryReply(lines *bufio.Scanner) error {
	for lines.Scan() {
		word, rest, _ := bytes.Cut(lines.Bytes(), []byte(" "))
		switch string(word) {
		case "OK":
			return nil
		case "ERR":
			number, text, _ := strings.Cut(string(rest), " ")
			n, _ := strconv.ParseUint(number, 10, 32)
			switch n & 0xffff {
			case pinentryCanceled, pinentryNotConfirmed:
				return ErrNo
			case pinentryTimeout:
				return ErrSilence
			}
			return fmt.Errorf("%w: pinentry says %q", errUnusable, text)
		}
	}
	return fmt.Errorf("%w: pinentry ended", errUnusable)
}

// escape writes text as an argument of a line of pinentry's protocol (libassuan's
// manual, "Client requests").
func escape(text string) string {
	return strings.NewReplacer("%", "%25", "\n", "%0A", "\r", "%0D").Replace(text)
}
