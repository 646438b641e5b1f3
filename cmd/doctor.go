package cmd

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"npmotp/internal/cleantext"
	"npmotp/internal/codes"
	"npmotp/internal/doctor"
	"npmotp/internal/ui"
	"npmotp/vault"
)

// findingView is the JSON of a finding.
type findingView struct {
	Check string `json:"check"`
	OK    bool   `json:"ok"`
	What  string `json:"what"`
	Mend  string `json:"mend"`
}

func newDoctorCmd(app *App) *cobra.Command {
	var fix bool
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Look for what weakens the protection",
		Long: `Look at the vault and at this machine for what weakens the protection, and say
how to mend it: files that others can open, leftovers and conflict copies,
codes in npm's logs, in an .npmrc or in a variable, unencrypted swap, a
weak work factor, and a clock that is behind. Nothing is sent anywhere. A note
is advice: nothing is wrong.

With the passphrase it also looks at the contents, the backups, whether the
file was rolled back, and where the recovery codes are. An empty answer leaves
these checks out, and so does the lack of a terminal.

--fix closes files to others and removes leftovers, after a question. The exit
status is 1 when something is wrong.`,
		Annotations: statuses(exitUsage, exitLocked),
		Example:     "  npmotp doctor\n  npmotp doctor --fix\n  npmotp doctor --json | jq '.[] | select(.ok | not)'",
		Args:        noArgs,
		RunE:        func(cmd *cobra.Command, _ []string) error { return runDoctor(cmd.Context(), app, fix) },
	}
	cmd.Flags().BoolVar(&fix, "fix", false, "mend modes and leftovers")
	return cmd
}

func runDoctor(ctx context.Context, app *App, fix bool) error {
	findings, err := app.examine(ctx)
	if err != nil {
		return err
	}
	if fix {
		if findings, err = app.mend(ctx, findings); err != nil {
			return err
		}
	}
	if err := app.printFindings(findings); err != nil {
		return err
	}
	if wrong := doctor.Wrong(findings); wrong > 0 {
		app.Sayf("%s to mend", ui.Plural(wrong, "thing"))
		return &statusError{exitFailure}
	}
	return nil
}

// examine makes all checks that can be made.
func (app *App) examine(ctx context.Context) (found []doctor.Finding, err error) {
	dir, _ := app.Dir() // where there is none, no .npmrc is found in it
	x := &doctor.Examination{
		DataDir: dataDir(app.Getenv), State: stateDir(app.Getenv), Program: app.Self, Now: app.Now(),
		NPM: doctor.NPM{Getenv: app.Getenv, Environ: app.Environ(), Dir: dir},
		Hint: func(err error) string {
			_, hint := outcome(err)
			return hint
		},
	}
	options := app.vaultOptions()
	options.Warn = x.Warn
	if x.File, err = app.fileWith(options); err != nil {
		return nil, err
	}
	x.Open = func(ctx context.Context) (*vault.Vault, error) { return app.openToLook(ctx, x.File) }
	found, whole, err := x.Run(ctx)
	if err == nil && !whole {
		app.Sayf("without the passphrase these were left out: contents, rollback, backups, recovery-codes, same-laptop")
	}
	return found, err
}

// mend does what doctor can do itself, once the user has agreed.
func (app *App) mend(ctx context.Context, findings []doctor.Finding) ([]doctor.Finding, error) {
	var names []string
	for _, f := range findings {
		if f.Fix != nil {
			app.Sayf("%s: %s", f.What, f.Mend)
			names = append(names, f.Check)
		}
	}
	if len(names) == 0 {
		app.Sayf("there is nothing that --fix mends")
		return findings, nil
	}
	if err := app.Confirm(ctx, fmt.Sprintf("mend %s?", ui.Plural(len(names), "thing")), "--yes mends without asking"); err != nil {
		return nil, err
	}
	for i := range findings {
		findings[i].DoFix()
	}
	return findings, nil
}

func (app *App) printFindings(findings []doctor.Finding) error {
	if app.flags.json {
		views := make([]findingView, len(findings))
		for i, f := range findings {
			views[i] = findingView{f.Check, f.OK, f.What, f.Mend}
		}
		return app.JSON(views)
	}
	var b strings.Builder
	for _, f := range findings {
		fmt.Fprintf(&b, "%-5s  %-14s  %s\n", f.State(), f.Check, cleantext.Show(f.What))
		if f.Mend != "" {
			fmt.Fprintf(&b, "%23s> %s\n", "", cleantext.Show(f.Mend))
		}
	}
	_, err := fmt.Fprint(app.Out, b.String())
	return err
}

// openToLook opens the vault where what opens it is given or typed, and returns
// nil where it is not.
func (app *App) openToLook(ctx context.Context, f *vault.File) (*vault.Vault, error) {
	asked := false
	by, pass, err := app.opener(ctx, "Passphrase (empty: leave out what needs it): ", func() (bool, error) {
		asked = true
		return f.PassphraseOpens()
	})
	switch {
	case errors.Is(err, codes.ErrLocked), errors.Is(err, ui.ErrNoTerminal), errors.Is(err, errNeedsIdentity), err == nil && asked && pass.Len() == 0:
		return nil, nil
	case err != nil:
		return nil, err
	}
	return f.Open(ctx, by)
}
