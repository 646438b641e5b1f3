package cmd

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"npmotp/internal/codes"
	"npmotp/internal/secret"
	"npmotp/internal/ui"
	"npmotp/vault"
)

func newSlotCmd(app *App) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "slot",
		Short: "Give the vault a hardware key, SSH key or second passphrase",
		Long: `Manage the ways of opening the vault. Each is a slot: a passphrase, or an age
recipient, which may be that of a hardware key, a spare key in a drawer, or an
SSH key. Any one slot opens the vault, with --identity FILE where it is no
passphrase.`,
		Annotations: statuses(exitUsage),
		Example:     "  npmotp slot list\n  npmotp slot add --recipient age1yubikey1... --name yubikey",
		Args:        noArgs,
		RunE:        func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newSlotAddCmd(app), newSlotListCmd(app), newSlotRemoveCmd(app))
	return cmd
}

// slotView is the JSON of a slot.
type slotView struct {
	ID         string `json:"id"`
	Kind       string `json:"kind"` // "passphrase" or "age"
	Type       string `json:"type"`
	Name       string `json:"name,omitempty"`
	Recipient  string `json:"recipient,omitempty"`
	Classic    bool   `json:"classic"` // not post-quantum
	WorkFactor int    `json:"work_factor,omitempty"`
}

func viewSlot(s vault.SlotReport) slotView {
	return slotView{
		ID: s.ID, Kind: s.Kind, Type: s.Type, Name: s.Name, Recipient: s.Recipient, Classic: s.Classic, WorkFactor: s.WorkFactor,
	}
}

// called is how messages call the slot.
func (s slotView) called() string {
	if s.Name == "" {
		return s.ID
	}
	return fmt.Sprintf("%q", s.Name)
}

// text describes how the slot opens.
func (s slotView) text() string {
	text := s.Kind
	if s.WorkFactor > 0 {
		text += fmt.Sprintf(", work factor %d", s.WorkFactor)
	} else if s.Type != "" {
		text += ", " + s.Type
	}
	if s.Classic {
		text += ", classic"
	}
	return text
}

// warnClassic says what slots that are not post-quantum mean.
func (app *App) warnClassic(slots []slotView) {
	var names []string
	for _, s := range slots {
		if s.Classic {
			names = append(names, s.called())
		}
	}
	if len(names) > 0 {
		app.Warnf("classic, not post-quantum: slot %s; who copies the vault now could open it with a quantum computer one day, but not by a passphrase or an age1pq1 recipient", strings.Join(names, ", "))
	}
}

func newSlotListCmd(app *App) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the slots",
		Long: `List the slots: how each opens the vault, its id, its name and its recipient.
A slot that is "classic" is not post-quantum. The id changes whenever the slot
is written anew, the name does not.`,
		Annotations: vaultStatuses(),
		Example:     "  npmotp slot list\n  npmotp slot list --json",
		Args:        noArgs,
		RunE:        func(cmd *cobra.Command, _ []string) error { return runSlotList(cmd.Context(), app) },
	}
}

func runSlotList(ctx context.Context, app *App) error {
	v, err := app.unlock(ctx)
	if err != nil {
		return err
	}
	slots, err := v.Slots()
	if err != nil {
		return err
	}
	views := []slotView{}
	rows := [][]string{}
	for _, s := range slots {
		view := viewSlot(s)
		views = append(views, view)
		rows = append(rows, []string{view.ID, view.text(), view.Name, shortened(view.Recipient)})
	}
	if app.flags.json {
		return app.JSON(views)
	}
	if err := app.Table("ID KIND NAME RECIPIENT", rows); err != nil {
		return err
	}
	app.warnClassic(views)
	return nil
}

// shortened cuts a post-quantum recipient, which has 2000 characters. Its end
// tells two apart; --json has all of it.
func shortened(recipient string) string {
	const begin, end = 16, 12
	if len(recipient) <= 100 {
		return recipient
	}
	return recipient[:begin] + "..." + recipient[len(recipient)-end:]
}

func newSlotRemoveCmd(app *App) *cobra.Command {
	return &cobra.Command{
		Use:   "remove SLOT",
		Short: "Remove a slot",
		Long: `Remove a slot, named by its name, its id or the beginning of its id.

The vault gets a new identity, so that the slot opens nothing that is stored
from then on. The other slots are written anew: recipients are known, and the
passphrase of each other passphrase slot is asked for, because only it can wrap
for itself. The backups in the folder "backups" still open with the removed
slot; npmotp asks whether to remove them. The last slot stays.`,
		Annotations: vaultStatuses(),
		Example:     "  npmotp slot remove yubikey\n  npmotp slot remove 5313434d",
		Args:        argsBetween(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runSlotRemove(cmd.Context(), app, args[0])
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
}

func runSlotRemove(ctx context.Context, app *App, query string) error {
	f, err := app.asking(ctx)
	if err != nil {
		return err
	}
	v, known, err := app.unlockKnowing(ctx, f)
	if err != nil {
		return err
	}
	slot, err := v.FindSlot(query)
	if err != nil {
		return err
	}
	view := viewSlot(slot)
	err = app.Confirm(ctx, fmt.Sprintf("remove slot %s (%s), so that it opens the vault no more?", view.called(), view.text()), "say --yes to remove it")
	if err != nil {
		return err
	}
	if _, err = v.RemoveSlot(ctx, slot.ID, app.passphraseOf(known)); err != nil {
		return err
	}
	app.Sayf("slot %s is removed", view.called())
	return app.offerAllBackups(ctx, f, "with the removed slot")
}

// passphraseOf returns what asks for the passphrases of other slots: first the
// known one is tried, then the person is asked, thrice at most.
func (app *App) passphraseOf(known secret.Text) vault.PassphraseOf {
	return func(ctx context.Context, s vault.SlotReport, attempt int) (secret.Text, error) {
		if known.Len() > 0 {
			if attempt == 0 {
				return known, nil
			}
			attempt--
		}
		slot := viewSlot(s).called()
		if attempt > 2 {
			return secret.Text{}, fmt.Errorf("%w of slot %s", vault.ErrPassphrase, slot)
		}
		if attempt > 0 {
			app.Warnf("the passphrase does not open slot %s", slot)
		}
		pass, err := app.ask(ctx, fmt.Sprintf("Passphrase of slot %s, which is written anew: ", slot))
		if errors.Is(err, codes.ErrLocked) || errors.Is(err, ui.ErrNoTerminal) {
			return pass, ui.WithHint(fmt.Errorf("%w: the passphrase of slot %s is needed to write it anew", codes.ErrLocked, slot),
				"run it at a terminal, or remove that slot first")
		}
		return pass, err
	}
}
