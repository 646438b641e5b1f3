package cmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"npmotp/internal/cleantext"
	"npmotp/internal/codes"
	"npmotp/internal/secret"
	"npmotp/internal/ui"
	"npmotp/vault"
)

type mergeOptions struct {
	dryRun, driver bool
	copyPassphrase string
}

func newMergeCmd(app *App) *cobra.Command {
	var o mergeOptions
	cmd := &cobra.Command{
		Use:   "merge [FILE...]",
		Short: "Join copies of the vault that were changed apart",
		Long: `Join copies of the vault that were changed apart into it. Without a FILE, the
conflict copies that Syncthing, Dropbox, Nextcloud, iCloud or OneDrive have put
beside the vault are taken, and may be removed afterwards.

Nothing is lost that was not deleted. What was changed last wins; a used
recovery code stays used; of a counter the larger one counts; two different
secrets are both kept. The order in which copies are merged does not matter.

Where the passphrase was changed in one copy only, that of the FILE is asked
for, and the one that was set last opens the merged vault.

With --driver it is a merge driver of git: the arguments are the common
ancestor, which is not needed, the file of this branch, which is replaced, and
that of the other. In git's configuration and in .gitattributes:

  git config merge.npmotp.driver "npmotp merge --driver %O %A %B"
  vault.npmotp merge=npmotp -text`,
		Annotations: vaultStatuses(),
		Example: `  npmotp merge
  npmotp merge --dry-run "vault (conflicted copy 2026-01-02 030405).npmotp"`,
		Args: argsBetween(0, 1000),
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.driver {
				return runMergeDriver(cmd.Context(), app, o, args)
			}
			return runMerge(cmd.Context(), app, o, args)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&o.dryRun, "dry-run", false, "print what would change, and change nothing")
	f.BoolVar(&o.driver, "driver", false, "be a merge driver of git: ANCESTOR OURS THEIRS")
	copyPassphraseFlag(cmd, &o.copyPassphrase)
	return cmd
}

func copyPassphraseFlag(cmd *cobra.Command, to *string) {
	cmd.Flags().StringVar(to, "copy-passphrase-file", "", "read the passphrase of a copy that has another one from `FILE`")
}

func runMerge(ctx context.Context, app *App, o mergeOptions, args []string) error {
	f, err := app.file()
	if err != nil {
		return err
	}
	if err := f.Probe(); err != nil {
		return err
	}
	found, err := vault.ConflictCopies(f.Path())
	if err != nil {
		return err
	}
	named := len(args) > 0
	if !named {
		if args = found; len(args) == 0 {
			app.Sayf("there is no conflict copy beside %s", f.Path())
			return app.printChanges(nil)
		}
	}
	if err := probeCopies(f.Path(), args, named); err != nil {
		return err
	}
	v, err := app.unlockFile(ctx, f)
	if err != nil {
		return err
	}
	copies, err := app.openCopies(ctx, v, args, named, o.copyPassphrase)
	if err != nil {
		return err
	}
	if o.dryRun {
		changes, err := v.Preview(copies)
		if err != nil {
			return err
		}
		return app.printChanges(changes)
	}
	changes, err := v.Merge(ctx, copies)
	if err != nil {
		return err
	}
	if err := app.printChanges(changes); err != nil {
		return err
	}
	if len(copies) > 0 {
		app.Sayf("merged %s", ui.Plural(len(copies), "file"))
	}
	return app.removeCopies(ctx, copies, found)
}

// probeCopies refuses what is no copy before a passphrase is asked for. What
// was found by its name alone may be anything.
func probeCopies(path string, files []string, named bool) error {
	own, err := os.Stat(path)
	if err != nil {
		return err
	}
	for _, name := range files {
		info, err := os.Stat(name)
		if err == nil && os.SameFile(own, info) {
			return ui.Usagef("%s is the vault itself", name)
		}
		if err := vault.At(name, vault.Options{}).Probe(); err != nil && named {
			return ui.WithHint(ui.Named(name, err), "a copy is a whole file that npmotp wrote; nothing was changed")
		}
	}
	return nil
}

// openCopies opens files as copies of v. Those that were found by their names
// are left alone, with a word, when they are none.
func (app *App) openCopies(ctx context.Context, v *vault.Vault, files []string, named bool, passFile string) ([]*vault.Copy, error) {
	var copies []*vault.Copy
	for _, name := range files {
		c, err := v.OpenCopy(ctx, name, func(ctx context.Context, name string) (secret.Text, error) {
			return app.copyPassphrase(ctx, name, passFile)
		})
		switch {
		case err == nil:
			copies = append(copies, c)
		case errors.Is(err, vault.ErrPassphrase) && named:
			return nil, hintCopyPassphrase(err)
		case named || ctx.Err() != nil:
			return nil, err
		default:
			app.Warnf("%v; it is left alone", err)
		}
	}
	return copies, nil
}

