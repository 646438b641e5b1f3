package cmd

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"npmotp/internal/cleantext"
	"npmotp/internal/otpimport"
	"npmotp/internal/secret"
	"npmotp/internal/ui"
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
				return &ui.UsageError{Msg: "no file to import", Hint: "usage: " + cmd.UseLine()}
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

// Outcomes of an entry.
const (
	outcomeImported  = "imported"
	outcomeDuplicate = "duplicate"
	outcomeRefused   = "refused"
)

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
		return ui.Usagef("%q is no format; there are %s", o.format, strings.Join(otpimport.Formats(), ", "))
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
	var views []importView
	if o.dryRun || !usable {
		views, err = app.importInto(&vault.Contents{}, entries)
	} else {
		views, err = app.storeImport(ctx, entries)
	}
	if err != nil {
		return err
	}
	return app.printImport(views, o.dryRun)
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

// storeImport stores the entries in one save.
func (app *App) storeImport(ctx context.Context, entries []otpimport.Entry) ([]importView, error) {
	v, err := app.unlockOrCreate(ctx)
	if err != nil {
		return nil, err
	}
	c, err := v.Contents(ctx)
	if err != nil {
		return nil, err
	}
	views, err := app.importInto(c, entries)
	if err != nil || !slices.ContainsFunc(views, func(v importView) bool { return v.Outcome == outcomeImported }) {
		return views, err // nothing new: the vault needs no new generation
	}
	err = v.Update(ctx, func(c *vault.Contents) (err error) {
		views, err = app.importInto(c, entries)
		return err
	})
	return views, err
}

// importInto adds the usable entries to c, and says what came of each.
func (app *App) importInto(c *vault.Contents, entries []otpimport.Entry) ([]importView, error) {
	var views []importView
	for i, e := range entries {
		view := importView{
			Name: cmp.Or(e.Label.Account, e.Label.Issuer, fmt.Sprintf("entry %d", i+1)), Issuer: e.Label.Issuer, Username: e.Label.Account,
			Outcome: outcomeRefused,
		}
		if e.Err != nil {
			view.Reason = e.Err.Error()
			views = append(views, view)
			continue
		}
		view.Type = e.Key.Kind.String()
		account := vault.Account{Issuer: e.Label.Issuer, Username: e.Label.Account, Key: &e.Key}
		if view.Of = c.SameSecret(&account); view.Of != "" {
			view.Outcome = outcomeDuplicate
			views = append(views, view)
			continue
		}
		account.Name = freeName(c, e.Label.Account, e.Label.Issuer)
		added, err := c.Add(account, app.Now())
		if err != nil {
			return nil, err
		}
		view.Name, view.Outcome = added.Name, outcomeImported
		views = append(views, view)
	}
	return views, nil
}

// freeName returns a name that no account has: that of the user, with the
// issuer where that is taken, and else with a number.
func freeName(c *vault.Contents, username, issuer string) string {
	names := []string{cmp.Or(username, issuer, "npm")}
	if username != "" && issuer != "" {
		names = append(names, issuer+" "+username)
	}
	base := names[len(names)-1]
	for n := 2; ; n++ {
		for _, name := range names {
			if !slices.ContainsFunc(c.Accounts, func(a vault.Account) bool { return a.Name == name }) {
				return name
			}
		}
		names = []string{fmt.Sprintf("%s %d", base, n)}
	}
}

func (app *App) printImport(views []importView, dry bool) error {
	rows := make([][]string, len(views))
	counts := map[string]int{}
	for i, v := range views {
		counts[v.Outcome]++
		rows[i] = []string{v.Name, v.Issuer, v.Outcome, cmp.Or(v.Reason, v.Of)}
	}
	var err error
	if app.flags.json {
		err = app.JSON(views)
	} else {
		err = app.Table("ACCOUNT ISSUER OUTCOME NOTE", rows)
	}
	if err != nil {
		return err
	}
	if dry {
		app.Sayf("nothing was stored (--dry-run)")
	} else if counts[outcomeImported] > 0 {
		app.Sayf("%s imported; the export still holds them, so delete it", ui.Plural(counts[outcomeImported], "key"))
	}
	if refused := counts[outcomeRefused]; refused > 0 {
		return fmt.Errorf("%d of %d entries could not be used", refused, len(views))
	}
	return nil
}
