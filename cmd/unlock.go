package cmd

import (
	"context"
	"errors"
	"fmt"
	"unicode/utf8"

	"npmotp/internal/codes"
	"npmotp/internal/npm/tools"
	"npmotp/internal/passphrase"
	"npmotp/internal/secret"
	"npmotp/internal/ui"
	"npmotp/vault"
)

const (
	// maxTries is how often a passphrase is asked for that may be mistyped.
	maxTries = 3
	// shortPassphrase is the length, in characters, below which one is warned about.
	shortPassphrase = 8
)

// file returns the vault file that the command line and environment name.
func (app *App) file() (*vault.File, error) { return app.fileWith(app.vaultOptions()) }

func (app *App) fileWith(o vault.Options) (*vault.File, error) {
	path, err := app.vaultPath()
	if err != nil {
		return nil, err
	}
	return vault.At(path, o), nil
}

// asking returns the vault file, whose slots may be those of plugins that ask the
// person.
func (app *App) asking(ctx context.Context) (*vault.File, error) {
	o := app.vaultOptions()
	o.Dialogue = app.dialogue(ctx)
	return app.fileWith(o)
}

func (app *App) vaultOptions() vault.Options {
	o := app.VaultOptions
	o.Warn = func(err error) { app.Warnf("%v", err) }
	o.Clock, o.Look = app.Now, app.tellPending
	o.Costly = func(ctx context.Context, what string) error {
		return app.Confirm(ctx, what+"; try the passphrase?", "say --yes to try the passphrase: "+what)
	}
	return o
}

// unlock opens the vault.
func (app *App) unlock(ctx context.Context) (*vault.Vault, error) {
	f, err := app.file()
	if err != nil {
		return nil, err
	}
	return app.unlockFile(ctx, f)
}

func (app *App) unlockFile(ctx context.Context, f *vault.File) (*vault.Vault, error) {
	v, _, err := app.unlockKnowing(ctx, f)
	return v, err
}

// unlockKnowing opens the vault and returns the passphrase too, where it is
// known.
func (app *App) unlockKnowing(ctx context.Context, f *vault.File) (*vault.Vault, secret.Text, error) {
	// A missing or damaged file is said before a passphrase is typed.
	if err := f.Probe(); err != nil {
		return nil, secret.Text{}, err
	}
	for try := 1; ; try++ {
		asked := false
		by, pass, err := app.opener(ctx, "Passphrase: ", func() (bool, error) {
			asked = true
			return f.PassphraseOpens()
		})
		if err != nil {
			return nil, secret.Text{}, err
		}
		v, err := f.Open(ctx, by)
		if !asked || try == maxTries || !errors.Is(err, vault.ErrPassphrase) {
			return v, pass, err
		}
		app.Warnf("%v, try again", err)
	}
}

// opener returns what opens a vault: the identity or the passphrase that the
// command line or else the environment gives, or the passphrase that is asked
// for if askable says that one can be. Beside an identity, pass is the
// passphrase that the environment gives, if it does.
func (app *App) opener(ctx context.Context, label string, askable func() (bool, error)) (by vault.Opener, pass secret.Text, err error) {
	identity := app.flags.identity
	switch {
	case identity != "" && app.flags.passphraseFile != "":
		return nil, pass, ui.Usagef("give one of --identity and --passphrase-file")
	case identity == "" && app.flags.passphraseFile == "":
		identity = app.Getenv(identityVariable)
	}
	if identity != "" {
		// A passphrase command need not be run for what an identity opens.
		if app.Getenv("NPMOTP_PASSPHRASE_COMMAND") == "" {
			if pass, _, err = app.givenPassphrase(ctx); err != nil {
				return nil, pass, err
			}
		}
		ids, err := app.readIdentities(ctx, identity)
		if err != nil {
			return nil, pass, err
		}
		return vault.ByIdentities(ids), pass, nil
	}
	pass, ok, err := app.givenPassphrase(ctx)
	if err != nil {
		return nil, pass, err
	}
	if !ok {
		if can, err := askable(); err != nil {
			return nil, pass, err
		} else if !can {
			return nil, pass, errNeedsIdentity
		}
		if pass, err = app.ask(ctx, label); err != nil {
			return nil, pass, err
		}
	}
	return vault.Passphrase(pass), pass, nil
}

// contents opens the vault and returns what it holds, for commands that change
// nothing.
func (app *App) contents(ctx context.Context) (*vault.Contents, error) {
	v, err := app.unlock(ctx)
	if err != nil {
		return nil, err
	}
	return v.Contents()
}

