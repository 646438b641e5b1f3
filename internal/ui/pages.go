package ui

import (
	"context"
	"fmt"
	"io"
)

// The other screen of a terminal (xterm's ctlseqs), which keeps nothing: what is
// shown there is in no scrollback. Both clear it, for terminals that have one
// screen only.
const (
	otherScreen = "\x1b[?1049h" + clearScreen
	firstScreen = clearScreen + "\x1b[?1049l"
	clearScreen = "\x1b[H\x1b[2J"
)

// ShowPages shows pages of lines, none of which is to stay on the screen: on a
// terminal one after the other, each until Enter, and nothing of them is left on
// any way out but a kill. Elsewhere, and where nobody can be asked, it prints
// them.
func (u *UI) ShowPages(ctx context.Context, pages []string) (err error) {
	if !u.OutTTY || u.NoInput || u.Terminal.Show("") != nil {
		for _, page := range pages {
			if _, err := io.WriteString(u.Out, page); err != nil {
				return err
			}
		}
		return nil
	}
	if _, err := io.WriteString(u.Out, otherScreen); err != nil {
		return err
	}
	defer func() {
		if _, cleared := io.WriteString(u.Out, firstScreen); err == nil {
			err = cleared
		}
	}()
	for i, page := range pages {
		if _, err := io.WriteString(u.Out, clearScreen+page); err != nil {
			return err
		}
		label := "Enter clears the screen: "
		if i+1 < len(pages) {
			label = fmt.Sprintf("%d of %d, Enter shows the next: ", i+1, len(pages))
		}
		if _, err := u.Terminal.Line(ctx, label); err != nil {
			return err
		}
	}
	return nil
}
