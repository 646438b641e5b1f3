package cmd

import (
	"bufio"
	"context"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"npmotp/internal/agefile"
	"npmotp/internal/ui"
	"npmotp/vault"
)

// maxRecipients bounds what is read as a recipient, in bytes.
const maxRecipients = 1 << 20

type slotAddOptions struct {
	recipient, name, newFile string
	passphrase               bool
}

func newSlotAddCmd(app *App) *cobra.Command {
	var o slotAddOptions
	cmd := &cobra.Command{
		Use:   "add",
		Short: "Add a way of opening the vault",
		Long: `Add a slot, one more way of opening the vault.

--recipient takes what the age tool takes: the recipient of an identity that
age-keygen made (age1..., or age1pq1... of "age-keygen -pq", the only kind that
is post-quantum), of a hardware key by its plugin (age1yubikey1...), or an SSH
public key (ssh-ed25519, ssh-rsa). Its owner opens the vault with --identity
and the identity file or SSH private key. npmotp cannot see whether somebody
has that file: try it before you rely on it.

--passphrase adds a second passphrase. Without a terminal it comes from
--new-passphrase-file ("-" is standard input).`,
		Annotations: vaultStatuses(),
		Example: `  npmotp slot add --recipient age1yubikey1... --name yubikey
  npmotp slot add --recipient - --name laptop < ~/.ssh/id_ed25519.pub
  npmotp slot add --passphrase --name spare`,
		Args:              noArgs,
		RunE:              func(cmd *cobra.Command, _ []string) error { return runSlotAdd(cmd.Context(), app, o) },
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	f := cmd.Flags()
	f.StringVar(&o.recipient, "recipient", "", "the `RECIPIENT`, or - to read it from standard input")
	f.BoolVar(&o.passphrase, "passphrase", false, "add a passphrase")
	f.StringVar(&o.name, "name", "", "call the slot `NAME`, which stands in the vault file in the clear")
	f.StringVar(&o.newFile, "new-passphrase-file", "", "with --passphrase, read it from `FILE`")
	return cmd
}

func runSlotAdd(ctx context.Context, app *App, o slotAddOptions) error {
	switch {
	case o.passphrase == (o.recipient != ""):
		return ui.Usagef("give one of --recipient and --passphrase")
	case o.newFile != "" && !o.passphrase:
		return ui.Usagef("--new-passphrase-file goes with --passphrase")
	}
	if o.name != "" {
		var err error
		if o.name, err = ui.Name(o.name); err != nil {
			return err
		}
	}
	if o.recipient == "-" {
		var err error
		if o.recipient, err = readRecipient(app.stdin(ctx, "the recipient")); err != nil {
			return err
		}
	}
	if o.recipient != "" { // said before the passphrase is asked for
		if _, err := agefile.ParseRecipient(o.recipient, agefile.Dialogue{}); err != nil {
			return err
		}
	}
	f, err := app.asking(ctx)
	if err != nil {
		return err
	}
	v, err := app.unlockFile(ctx, f)
	if err != nil {
		return err
	}
	add := func() (vault.SlotReport, error) { return v.AddRecipient(ctx, o.recipient, o.name) }
	if o.passphrase {
		add = func() (vault.SlotReport, error) {
			pass, err := app.nextPassphrase(ctx, o.newFile)
			if err != nil {
				return vault.SlotReport{}, err
			}
			return v.AddPassphrase(ctx, pass, o.name)
		}
	}
	slot, err := add()
	if err != nil {
		return err
	}
	view := viewSlot(slot)
	app.warnClassic([]slotView{view})
	if app.flags.json {
		return app.JSON(view)
	}
	app.Sayf("added slot %s: %s", view.called(), view.text())
	return nil
}

// readRecipient returns the only line of r that is no comment.
func readRecipient(r io.Reader) (string, error) {
	var found string
	lines := bufio.NewScanner(io.LimitReader(r, maxRecipients))
	lines.Buffer(nil, maxRecipients)
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case found != "":
			return "", ui.Usagef("there are several lines, and a slot has one recipient")
		default:
			found = line
		}
	}
	if err := lines.Err(); err != nil {
		return "", err
	}
	if found == "" {
		return "", ui.Usagef("no recipient on standard input")
	}
	return found, nil
}
