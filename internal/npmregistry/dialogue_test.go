package npmregistry_test

import (
	"errors"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"npmotp/internal/npmregistry"
	"npmotp/internal/npmregistry/npmtest"

	"github.com/creack/pty"
)

// A dialogue is a program on a pseudo-terminal and what it has shown so far.
type dialogue struct {
	t      *testing.T
	cmd    *exec.Cmd
	tty    *os.File
	chunks chan string
	screen string
}

// converse starts npm on a pseudo-terminal.
func (r *trial) converse(t *testing.T, args ...string) *dialogue {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), r.Path, args...)
	cmd.Dir, cmd.Env = r.dir, r.env
	tty, err := pty.Start(cmd)
	if errors.Is(err, pty.ErrUnsupported) {
		t.Skip("there are no pseudo-terminals here")
	}
	if err != nil {
		t.Fatal(err)
	}
	d := &dialogue{t: t, cmd: cmd, tty: tty, chunks: make(chan string)}
	go d.read()
	t.Cleanup(func() {
		_ = tty.Close() // ends read, and the program if it still runs
		for range d.chunks {
		}
	})
	return d
}

// read passes on what the program shows. It ends with an error on every
// system: on Linux that is EIO when the program has closed the terminal.
func (d *dialogue) read() {
	defer close(d.chunks)
	buf := make([]byte, 4096)
	for {
		n, err := d.tty.Read(buf)
		if n > 0 {
			d.chunks <- string(buf[:n])
		}
		if err != nil {
			return
		}
	}
}

// waitFor waits until the screen has text after what was there before, and
// types the answer unless it is empty.
func (d *dialogue) waitFor(text, answer string) {
	d.t.Helper()
	seen := len(d.screen)
	deadline := time.After(time.Minute)
	for !strings.Contains(d.screen[seen:], text) {
		select {
		case chunk, ok := <-d.chunks:
			if !ok {
				d.t.Fatalf("npm ended before %q:\n%s", text, d.screen)
			}
			d.screen += chunk
		case <-deadline:
			d.t.Fatalf("npm does not say %q:\n%s", text, d.screen)
		}
	}
	if answer != "" {
		d.say(answer)
	}
}

func (d *dialogue) say(answer string) {
	d.t.Helper()
	if _, err := d.tty.WriteString(answer + "\r"); err != nil {
		d.t.Fatal(err)
	}
}

// end waits until the program has ended, and fails the test unless it ended
// well.
func (d *dialogue) end() {
	d.t.Helper()
	for chunk := range d.chunks {
		d.screen += chunk
	}
	if err := d.cmd.Wait(); err != nil {
		d.t.Errorf("%v:\n%s", err, d.screen)
	}
}

// testDialogues enables the second factor, answers npm's question while it
// publishes, and disables the second factor again.
func testDialogues(t *testing.T, n npmtest.NPM) {
	t.Helper()
	r := newTrial(t, n, npmregistry.Options{})
	d := r.converse(t, "profile", "enable-2fa", npmregistry.AuthAndWrites)
	d.waitFor("npm password:", password)
	d.waitFor("And an OTP code from your authenticator:", "")
	_, pending := r.TFA("alice")
	if !strings.Contains(d.screen, "Or enter code: "+pending) {
		t.Errorf("the screen does not have the registry's secret:\n%s", d.screen)
	}
	d.say(r.next(t, pending))
	d.end()
	if mode, _ := r.TFA("alice"); mode != npmregistry.AuthAndWrites {
		t.Errorf("the level is %q", mode)
	}
	shown := regexp.MustCompile(`\b[0-9a-f]{64}\b`).FindAllString(d.screen, -1)
	slices.Sort(shown)
	if codes := r.RecoveryCodes("alice"); !slices.Equal(shown, codes) || len(codes) != 5 {
		t.Errorf("%d recovery codes are on the screen, or others than the registry's %d", len(shown), len(codes))
	}

	r.manifest(t, `{"name":"`+pkgName+`","version":"1.0.0"}`)
	d = r.converse(t, "publish")
	d.waitFor("Enter OTP:", r.next(t, pending))
	d.end()
	if p, _ := r.Package(pkgName); len(p.Versions) != 1 {
		t.Errorf("the package is %+v", p)
	}

	d = r.converse(t, "profile", "disable-2fa")
	d.waitFor("npm password:", password)
	question := "Enter OTP:"
	if n.Major < 11 {
		question = "Enter one-time password:"
	}
	d.waitFor(question, r.next(t, pending))
	d.end()
	if mode, secret := r.TFA("alice"); mode != "" || secret != "" {
		t.Errorf("the level is %q", mode)
	}
}

// testWeb publishes with the code that npm fetches by way of a page.
func testWeb(t *testing.T, n npmtest.NPM) {
	t.Helper()
	r := newTrial(t, n, npmregistry.Options{WebLogin: true})
	r.SetTFA("alice", secret, npmregistry.AuthAndWrites, nil)
	r.manifest(t, `{"name":"`+pkgName+`","version":"1.0.0"}`)
	d := r.converse(t, "publish", "--auth-type=web")
	d.waitFor("Authenticate your account at:", "")
	r.Approve("alice")
	d.end()
	if p, _ := r.Package(pkgName); len(p.Versions) != 1 {
		t.Errorf("the package is %+v", p)
	}
}
