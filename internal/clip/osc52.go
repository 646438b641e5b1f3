package clip

import (
	"encoding/base64"
	"fmt"
	"slices"

	"npmotp/internal/secret"
)

// toTerminal asks the terminal to put text on the clipboard of the machine that
// it runs on (Xterm Control Sequences, OSC 52). It does not answer: terminals
// that do not know the sequence, or are told not to obey it, drop it.
func (c Clipboard) toTerminal(text secret.Text) error {
	// These would show it.
	if slices.Contains([]string{"", "dumb", "linux"}, c.Getenv("TERM")) {
		return fmt.Errorf("%w: the terminal has none, and there is no display", ErrUnavailable)
	}
	code := base64.StdEncoding.EncodeToString([]byte(text.Reveal()))
	if c.Terminal("\x1b]52;c;"+code+"\x07") != nil {
		return fmt.Errorf("%w: there is neither a display nor a terminal", ErrUnavailable)
	}
	return nil
}
