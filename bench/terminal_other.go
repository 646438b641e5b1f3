//go:build !linux

package main

import (
	"errors"
	"os"
)

// hasTerminals tells whether atTerminal works here.
const hasTerminals = false

var errTerminal = errors.New("no terminals on this system")

func (u *user) atTerminal(string, ...string) error { return errTerminal }

func readLine() (string, error) { return "", errTerminal }

func megabytes(*os.ProcessState) float64 { return 0 }
