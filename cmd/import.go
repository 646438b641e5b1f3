package cmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"npmotp/internal/cleantext"
	"npmotp/internal/otpimport"
	"npmotp/internal/secret"
	"npmotp/vault"
)

type importOptions struct {
	files        []string
	format, only string
	passwordFile string
	dryRun       bool
}

func newImportCmd(app *App) *cobra.Command {
	var o importOptions
	cmd := &cobra.Command{
		Use:   "import FILE...",
		Short: "Store the keys that another program exported",
		Long: `Store the keys of an authenticator app or password manager. FILE is what it
exported, or "-" for standard input:

  otpauth      otpauth URIs, one on each line: Ente Auth, GNOME Authenticator
  google       Google Authenticator's transfer: pictures of all QR codes of it,
               or their URIs
  aegis        Aegis's JSON, plain or with a password
  2fas         2FAS's backup, plain or with a password
  andotp       andOTP's plain JSON
  freeotp      FreeOTP+'s JSON
  bitwarden    Bitwarden's JSON or CSV, not encrypted
  keepassxc    KeePassXC's CSV

The format is recognised by the content, or named with --format. Each key and
what came of it is listed: "imported", "duplicate" of an account with the same
secret, or "refused" and why. All are stored at once or none; where some are
refused the status is 1. --only takes those whose names contain a text.
--dry-run reads the files, and opens no vault.

An export that is not encrypted is your second factor in the clear: delete it.`,
		Annotations: vaultStatuses(),
		Example: `  npmotp import transfer-1.png transfer-2.png --only npm
  npmotp import aegis.json --dry-run`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return &usageError{msg: "no file to import", hint: "usage: " + cmd.UseLine()}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			o.files = args
			return runImport(cmd.Context(), app, o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.format, "format", "", "the `FORMAT`, where it is not recognised")
	f.StringVar(&o.only, "only", "", "only keys whose issuer or name contains `TEXT`, in any case")
	f.StringVar(&o.passwordFile, "password-file", "", "read the password of the export from `FILE`")
	f.BoolVar(&o.dryRun, "dry-run", false, "read and list, store nothing")
	return cmd
}

// importView is the JSON of an entry.
type importView struct {
	Name     string `json:"name"` // of the account; of a refused entry, what the file calls it
	Issuer   string `json:"issuer"`
	Username string `json:"username"`
	Type     string `json:"type,omitempty"`
	Outcome  string `json:"outcome"`
	Of       string `json:"of,omitempty"`     // the account that a duplicate is of
	Reason   string `json:"reason,omitempty"` // why it was refused
}

func runImport(ctx context.Context, app *App, o importOptions) error {
	if o.format != "" && !slices.Contains(otpimport.Formats(), o.format) {
		return usageErrorf("%q is no format; there are %s", o.format, strings.Join(otpimport.Formats(), ", "))
	}
	entries, err := app.readImport(ctx, o)
	if err != nil {
		return err
	}
	entries = slices.DeleteFunc(entries, func(e otpimport.Entry) bool {
		return !strings.Contains(strings.ToLower(e.Label.Issuer+"\n"+e.Label.Account), strings.ToLower(o.only))
	})
	if len(entries) == 0 {
		return fmt.Errorf("%w: no keys in it, or none that --only names", otpimport.ErrUnknown)
	}
	usable := slices.ContainsFunc(entries, func(e otpimport.Entry) bool { return e.Err == nil })
	var outcomes []otpimport.Outcome
	if o.dryRun || !usable {
		outcomes, err = otpimport.Store(ctx, &vault.Contents{}, entries, app.Now())
	} else {
		outcomes, err = app.storeImport(ctx, entries)
	}
	if err != nil {
		return err
	}
	return app.printImport(outcomes, o.dryRun)
}

// readImport reads the files, which belong together.
func (app *App) readImport(ctx context.Context, o importOptions) ([]otpimport.Entry, error) {
	r := &otpimport.Reader{Format: o.format}
	for _, name := range o.files {
		r.Password = func() (secret.Text, error) { return app.exportPassword(ctx, name, o.passwordFile) }
		if err := app.addImport(ctx, r, name); err != nil {
			return nil, fmt.Errorf("%s: %w", cleantext.Show(name), err)
		}
	}
	return r.Entries()
}

func (app *App) addImport(ctx context.Context, r *otpimport.Reader, name string) error {
	file := app.In
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }()
		file = f
	}
	return r.Add(ctx, file)
}

// exportPassword returns the password of an encrypted export, which is not that
// of the vault.
func (app *App) exportPassword(ctx context.Context, name, file string) (secret.Text, error) {
	if file == "" {
		return app.ask(ctx, fmt.Sprintf("Password of the export %s: ", cleantext.Show(name)))
	}
	f, err := os.Open(file)
	if err != nil {
		return secret.Text{}, err
	}
	defer func() { _ = f.Close() }()
	return firstLine(f, "the password file "+cleantext.Show(file))
}

// storeImport stores the entries in one save. Where nothing is new, the vault
// needs no new generation.
func (app *App) storeImport(ctx context.Context, entries []otpimport.Entry) (outcomes []otpimport.Outcome, err error) {
	v, err := app.unlockOrCreate(ctx)
	if err != nil {
		return nil, err
	}
	nothingNew := errors.New("nothing new")
	err = v.Update(ctx, func(c *vault.Contents) (err error) {
		outcomes, err = otpimport.Store(ctx, c, entries, app.Now())
		if err == nil && !slices.ContainsFunc(outcomes, func(o otpimport.Outcome) bool { return o.Fate == otpimport.Imported }) {
			return nothingNew
		}
		return err
	})
	if errors.Is(err, nothingNew) {
		err = nil
	}
	return outcomes, err
}

func viewImport(o otpimport.Outcome) importView {
	view := importView{Name: o.Name, Issuer: o.Label.Issuer, Username: o.Label.Account, Outcome: string(o.Fate), Of: o.Of}
	if o.Err != nil {
		view.Reason = o.Err.Error()
	} else {
		view.Type = o.Key.Kind.String()
	}
	return view
}

func (app *App) printImport(outcomes []otpimport.Outcome, dry bool) error {
	views := make([]importView, len(outcomes))
	rows := make([][]string, len(outcomes))
	counts := map[otpimport.Fate]int{}
	for i, o := range outcomes {
		v := viewImport(o)
		counts[o.Fate]++
		views[i] = v
		rows[i] = []string{v.Name, v.Issuer, v.Outcome, cmp.Or(v.Reason, v.Of)}
	}
	var err error
	if app.flags.json {
		err = app.printJSON(views)
	} else {
		err = app.printTable("ACCOUNT ISSUER OUTCOME NOTE", rows)
	}
	if err != nil {
		return err
	}
	if dry {
		app.sayf("nothing was stored (--dry-run)")
	} else if counts[otpimport.Imported] > 0 {
		app.sayf("%s imported; the export still holds them, so delete it", plural(counts[otpimport.Imported], "key"))
	}
	if refused := counts[otpimport.Refused]; refused > 0 {
		return fmt.Errorf("%d of %d entries could not be used", refused, len(views))
	}
	return nil
}
