// Package clip puts secrets on the clipboard and takes them off again.
//
// The clearing outlives the program: a detached child of it waits for the time,
// and clears only what is still there. It is given a hash of the text, not the
// text.
//
// Text goes by github.com/atotto/clipboard, except where a program of the platform
// can ask clipboard managers not to keep it: wl-copy from version 2.3 on, and
// AppleScript on macOS. xclip and xsel offer one format at a time, so nothing can
// be said under X11.
//
// Programs that are started inherit the environment of the process, and the one
// that owns the clipboard lives on with it: the process withdraws its secrets
// from there first.
//
// Where there is no clipboard to reach, over SSH and without a display, the
// terminal is asked to copy (OSC 52). It is not asked to clear: most terminals
// do not tell what is there, and by then another program has the screen.
package clip

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"time"

	"npmotp/internal/secret"
)

// clearTime bounds what the helper does once its time has come.
const clearTime = 20 * time.Second

// ErrUnavailable says that there is no clipboard to use.
var ErrUnavailable = errors.New("no clipboard is available")

// A Clipboard copies text. Helper is the command line of this program that
// calls [Clipboard.Clear], and Getenv reads the environment.
type Clipboard struct {
	Helper []string
	Getenv func(string) string
	// Terminal writes to the terminal of the user, where there is one.
	Terminal func(text string) error
}

// An order tells the helper what to clear and when.
type order struct {
	Hash []byte    `json:"hash"`
	At   time.Time `json:"at"`
}

// Copy puts text on the clipboard. At until it is removed, unless something
// else is there by then, or [Clipboard.Clears] says otherwise.
func (c Clipboard) Copy(ctx context.Context, text secret.Text, until time.Time) error {
	if !c.Clears() {
		return c.toTerminal(text)
	}
	if err := c.write(ctx, text.Reveal()); err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(text.Reveal()))
	// Even when ctx has ended: the secret is there.
	if err := c.startHelper(order{Hash: sum[:], At: until}); err != nil {
		// What nobody will clear does not stay.
		return errors.Join(fmt.Errorf("starting the process that clears the clipboard: %w", err), c.write(context.WithoutCancel(ctx), ""))
	}
	return nil
}

// Clears reports whether what is copied will be removed again: it is not where
// only the terminal can be asked to copy.
func (c Clipboard) Clears() bool { return c.Terminal == nil || c.reachable() }

// startHelper starts the process that clears, and leaves it behind.
func (c Clipboard) startHelper(o order) error {
	if len(c.Helper) == 0 {
		return errors.New("no helper command")
	}
	// Not CommandContext: the helper outlives the command.
	cmd := exec.Command(c.Helper[0], c.Helper[1:]...) //nolint:gosec,noctx // this program itself
	cmd.SysProcAttr = detached()
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	err = errors.Join(json.NewEncoder(stdin).Encode(o), stdin.Close())
	return errors.Join(err, cmd.Process.Release())
}

// Clear is the helper: it reads its order from r, waits, and clears the
// clipboard if that still holds what was copied.
func (c Clipboard) Clear(ctx context.Context, r io.Reader, now func() time.Time) error {
	var o order
	if err := json.NewDecoder(io.LimitReader(r, 1<<10)).Decode(&o); err != nil {
		return err
	}
	wait := time.NewTimer(o.At.Sub(now()))
	defer wait.Stop()
	select {
	case <-wait.C:
	case <-ctx.Done():
		// Ended early: better to clear early than not at all.
	}
	// The end of the wait is not the end of the work.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), clearTime)
	defer cancel()
	text, err := c.read(ctx)
	if err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(text))
	if subtle.ConstantTimeCompare(sum[:], o.Hash) != 1 {
		return nil
	}
	return c.write(ctx, "")
}
