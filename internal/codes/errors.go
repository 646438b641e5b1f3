package codes

import (
	"errors"

	"npmotp/internal/agent"
	"npmotp/vault"
)

// ErrRefused says that the agent gives no code to this program.
var ErrRefused = errors.New("the agent gives no code")

const kindAmbiguous = "ambiguous"

// wireErrors returns the kinds of errors that go over the agent's socket, and
// what they are here.
func wireErrors() map[string]error {
	return map[string]error{
		agent.KindRefused: ErrRefused,

		"no-account":    vault.ErrNoAccount,
		"no-key":        vault.ErrNoKey,
		"counter-based": ErrCounterBased,
		"no-vault":      vault.ErrNoVault,
		"damaged":       vault.ErrFormat,
		"replaced":      vault.ErrRolledBack,
		"busy":          vault.ErrBusy,
	}
}

// toAgent returns err as it goes over the socket.
func toAgent(err error) error {
	if err == nil || errors.Is(err, agent.ErrEnded) {
		return err
	}
	if e, ok := errors.AsType[*vault.AmbiguousError](err); ok {
		return &agent.Error{Kind: kindAmbiguous, Message: "several accounts to choose from", Matches: e.Matches}
	}
	for kind, known := range wireErrors() {
		if errors.Is(err, known) {
			return &agent.Error{Kind: kind, Message: err.Error()}
		}
	}
	return err
}

// fromAgent is the inverse of toAgent.
func fromAgent(err error, query string) error {
	e, ok := errors.AsType[*agent.Error](err)
	if !ok {
		return err
	}
	if e.Kind == kindAmbiguous {
		return &vault.AmbiguousError{Query: query, Matches: e.Matches}
	}
	if known, ok := wireErrors()[e.Kind]; ok {
		return &toldError{msg: e.Message, err: known}
	}
	return err
}

// A toldError is an error that the agent told, with the words it had there.
type toldError struct {
	msg string
	err error
}

func (e *toldError) Error() string { return e.msg }
func (e *toldError) Unwrap() error { return e.err }
