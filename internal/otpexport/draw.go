package otpexport

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"npmotp/internal/qrdraw"
	"npmotp/internal/secret"
	"npmotp/scan"
)

const (
	// pictureSide is the side of the largest QR code, in modules, that a camera
	// reads off a screen: version 25.
	pictureSide = 117
	// scale is how many pixels wide the modules of a picture are.
	scale = 6
)

// A Window is where QR codes are drawn. One without columns is a file, in which
// there is room for any.
type Window struct {
	Columns, Lines int
	ANSI           bool // draw with coloured blanks, and not with half blocks
}

// promptLines is what a question below the code takes of a window.
const promptLines = 1

// Side returns the side of the largest QR code that the window shows whole.
func (w Window) Side() int {
	if w.Columns == 0 {
		return pictureSide
	}
	side := min(w.Columns, 2*(w.Lines-promptLines))
	if w.ANSI {
		side = min(w.Columns/2, w.Lines-promptLines)
	}
	return min(side-2*qrdraw.TerminalQuiet, pictureSide)
}

// draw returns a page with a QR code for each document, which the window shows.
func (w Window) draw(documents []Document) ([]string, error) {
	var pages []string
	for _, d := range documents {
		page, err := w.page(d.Text)
		if err != nil {
			return nil, err
		}
		pages = append(pages, page)
	}
	return pages, nil
}

func (w Window) page(text secret.Text) (string, error) {
	m, err := qrdraw.Encode(text.Reveal(), qrdraw.Low)
	if err != nil {
		return "", err
	}
	if w.Columns > 0 && m.Size() > w.Side() {
		columns := m.Size() + 2*qrdraw.TerminalQuiet
		lines := (columns + 1) / 2
		if w.ANSI {
			columns, lines = 2*columns, columns
		}
		return "", fmt.Errorf("%w for this window: it takes %d columns and %d lines, and there are %d and %d",
			ErrTooLarge, columns, lines+promptLines, w.Columns, w.Lines)
	}
	var drawn strings.Builder
	if w.ANSI {
		err = m.Blanks(&drawn)
	} else {
		err = m.Terminal(&drawn)
	}
	return drawn.String(), err
}

// picture returns a PNG file with a text as a QR code, which was read back.
func picture(ctx context.Context, text secret.Text) ([]byte, error) {
	m, err := qrdraw.Encode(text.Reveal(), qrdraw.Medium)
	if err == nil && m.Size() > pictureSide {
		m, err = qrdraw.Encode(text.Reveal(), qrdraw.Low)
	}
	if err != nil {
		return nil, err
	}
	var png bytes.Buffer
	if err := m.PNG(&png, scale); err != nil {
		return nil, err
	}
	read, err := scan.Decode(ctx, bytes.NewReader(png.Bytes()))
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err != nil || len(read) != 1 || !read[0].Equal(text) {
		return nil, errors.New("the picture of the QR code cannot be read back")
	}
	return png.Bytes(), nil
}
