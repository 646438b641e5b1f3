package clip

import (
	"context"
	"fmt"

	"github.com/atotto/clipboard"
)

// reachable reports whether there is a clipboard, which Windows always has.
func (c Clipboard) reachable() bool { return true }

func (c Clipboard) write(_ context.Context, text string) error {
	if err := clipboard.WriteAll(text); err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return nil
}

func (c Clipboard) read(context.Context) (string, error) {
	text, err := clipboard.ReadAll()
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return text, nil
}