// copyPassphrase returns the passphrase of a file that the vault's does not
// open.
func (app *App) copyPassphrase(ctx context.Context, name, file string) (secret.Text, error) {
	if file != "" {
		return passphraseIn(ctx, file)
	}
	pass, err := app.ask(ctx, "Passphrase of "+name+": ")
	if !errors.Is(err, codes.ErrLocked) && !errors.Is(err, ui.ErrNoTerminal) {
		return pass, err
	}
	// The one of the vault may be that of the file too, set there a second time.
	pass, ok, given := app.givenPassphrase(ctx)
	if given != nil || ok {
		return pass, given
	}
	return secret.Text{}, fmt.Errorf("%s was saved under another passphrase: %w", name, err)
}

func hintCopyPassphrase(err error) error {
	return ui.WithHint(err, "the passphrase was changed in one of the copies; name a file that holds that of the copy with --copy-passphrase-file")
}

// removeCopies offers to remove the conflict copies among what was merged.
func (app *App) removeCopies(ctx context.Context, copies []*vault.Copy, found []string) error {
	var extra []*vault.Copy
	for _, c := range copies {
		if slices.ContainsFunc(found, func(name string) bool { return samePlace(name, c.Path()) }) {
			extra = append(extra, c)
		}
	}
	if len(extra) == 0 {
		return nil
	}
	names := make([]string, len(extra))
	for i, c := range extra {
		names[i] = cleantext.Quote(filepath.Base(c.Path()))
	}
	question := fmt.Sprintf("remove what is merged now: %s?", strings.Join(names, ", "))
	err := app.Confirm(ctx, question, "")
	_, unasked := errors.AsType[*ui.UsageError](err)
	if errors.Is(err, ui.ErrDeclined) || unasked {
		app.Sayf("what was merged stays: %s; the same command with --yes removes it", strings.Join(names, ", "))
		return nil
	}
	if err != nil {
		return err
	}
	for _, c := range extra {
		if err := vault.RemoveCopy(c); err != nil {
			return err
		}
	}
	app.Sayf("removed %s", strings.Join(names, ", "))
	return nil
}

func samePlace(a, b string) bool {
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}

// runMergeDriver does what gitattributes(5), "Defining a custom merge driver",
// asks for: the result is left in the file of this branch, and a status above 0
// is a conflict.
func runMergeDriver(ctx context.Context, app *App, o mergeOptions, args []string) error {
	if len(args) < 3 || len(args) > 4 || o.dryRun {
		return &ui.UsageError{
			Msg:  "--driver takes the three files that git gives, and no --dry-run",
			Hint: `git config merge.npmotp.driver "npmotp merge --driver %O %A %B"`,
		}
	}
	options := app.vaultOptions()
	options.Memory = "" // the file is a temporary one of git's: there is nothing to remember of it
	f := vault.At(args[1], options)
	v, err := app.unlockFile(ctx, f)
	if err != nil {
		return err
	}
	theirs, err := app.openCopies(ctx, v, args[2:3], true, o.copyPassphrase)
	if err != nil {
		return err
	}
	return v.MergeInPlace(theirs)
}

// changeView is the JSON of a change.
type changeView struct {
	Kind    string   `json:"kind"`
	Name    string   `json:"name,omitempty"`
	Change  string   `json:"change"`
	Details []string `json:"details"`
}

func viewChanges(changes []vault.Change) []changeView {
	views := []changeView{}
	for _, c := range changes {
		views = append(views, changeView{Kind: c.Kind, Name: c.Name, Change: c.What, Details: append([]string{}, c.Details...)})
	}
	return views
}

// printChanges prints what a merge changes in the vault.
func (app *App) printChanges(changes []vault.Change) error {
	if app.flags.json {
		return app.JSON(viewChanges(changes))
	}
	if len(changes) == 0 {
		app.Sayf("nothing new for the vault")
	}
	for _, line := range changeLines(changes, "copy") {
		if _, err := fmt.Fprintln(app.Out, line); err != nil {
			return err
		}
	}
	return nil
}

// changeLines describes changes of one copy that come from another.
func changeLines(changes []vault.Change, from string) []string {
	var lines []string
	for _, c := range changes {
		line := c.What + " " + c.Kind
		if c.Name != "" {
			line += " " + cleantext.Quote(c.Name)
		}
		switch {
		case c.Kind == vault.KindPassphrase:
			line = "the passphrase is that of the " + from + " from now on"
		case c.Kind == vault.KindDefault && c.Name == "":
			line = "no default account any more"
		case len(c.Details) > 0:
			line += ": " + cleantext.Show(strings.Join(c.Details, "; "))
		}
		lines = append(lines, line)
	}
	return lines
}
