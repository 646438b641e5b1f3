package cmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"npmotp/internal/cleantext"
	"npmotp/internal/codes"
	"npmotp/internal/otpimport"
	"npmotp/internal/passphrase"
	"npmotp/internal/secret"
	"npmotp/internal/ui"
	"npmotp/scan"
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
exported, a folder of that, or "-" for standard input:

  otpauth        otpauth URIs, wherever they stand in a text: lists of Ente
                 Auth, Stratum and others, JSON, notes, "pass show"
  google         Google Authenticator's transfer: pictures of all QR codes of
                 it, or their URIs
  aegis 2fas freeotp cotp ente lastpass stratum authenticator
                 the JSON of these apps (FreeOTP+; authenticator.cc)
  andotp         lists of keys as andOTP, Raivo and OTPClient write them
  bitwarden 1password keepass
                 Bitwarden's JSON and "bw list items"; 1Password's .1pux and
                 "op item get --format json"; KeePass's XML
  table          a table with a column of keys, of any password manager
  totp-cli 2fa gauth
                 the files of these programs ("totp-cli dump")

The format is recognised by the content, or named with --format. Exports with a
password (Aegis, 2FAS, Ente, Bitwarden) are asked for it, which is not the
passphrase of the vault; --password-file has it in a file.

Each key and what came of it is listed: "imported" with its first code,
"duplicate" of an account that makes the same codes, or "refused" and why.
All are stored at once or none; where some are refused the status is 1. --only
takes those whose names contain a text. --dry-run reads the files, and opens no
vault. A key whose issuer is not npm belongs to no registry, and 'npmotp exec'
does not send it, until 'npmotp edit ACCOUNT --registry URL' says where it
belongs.

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
	completeChoices(cmd, "format", otpimport.Formats()...)
	f.StringVar(&o.only, "only", "", "only keys whose issuer or name contains `TEXT`, in any case")
	f.StringVar(&o.passwordFile, "password-file", "", "read the password of an encrypted export from `FILE`")
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
	Code     string `json:"code,omitempty"`   // the first code of a new account
}

func runImport(ctx context.Context, app *App, o importOptions) error {
	debug.SetMemoryLimit(240 << 20) // of garbage: a file of 20 MB is cut into many small pieces
	if o.format != "" && !slices.Contains(otpimport.Formats(), o.format) {
		return ui.Usagef("unknown format %q; the formats are %s", o.format, strings.Join(otpimport.Formats(), ", "))
	}
	entries, err := app.readImport(ctx, o)
	if err != nil {
		return err
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

// readImport reads the files, which belong together, and returns the entries
// that --only leaves. No entry that cannot be used is left out.
func (app *App) readImport(ctx context.Context, o importOptions) ([]otpimport.Entry, error) {
	files, err := otpimport.Files(o.files)
	if err != nil {
		return nil, err
	}
	progress := app.progress()
	r := &otpimport.Reader{Format: o.format, Progress: func(n int) { progress("%d entries read", n) }}
	for i, f := range files {
		progress("%d of %d files read", i, len(files))
		r.Password = func() (secret.Text, error) { return app.exportPassword(ctx, f.Name, o.passwordFile) }
		r.Allow = func(memory int64) error {
			question := fmt.Sprintf("opening %s takes %d MiB of memory and some seconds; go on?", f.Name, memory>>20)
			return app.Confirm(ctx, question, "say --yes to open it")
		}
		err := app.addImport(ctx, r, f.Name)
		if f.Found && (errors.Is(err, otpimport.ErrUnknown) || errors.Is(err, otpimport.ErrNoKeys) || errors.Is(err, scan.ErrNoCode)) {
			app.Sayf("left out %s: %v", f.Name, err)
			continue
		}
		if err != nil {
			return nil, ui.Named(f.Name, err)
		}
	}
	return app.chosenEntries(r, o.only)
}

// chosenEntries returns the entries whose names contain only.
func (app *App) chosenEntries(r *otpimport.Reader, only string) ([]otpimport.Entry, error) {
	wanted := func(e otpimport.Entry) bool {
		return strings.Contains(strings.ToLower(e.Label.Issuer+"\n"+e.Label.Account), strings.ToLower(only))
	}
	entries := r.Entries()
	hit := slices.ContainsFunc(entries, wanted)
	if err := r.Partial(); err != nil {
		return nil, err
	}
	if missing := r.Missing(); missing != nil && (only == "" || !hit) {
		return nil, missing
	} else if missing != nil {
		app.Warnf("%v; what is in them was not looked at", missing)
	}
	switch {
	case len(entries) == 0:
		return nil, otpimport.ErrNoKeys
	case !hit:
		return nil, fmt.Errorf("%w whose issuer or name contains %s", otpimport.ErrNoKeys, cleantext.Quote(only))
	}
	return slices.DeleteFunc(slices.Clone(entries), func(e otpimport.Entry) bool { return e.Err == nil && !wanted(e) }), nil
}

func (app *App) addImport(ctx context.Context, r *otpimport.Reader, name string) error {
	f, err := app.open(ctx, name, "it")
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	return r.Add(ctx, f)
}

// exportPassword returns the password of an encrypted export, which is not that
// of the vault.
func (app *App) exportPassword(ctx context.Context, name, file string) (secret.Text, error) {
	if file == "" {
		password, err := app.ask(ctx, fmt.Sprintf("Password of the export %s: ", name))
		if errors.Is(err, codes.ErrLocked) || errors.Is(err, ui.ErrNoTerminal) {
			err = otpimport.ErrNoPassword
		}
		return password, err
	}
	f, err := ui.Open(ctx, file)
	if err != nil {
		return secret.Text{}, err
	}
	defer func() { _ = f.Close() }()
	password, err := passphrase.FirstLine(f, "the password file "+file)
	if errors.Is(err, passphrase.ErrEmptyLine) {
		err = fmt.Errorf("%w: the password file %s begins with an empty line", otpimport.ErrNoPassword, file)
	}
	return password, err
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
	view := importView{Name: o.Name, Issuer: o.Label.Issuer, Username: o.Label.Account, Outcome: string(o.Fate), Of: o.Of, Code: o.Code.Reveal()}
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
		rows[i] = []string{v.Name, v.Issuer, v.Outcome, v.Code, cmp.Or(v.Reason, v.Of)}
	}
	var err error
	if app.flags.json {
		err = app.JSON(views)
	} else {
		err = app.Table("ACCOUNT ISSUER OUTCOME CODE NOTE", rows)
	}
	if err != nil {
		return err
	}
	if dry {
		app.Sayf("nothing was stored (--dry-run)")
	} else if counts[otpimport.Imported] > 0 {
		app.Sayf("%s imported; the export still holds them, so delete it", ui.Plural(counts[otpimport.Imported], "key"))
	}
	if refused := counts[otpimport.Refused]; refused > 0 {
		return fmt.Errorf("%d of %d entries could not be used", refused, len(views))
	}
	return nil
}
