//go:build linux || darwin

package ptyrun_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"npmotp/internal/npm/tools"
	"npmotp/internal/ptyrun"
	"npmotp/internal/secret"
	"npmotp/internal/ui"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

const (
	// monitorArg makes the test binary the monitor of a session.
	monitorArg = "ptyrun-monitor"
	// lateArg makes it one whose reports are late.
	lateArg = "ptyrun-late-monitor"
	// runVariable makes the test binary run its arguments in a session, and end
	// as npmotp does. It holds options: nested, agree, counts, late, max=N, prompt=TEXT.
	runVariable = "PTYRUN_TEST_RUN"
	// hideVariable makes it a thief of another kind than the scripts: it writes to a
	// file what it reads from any terminal that the user opens.
	hideVariable = "PTYRUN_TEST_HIDE"
	// handOnVariable makes it a command that gives its terminal away by a socket.
	handOnVariable = "PTYRUN_TEST_HAND_ON"
	// secretiveVariable makes it a command that shows nobody what it does.
	secretiveVariable = "PTYRUN_TEST_SECRETIVE"
)

func TestMain(m *testing.M) {
	switch {
	case len(os.Args) == 2 && os.Args[1] == monitorArg:
		os.Exit(ptyrun.Monitor())
	case len(os.Args) == 2 && os.Args[1] == lateArg:
		delayReports()
		os.Exit(ptyrun.Monitor())
	case os.Getenv(runVariable) != "":
		os.Exit(runSession())
	case os.Getenv(hideVariable) != "":
		os.Exit(hide(os.Getenv(hideVariable)))
	case os.Getenv(handOnVariable) != "":
		os.Exit(handOn(os.Getenv(handOnVariable)))
	case os.Getenv(secretiveVariable) != "":
		os.Exit(askInSecret())
	}
	os.Exit(m.Run())
}

// delayReports has what a monitor says arrive late, as on a busy machine.
func delayReports() {
	const control, late = 3, 200 * time.Millisecond
	pair, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	session, dupErr := syscall.Dup(control)
	if err := errors.Join(err, dupErr, unix.Dup2(pair[0], control)); err != nil {
		panic(err)
	}
	for _, fd := range append(pair[:], session) {
		syscall.CloseOnExec(fd)
	}
	from, to := os.NewFile(uintptr(pair[1]), "monitor"), os.NewFile(uintptr(session), "session")
	go func() {
		_, _ = io.Copy(from, to)
		_ = unix.Shutdown(pair[1], unix.SHUT_WR)
	}()
	go func() {
		buf := make([]byte, 4096)
		for {
			n, err := from.Read(buf)
			time.Sleep(late)
			if _, writeErr := to.Write(buf[:n]); err != nil || writeErr != nil {
				return
			}
		}
	}()
}

// runSession is npmotp. The questions go to the test by descriptor 3 and the
// answers come by descriptor 4.
func runSession() int {
	options := strings.Fields(os.Getenv(runVariable))
	environ := slices.DeleteFunc(os.Environ(), func(kv string) bool { return strings.HasPrefix(kv, runVariable+"=") })
	path, err := exec.LookPath(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 127
	}
	self, err := os.Executable()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 125
	}
	helper := monitorArg
	if slices.Contains(options, "late") {
		helper = lateArg
	}
	ask, reply := os.NewFile(3, "ask"), bufio.NewReader(os.NewFile(4, "reply"))
	syscall.CloseOnExec(3)
	syscall.CloseOnExec(4)
	var s *ptyrun.Session
	s = &ptyrun.Session{
		Path: path, Argv: os.Args[1:], Environ: environ,
		Helper: []string{self, helper},
		Stdin:  os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		Prompts: npmPatterns(),
		Nested:  slices.Contains(options, "nested"),
		Shared:  slices.Contains(options, "shared"),
		Ask: func(_ context.Context, p ptyrun.Prompt) (secret.Text, error) {
			if _, err := fmt.Fprintf(ask, "%s|%d|%t\n", p.Text, p.Again, p.Refused); err != nil {
				return secret.Text{}, err
			}
			if slices.Contains(options, "counts") {
				talk := s.Talk().(ui.Passing)
				talk.Pass("two more")
				talk.Pass("one more")
				defer talk.Passed()
			}
			line, err := reply.ReadString('\n')
			switch line = strings.TrimSpace(line); {
			case err != nil:
				return secret.Text{}, err
			case line == "leave":
				return secret.Text{}, ptyrun.ErrLeave
			case line == "fail":
				return secret.Text{}, errors.New("there is no code")
			}
			return secret.New(line), nil
		},
	}
	if slices.Contains(options, "plan") {
		plan, err := tools.New(os.Args[1:], tools.Options{Via: tools.Prompt, Environ: environ})
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 2
		}
		planned, err := plan.Session(secret.Text{})
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 127
		}
		s.Argv, s.Environ, s.Prompts, s.Nested = planned.Argv, planned.Environ, planned.Prompts, planned.Nested
	}
	for _, o := range options {
		if text, ok := strings.CutPrefix(o, "prompt="); ok {
			s.Prompts = []ptyrun.Pattern{{Text: text}}
		}
		if text, ok := strings.CutPrefix(o, "max="); ok {
			s.MaxAnswers, _ = strconv.Atoi(text)
		}
	}
	if slices.Contains(options, "agree") || slices.Contains(options, "refuse") {
		s.Confirm = func(_ context.Context, question string) (bool, error) {
			fmt.Fprintf(os.Stderr, "[confirm: %s]\n", question)
			return slices.Contains(options, "agree"), nil
		}
	}
	s.Warn = func(text string) { _, _ = fmt.Fprintf(s.Talk(), "[warn: %s]\n", text) }
	result, err := s.Run(context.Background())
	if err != nil {
		fmt.Fprintf(os.Stderr, "[error: %v]\n", err)
	}
	fmt.Fprintf(os.Stderr, "[answers: %d]\n", result.Answers)
	if err != nil && result.Status == 0 {
		return 125
	}
	return result.Status
}

