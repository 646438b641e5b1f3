package cmd

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// The groups that the help of npmotp lists its commands in.
const (
	groupDaily     = "daily"
	groupDialogues = "dialogues"
	groupAccounts  = "accounts"
	groupVault     = "vault"
	groupDevices   = "devices"
)

// statusKey is the annotation that holds the exit statuses of a command.
const statusKey = "statuses"

// helpTemplate is cobra's own with the exit statuses at the end.
const helpTemplate = `{{with (or .Long .Short)}}{{. | trimTrailingWhitespaces}}

{{end}}{{.UsageString}}{{with .Annotations.statuses}}
Exit status:
{{.}}{{end}}`

// statuses returns the annotations of a command with the exit statuses that it
// has beside 0 and 1.
func statuses(which ...int) map[string]string {
	meaning := map[int]string{
		exitUsage:    "wrong usage",
		exitNotFound: "not found, or several to choose from",
		exitLocked:   "the vault cannot be unlocked",
		exitVault:    "the vault is missing, there already, damaged, too new or busy",
		exitNoCodes:  "no unused recovery codes",
	}
	var b strings.Builder
	b.WriteString("  0  done\n  1  anything unexpected\n")
	for _, status := range which {
		fmt.Fprintf(&b, "  %d  %s\n", status, meaning[status])
	}
	return map[string]string{statusKey: b.String()}
}

// vaultStatuses are those of every command that opens the vault.
func vaultStatuses(more ...int) map[string]string {
	all := []int{exitUsage, exitNotFound, exitLocked, exitVault}
	return statuses(append(all, more...)...)
}

// addGroup adds commands to the root under a heading.
func addGroup(root *cobra.Command, id, title string, commands ...*cobra.Command) {
	root.AddGroup(&cobra.Group{ID: id, Title: title})
	for _, c := range commands {
		c.GroupID = id
		root.AddCommand(c)
	}
}
