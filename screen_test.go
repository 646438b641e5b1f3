//go:build linux

package main_test

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// xServer starts an X server without hardware and returns its display.
func xServer(t *testing.T) string {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	server := exec.CommandContext(t.Context(), "Xvfb", "-displayfd", "3", "-nolisten", "tcp", "-screen", "0", "1600x1200x24")
	server.ExtraFiles = []*os.File{w}
	start(t, server)
	_ = w.Close()
	number, err := bufio.NewReader(r).ReadString('\n')
	_ = r.Close()
	if err != nil {
		t.Fatal("Xvfb did not come up:", err)
	}
	return ":" + strings.TrimSpace(number)
}

// start starts a process that ends with the test.
func start(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
}

// A real terminal on a real screen shows npm's QR code, and "add --screen" and
// "add --clipboard" read it.
func TestScreenAndClipboard(t *testing.T) {
	needs(t, "Xvfb", "xterm", "xclip", "maim")
	display := xServer(t)
	recording, err := filepath.Abs("internal/intake/testdata/enable-2fa-npm-10.9.4.typescript")
	if err != nil {
		t.Fatal(err)
	}
	tmp := t.TempDir()
	home := t.TempDir()
	at := func(args ...string) *exec.Cmd {
		cmd := npmotp(t, home, args...)
		cmd.Env = append(cmd.Env, "DISPLAY="+display, "WAYLAND_DISPLAY=", "XDG_RUNTIME_DIR="+tmp, "TMPDIR="+tmp)
		return cmd
	}
	if out, err := at("add", "--screen").CombinedOutput(); err == nil || !bytes.Contains(out, []byte("hint: have the whole QR code on the screen")) {
		t.Errorf("an empty screen: %v\n%s", err, out)
	}

	// Only the part with the QR code: the whole would scroll.
	show := `head -n 42 "$0"; exec cat`
	terminal := exec.CommandContext(t.Context(), "xterm", "-geometry", "100x60", "-e", "sh", "-c", show, recording)
	terminal.Env = append(os.Environ(), "DISPLAY="+display)
	start(t, terminal)
	var said []byte
	for deadline := time.Now().Add(time.Minute); ; {
		if said, err = at("add", "--screen").CombinedOutput(); err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the screen is not read: %v\n%s", err, said)
		}
	}
	const code = "DRPC4NEQ6F7B3K34XKAGZ2KACBJ5CLZQ"
	if out := run(t, home, "", "show", "--reveal"); !strings.Contains(out, code) {
		t.Errorf("the screen was read as:\n%s", out)
	}
	left, err := os.ReadDir(tmp)
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}

	for kind, source := range map[string][2]string{
		"image/png":   {"internal/demo/npm-qr.png", "jane.doe"},
		"UTF8_STRING": {recording, "npm"},
	} {
		copying := exec.CommandContext(t.Context(), "xclip", "-in", "-selection", "clipboard", "-target", kind, source[0])
		copying.Env = append(os.Environ(), "DISPLAY="+display)
		if err := copying.Run(); err != nil {
			t.Fatal(err)
		}
		// xclip returns before the X server has made its child the owner.
		for deadline := time.Now().Add(time.Minute); ; {
			out, err := at("add", "--dry-run", "--clipboard").CombinedOutput()
			if err == nil && bytes.Contains(out, []byte(source[1])) {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("%s on the clipboard: %v\n%s", kind, err, out)
			}
		}
	}
}

