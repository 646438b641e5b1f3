package cmd

import (
	"fmt"
	"strings"
)

// statuses returns the section of a help text that lists the exit statuses a
// command has beside 0 and 1.
func statuses(which ...int) string {
	meaning := map[int]string{
		exitUsage:    "wrong usage",
		exitNotFound: "not found, or several to choose from",
		exitLocked:   "the vault cannot be unlocked",
		exitVault:    "the vault is missing, exists already, or is damaged, too new, rolled back or busy",
		exitNoCodes:  "no unused recovery codes",
	}
	var b strings.Builder
	b.WriteString("\n\nExit status:\n  0  done\n  1  anything unexpected")
	for _, status := range which {
		fmt.Fprintf(&b, "\n  %d  %s", status, meaning[status])
	}
	return b.String()
}

// vaultStatuses are those of every command that opens the vault.
func vaultStatuses(more ...int) string {
	all := []int{exitUsage, exitNotFound, exitLocked, exitVault}
	return statuses(append(all, more...)...)
}
