package cmd

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"path/filepath"

	"github.com/spf13/cobra"

	"npmotp/internal/atomicfile"
	"npmotp/internal/cleantext"
	"npmotp/internal/sheet"
	"npmotp/internal/ui"
	"npmotp/internal/wrap"
)

type recoverySheetOptions struct {
	account, output, format string
	force                   bool
}

func newRecoverySheetCmd(app *App) *cobra.Command {
	var o recoverySheetOptions
	cmd := &cobra.Command{
		Use:   "sheet [ACCOUNT] -o FILE.pdf|.png",
		Short: "Make a page with the unused recovery codes, to print",
		Long: `Make a page with the unused recovery codes, to print: the codes in groups of
four with a check group each, boxes to tick, and a QR code of all of them,
which 'npmotp recovery add --qr' reads from a photo.

The file has the codes in the clear, and nobody else may read it (mode 0600).
Delete it when it is printed. A file that is there already is replaced only
with --force, or when you say so. With "-o -" the page goes to standard output,
so that it need not lie on the disk at all.`,
		Annotations: vaultStatuses(exitNoCodes),
		Example: `  npmotp recovery sheet npm -o codes.pdf
  npmotp recovery sheet npm -o - | lp`,
		Args: argsBetween(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.account = firstArg(args)
			return runRecoverySheet(cmd.Context(), app, o)
		},
		ValidArgsFunction: app.completeAccount,
	}
	f := cmd.Flags()
	f.StringVarP(&o.output, "output", "o", "", "the `FILE` to write, or - for standard output")
	f.StringVar(&o.format, "format", "", "pdf or png (default: what the name of the file ends in; pdf with -o -)")
	completeChoices(cmd, "format", "pdf", "png")
	f.BoolVar(&o.force, "force", false, "replace the file if there is one")
	_ = cmd.MarkFlagFilename("output", "pdf", "png") // fails for flags that do not exist
	return cmd
}

// check refuses what cannot be written, before a passphrase is asked for.
func (o *recoverySheetOptions) check(app *App) error {
	if o.output == "" {
		return &ui.UsageError{Msg: "no file to write the sheet to", Hint: "say -o codes.pdf, or -o - in front of a pipe"}
	}
	format, ok := sheet.FormatOf(o.format, o.output)
	if !ok {
		return ui.Usagef("a sheet is a .pdf or .png file, not %s; or give --format", cleantext.Quote(filepath.Base(o.output)))
	}
	o.format = string(format)
	switch {
	case o.output != "-":
		return nil
	case app.flags.json:
		return ui.Usagef("--json and -o - both write to standard output")
	case app.OutTTY:
		return &ui.UsageError{Msg: "the sheet cannot be shown on a terminal", Hint: "name a file with -o, or pipe it: npmotp recovery sheet -o - | lp"}
	}
	return nil
}

func runRecoverySheet(ctx context.Context, app *App, o recoverySheetOptions) error {
	if err := o.check(app); err != nil {
		return err
	}
	replace, err := app.mayReplace(ctx, o)
	if err != nil {
		return err
	}
	_, a, err := app.account(ctx, o.account)
	if err != nil {
		return err
	}
	s, err := sheet.Of(a, app.Now())
	if err != nil {
		return err
	}
	var data bytes.Buffer
	err = s.Write(&data, sheet.Format(o.format))
	if errors.Is(err, sheet.ErrManyPages) {
		return &ui.UsageError{Msg: err.Error(), Hint: "make a PDF: -o codes.pdf"}
	}
	if err != nil {
		return err
	}
	if o.output == "-" {
		if _, err := data.WriteTo(app.Out); err != nil {
			return err
		}
	} else if err := atomicfile.Private(o.output, data.Bytes(), replace); err != nil {
		return err
	}
	return app.tellSheet(s, o)
}

// mayReplace reports whether a file of the name may be replaced.
func (app *App) mayReplace(ctx context.Context, o recoverySheetOptions) (bool, error) {
	if o.output == "-" {
		return false, nil
	}
	err := atomicfile.Free(o.output, o.force)
	switch {
	case errors.Is(err, atomicfile.ErrNotRegular):
		// A link may lead to where others can read; a device keeps nothing.
		return false, ui.Usagef("%s exists and is not a regular file: give another name", o.output)
	case errors.Is(err, fs.ErrExist):
		return true, app.Confirm(ctx, o.output+" is there already; replace it?", "say --force to replace it, or give another name")
	}
	return o.force, err
}

// tellSheet says where the codes lie now.
func (app *App) tellSheet(s sheet.Sheet, o recoverySheetOptions) error {
	file := o.output
	if file != "-" {
		if path, err := filepath.Abs(file); err == nil {
			file = path
		}
	}
	if app.flags.json {
		if err := app.JSON(struct {
			Account string `json:"account"`
			File    string `json:"file"`
			Format  string `json:"format"`
			Codes   int    `json:"codes"`
			QR      bool   `json:"qr"`
		}{s.Account, file, o.format, len(s.Codes), s.HasQR()}); err != nil {
			return err
		}
	}
	if !s.HasQR() {
		app.Warnf("%s do not fit into one QR code: the sheet has none, and has to be typed", ui.Plural(len(s.Codes), "code"))
	}
	if file == "-" {
		app.Sayf("a sheet with %s of %q went to standard output", ui.Plural(len(s.Codes), "unused code"), s.Account)
		return nil
	}
	app.Sayf("a sheet with %s of %q is in %s", ui.Plural(len(s.Codes), "unused code"), s.Account, file)
	app.Warnf("whoever reads this file has the codes: print it now, then delete it: %s", ui.Quote(file))
	wrap.WarnFewCodes(&app.UI, s.Account, len(s.Codes))
	return nil
}
