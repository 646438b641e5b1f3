// Npmotp is the second factor for npm on a laptop, offline.
package main

//go:generate go run ./internal/gendoc doc/man

import (
	"os"

	"npmotp/cmd"
)

func main() {
	status := cmd.Main(os.Args[1:], cmd.System())
	cmd.EndBySignal(status)
	os.Exit(status)
}
