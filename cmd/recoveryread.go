package cmd

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"npmotp/internal/intake"
	"npmotp/internal/recoverycode"
	"npmotp/internal/secret"
	"npmotp/internal/sheet"
	"npmotp/internal/ui"
	"npmotp/scan"
)

// A recoveryInput is what "recovery add" was given.
type recoveryInput struct {
	codes    []secret.Text
	repeated int
	spent    int          // the line that says that a code was used
	sheet    *sheet.Sheet // nil unless a QR code of a sheet was read
	picture  bool
}

// readRecovery reads the paste or the picture that the flags name.
func (app *App) readRecovery(ctx context.Context, o recoveryAddOptions) (recoveryInput, error) {
	if o.file != "" && o.picture != "" {
		return recoveryInput{}, ui.Usagef("give one of --file and --qr")
	}
	name := cmp.Or(o.picture, o.file)
	switch {
	case name == "" && !app.InTTY:
		name = "-"
	case name == "" && app.NoInput:
		return recoveryInput{}, ui.Usagef("no recovery codes: give --file or --qr, or pipe them in")
	case name == "":
		return app.askRecovery(ctx)
	}
	f, err := app.open(ctx, name, "the recovery codes")
	if err != nil {
		return recoveryInput{}, err
	}
	defer func() { _ = f.Close() }()
	in, err := recoveryFrom(ctx, f, o.picture != "")
	if err != nil && name != "-" {
		err = ui.Named(name, err)
	}
	return in, err
}

// askRecovery asks for the codes at the terminal. One with a typing error is
// asked for again, alone: they are long, and cannot be seen.
func (app *App) askRecovery(ctx context.Context) (recoveryInput, error) {
	text, err := app.Terminal.Secrets(ctx, "Paste the recovery codes, which are not shown, and an empty line: \r\n")
	if err != nil {
		return recoveryInput{}, err
	}
	for {
		in, err := recoveryText(ctx, text)
		mistyped, ok := errors.AsType[*recoverycode.CheckError](err)
		if !ok {
			return in, err
		}
		again, asked := app.Terminal.Secrets(ctx, fmt.Sprintf("npmotp: %v\r\nThat code again, and an empty line (Ctrl-C gives up): \r\n", err))
		if asked != nil {
			return recoveryInput{}, asked
		}
		lines := strings.Split(text.Reveal(), "\n")
		lines = slices.Concat(lines[:mistyped.Line-1], []string{strings.TrimRight(again.Reveal(), "\r\n")}, lines[mistyped.Last:])
		text = secret.New(strings.Join(lines, "\n"))
	}
}

// recoveryFrom reads a picture, which need not be announced as one, or a text.
func recoveryFrom(ctx context.Context, r io.Reader, picture bool) (recoveryInput, error) {
	if !picture {
		buffered := bufio.NewReaderSize(r, 512)
		head, _ := buffered.Peek(512)
		if r = buffered; !scan.IsPicture(head) {
			text, err := intake.Text(r)
			if err != nil {
				return recoveryInput{}, err
			}
			return recoveryText(ctx, text)
		}
	}
	codes, err := scan.Decode(ctx, r)
	if err != nil {
		return recoveryInput{}, pictureHint(err, "for a text with recovery codes, use --file",
			"take the photo again, flat, sharp and with the QR code filling most of it; or type the codes, with their check groups")
	}
	s, err := sheet.Pick(codes)
	if errors.Is(err, sheet.ErrNotSheet) {
		if _, isKey := scan.Pick(codes); isKey == nil {
			return recoveryInput{}, ui.WithHint(err, "it holds the key of one-time passwords: 'npmotp add --qr' stores that")
		}
	}
	if err != nil {
		return recoveryInput{}, err
	}
	in := fromSheet(s)
	in.picture = true
	return in, nil
}

// pictureHint says what to do with a text in the place of a picture, and with a picture
// that no QR code is found in, where that is not what 'npmotp add' would say.
func pictureHint(err error, text, picture string) error {
	switch {
	case errors.Is(err, scan.ErrNotPicture):
		return ui.WithHint(err, "%s", text)
	case errors.Is(err, scan.ErrNoCode):
		return ui.WithHint(err, "%s", picture)
	}
	return err
}

// recoveryText reads a paste, which may be what a telephone made of the QR code.
func recoveryText(ctx context.Context, text secret.Text) (recoveryInput, error) {
	// Of the line, as a space is one of the digits and may be the last.
	for line := range strings.Lines(text.Reveal()) {
		payload := secret.New(strings.TrimRight(strings.TrimLeft(line, " \t"), "\r\n"))
		if !sheet.IsPayload(payload) {
			continue
		}
		s, err := sheet.Parse(payload)
		if err != nil {
			return recoveryInput{}, err
		}
		return fromSheet(s), nil
	}
	codes, repeated, err := intake.RecoveryCodes(ctx, text)
	return recoveryInput{codes: codes, repeated: repeated, spent: recoverycode.Spent(text)}, err
}

func fromSheet(s sheet.Sheet) recoveryInput {
	in := recoveryInput{sheet: &s}
	for _, c := range s.Codes {
		in.codes = append(in.codes, c.Text)
	}
	return in
}
