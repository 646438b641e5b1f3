package cmd

import (
	"errors"
	"path/filepath"
	"runtime"

	"npmotp/internal/ui"
)

const vaultName = "vault.npmotp"

// errNoHome says that the environment does not tell where data goes.
var errNoHome = errors.New("cannot tell where the vault is: no home folder in the environment")

// vaultPath returns the path of the vault: the flag, NPMOTP_VAULT, or the
// default under the data folder.
func (app *App) vaultPath() (string, error) {
	if app.flags.vault != "" {
		return app.flags.vault, nil
	}
	if path := app.Getenv("NPMOTP_VAULT"); path != "" {
		return path, nil
	}
	dir := dataDir(app.Getenv)
	if dir == "" {
		return "", ui.WithHint(errNoHome, "name the vault with --vault or NPMOTP_VAULT")
	}
	return filepath.Join(dir, vaultName), nil
}

// dataDir returns npmotp's folder for data of the user, or "". XDG variables
// must be absolute (XDG Base Directory Specification) and are ignored if not.
func dataDir(getenv func(string) string) string {
	if dir := getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "npmotp")
	}
	return platformDir(getenv, ".local/share")
}

// stateDir returns npmotp's folder for what need not be backed up, or "".
func stateDir(getenv func(string) string) string {
	if dir := getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "npmotp")
	}
	dir := platformDir(getenv, ".local/state")
	if dir != "" && (runtime.GOOS == "darwin" || runtime.GOOS == "windows") {
		return filepath.Join(dir, "state")
	}
	return dir
}

func platformDir(getenv func(string) string, unix string) string {
	base, below := getenv("HOME"), unix
	switch runtime.GOOS {
	case "darwin":
		below = "Library/Application Support"
	case "windows":
		base, below = getenv("AppData"), ""
	}
	if base == "" {
		return ""
	}
	return filepath.Join(base, filepath.FromSlash(below), "npmotp")
}
