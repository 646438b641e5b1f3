//go:build !windows

package ui_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"

	"npmotp/internal/secret"
	"npmotp/internal/ui"
)

// The test binary asks a question, so that a test can be the person at a real
// terminal.
func TestMain(m *testing.M) {
	if question := os.Getenv("TERM_TEST_ASK"); question != "" {
		os.Exit(answer(question))
	}
	os.Exit(m.Run())
}

func answer(question string) int {
	var t ui.Terminal
	var err error
	var got string
	switch question {
	case "window":
		err = t.Whole(func(w *ui.Window) error {
			for {
				if err := w.Draw([]string{"drawn"}); err != nil {
					return err
				}
				key, err := w.Next(context.Background(), time.Minute)
				if err != nil || key == 'q' {
					return err
				}
				if key == 'p' {
					panic("on purpose")
				}
				got += fmt.Sprintf("%d,", key)
			}
		})
	case "escape":
		err = t.Whole(func(w *ui.Window) error {
			_ = w.Draw([]string{"drawn"})
			key, err := w.Next(context.Background(), time.Minute)
			got = fmt.Sprint(key)
			return err
		})
	case "secret":
		var s secret.Text
		s, err = t.Secret(context.Background(), "Passphrase: ")
		got = s.Reveal()
	case "secrets":
		var s secret.Text
		s, err = t.Secrets(context.Background(), "Paste: ")
		got = s.Reveal()
	case "confirm":
		var yes bool
		yes, err = t.Confirm(context.Background(), "Sure?")
		got = fmt.Sprint(yes)
	}
	if errors.Is(err, ui.ErrInterrupted) {
		fmt.Println("interrupted")
		return 130
	}
	// Hexadecimal, so that the test can tell an echo from the answer.
	fmt.Printf("<%x> %v\n", got, err)
	return 0
}

// converse runs a question on a new pseudo-terminal, types input when the label
// is there, and returns what the screen showed and whether echo was on after.
func converse(t *testing.T, question, label, input string) (screen string, status int) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "sh", "-c", `"$0"; s=$?; stty -a | grep -q ' echo ' && echo echo-on; exit $s`, exe)
	cmd.Env = append(os.Environ(), "TERM_TEST_ASK="+question)
	terminal, err := pty.Start(cmd)
	if err != nil {
		t.Skip("no pseudo-terminal here:", err)
	}
	defer func() { _ = terminal.Close() }()
	var out bytes.Buffer
	buf := make([]byte, 4096)
	typed := false
	for {
		n, err := terminal.Read(buf)
		out.Write(buf[:n])
		if !typed && strings.Contains(out.String(), label) {
			typed = true
			if _, err := terminal.WriteString(input); err != nil {
				t.Fatal(err)
			}
		}
		if err != nil {
			break
		}
	}
	err = cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "echo-on") {
		t.Errorf("the terminal was not put back:\n%s", out.String())
	}
	return out.String(), cmd.ProcessState.ExitCode()
}

func TestAnswers(t *testing.T) {
	tests := []struct{ name, question, label, input, want string }{
		{"a secret", "secret", "Passphrase: ", "hunter2\r", "hunter2"},
		{"corrected", "secret", "Passphrase: ", "huntex\x7fr2\r", "hunter2"},
		{"corrected rune", "secret", "Passphrase: ", "é\x7fx\r", "x"},
		{"started again", "secret", "Passphrase: ", "wrong\x15right\r", "right"},
		{"ended by Ctrl-D", "secret", "Passphrase: ", "x\x04", "x"},
		{"a long line", "secret", "Passphrase: ", strings.Repeat("k", 6000) + "\r", strings.Repeat("k", 6000)},
		{"lines", "secrets", "Paste: ", "one\rtwo\r\x04", "one\ntwo\n"},
		{"lines with CRLF and a gap", "secrets", "Paste: ", "one\r\n\r\ntwo\r\n\x04", "one\n\ntwo\n"},
		{"yes", "confirm", "Sure?", "y\n", "true"},
		{"no", "confirm", "Sure?", "\n", "false"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			screen, status := converse(t, tt.question, tt.label, tt.input)
			if want := fmt.Sprintf("<%x> <nil>", tt.want); status != 0 || !strings.Contains(screen, want) {
				t.Errorf("status %d, the screen lacks %s:\n%s", status, want, screen)
			}
			if tt.question != "confirm" && strings.Contains(screen, tt.want) {
				t.Errorf("the answer was echoed:\n%s", screen)
			}
		})
	}
}

// The whole terminal is given back on every way out, a panic too, before anything
// else is said.
func TestWindowGivesBack(t *testing.T) {
	for _, tt := range []struct {
		keys, after string
		status      int
	}{{"q", "<> <nil>", 0}, {"\x03", "interrupted", 130}, {"p", "panic: on purpose", 2}} {
		screen, status := converse(t, "window", "drawn", tt.keys)
		shown, after, left := strings.Cut(screen, "\x1b[H\x1b[2J\x1b[?1049l\x1b[?25h")
		if status != tt.status || !left || !strings.Contains(after, tt.after) || strings.Contains(shown, tt.after) {
			t.Errorf("%q: status %d:\n%q", tt.keys, status, screen)
		}
	}
}

func TestWindowKeys(t *testing.T) {
	for typed, want := range map[string][]ui.Key{
		"aé你\r\n\x7f":              {'a', 'é', '你', ui.KeyEnter, ui.KeyEnter, ui.KeyBackspace},
		"\x1b[A\x1b[B\x1bOA\x1b[H": {ui.KeyUp, ui.KeyDown, ui.KeyUp, ui.KeyHome},
		"\x1b[5~\x1b[6~\x1b[4~":    {ui.KeyPageUp, ui.KeyPageDown, ui.KeyEnd},
		"\x1b[1;5C\x1b[200~x":      {ui.KeyOther, ui.KeyOther, 'x'},
		"\x1bx\x1b\x1b[Ax":         {ui.KeyEscape, 'x', ui.KeyEscape, ui.KeyUp, 'x'},
		"\xffx":                    {ui.KeyOther, 'x'},
	} {
		var text string
		for _, key := range want {
			text += fmt.Sprintf("%d,", key)
		}
		screen, _ := converse(t, "window", "drawn", typed+"q")
		if !strings.Contains(screen, fmt.Sprintf("<%x> <nil>", text)) {
			t.Errorf("%q is not %v:\n%q", typed, want, screen)
		}
	}
	// Escape alone is told from the beginning of a sequence, which nothing follows.
	if screen, status := converse(t, "escape", "drawn", "\x1b"); status != 0 || !strings.Contains(screen, fmt.Sprintf("<%x>", fmt.Sprint(ui.KeyEscape))) {
		t.Errorf("%d: %q", status, screen)
	}
}

func TestCtrlC(t *testing.T) {
	for _, question := range []string{"secret", "secrets"} {
		screen, status := converse(t, question, ": ", "hun\x03")
		if status != 130 || !strings.Contains(screen, "interrupted") {
			t.Errorf("%s: status %d:\n%s", question, status, screen)
		}
	}
}
