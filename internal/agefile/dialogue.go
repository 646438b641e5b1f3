package agefile

import (
	"errors"
	"fmt"

	"filippo.io/age/plugin"

	"npmotp/internal/secret"
)

// A Dialogue is how a plugin and an encrypted identity file ask the person.
// What is nil cannot be asked. The texts of a plugin are its own and have to be
// cleaned before they are shown.
type Dialogue struct {
	// Secret asks for a passphrase or PIN.
	Secret func(label string) (secret.Text, error)
	// Line asks for what is no secret.
	Line func(label string) (string, error)
	// Choose asks a question with the answers yes and no; no may be empty.
	Choose func(question, yes, no string) (bool, error)
	// Show shows a message, such as that a key waits to be touched.
	Show func(message string) error
	// Waiting is called, at any time, when a plugin has been silent for five
	// seconds.
	Waiting func(plugin string)
}

// errNobody says that there is nobody to ask. Plugins do not hear of it.
var errNobody = errors.New("nobody can be asked")

// client returns d as age's plugins take it.
func (d Dialogue) client() *plugin.ClientUI {
	return &plugin.ClientUI{
		DisplayMessage: func(name, message string) error {
			if d.Show == nil {
				return errNobody
			}
			return d.Show("age-plugin-" + name + ": " + message)
		},
		RequestValue: func(name, prompt string, hidden bool) (string, error) {
			label := "age-plugin-" + name + ": " + prompt + " "
			if !hidden {
				if d.Line == nil {
					return "", errNobody
				}
				return d.Line(label)
			}
			answer, err := d.secret(label)
			return answer.Reveal(), err
		},
		Confirm: func(name, prompt, yes, no string) (bool, error) {
			if d.Choose == nil {
				return false, errNobody
			}
			return d.Choose("age-plugin-"+name+": "+prompt, yes, no)
		},
		WaitTimer: d.Waiting,
	}
}

func (d Dialogue) secret(label string) (secret.Text, error) {
	if d.Secret == nil {
		return secret.Text{}, errNobody
	}
	return d.Secret(label)
}

// recorded returns d so that what goes wrong in it is kept in refused, because
// age's packages tell no more of it than that something did: an interrupted
// question has to end the program, and is no fault of the plugin.
func (d Dialogue) recorded(refused *error) Dialogue {
	keep := func(err error) {
		if err != nil && *refused == nil {
			*refused = err
		}
	}
	inner := d
	if d.Secret != nil {
		d.Secret = func(label string) (secret.Text, error) {
			answer, err := inner.Secret(label)
			keep(err)
			return answer, err
		}
	}
	if d.Line != nil {
		d.Line = func(label string) (string, error) {
			answer, err := inner.Line(label)
			keep(err)
			return answer, err
		}
	}
	if d.Choose != nil {
		d.Choose = func(question, yes, no string) (bool, error) {
			answer, err := inner.Choose(question, yes, no)
			keep(err)
			return answer, err
		}
	}
	return d
}

// A PluginError says that the program that a recipient or an identity needs is
// not installed.
type PluginError struct{ Program string }

// Error implements error.
func (e *PluginError) Error() string {
	return fmt.Sprintf("the program %q is not in PATH", e.Program)
}

// pluginError replaces age's error for a missing plugin.
func pluginError(err error) error {
	if e, ok := errors.AsType[*plugin.NotFoundError](err); ok {
		return &PluginError{Program: "age-plugin-" + e.Name}
	}
	return err
}
