//go:build unix

package confirm_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"npmotp/internal/confirm"
)

// question has in it what a terminal, a markup or a protocol would obey.
func question() confirm.Question {
	return confirm.Question{
		Title: `a program wants a code of "ada"`,
		Facts: [][2]string{{"command", "sh -c \x1b[2J\nnpmotp: give it? <b>100%0A</b>"}, {"folder", strings.Repeat("x", 500)}},
	}
}

// program writes a program of the shell into a folder.
func program(t *testing.T, dir, name, script string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

func notHere() bool { return false }

func ask(t *testing.T, p confirm.Person) (confirm.Way, []confirm.Way, error) {
	t.Helper()
	var tried []confirm.Way
	way, err := p.Ask(t.Context(), question(), notHere, func(w confirm.Way) { tried = append(tried, w) })
	return way, tried, err
}

// fakePinentry speaks the protocol, notes what it is told, and gives the answer to CONFIRM.
func fakePinentry(t *testing.T, dir, answer string) (told func() string) {
	t.Helper()
	log := filepath.Join(dir, "told")
	program(t, dir, "pinentry", `echo "OK Pleased to meet you"
while read -r line; do
	printf '%s\n' "$line" >>'`+log+`'
	case $line in
	CONFIRM*) echo '# a comment'; `+answer+` ;;
	OPTION*) echo "ERR 83886254 Unknown option" ;;
	*) echo OK ;;
	esac
done`)
	return func() string { text, _ := os.ReadFile(log); return string(text) }
}

func TestPinentry(t *testing.T) {
	for answer, want := range map[string]error{
		`echo OK`:                        nil,
		`echo "ERR 83886194 canceled"`:   confirm.ErrNo,
		`echo "ERR 83886179 canceled"`:   confirm.ErrNo,
		`echo "ERR 83886142 timeout"`:    confirm.ErrSilence,
		`echo "ERR 83918950 no display"`: confirm.ErrNobody,
		`exit 1`:                         confirm.ErrNobody,
		`echo "ERR nonsense"`:            confirm.ErrNobody,
	} {
		dir := t.TempDir()
		told := fakePinentry(t, dir, answer)
		t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
		p := confirm.Person{Environ: append(os.Environ(), "DISPLAY=:9", "TERM=xterm"), Way: confirm.Pinentry, TTY: confirm.TTY{Path: "/dev/pts/999"}}
		if _, _, err := ask(t, p); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", answer, err, want)
		}
		text := told()
		for _, part := range []string{"SETDESC a program wants", `\x1b[2J\nnpmotp: give it? <b>100%250A</b>`, "%0A", "OPTION ttyname=/dev/pts/999", "OPTION ttytype=xterm"} {
			if !strings.Contains(text, part) {
				t.Errorf("there is no %q in\n%s", part, text)
			}
		}
		if strings.Contains(text, "\x1b") || strings.Contains(text, strings.Repeat("x", 200)) {
			t.Errorf("it is told %q", text)
		}
	}
}

// A way that cannot ask is followed by the next, and a no is not.
func TestWaysInTurn(t *testing.T) {
	dir := t.TempDir()
	fakePinentry(t, dir, `echo "ERR 83918950 no display"`)
	program(t, dir, "notify-send", "echo yes")
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	broken := program(t, dir, "broken", "exit 2")
	environ := []string{"PATH=" + os.Getenv("PATH"), "DISPLAY=:9", "DBUS_SESSION_BUS_ADDRESS=unix:path=/nowhere", "SSH_ASKPASS="}
	p := confirm.Person{Environ: append(environ, "SSH_ASKPASS="+broken), Way: confirm.Any}
	way, tried, err := ask(t, p)
	if err != nil || way != confirm.Notify || !slices.Equal(tried, []confirm.Way{confirm.Askpass, confirm.Pinentry, confirm.Notify}) {
		t.Errorf("%s of %v: %v", way, tried, err)
	}
	p.Environ = append(environ, "SSH_ASKPASS="+program(t, dir, "no", "exit 1"))
	if _, tried, err := ask(t, p); !errors.Is(err, confirm.ErrNo) || len(tried) != 1 {
		t.Errorf("%v: %v", tried, err)
	}
	p.Environ = append(environ, "SSH_ASKPASS="+filepath.Join(dir, "missing"))
	p.Way = confirm.Askpass
	if _, _, err := ask(t, p); !errors.Is(err, confirm.ErrNobody) || !strings.Contains(err.Error(), "missing") {
		t.Error(err)
	}
	p.Way = confirm.Terminal
	if way, tried, err := ask(t, p); !errors.Is(err, confirm.ErrNobody) || len(tried) != 0 || way != "" {
		t.Errorf("%s of %v: %v", way, tried, err)
	}
}

// The end of the wait ends the program that asks.
func TestQuestionEndsItsProgram(t *testing.T) {
	dir := t.TempDir()
	fifo := filepath.Join(dir, "started")
	slow := program(t, dir, "slow", "echo started >'"+fifo+"'; exec sleep 1000")
	p := confirm.Person{Environ: append(os.Environ(), "SSH_ASKPASS="+slow), Way: confirm.Askpass}
	gone := errors.New("gone")
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() {
		for {
			if _, err := os.Stat(fifo); err == nil || ctx.Err() != nil {
				cancel(gone)
				return
			}
		}
	}()
	if _, err := p.Ask(ctx, question(), notHere, func(confirm.Way) {}); !errors.Is(err, gone) {
		t.Error(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), 1)
	defer stop()
	if _, err := p.Ask(ctx, question(), notHere, func(confirm.Way) {}); !errors.Is(err, confirm.ErrSilence) {
		t.Error(err)
	}
}

func TestParseWay(t *testing.T) {
	for _, name := range confirm.Ways() {
		if way, err := confirm.ParseWay(name); err != nil || string(way) != name {
			t.Errorf("%q is read as %q, %v", name, way, err)
		}
	}
	if way, err := confirm.ParseWay("smoke"); err == nil {
		t.Errorf("smoke is read as %q", way)
	}
}
