package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"npmotp/internal/intake"
	"npmotp/internal/secret"
	"npmotp/vault"
)

type recoveryAddOptions struct {
	account, file string
	join          bool
}

func newRecoveryAddCmd(app *App) *cobra.Command {
	var o recoveryAddOptions
	cmd := &cobra.Command{
		Use:   "add [ACCOUNT]",
		Short: "Store recovery codes",
		Long: `Store recovery codes from any paste: what npm printed, the file that its site
offers, or the codes themselves. They are read from standard input, from
--file, or at the terminal without echo.

The codes become a new set. The older set is retired, because npm takes only
the newest; with --append they join it instead. An account that is not there
yet is created, after a question, to hold nothing but recovery codes.`,
		Annotations: vaultStatuses(),
		Example:     "  npmotp recovery add npm < npm-recovery-codes.txt\n  npmotp recovery add",
		Args:        argsBetween(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.account = firstArg(args)
			return runRecoveryAdd(cmd.Context(), app, o)
		},
		ValidArgsFunction: app.completeAccount,
	}
	cmd.Flags().StringVar(&o.file, "file", "", "read the codes from `FILE`")
	cmd.Flags().BoolVar(&o.join, "append", false, "add to the present set instead of beginning a new one")
	return cmd
}

func runRecoveryAdd(ctx context.Context, app *App, o recoveryAddOptions) error {
	text, err := app.recoveryText(ctx, o.file)
	if err != nil {
		return err
	}
	codes, repeated, err := intake.RecoveryCodes(ctx, text)
	if err != nil {
		return err
	}
	v, err := app.unlockOrCreate(ctx)
	if err != nil {
		return err
	}
	create, err := app.mayCreate(ctx, v, o.account)
	if err != nil {
		return err
	}
	var name string
	var retired, unused int
	err = v.Update(ctx, func(c *vault.Contents) error {
		a, err := c.Find(o.account)
		if create != "" && err != nil {
			a, err = c.Add(vault.Account{Name: create}, app.Now())
		}
		if err != nil {
			return err
		}
		if retired, err = a.AddRecoveryCodes(codes, o.join, app.Now()); err != nil {
			return err
		}
		name, unused = a.Name, a.UnusedCodes()
		return nil
	})
	if err != nil {
		return err
	}
	if repeated > 0 {
		app.sayf("%s stood there more than once", plural(repeated, "code"))
	}
	if retired > 0 {
		app.sayf("%s of the older set retired; had they belonged together, --append would have joined them", plural(retired, "unused code"))
	}
	return app.printStored(name, len(codes), unused)
}

func (app *App) printStored(name string, stored, unused int) error {
	if app.flags.json {
		return app.printJSON(struct {
			Account string `json:"account"`
			Stored  int    `json:"stored"`
			Unused  int    `json:"unused"`
		}{name, stored, unused})
	}
	app.sayf("%s stored in %q", plural(stored, "recovery code"), name)
	return nil
}

// recoveryText reads the paste.
func (app *App) recoveryText(ctx context.Context, file string) (secret.Text, error) {
	var r io.Reader
	switch {
	case file != "" && file != "-":
		f, err := os.Open(file)
		if err != nil {
			return secret.Text{}, err
		}
		defer func() { _ = f.Close() }()
		r = f
	case file == "-" || !app.InTTY:
		r = app.In
	case app.flags.noInput:
		return secret.Text{}, usageErrorf("no recovery codes: give --file or pipe them in")
	default:
		return app.Prompt.Secrets(ctx, "Paste the recovery codes, which are not shown, and an empty line: \r\n")
	}
	return intake.Text(r)
}

// mayCreate returns the name of the account to create, or "" when there is one
// already or none may be created.
func (app *App) mayCreate(ctx context.Context, v *vault.Vault, query string) (string, error) {
	c, err := v.Contents(ctx)
	if err != nil {
		return "", err
	}
	_, missing := c.Find(query)
	if status, _ := outcome(missing); status != exitNotFound || query == "" {
		return "", missing
	}
	if _, ambiguous := errors.AsType[*vault.AmbiguousError](missing); ambiguous {
		return "", missing
	}
	name, err := cleanName(query)
	if err != nil {
		return "", err
	}
	question := fmt.Sprintf("there is no account %q; create it, for recovery codes only?", name)
	return name, app.confirm(ctx, question, fmt.Sprintf("say --yes to create the account %q for recovery codes only", name))
}
