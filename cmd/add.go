package cmd

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"npmotp/internal/cleantext"
	"npmotp/internal/intake"
	"npmotp/internal/ui"
	"npmotp/otpgen"
	"npmotp/vault"
)

type addOptions struct {
	name       string
	pictures   []string
	text       string
	uri        bool
	clipboard  bool
	screen     bool
	attributes attributes
	key        keyFlags
	dryRun     bool
	at         string
}

func newAddCmd(app *App) *cobra.Command {
	var o addOptions
	cmd := &cobra.Command{
		Use:   "add [NAME]",
		Short: "Store a secret from a QR code, npm's output, a URI, or typed",
		Long: `Store the secret of an account. It comes from one source:

  --qr FILE     a picture of the QR code, a screenshot or a photo; may be
                given several times, and may be a folder of pictures
  --text FILE   what the terminal showed during "npm profile enable-2fa";
                recovery codes in it are stored too
  --uri         an otpauth URI on standard input
  --clipboard   the clipboard: a picture or any of these as text
  --screen      a picture of the screen, taken now
  (none)        asked for at the terminal without echo, or standard input,
                which may be any of the above

"-" as FILE means standard input. Without NAME the account is called as the QR
code calls the user. The vault is created when there is none.

The account and its first code are printed after they are on disk, so that
the code can be typed at npm's prompt. --dry-run decodes and checks only:
it opens no vault and asks nothing.`,
		Annotations: vaultStatuses(),
		Example: `  npmotp add --qr screenshot.png
  script -c 'npm profile enable-2fa' log.txt; npmotp add --text log.txt
  npmotp add work --registry https://npm.example.org/`,
		Args: argsBetween(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.name = firstArg(args)
			return runAdd(cmd, app, o)
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	f := cmd.Flags()
	f.StringArrayVar(&o.pictures, "qr", nil, "a picture `FILE` of the QR code, or a folder of them")
	f.StringVar(&o.text, "text", "", "a `FILE` with what the terminal showed")
	f.BoolVar(&o.clipboard, "clipboard", false, "read the clipboard, a picture or text")
	f.BoolVar(&o.screen, "screen", false, "take a picture of the screen and read that")
	f.BoolVar(&o.uri, "uri", false, "read an otpauth URI from standard input")
	o.attributes.addFlags(cmd)
	o.key.addFlags(cmd)
	f.BoolVar(&o.dryRun, "dry-run", false, "decode and check, store nothing")
	f.StringVar(&o.at, "at", "", "with --dry-run, show the code of another `TIME` (RFC 3339)")
	return cmd
}

// addView is the JSON of an added account.
type addView struct {
	Name          string `json:"name"`
	Issuer        string `json:"issuer"`
	Username      string `json:"username"`
	Registry      string `json:"registry"`
	Type          string `json:"type"`
	Algorithm     string `json:"algorithm"`
	Digits        int    `json:"digits"`
	Period        int    `json:"period"` // seconds; 0 for hotp
	RecoveryCodes int    `json:"recovery_codes"`
	Code          string `json:"code"`
}

func runAdd(cmd *cobra.Command, app *App, o addOptions) error {
	ctx := cmd.Context()
	at, err := o.check(cmd, app)
	if err != nil {
		return err
	}
	found, failed := app.gather(ctx, o)
	if len(found) == 0 {
		return failed
	}
	accounts := make([]newAccount, len(found))
	for i, e := range found {
		if accounts[i], err = o.account(cmd, e); err != nil {
			return err
		}
	}
	var views []addView
	if o.dryRun {
		views, err = dryRun(accounts, at)
	} else {
		views, err = app.store(ctx, accounts)
	}
	if err != nil {
		return err
	}
	if err := app.printAdded(views, o.dryRun); err != nil {
		return err
	}
	return failed
}

// check refuses what does not go together, and returns the time to show the
// code of.
func (o *addOptions) check(cmd *cobra.Command, app *App) (at time.Time, err error) {
	sources := 0
	for _, flag := range []string{"qr", "text", "uri", "clipboard", "screen"} {
		if cmd.Flags().Changed(flag) {
			sources++
		}
	}
	switch {
	case sources > 1:
		return at, ui.Usagef("give one of --qr, --text, --uri, --clipboard and --screen")
	case len(o.pictures) > 1 && o.name != "":
		return at, ui.Usagef("NAME goes with one picture; several are named by what their QR codes say")
	case o.at != "" && !o.dryRun:
		return at, ui.Usagef("--at goes with --dry-run")
	}
	switch option := intake.Option(o.name); option {
	case "":
	case "--uri":
		return at, errURIArgument()
	default:
		return at, ui.Usagef("NAME names the account, and %s is a file: give it with %s", cleantext.Show(o.name), option)
	}
	if o.name != "" {
		if o.name, err = ui.Name(o.name); err != nil {
			return at, err
		}
	}
	return parseAt(o.at, app.Now)
}

// errURIArgument says how a secret is given that stands among the arguments.
func errURIArgument() error {
	return ui.Usagef("an otpauth URI is a secret, and other programs see arguments: pipe it to 'npmotp add --uri', or run 'npmotp add' and paste it")
}

// A newAccount is what is going to be stored.
type newAccount struct {
	vault.Account
	enrolment intake.Enrolment
}

// account makes an account of an enrolment: what the flags say goes before what
// the QR code says.
func (o *addOptions) account(cmd *cobra.Command, e intake.Enrolment) (newAccount, error) {
	a := vault.Account{
		Name: o.name, Issuer: e.Label.Issuer, Username: e.Label.Account,
		Level: vault.AuthAndWrites,
	}
	key, err := o.key.apply(cmd, e.Key)
	if err != nil {
		return newAccount{}, err
	}
	a.Key = &key
	if err := o.attributes.apply(cmd, &a); err != nil {
		return newAccount{}, err
	}
	if !cmd.Flags().Changed("registry") {
		a.Registry = vault.RegistryOf(a.Issuer)
	}
	for _, name := range []string{a.Username, a.Issuer, "npm"} {
		if a.Name == "" {
			a.Name = cleantext.Name(name)
		}
	}
	return newAccount{a, e}, nil
}

// store puts the accounts into the vault, all or none, and returns them with
// their first codes.
func (app *App) store(ctx context.Context, accounts []newAccount) ([]addView, error) {
	v, err := app.unlockOrCreate(ctx)
	if err != nil {
		return nil, err
	}
	var views []addView
	var warnings []string
	err = v.Update(ctx, func(c *vault.Contents) error {
		for _, n := range accounts {
			a, err := c.Add(n.Account, app.Now())
			if err != nil {
				return err
			}
			if len(n.enrolment.RecoveryCodes) > 0 {
				if _, err := c.AddRecoveryCodes(a, n.enrolment.RecoveryCodes, false, app.Now()); err != nil {
					return err
				}
			}
			if other := c.SameSecret(a); other != "" {
				warnings = append(warnings, fmt.Sprintf("%q has the same secret as %q", a.Name, other))
			}
			view, advanced, err := viewAdded(a, app.Now())
			if err != nil {
				return err
			}
			a.Key = &advanced
			views = append(views, view)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, w := range warnings {
		app.Warnf("%s", w)
	}
	return views, nil
}

func dryRun(accounts []newAccount, at time.Time) ([]addView, error) {
	var views []addView
	for _, n := range accounts {
		view, _, err := viewAdded(&n.Account, at)
		if err != nil {
			return nil, err
		}
		view.RecoveryCodes = len(n.enrolment.RecoveryCodes)
		views = append(views, view)
	}
	return views, nil
}

// viewAdded returns the view of a with its first code, and its key as it is
// to be stored: of a counter-based account that code is used up.
func viewAdded(a *vault.Account, at time.Time) (addView, otpgen.Key, error) {
	view := addView{
		Name: a.Name, Issuer: a.Issuer, Username: a.Username, Registry: a.Registry,
		Type: a.Key.Kind.String(), Algorithm: a.Key.Alg.String(), Digits: a.Key.Digits,
		Period: int(a.Key.Period / time.Second), RecoveryCodes: a.UnusedCodes(),
	}
	key := *a.Key
	var code otpgen.Code
	var err error
	if a.IsHOTP() {
		view.Period = 0
		code, key, err = a.Key.HOTP()
	} else {
		code, err = a.Code(at)
	}
	view.Code = code.Value.Reveal()
	return view, key, err
}

func (app *App) printAdded(views []addView, dry bool) error {
	if app.flags.json {
		if len(views) == 1 {
			return app.JSON(views[0])
		}
		return app.JSON(views)
	}
	for _, v := range views {
		fields := [][2]string{
			{"account", v.Name}, {"issuer", v.Issuer}, {"user name", v.Username}, {"registry", cmp.Or(v.Registry, noRegistry)}, {"code", v.Code},
		}
		if v.RecoveryCodes > 0 {
			fields = append(fields, [2]string{"recovery codes", fmt.Sprint(v.RecoveryCodes)})
		}
		if err := app.Fields(fields); err != nil {
			return err
		}
	}
	if dry {
		app.Sayf("nothing was stored (--dry-run)")
	}
	return nil
}
