//go:build linux

package clip_test

import (
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"npmotp/internal/clip"
	"npmotp/internal/secret"
)

// tools puts programs of the given names first in a PATH of their own. Each
// runs the script, with the shell.
func tools(t *testing.T, script string, names ...string) (environ []string) {
	t.Helper()
	dir := t.TempDir()
	for _, name := range names {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+script), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir+":/usr/bin:/bin")
	t.Setenv("TEST_LOG", filepath.Join(dir, "log"))
	return []string{"PATH=" + os.Getenv("PATH"), "TEST_LOG=" + os.Getenv("TEST_LOG")}
}

func logged(t *testing.T) string {
	t.Helper()
	log, err := os.ReadFile(os.Getenv("TEST_LOG"))
	if err != nil {
		t.Fatal(err)
	}
	return string(log)
}

// Where wl-copy can ask managers not to keep what it copies, it is told to; an
// older one copies without.
func TestWaylandAsksNotToKeep(t *testing.T) {
	const log = `echo "$(basename "$0") $* $(cat)" >> "$TEST_LOG"` + "\n"
	for _, tt := range []struct{ name, script, want string }{
		{"new", log, "wl-copy --sensitive 123456\n"},
		{"old", `[ "$1" != --sensitive ] || exit 1` + "\n" + log, "wl-copy  123456\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			environ := append(tools(t, tt.script, "wl-copy", "wl-paste"), "WAYLAND_DISPLAY=wayland-0")
			c := clip.Clipboard{Helper: []string{"cat"}, Environ: environ}
			if err := c.Copy(t.Context(), secret.New("123456"), time.Now()); err != nil {
				t.Fatal(err)
			}
			if got := logged(t); got != tt.want {
				t.Errorf("ran %q, want %q", got, tt.want)
			}
		})
	}
}

// The program that owns the clipboard lives on; what the environment of npmotp
// holds is not in its own.
func TestProgramsGetTheirEnvironment(t *testing.T) {
	environ := append(tools(t, `env > "$TEST_LOG"`, "xclip"), "DISPLAY=:7")
	t.Setenv("NPMOTP_PASSPHRASE", "hunter2")
	t.Setenv("WAYLAND_DISPLAY", "")
	c := clip.Clipboard{Helper: []string{"cat"}, Environ: environ}
	if err := c.Copy(t.Context(), secret.New("123456"), time.Now()); err != nil {
		t.Fatal(err)
	}
	if got := logged(t); !strings.Contains(got, "DISPLAY=:7\n") || strings.Contains(got, "hunter2") {
		t.Errorf("its environment is\n%s", got)
	}
}

// Without a display, the terminal is asked, and nothing promised.
func TestTerminalCopies(t *testing.T) {
	programs := tools(t, "exit 1", "xclip", "wl-copy", "wl-paste", "termux-clipboard-set", "termux-clipboard-get")
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
		{"on this machine", []string{"TERM=xterm"}, false, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			wrote := ""
			c := clip.Clipboard{
				Helper: []string{"cat"}, Environ: append(tt.environ, programs...),
				Terminal: func(text string) error { wrote += text; return nil },
			}
			err := c.Copy(t.Context(), secret.New("123456"), time.Now())
			if (err != nil) != tt.fails || err != nil && !errors.Is(err, clip.ErrUnavailable) {
				t.Errorf("%v", err)
			}
			want := ""
			if tt.byTTY {
				want = "\x1b]52;c;" + base64.StdEncoding.EncodeToString([]byte("123456")) + "\a"
			}
			if wrote != want || tt.byTTY && c.Clears() {
				t.Errorf("the terminal was told %q, and clears: %v", wrote, c.Clears())
			}
		})
	}
	c := clip.Clipboard{
		Environ:  append([]string{"SSH_TTY=x", "TERM=xterm"}, programs...),
		Terminal: func(string) error { return errors.New("no terminal") },
	}
	if err := c.Copy(t.Context(), secret.New("123456"), time.Now()); !errors.Is(err, clip.ErrUnavailable) {
		t.Error(err)
	}
}