// unlockOrCreate opens the vault, or creates it when there is none.
func (app *App) unlockOrCreate(ctx context.Context) (*vault.Vault, error) {
	f, err := app.file()
	if err != nil {
		return nil, err
	}
	if exists, err := f.Exists(); err != nil {
		return nil, err
	} else if exists {
		return app.unlockFile(ctx, f)
	}
	pass, err := app.newPassphrase(ctx)
	if err != nil {
		return nil, err
	}
	v, err := f.Create(ctx, pass)
	if errors.Is(err, vault.ErrExists) {
		// Another npmotp was first. Its vault opens if it was given the same
		// passphrase.
		return f.Open(ctx, vault.Passphrase(pass))
	}
	if err == nil {
		app.Sayf("created the vault %s", f.Path())
	}
	return v, err
}

// ask asks for a secret on the terminal.
func (app *App) ask(ctx context.Context, label string) (secret.Text, error) {
	if app.NoInput {
		return secret.Text{}, codes.ErrLocked
	}
	return app.Terminal.Secret(ctx, label)
}

// passphraseIn returns the first line of a file.
func passphraseIn(ctx context.Context, name string) (secret.Text, error) {
	f, err := ui.Open(ctx, name)
	if err != nil {
		return secret.Text{}, fmt.Errorf("reading the passphrase: %w", err)
	}
	defer func() { _ = f.Close() }()
	return passphrase.FirstLine(f, "the passphrase file "+name)
}

// givenPassphrase returns the passphrase that a file, a command or the
// environment gives, the most explicit first.
func (app *App) givenPassphrase(ctx context.Context) (pass secret.Text, ok bool, err error) {
	switch {
	case app.flags.passphraseFile != "":
		pass, err = passphraseIn(ctx, app.flags.passphraseFile)
	case app.Getenv("NPMOTP_PASSPHRASE_FILE") != "":
		pass, err = passphraseIn(ctx, app.Getenv("NPMOTP_PASSPHRASE_FILE"))
	case app.Getenv("NPMOTP_PASSPHRASE_COMMAND") != "":
		pass, err = passphrase.FromCommand(ctx, app.Getenv("NPMOTP_PASSPHRASE_COMMAND"), tools.WithoutPassphrase(app.Environ()), app.In, app.Err)
	case app.Getenv("NPMOTP_PASSPHRASE") != "":
		pass = secret.New(app.Getenv("NPMOTP_PASSPHRASE"))
	default:
		return secret.Text{}, false, nil
	}
	return pass, err == nil, err
}

// newPassphrase returns the passphrase for a new vault: a given one, or one
// that is typed twice. For an empty answer it makes one and shows it.
func (app *App) newPassphrase(ctx context.Context) (secret.Text, error) {
	if pass, ok, err := app.givenPassphrase(ctx); ok || err != nil {
		return pass, err
	}
	if !app.NoInput && !app.Quiet { // where there is no terminal, the question says so
		_ = app.Terminal.Show("The passphrase opens the vault, and nobody can reset it: choose a long one.\r\n")
	}
	return app.askNew(ctx, "--passphrase-file, NPMOTP_PASSPHRASE_FILE, NPMOTP_PASSPHRASE_COMMAND or NPMOTP_PASSPHRASE")
}

// askNew has a new passphrase typed twice, which could be given by what instead
// names.
func (app *App) askNew(ctx context.Context, instead string) (secret.Text, error) {
	for try := 1; ; try++ {
		pass, err := app.ask(ctx, "New passphrase (empty: one is made for you): ")
		if errors.Is(err, codes.ErrLocked) || errors.Is(err, ui.ErrNoTerminal) {
			return secret.Text{}, ui.WithHint(errNoNew, "give it with %s", instead)
		}
		if err != nil {
			return secret.Text{}, err
		}
		if pass.Len() == 0 {
			return app.makePassphrase()
		}
		err = app.again(ctx, pass)
		if err == nil {
			if n := utf8.RuneCountInString(pass.Reveal()); n < shortPassphrase {
				app.Warnf("a passphrase of %s is soon guessed by whoever gets the vault file; 'npmotp passwd' changes it", ui.Plural(n, "character"))
			}
			return pass, nil
		}
		if try == maxTries || !errors.Is(err, vault.ErrPassphrase) {
			return secret.Text{}, err
		}
		app.Warnf("the two that were typed differ, try again")
	}
}

// again has a new passphrase typed a second time.
func (app *App) again(ctx context.Context, pass secret.Text) error {
	second, err := app.ask(ctx, "The same again: ")
	if err == nil && !pass.Equal(second) {
		err = fmt.Errorf("%w: the two that were typed differ", vault.ErrPassphrase)
	}
	return err
}

func (app *App) makePassphrase() (secret.Text, error) {
	pass, err := passphrase.Generate()
	if err != nil {
		return secret.Text{}, err
	}
	return pass, app.Terminal.Show("The passphrase of this vault; write it down, it is not shown again:\r\n\r\n    " + pass.Reveal() + "\r\n\r\n")
}
