package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"

	"npmotp/internal/bundle"
	"npmotp/internal/qrdraw"
	"npmotp/internal/ui"
)

const (
	// leastSize is the side of the smallest QR code that is worth drawing on a
	// terminal: below it a bundle would take hundreds.
	leastSize = 45
	// manyParts is where a hint says how to get by with fewer.
	manyParts = 8
)

// writeSent writes the bundle to where -o says, synced, and reads it back.
func (app *App) writeSent(ctx context.Context, s *sending, o sendOptions) error {
	var err error
	if o.qr {
		err = app.writePictures(ctx, s, o.out)
	} else if err = bundle.Write(o.out, s.sealed); err == nil {
		app.Sayf("written to %s; there: npmotp receive %s", o.out, ui.Quote(filepath.Base(o.out)))
	}
	if errors.Is(err, fs.ErrExist) {
		return &ui.UsageError{Msg: o.out + " exists already", Hint: "name another: what is there may not have been received yet"}
	}
	return err
}

// writePictures writes the bundle as a series of pictures into a new folder, and
// reads them as the receiver will.
func (app *App) writePictures(ctx context.Context, s *sending, dir string) error {
	names, err := bundle.WritePictures(ctx, dir, s.sealed.Data)
	if err != nil {
		return err
	}
	app.Sayf("%s written to the folder %s; there: npmotp receive --qr %s", ui.Plural(len(names), "picture"), dir, ui.Quote(filepath.Base(dir)))
	data, err := app.readSeries(ctx, names)
	if err == nil {
		_, err = s.sealed.Check(data)
	}
	if err != nil {
		return fmt.Errorf("the pictures in %s cannot be read back: %w", dir, err)
	}
	return nil
}

// drawSeries draws the bundle on standard output, code by code. On a terminal the
// codes are as large as it allows, and each waits for Enter.
func (app *App) drawSeries(ctx context.Context, data []byte) error {
	size := bundle.ModestSize
	if app.OutTTY {
		columns, lines := app.Size()
		// Two lines for what is said between the codes.
		size = min(columns, 2*(lines-3)) - 2*qrdraw.TerminalQuiet
		size = min(max(size, leastSize), bundle.ModestSize)
	}
	parts, err := bundle.Split(data, qrdraw.Fits(size, qrdraw.Low))
	if err != nil {
		return err
	}
	if app.OutTTY && len(parts) > manyParts {
		app.Hintf("%d QR codes in this terminal; fewer in a larger one or with a smaller font, and -o FOLDER writes pictures", len(parts))
	}
	for i, text := range parts {
		m, err := qrdraw.Encode(text, qrdraw.Low)
		if err != nil {
			return err
		}
		if err := m.Terminal(app.Out); err != nil {
			return err
		}
		app.Sayf("part %d of %d", i+1, len(parts))
		if !app.OutTTY || app.NoInput || i+1 == len(parts) {
			continue
		}
		_, err = app.Terminal.Line(ctx, "Enter shows the next: ")
		if err != nil && !errors.Is(err, ui.ErrNoTerminal) {
			return err
		}
	}
	return nil
}

// readSeries reads the parts of a bundle from pictures, in any order.
func (app *App) readSeries(ctx context.Context, names []string) ([]byte, error) {
	return bundle.PictureReader{Open: func(name string) (io.ReadCloser, error) { return app.open(ctx, name, "it") }, Warnf: app.Warnf, Progress: app.progress()}.Read(ctx, names)
}
