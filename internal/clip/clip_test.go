//go:build linux

package clip_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"npmotp/internal/clip"
	"npmotp/internal/secret"
)

// The test binary is the helper that clears, and a program that copies: the
// library looks at the environment when a process starts.
func TestMain(m *testing.M) {
	switch {
	case len(os.Args) == 2 && os.Args[1] == "clear":
		if err := (clip.Clipboard{Getenv: os.Getenv}).Clear(context.Background(), os.Stdin, time.Now); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	case len(os.Args) == 2 && os.Args[1] == "copy":
		os.Exit(copyAlone())
	case os.Getenv("WAYLAND_DISPLAY") != "": // the clipboard of whoever runs the tests
		_ = os.Unsetenv("WAYLAND_DISPLAY")
		panic(syscall.Exec(os.Args[0], os.Args, os.Environ()))
	default:
		os.Exit(m.Run())
	}
}

// display starts an X server without a screen, for xclip.
func display(t *testing.T) {
	t.Helper()
	for _, tool := range []string{"Xvfb", "xclip"} {
		if _, err := exec.LookPath(tool); err != nil {
			if os.Getenv("CI") == "true" {
				t.Fatal(err)
			}
			t.Skip(tool, "is not installed")
		}
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "Xvfb", "-displayfd", "3", "-nolisten", "tcp")
	cmd.ExtraFiles = []*os.File{w}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = w.Close()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = r.Close()
	})
	number, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		t.Fatal("Xvfb did not come up:", err)
	}
	t.Setenv("DISPLAY", ":"+strings.TrimSpace(number))
}

func paste(t *testing.T) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "xclip", "-out", "-selection", "clipboard").Output()
	if err != nil {
		return "" // an empty clipboard is an error to xclip
	}
	return string(out)
}

// wantPaste waits until the clipboard holds text: xclip returns before the X
// server has made its child the owner.
func wantPaste(t *testing.T, text string) {
	t.Helper()
	got := paste(t)
	for deadline := time.Now().Add(time.Minute); got != text; got = paste(t) {
		if time.Now().After(deadline) {
			t.Fatalf("the clipboard holds %q, want %q", got, text)
		}
	}
}

func put(t *testing.T, text string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "xclip", "-in", "-selection", "clipboard")
	cmd.Stdin = strings.NewReader(text)
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
}

func TestCopyAndClear(t *testing.T) {
	display(t)
	c := clip.Clipboard{Helper: []string{"cat"}, Getenv: os.Getenv}
	if err := c.Copy(t.Context(), secret.New("123456"), time.Now()); err != nil {
		t.Fatal(err)
	}
	wantPaste(t, "123456")
	// One whose time has come is cleared by the process that is left behind.
	c.Helper = []string{os.Args[0], "clear"}
	if err := c.Copy(t.Context(), secret.New("654321"), time.Now()); err != nil {
		t.Fatal(err)
	}
	wantPaste(t, "")
}

func TestClearKeepsWhatIsNewer(t *testing.T) {
	display(t)
	c := clip.Clipboard{Helper: []string{"sh", "-c", "cat > order"}, Getenv: os.Getenv}
	t.Chdir(t.TempDir())
	if err := c.Copy(t.Context(), secret.New("123456"), time.Now()); err != nil {
		t.Fatal(err)
	}
	wantPaste(t, "123456")
	var order []byte
	for deadline := time.Now().Add(time.Minute); len(order) == 0 && time.Now().Before(deadline); {
		order, _ = os.ReadFile("order")
	}
	if len(order) == 0 || strings.Contains(string(order), "123456") {
		t.Fatalf("the helper was told %q", order)
	}
	put(t, "newer")
	wantPaste(t, "newer")
	if err := (clip.Clipboard{Getenv: os.Getenv}).Clear(t.Context(), strings.NewReader(string(order)), time.Now); err != nil {
		t.Fatal(err)
	}
	if got := paste(t); got != "newer" {
		t.Errorf("the clipboard holds %q", got)
	}
}

// Without the process that clears, the text does not stay on the clipboard.
func TestCopyWithoutHelper(t *testing.T) {
	display(t)
	c := clip.Clipboard{Helper: []string{"/nowhere/npmotp"}, Getenv: os.Getenv}
	if err := c.Copy(t.Context(), secret.New("123456"), time.Now()); err == nil {
		t.Error("no error")
	}
	wantPaste(t, "")
}

func TestClearRefusesNonsense(t *testing.T) {
	for _, order := range []io.Reader{strings.NewReader(""), strings.NewReader("{"), strings.NewReader("[]")} {
		if err := (clip.Clipboard{Getenv: os.Getenv}).Clear(t.Context(), order, time.Now); err == nil {
			t.Error("an order that is none was carried out")
		}
	}
}
