package cmd

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"npmotp/internal/clip"
	"npmotp/internal/harden"
	"npmotp/internal/npm/tools"
	"npmotp/internal/ptyrun"
	"npmotp/internal/screen"
	"npmotp/internal/statefile"
	"npmotp/internal/ui"
)

// System returns the App of the real world. This is the only file that names
// the standard streams, the environment and the clock.
func System() *App {
	getenv := withdrawn(tools.PassphraseVariables()...)
	app := &App{
		UI: ui.UI{
			Out:    os.Stdout,
			Err:    os.Stderr,
			OutTTY: ui.IsTerminal(os.Stdout),
			ErrTTY: ui.IsTerminal(os.Stderr),
		},
		In:      os.Stdin,
		InTTY:   ui.IsTerminal(os.Stdin),
		Size:    func() (int, int) { return ui.Size(os.Stdout) },
		Getenv:  getenv,
		Environ: os.Environ,
		Dir:     os.Getwd,
		Now:     time.Now,
		Wait:    wait,
		Exec:    tools.Run,
		Harden:  harden.Process,
	}
	environ := tools.WithoutPassphrase(os.Environ())
	app.Screen = screen.Screen{Environ: environ}
	clipboard := clip.Clipboard{Getenv: getenv, Terminal: app.Terminal.Show}
	var monitor []string
	if exe, err := os.Executable(); err == nil {
		app.Self = exe
		clipboard.Helper = []string{exe, clearClipboard}
		monitor = []string{exe, terminalMonitor}
	}
	app.Equip = func(s *ptyrun.Session) {
		s.Stdin, s.Stdout, s.Stderr, s.Helper = os.Stdin, os.Stdout, os.Stderr, monitor
	}
	app.Clip = clipboard
	app.State = statefile.Folder{Dir: stateDir(os.Getenv), Warn: func(err error) { app.Warnf("%v", err) }}
	app.VaultOptions.Memory = app.State.Dir
	return app
}

// withdrawn takes variables out of the environment of the process, so that no
// child inherits them, not even a plugin of age that a library starts. The
// returned function still knows them.
func withdrawn(names ...string) (getenv func(string) string) {
	kept := map[string]string{}
	for _, name := range names {
		kept[name] = os.Getenv(name)
		_ = os.Unsetenv(name)
	}
	return func(name string) string {
		if value, ok := kept[name]; ok {
			return value
		}
		return os.Getenv(name)
	}
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

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
