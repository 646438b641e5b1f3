package cmd

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"npmotp/internal/passphrase"
	"npmotp/internal/ui"
	"npmotp/vault"
)

func newDeviceCmd(app *App) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "device",
		Short: "Know other laptops, and be known to them",
		Long: `Know other laptops, to send accounts and recovery codes to. On laptop B,
"npmotp device id" prints its recipient, a public key; on laptop A, "npmotp
device add B" stores it. Both show the same six words, the fingerprint, to
compare.`,
		Annotations: statuses(exitUsage),
		Example:     "  npmotp device id\n  npmotp device add B age1pq1...",
		Args:        noArgs,
		RunE:        func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newDeviceIDCmd(app), newDeviceAddCmd(app), newDeviceListCmd(app), newDeviceRemoveCmd(app))
	return cmd
}

// deviceView is the JSON of a device.
type deviceView struct {
	Name        string     `json:"name"`
	Recipient   string     `json:"recipient"`
	Fingerprint string     `json:"fingerprint"`
	Kind        string     `json:"kind"`
	AddedAt     *time.Time `json:"added_at"`
}

func viewDevice(d *vault.Device) deviceView {
	view := deviceView{
		Name: d.Name, Recipient: d.Recipient, Fingerprint: passphrase.Fingerprint([]byte(d.Recipient)),
		Kind: "unknown", AddedAt: instant(d.AddedAt),
	}
	if r, err := vault.ParseRecipient(d.Recipient); err == nil {
		view.Kind = kindOf(r)
	}
	return view
}

// kindOf names the kind of a recipient.
func kindOf(r vault.Recipient) string {
	if r.Classic() {
		return "classic"
	}
	return "post-quantum"
}

// moveView is the JSON of what was moved to another laptop.
type moveView struct {
	Bundle        string     `json:"bundle"`
	Device        string     `json:"device"`
	RecoveryCodes int        `json:"recovery_codes"`
	Secret        bool       `json:"secret"`
	MovedAt       *time.Time `json:"moved_at"`
}

func viewMove(m vault.Move) moveView {
	return moveView{Bundle: m.ID, Device: m.DeviceName, RecoveryCodes: m.Codes, Secret: m.Secret, MovedAt: instant(m.MovedAt)}
}

// String tells a move in a line.
func (m moveView) String() string {
	var what []string
	if m.Secret {
		what = append(what, "the secret")
	}
	if m.RecoveryCodes > 0 {
		what = append(what, ui.Plural(m.RecoveryCodes, "unused recovery code"))
	}
	return fmt.Sprintf("%s to %q on %s, in the bundle %s", strings.Join(what, " and "), m.Device, ui.Day(*m.MovedAt), m.Bundle)
}

func newDeviceListCmd(app *App) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the other laptops",
		Long: `List the other laptops: name, kind of recipient, fingerprint, and when each was
added.`,
		Annotations: vaultStatuses(),
		Example:     "  npmotp device list\n  npmotp device list --json | jq -r '.[].recipient'",
		Args:        noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := app.contents(cmd.Context())
			if err != nil {
				return err
			}
			views := []deviceView{}
			var rows [][]string
			for i := range c.Devices {
				view := viewDevice(&c.Devices[i])
				views = append(views, view)
				rows = append(rows, []string{view.Name, view.Kind, view.Fingerprint, ui.Day(c.Devices[i].AddedAt)})
			}
			if app.flags.json {
				return app.JSON(views)
			}
			if len(rows) == 0 {
				app.Sayf("no devices are known; 'npmotp device add' stores one")
				return nil
			}
			return app.Table("NAME KIND FINGERPRINT ADDED", rows)
		},
	}
}

func newDeviceRemoveCmd(app *App) *cobra.Command {
	return &cobra.Command{
		Use:   "remove NAME",
		Short: "Forget another laptop",
		Long: `Forget the recipient of another laptop. What was sent there stays there: change
the credentials at the registry when a laptop is lost.`,
		Annotations: vaultStatuses(),
		Example:     "  npmotp device remove B",
		Args:        argsBetween(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			v, err := app.unlock(cmd.Context())
			if err != nil {
				return err
			}
			var removed vault.Device
			err = v.Update(cmd.Context(), func(c *vault.Contents) (err error) {
				removed, err = c.RemoveDevice(args[0], app.Now())
				return err
			})
			if err != nil {
				return err
			}
			app.Sayf("device %q is forgotten; what was sent to it is still there", removed.Name)
			return nil
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
}
