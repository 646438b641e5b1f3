package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"npmotp/internal/agefile"
	"npmotp/internal/cleantext"
	"npmotp/internal/codes"
	"npmotp/internal/plaintext"
	"npmotp/internal/secret"
	"npmotp/internal/ui"
)

// identityVariable names the identity file where no flag does.
const identityVariable = "NPMOTP_IDENTITY_FILE"

// maxIdentity bounds an identity file, in bytes; the age tool's bound of an
// SSH key is 16 KiB.
const maxIdentity = 1 << 20

// readIdentities reads an identity file. It may be a pipe, such as that of a
// password manager.
func (app *App) readIdentities(ctx context.Context, name string) (*agefile.Identities, error) {
	f, err := app.open(ctx, name, "the identity")
	if err != nil {
		return nil, fmt.Errorf("reading the identity: %w", err)
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(io.LimitReader(f, maxIdentity+1))
	if err != nil {
		return nil, fmt.Errorf("reading the identity: %w", err)
	}
	if len(data) > maxIdentity {
		return nil, fmt.Errorf("%s: %w: it is larger than 1 MiB", name, agefile.ErrIdentity)
	}
	text := string(data)
	if !strings.HasPrefix(text, "age-encryption.org/") { // an encrypted one, not armored
		text = plaintext.Decode(data)
	}
	ids, err := agefile.ParseIdentities(secret.New(text), name, app.dialogue(ctx))
	if err != nil {
		return nil, ui.Named(name, err)
	}
	return ids, nil
}

// dialogue lets age's plugins and encrypted identity files ask on the terminal.
func (app *App) dialogue(ctx context.Context) agefile.Dialogue {
	return agefile.Dialogue{
		Secret: func(label string) (secret.Text, error) { return app.ask(ctx, label) },
		Line: func(label string) (string, error) {
			if app.NoInput {
				return "", codes.ErrLocked
			}
			return app.Terminal.Line(ctx, label)
		},
		Choose: func(question, yes, no string) (bool, error) { return app.choose(ctx, question, yes, no) },
		Show: func(message string) error {
			// Past a redirection: it may say that a key waits to be touched.
			err := app.Terminal.Show("npmotp: " + cleantext.Show(message) + "\r\n")
			if errors.Is(err, ui.ErrNoTerminal) {
				app.Sayf("%s", message)
				return nil
			}
			return err
		},
		Waiting: func(plugin string) { app.Sayf("waiting for age-plugin-%s", plugin) },
	}
}

// choose asks a plugin's question, which has answers of its own. It is no
// confirmation of npmotp's, so --yes does not answer it.
func (app *App) choose(ctx context.Context, question, yes, no string) (bool, error) {
	if app.NoInput {
		return false, codes.ErrLocked
	}
	if no == "" {
		_, err := app.Terminal.Line(ctx, fmt.Sprintf("%s [Enter: %s] ", question, yes))
		return err == nil, err
	}
	for {
		answer, err := app.Terminal.Line(ctx, fmt.Sprintf("%s [1: %s, 2: %s] ", question, yes, no))
		if err != nil {
			return false, err
		}
		switch answer {
		case "1":
			return true, nil
		case "2":
			return false, nil
		}
	}
}
