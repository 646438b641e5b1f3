//go:build linux

package clip_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"npmotp/internal/clip"
	"npmotp/internal/secret"
)

// unavailable is the status of copyAlone where there is no way to copy.
const unavailable = 3

// copyAlone copies a code. What the terminal is told goes to standard output.
func copyAlone() (status int) {
	c := clip.Clipboard{
		Helper: []string{"helper"}, Getenv: os.Getenv,
		Terminal: func(text string) error {
			if os.Getenv("TEST_TERMINAL") == "none" {
				return errors.New("no terminal")
			}
			fmt.Print(text, " and clears: ", clip.Clipboard{Getenv: os.Getenv, Terminal: func(string) error { return nil }}.Clears())
			return nil
		},
	}
	err := c.Copy(context.Background(), secret.New("123456"), time.Now())
	if errors.Is(err, clip.ErrUnavailable) {
		return unavailable
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// copied runs copyAlone where there are just the programs of the given names,
// each of which runs a script. It returns what they logged.
func copied(t *testing.T, script string, programs []string, environ ...string) (status int, stdout, log string) {
	t.Helper()
	dir := t.TempDir()
	for _, name := range programs {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\nPATH=/usr/bin:/bin\n"+script), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	// The helper reads its order, or the one who writes it may find nobody there.
	helper := "#!/bin/sh\nPATH=/usr/bin:/bin\nexec cat >/dev/null\n"
	if err := os.WriteFile(filepath.Join(dir, "helper"), []byte(helper), 0o700); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "copy")
	logFile := filepath.Join(dir, "log")
	cmd.Env = append(environ, "PATH="+dir, "TEST_LOG="+logFile)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if _, ended := errors.AsType[*exec.ExitError](err); err != nil && !ended {
		t.Fatal(err)
	}
	logged, err := os.ReadFile(logFile)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(out), string(logged)
}

// logCall is a script that logs what it was called with and given to copy.
const logCall = `echo "$(basename "$0") $* $(cat)" >> "$TEST_LOG"` + "\n"

// Where wl-copy can ask managers not to keep what it copies, it is told to; an
// older one copies without. Where X11 alone works, that is used.
func TestEachProgramCopies(t *testing.T) {
	wayland, x11 := "WAYLAND_DISPLAY=wayland-0", "DISPLAY=:7"
	for _, tt := range []struct {
		name, script string
		programs     []string
		environ      []string
		want         string
	}{
		{"Wayland", logCall, []string{"wl-copy", "wl-paste", "xclip"}, []string{wayland, x11}, "wl-copy --sensitive 123456\n"},
		{"old Wayland", `[ "$1" != --sensitive ] || exit 1` + "\n" + logCall, []string{"wl-copy", "wl-paste"}, []string{wayland}, "wl-copy  123456\n"},
		{"Wayland without its programs", logCall, []string{"xclip"}, []string{wayland, x11}, "xclip -in -selection clipboard 123456\n"},
		{"xclip", logCall, []string{"xclip", "xsel"}, []string{x11}, "xclip -in -selection clipboard 123456\n"},
		{"xsel", logCall, []string{"xsel"}, []string{x11}, "xsel --input --clipboard 123456\n"},
		{"Termux", logCall, []string{"termux-clipboard-set", "termux-clipboard-get"}, nil, "termux-clipboard-set  123456\n"},
		{"the subsystem of Windows", logCall, []string{"clip.exe", "powershell.exe"}, nil, "clip.exe  123456\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if status, stdout, log := copied(t, tt.script, tt.programs, tt.environ...); status != 0 || stdout != "" || log != tt.want {
				t.Errorf("status %d, ran %q, want %q; the terminal was told %q", status, log, tt.want, stdout)
			}
		})
	}
}

// Without a display, the terminal is asked, and nothing promised.
func TestTerminalCopies(t *testing.T) {
	programs := []string{"xclip", "termux-clipboard-set", "termux-clipboard-get"}
	for _, tt := range []struct {
		name    string
		environ []string
		byTTY   bool
		fails   bool
	}{
		{"over SSH", []string{"SSH_CONNECTION=a 1 b 2", "TERM=xterm"}, true, false},
		{"over SSH with a display", []string{"SSH_CONNECTION=a 1 b 2", "TERM=xterm", "DISPLAY=localhost:10"}, false, true},
		{"on the console", []string{"SSH_TTY=/dev/pts/0", "TERM=linux"}, false, true},
		{"without a name", []string{"SSH_TTY=/dev/pts/0"}, false, true},
		{"without a terminal", []string{"SSH_TTY=/dev/pts/0", "TERM=xterm", "TEST_TERMINAL=none"}, false, true},
		{"on this machine", []string{"TERM=xterm"}, false, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, stdout, _ := copied(t, "exit 1", programs, tt.environ...)
			wantStatus, want := 0, ""
			if tt.fails {
				wantStatus = unavailable
			}
			if tt.byTTY {
				want = "\x1b]52;c;" + base64.StdEncoding.EncodeToString([]byte("123456")) + "\a and clears: false"
			}
			if status != wantStatus || stdout != want {
				t.Errorf("status %d, want %d; the terminal was told %q", status, wantStatus, stdout)
			}
		})
	}
}

// The owner of the clipboard may never answer.
func TestReadingEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := clip.Within(ctx, func() (string, error) { select {} }); !errors.Is(err, clip.ErrUnavailable) || !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
