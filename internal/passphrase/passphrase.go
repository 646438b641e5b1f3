// Package passphrase makes passphrases that a person can write down and type.
package passphrase

import (
	"strings"

	"github.com/sethvargo/go-diceware/diceware"

	"npmotp/internal/secret"
)

// words is how many a passphrase has. Six of the EFF's 7776 give 77 bits, out
// of reach behind age's scrypt.
const words = 6

// Generate returns a new random passphrase: words of the long list of the EFF
// (https://www.eff.org/dice), with dashes between them.
func Generate() (secret.Text, error) {
	list, err := diceware.Generate(words)
	if err != nil {
		return secret.Text{}, err
	}
	return secret.New(strings.Join(list, "-")), nil
}