// The QR code of "qr" is read from a real terminal by another reader, and by "add":
// from half blocks and from colours, light on dark and dark on light.
func TestQROnAScreen(t *testing.T) {
	needs(t, "Xvfb", "xterm", "fc-match", "maim", "zbarimg")
	home := t.TempDir()
	run(t, home, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "add", "ada")
	const uri = "otpauth://totp/"
	for name, args := range map[string][]string{
		"light":       {"-bg", "white", "-fg", "black"},
		"dark":        {"-bg", "black", "-fg", "white"},
		"light, ansi": {"-bg", "white", "-fg", "black", "--ansi"},
		"dark, ansi":  {"-bg", "black", "-fg", "white", "--ansi"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			display := xServer(t)
			qr := npmotp(t, home, append([]string{"qr", "ada"}, args[4:]...)...)
			// Not every font's half blocks are of a shape that zbarimg reads; this one's are.
			terminal := exec.CommandContext(t.Context(), "xterm", append(append([]string{"-u8", "-fa", "DejaVu Sans Mono,monospace", "-fs", "12", "-geometry", "100x60"}, args[:4]...), append([]string{"-e"}, qr.Args...)...)...)
			terminal.Path, _ = exec.LookPath("xterm")
			terminal.Env = append(qr.Env, "DISPLAY="+display, "LC_ALL=C.UTF-8")
			start(t, terminal)
			shot := filepath.Join(t.TempDir(), "shot.png")
			var read []byte
			for deadline := time.Now().Add(time.Minute); !bytes.Contains(read, []byte(uri)); {
				if time.Now().After(deadline) {
					t.Fatalf("the screen is not read: %q", read)
				}
				maim := exec.CommandContext(t.Context(), "maim", "--hidecursor", shot)
				maim.Env = append(os.Environ(), "DISPLAY="+display)
				if out, err := maim.CombinedOutput(); err != nil {
					t.Fatalf("%v: %s", err, out)
				}
				read, _ = exec.CommandContext(t.Context(), "zbarimg", "--quiet", "--raw", shot).Output()
			}
			if said := run(t, t.TempDir(), "", "add", "--dry-run", "--qr", shot); !strings.Contains(said, "ada") {
				t.Errorf("add --qr says %q", said)
			}
		})
	}
}

// xclip lives on as the owner of the clipboard. Its environment is what any
// process of the user can read, and holds none of the passphrase.
func TestClipboardOwnerHasNoPassphrase(t *testing.T) {
	needs(t, "Xvfb", "xclip")
	// By its socket only: what clears the clipboard later would try another way
	// when the display is gone.
	display := "unix" + xServer(t)
	home := t.TempDir()
	run(t, home, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "add", "ada")
	file := filepath.Join(home, "passphrase")
	if err := os.WriteFile(file, []byte("hunter2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := npmotp(t, home, "code", "--copy")
	cmd.Env = append(cmd.Env, "DISPLAY="+display, "WAYLAND_DISPLAY=",
		"NPMOTP_PASSPHRASE_FILE="+file, "NPMOTP_PASSPHRASE_COMMAND=echo hunter2", "NPMOTP_IDENTITY_FILE=")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	owners := 0
	processes, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		t.Fatal(err)
	}
	for _, process := range processes {
		name, _ := os.ReadFile(process + "/comm")
		environ, err := os.ReadFile(process + "/environ")
		if err != nil || string(name) != "xclip\n" || !bytes.Contains(environ, []byte("DISPLAY="+display+"\x00")) {
			continue
		}
		owners++
		if bytes.Contains(environ, []byte("NPMOTP_PASSPHRASE")) || bytes.Contains(environ, []byte("NPMOTP_IDENTITY")) {
			t.Errorf("the environment of %s is\n%s", process, bytes.ReplaceAll(environ, []byte{0}, []byte{'\n'}))
		}
	}
	if owners == 0 {
		t.Error("no xclip lives on")
	}
}

// Without a display, or a program that takes pictures, the error says what to
// do.
func TestScreenMissing(t *testing.T) {
	for display, hint := range map[string]string{"": "hint: there is no display here", ":99": "hint: install maim or scrot"} {
		cmd := npmotp(t, t.TempDir(), "add", "--screen")
		cmd.Env = append(cmd.Env, "DISPLAY="+display, "WAYLAND_DISPLAY=", "PATH="+t.TempDir())
		out, err := cmd.CombinedOutput()
		if err == nil || !bytes.Contains(out, []byte(hint)) {
			t.Errorf("DISPLAY=%s: %v\n%s", display, err, out)
		}
	}
}
