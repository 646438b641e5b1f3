package cmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"npmotp/internal/clip"
	"npmotp/internal/codes"
	"npmotp/internal/intake"
	"npmotp/internal/screen"
	"npmotp/internal/ui"
	"npmotp/scan"
)

// gather reads the source that the flags name, or the pictures. Of several
// pictures each one's outcome is said; what could be read is returned, and an
// error with the status of the first failure.
func (app *App) gather(ctx context.Context, o addOptions) ([]intake.Enrolment, error) {
	if len(o.pictures) == 0 {
		return one(app.chosen(ctx)(app.gatherOne(ctx, o)))
	}
	files, err := intake.Files(o.pictures)
	if err != nil {
		return nil, err
	}
	if len(files) == 1 {
		return one(app.chosen(ctx)(app.read(ctx, files[0], intake.Picture)))
	}
	if o.name != "" {
		return nil, ui.Usagef("NAME goes with one picture; several are named by what their QR codes say")
	}
	return app.gatherPictures(ctx, files)
}

// one returns what was read from one source as a list.
func one(e intake.Enrolment, err error) ([]intake.Enrolment, error) {
	if err != nil {
		return nil, err
	}
	return []intake.Enrolment{e}, nil
}

func (app *App) gatherOne(ctx context.Context, o addOptions) (intake.Enrolment, error) {
	switch {
	case o.text != "":
		return app.read(ctx, o.text, intake.Terminal)
	case o.clipboard:
		return app.readClipboard(ctx)
	case o.screen:
		return app.readScreen(ctx)
	case o.uri:
		text, err := intake.Text(app.stdin(ctx, "the otpauth URI"))
		if err != nil {
			return intake.Enrolment{}, err
		}
		return intake.URI(text)
	case !app.InTTY:
		return intake.Any(ctx, app.stdin(ctx, "a secret"))
	}
	text, err := app.ask(ctx, "Secret (the line below the QR code): ")
	if errors.Is(err, codes.ErrLocked) {
		return intake.Enrolment{}, ui.Usagef("no secret: give --qr, --text or --uri, or pipe it in")
	}
	if err != nil {
		return intake.Enrolment{}, err
	}
	return intake.Typed(text)
}

// read opens a file and names it in the error.
func (app *App) read(ctx context.Context, name string, take func(context.Context, io.Reader) (intake.Enrolment, error)) (intake.Enrolment, error) {
	if name != "-" && intake.Option(name) == "--uri" {
		return intake.Enrolment{}, errURIArgument()
	}
	f, err := app.open(ctx, name, "it")
	if err != nil {
		return intake.Enrolment{}, err
	}
	defer func() { _ = f.Close() }()
	e, err := take(ctx, f)
	if err != nil && name != "-" {
		return intake.Enrolment{}, ui.Named(name, err)
	}
	return e, err
}

// chosen returns a function that asks which key is meant when there are several
// and somebody to ask.
func (app *App) chosen(ctx context.Context) func(intake.Enrolment, error) (intake.Enrolment, error) {
	return func(e intake.Enrolment, err error) (intake.Enrolment, error) {
		several, ok := errors.AsType[*scan.SeveralError](err)
		if !ok {
			return e, err
		}
		i, asked := app.Choose(ctx, "there are several keys", several.Labels)
		if errors.Is(asked, ui.ErrNoTerminal) {
			return e, err
		}
		if asked != nil {
			return e, asked
		}
		return intake.URI(several.Keys[i])
	}
}

// gatherPictures reads each picture and says what came of it.
func (app *App) gatherPictures(ctx context.Context, files []string) (found []intake.Enrolment, failed error) {
	progress := app.progress()
	from := map[string]string{} // the file that a key was first seen in
	for i, name := range files {
		progress("%d of %d pictures read", i, len(files))
		e, err := app.read(ctx, name, intake.Picture)
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if err != nil {
			app.Fail(err, "")
			if failed == nil {
				status, _ := outcome(err)
				failed = &statusError{status} // it has been said
			}
			continue
		}
		key := e.Key.Secret.Reveal()
		if first, again := from[key]; again {
			app.Sayf("%s: the same key as in %s", name, first)
			continue
		}
		from[key] = name
		found = append(found, e)
		app.Sayf("%s: %s", name, strings.TrimSpace(e.Label.Issuer+" "+e.Label.Account))
	}
	return found, failed
}

// readClipboard takes a picture from the clipboard, or else text.
func (app *App) readClipboard(ctx context.Context) (intake.Enrolment, error) {
	picture, err := app.Clip.Picture(ctx)
	if err == nil {
		return intake.Picture(ctx, bytes.NewReader(picture))
	}
	if !errors.Is(err, clip.ErrNoPicture) {
		return intake.Enrolment{}, err
	}
	text, err := app.Clip.Text(ctx)
	if err != nil {
		return intake.Enrolment{}, ui.WithHint(err, "save the picture and give it with --qr, or pipe the text in; on Linux, install wl-clipboard or xclip for --clipboard")
	}
	e, err := intake.Any(ctx, strings.NewReader(text.Reveal()))
	if errors.Is(err, intake.ErrEmpty) {
		return e, fmt.Errorf("%w: the clipboard has no picture and no text that can be read", intake.ErrEmpty)
	}
	return e, err
}

// readScreen takes a picture of the screen.
func (app *App) readScreen(ctx context.Context) (intake.Enrolment, error) {
	pictures, err := app.Screen.Capture(ctx)
	if missing, ok := errors.AsType[*screen.MissingError](err); ok {
		return intake.Enrolment{}, ui.WithHint(err, "%s", missing.Mend)
	}
	if err != nil {
		return intake.Enrolment{}, err
	}
	readers := make([]io.Reader, len(pictures))
	for i, p := range pictures {
		readers[i] = bytes.NewReader(p)
	}
	e, err := intake.Pictures(ctx, readers...)
	if errors.Is(err, scan.ErrNoCode) {
		return e, ui.WithHint(err, "have the whole QR code on the screen, not behind another window, and its font not too small")
	}
	return e, err
}
