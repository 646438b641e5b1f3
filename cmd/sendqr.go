package cmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"npmotp/internal/atomicfile"
	"npmotp/internal/bundle"
	"npmotp/internal/intake"
	"npmotp/internal/qrdraw"
	"npmotp/internal/ui"
	"npmotp/scan"
)

const (
	// modestSize is the side of a QR code, in modules, that a camera reads off a
	// screen: version 25. A series of more than modestParts of them goes to
	// pictures of the largest, which are read as files.
	modestSize  = 117
	largestSize = 177
	modestParts = 24

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
	} else {
		if err = bundle.Write(o.out, s.sealed); err == nil {
			app.Sayf("written to %s; there: npmotp receive %s", o.out, ui.Quote(filepath.Base(o.out)))
		}
	}
	if errors.Is(err, fs.ErrExist) {
		return &ui.UsageError{Msg: o.out + " exists already", Hint: "name another: what is there may not have been received yet"}
	}
	return err
}

// writePictures writes the bundle as a series of pictures into a new folder.
func (app *App) writePictures(ctx context.Context, s *sending, dir string) error {
	parts, err := pictureParts(s.sealed.Data)
	if err != nil {
		return err
	}
	if err := atomicfile.Mkdir(dir); err != nil {
		return err
	}
	for i, text := range parts {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		name := filepath.Join(dir, fmt.Sprintf("part-%03d-of-%03d.png", i+1, len(parts)))
		if err := writePicture(name, text); err != nil {
			return err
		}
	}
	app.Sayf("%s written to the folder %s; there: npmotp receive --qr %s", ui.Plural(len(parts), "picture"), dir, ui.Quote(filepath.Base(dir)))
	return app.checkPictures(ctx, s, dir)
}

// pictureParts cuts a bundle into the texts of pictures.
func pictureParts(data []byte) ([]string, error) {
	parts, err := bundle.Split(data, qrdraw.Fits(modestSize, qrdraw.Medium))
	if err == nil && len(parts) <= modestParts {
		return parts, nil
	}
	return bundle.Split(data, qrdraw.Fits(largestSize, qrdraw.Low))
}

func writePicture(name, text string) error {
	// Medium holds what a modest code was cut for; a large one needs Low.
	level := qrdraw.Medium
	if len(text) > qrdraw.Fits(modestSize, qrdraw.Medium) {
		level = qrdraw.Low
	}
	m, err := qrdraw.Encode(text, level)
	if err != nil {
		return err
	}
	var picture bytes.Buffer
	if err := m.PNG(&picture, pictureScale); err != nil {
		return err
	}
	return atomicfile.Writer{Path: name}.Create(picture.Bytes())
}

// checkPictures reads the pictures as the receiver will, and decrypts what they
// make up.
func (app *App) checkPictures(ctx context.Context, s *sending, dir string) error {
	names, err := intake.Files([]string{dir})
	if err != nil {
		return err
	}
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
	size := modestSize
	if app.OutTTY {
		columns, lines := app.Size()
		// Two lines for what is said between the codes.
		size = min(columns, 2*(lines-3)) - 2*qrdraw.TerminalQuiet
		size = min(max(size, leastSize), modestSize)
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
	var series bundle.Series
	said := app.Now()
	for i, name := range names {
		if now := app.Now(); now.Sub(said).Seconds() >= 1 {
			said = now
			app.Sayf("%d of %d pictures read", i, len(names))
		}
		if err := app.readPart(ctx, &series, name); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	data, err := series.Bundle()
	if have, of := series.Count(); err != nil && have > 0 {
		return nil, fmt.Errorf("%d of %d parts were read: %w", have, of, err)
	}
	return data, err
}

// readPart adds what the QR codes in a picture hold. A picture without one is said
// and passed over: the others may have all that is needed.
func (app *App) readPart(ctx context.Context, series *bundle.Series, name string) error {
	f, err := app.open(name)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	codes, err := scan.Decode(ctx, f)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		app.Warnf("%s: %v", name, err)
		return nil
	}
	any := false
	for _, code := range codes {
		part, err := series.Add(code.Reveal())
		if err != nil {
			return err
		}
		any = any || part
	}
	if !any {
		app.Warnf("%s: the QR code is not part of a bundle", name)
	}
	return nil
}