// A person sits at a terminal with the session on it.
type person struct {
	t        *testing.T
	cmd      *exec.Cmd
	terminal *os.File
	screen   bytes.Buffer
	seen     int
	chunks   chan []byte
}

// patience is a failsafe: what is waited for comes in a fraction of it.
const patience = 30 * time.Second

type start struct {
	dir     string
	env     []string // nil is this process's
	options string
	// answer returns what is typed at a question; nil answers 123456.
	answer func(question string) string
	stdin  *os.File // instead of the terminal
	alone  bool     // there is no terminal at all
	shell  string   // runs the session as "$@"
	as     uint32   // the user that it runs as, in place of root
}

// nobody is a user whom root can become.
const nobody = 65534

// needsBash skips a test whose script waits in a way that POSIX does not have.
func needsBash(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("bash"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip("bash is not installed")
	}
}

// sit starts argv in a session at a terminal.
func sit(t *testing.T, s start, argv ...string) *person {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	shell := "sh"
	if argv[0] == "bash" {
		needsBash(t)
		shell = "bash"
	}
	if s.as != 0 {
		self = forOthers(t, self)
	}
	argv = append([]string{self}, argv...)
	if s.shell != "" {
		argv = append([]string{shell, "-c", s.shell, shell}, argv...)
	}
	cmd := exec.CommandContext(t.Context(), argv[0], argv[1:]...)
	cmd.Dir, cmd.Env = s.dir, s.env
	if cmd.Env == nil {
		cmd.Env = os.Environ()
	}
	cmd.Env = append(slices.Clone(cmd.Env), runVariable+"=. "+s.options)
	questions, ask := pipe(t)
	reply, answers := pipe(t)
	cmd.ExtraFiles = []*os.File{ask, reply}
	terminal, tty, err := pty.Open()
	if err != nil {
		t.Skip("no pseudo-terminal here:", err)
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = tty, tty, tty
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: 1}
	if s.as != 0 {
		cmd.Dir = "/"
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: s.as, Gid: s.as}
	}
	if s.alone {
		output, w := pipe(t)
		terminal, tty = output, w
		cmd.Stdin, cmd.Stdout, cmd.Stderr = nil, w, w
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	}
	if s.stdin != nil {
		cmd.Stdin = s.stdin
	}
	_ = pty.Setsize(terminal, &pty.Winsize{Rows: 24, Cols: 80})
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for _, f := range []*os.File{tty, ask, reply} {
		_ = f.Close()
	}
	if s.answer == nil {
		s.answer = func(string) string { return "123456" }
	}
	go func() {
		for lines := bufio.NewScanner(questions); lines.Scan(); {
			if _, err := fmt.Fprintln(answers, s.answer(lines.Text())); err != nil {
				return
			}
		}
	}()
	p := &person{t: t, cmd: cmd, terminal: terminal, chunks: make(chan []byte)}
	go p.read()
	t.Cleanup(func() {
		_ = terminal.Close()
		_ = questions.Close()
		_ = answers.Close()
		for range p.chunks {
		}
	})
	return p
}

// forOthers copies a program to where every user can run it.
func forOthers(t *testing.T, program string) string {
	t.Helper()
	data, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "ptyrun") //nolint:usetesting // others cannot enter a folder of the test
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	file := filepath.Join(dir, "session")
	if err := errors.Join(os.WriteFile(file, data, 0o755), os.Chmod(file, 0o755), os.Chmod(dir, 0o755)); err != nil {
		t.Fatal(err)
	}
	return file
}

func pipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	return r, w
}

func (p *person) read() {
	defer close(p.chunks)
	buf := make([]byte, 4096)
	for {
		n, err := p.terminal.Read(buf)
		if n > 0 {
			p.chunks <- bytes.Clone(buf[:n])
		}
		if err != nil {
			return
		}
	}
}

// expect waits until the screen shows one of several texts beyond what was expected
// before, and returns which.
func (p *person) expect(texts ...string) int {
	p.t.Helper()
	deadline := time.After(patience)
	for {
		for i, text := range texts {
			if at := strings.Index(p.screen.String()[p.seen:], text); at >= 0 {
				p.seen += at + len(text)
				return i
			}
		}
		select {
		case c, ok := <-p.chunks:
			if !ok {
				p.t.Fatalf("the screen ended without %q:\n%s", texts, p.screen.String())
			}
			p.screen.Write(c)
		case <-deadline:
			p.t.Fatalf("the screen does not show %q:\n%q", texts, p.screen.String())
		}
	}
}

func (p *person) press(keys string) {
	p.t.Helper()
	if _, err := p.terminal.WriteString(keys); err != nil {
		p.t.Fatal(err)
	}
}

// anyFailure stands for every status but 0.
const anyFailure = -1

// end waits until the session has ended and returns the screen.
func (p *person) end(status int) string {
	p.t.Helper()
	deadline := time.After(patience)
	for open := true; open; {
		var c []byte
		select {
		case c, open = <-p.chunks:
			p.screen.Write(c)
		case <-deadline:
			p.t.Fatalf("the session does not end:\n%q", p.screen.String())
		}
	}
	err := p.cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		p.t.Fatal(err)
	}
	if got := p.cmd.ProcessState.ExitCode(); got != status && (status != anyFailure || got == 0) {
		p.t.Errorf("status %d, want %d:\n%s", got, status, p.screen.String())
	}
	return p.screen.String()
}
