package cmd

import (
	"context"
	"os"
	"time"

	"npmotp/internal/clip"
	"npmotp/internal/codes"
	"npmotp/internal/harden"
	"npmotp/internal/npm/tools"
	"npmotp/internal/ptyrun"
	"npmotp/internal/screen"
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
	app.Converse = func(ctx context.Context, s *ptyrun.Session) (int, error) {
		s.Stdin, s.Stdout, s.Stderr, s.Helper = os.Stdin, os.Stdout, os.Stderr, monitor
		return tools.Converse(ctx, s)
	}
	app.Clip = clipboard
	app.Ledger = codes.Ledger{Dir: stateDir(os.Getenv)}
	app.VaultOptions.Memory = stateDir(os.Getenv)
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
