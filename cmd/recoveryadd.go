package cmd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"npmotp/internal/ui"
	"npmotp/internal/wrap"
	"npmotp/vault"
)

type recoveryAddOptions struct {
	account, file, picture string
	join                   bool
}

func newRecoveryAddCmd(app *App) *cobra.Command {
	var o recoveryAddOptions
	cmd := &cobra.Command{
		Use:   "add [ACCOUNT]",
		Short: "Store recovery codes",
		Long: `Store recovery codes from any paste: what npm printed, the file that its site
offers, or the codes themselves. They are read from standard input, from
--file, or at the terminal without echo.

With --qr they come from a photo or scan of the page that 'npmotp recovery
sheet' made; without ACCOUNT they go to the account named there. What is typed
from that page may have its spaces, and with the check group behind the equals
sign a typing error is found.

The codes become a new set. The older set is retired, because npm takes only
the newest; with --append they join it instead. An account that is not there
yet is created, after a question, to hold nothing but recovery codes.`,
		Annotations: vaultStatuses(),
		Example: `  npmotp recovery add npm < npm-recovery-codes.txt
  npmotp recovery add
  npmotp recovery add --qr photo.jpg`,
		Args: argsBetween(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.account = firstArg(args)
			return runRecoveryAdd(cmd.Context(), app, o)
		},
		ValidArgsFunction: app.completeAccount,
	}
	cmd.Flags().StringVar(&o.file, "file", "", "read the codes from `FILE`")
	cmd.Flags().StringVar(&o.picture, "qr", "", "read a printed sheet from a picture `FILE`, or - for standard input")
	cmd.Flags().BoolVar(&o.join, "append", false, "add to the present set instead of beginning a new one")
	return cmd
}

func runRecoveryAdd(ctx context.Context, app *App, o recoveryAddOptions) error {
	in, err := app.readRecovery(ctx, o)
	if err != nil {
		return err
	}
	v, err := app.unlockOrCreate(ctx)
	if err != nil {
		return err
	}
	query, create, err := app.recoveryTarget(ctx, v, o, in)
	if err != nil {
		return err
	}
	var name string
	var retired, unused int
	err = v.Update(ctx, func(c *vault.Contents) error {
		a, err := c.Find(query)
		if create != nil {
			a, err = c.Add(*create, app.Now())
		}
		if err != nil {
			return err
		}
		if retired, err = c.AddRecoveryCodes(a, in.codes, o.join, app.Now()); err != nil {
			return err
		}
		name, unused = a.Name, a.UnusedCodes()
		return nil
	})
	if err != nil {
		return err
	}
	if in.repeated > 0 {
		app.Sayf("%s stood there more than once", ui.Plural(in.repeated, "code"))
	}
	if retired > 0 {
		app.Sayf("%s of the older set retired; had they belonged together, --append would have joined them", ui.Plural(retired, "unused code"))
	}
	if err := app.printStored(name, len(in.codes), unused); err != nil {
		return err
	}
	if in.spent > 0 {
		app.Warnf("line %d says that a code was used, and all are stored as unused: 'npmotp recovery mark' says which were used", in.spent)
	}
	if in.picture {
		app.Hintf("whoever has the picture has the codes: delete it")
	}
	return nil
}

func (app *App) printStored(name string, stored, unused int) error {
	if app.flags.json {
		return app.JSON(struct {
			Account string `json:"account"`
			Stored  int    `json:"stored"`
			Unused  int    `json:"unused"`
		}{name, stored, unused})
	}
	app.Sayf("%s stored in %q", ui.Plural(stored, "recovery code"), name)
	return nil
}

// recoveryTarget returns the query for the account that the codes go to, or the
// account to create for them.
func (app *App) recoveryTarget(ctx context.Context, v *vault.Vault, o recoveryAddOptions, in recoveryInput) (query string, create *vault.Account, err error) {
	c, err := v.Contents()
	if err != nil {
		return "", nil, err
	}
	query = o.account
	if query == "" && in.sheet != nil {
		query = in.sheet.Account
		// The name stands on the page in full, so it is no abbreviation here.
		if !slices.ContainsFunc(c.Accounts, func(a vault.Account) bool { return a.Name == query }) {
			create, err = app.mayCreate(ctx, query, in)
			return query, create, err
		}
	}
	a, err := app.pick(ctx)(c, query)
	// A name for a new account may happen to be a part of what another one has.
	if err == nil && strings.HasPrefix(a.Name, query) {
		return a.Name, nil, app.mayAdd(ctx, *a, o, in)
	}
	if query == "" || err != nil && !errors.Is(err, vault.ErrNoAccount) {
		return "", nil, err
	}
	create, err = app.mayCreate(ctx, query, in)
	return query, create, err
}

// mayCreate asks whether an account is to be created, and returns it.
func (app *App) mayCreate(ctx context.Context, name string, in recoveryInput) (*vault.Account, error) {
	name, err := ui.Name(name)
	if err != nil {
		return nil, err
	}
	a := &vault.Account{Name: name}
	at := ""
	if in.sheet != nil {
		a.Username = in.sheet.Username
		if in.sheet.Registry != "" {
			if a.Registry, err = parseRegistry(in.sheet.Registry); err != nil {
				return nil, errors.New("the registry on the sheet is not an address")
			}
			at = " at " + a.Registry
		}
	}
	question := fmt.Sprintf("there is no account %q%s; create it, for recovery codes only?", name, at)
	return a, app.Confirm(ctx, question, fmt.Sprintf("say --yes to create the account %q for recovery codes only", name))
}

// mayAdd asks about what is odd: codes of another registry, and a page that is
// older than the codes it would replace.
func (app *App) mayAdd(ctx context.Context, a vault.Account, o recoveryAddOptions, in recoveryInput) error {
	if in.sheet == nil {
		return nil
	}
	a.RecoveryCodes = slices.Clone(a.RecoveryCodes)
	newest := time.Time{}
	for _, r := range a.RecoveryCodes {
		if r.AddedAt.After(newest) {
			newest = r.AddedAt
		}
	}
	retired, err := a.AddRecoveryCodes(in.codes, o.join, app.Now())
	if err != nil {
		return err // what is there already needs no question
	}
	if in.sheet.Registry != a.Registry {
		question := fmt.Sprintf("the sheet %s, and %q %s; store its codes there?", wrap.BelongsTo(in.sheet.Registry), a.Name, wrap.BelongsTo(a.Registry))
		if err := app.Confirm(ctx, question, "name the account that the sheet belongs to, or say --yes"); err != nil {
			return err
		}
	}
	if retired > 0 && in.sheet.Made.Before(newest.Truncate(24*time.Hour)) {
		question := fmt.Sprintf("the sheet is of %s, and %q has codes of %s, which it would retire; go on?",
			in.sheet.Made.Format(time.DateOnly), a.Name, newest.UTC().Format(time.DateOnly))
		return app.Confirm(ctx, question, "say --append to keep both, or --yes to retire the newer codes")
	}
	return nil
}
