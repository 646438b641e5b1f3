package codes

import (
	"context"
	"errors"

	"npmotp/internal/ui"
	"npmotp/vault"
)

// maxChoices is how many accounts are offered to choose from: about what fits a
// screen. More are told as the error that they are.
const maxChoices = 20

// Pick returns the account that query names, as [vault.Contents.Find] does. Which of
// several is meant the person at the terminal says; where nobody can be asked, it is
// a [*vault.AmbiguousError]. What cannot be taken back goes by
// [vault.Contents.Named] instead.
func Pick(ctx context.Context, u *ui.UI, c *vault.Contents, query string) (*vault.Account, error) {
	a, err := c.Find(query)
	if err == nil {
		return a, nil
	}
	name, err := Choose(ctx, u, err)
	if err != nil {
		return nil, err
	}
	return c.Named(name)
}

// Choose returns the name of the account that the person at the terminal chooses
// from those of err, if that is a [*vault.AmbiguousError] and there is somebody to
// ask, and else err.
func Choose(ctx context.Context, u *ui.UI, err error) (name string, failed error) {
	e, ok := errors.AsType[*vault.AmbiguousError](err)
	if !ok || len(e.Matches) > maxChoices {
		return "", err
	}
	i, asked := u.Choose(ctx, "several accounts are meant", e.Matches)
	if errors.Is(asked, ui.ErrNoTerminal) {
		return "", err
	}
	if asked != nil {
		return "", asked
	}
	return e.Matches[i], nil
}
