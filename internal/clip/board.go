package clip

import (
	"context"
	"fmt"
	"os/exec"
	"strings"

	"github.com/atotto/clipboard"
)

// write replaces what is on the clipboard.
func (c Clipboard) write(ctx context.Context, text string) error {
	if argv := c.discreet(text); argv != nil {
		cmd := exec.CommandContext(ctx, argv[0], argv[1:]...) //nolint:gosec // the programs named there
		cmd.Stdin = strings.NewReader(text)
		if cmd.Run() == nil {
			return nil
		}
		// It is not there, or too old.
	}
	_, err := within(ctx, func() (string, error) { return "", clipboard.WriteAll(text) })
	return err
}

// read returns the text on the clipboard.
func (c Clipboard) read(ctx context.Context) (string, error) {
	return within(ctx, clipboard.ReadAll)
}

// within waits for the library until ctx is done: the owner of the clipboard may
// never answer it.
func within(ctx context.Context, do func() (string, error)) (string, error) {
	type result struct {
		text string
		err  error
	}
	done := make(chan result, 1)
	go func() {
		text, err := do()
		done <- result{text, err}
	}()
	var r result
	select {
	case r = <-done:
	case <-ctx.Done():
		r.err = context.Cause(ctx)
	}
	if r.err != nil {
		return "", fmt.Errorf("%w: %w", ErrUnavailable, r.err)
	}
	return r.text, nil
}
