package passphrase

import (
	"crypto/sha256"
	"math/big"
	"strings"

	"github.com/sethvargo/go-diceware/diceware"
)

// listLen is how many words the list has: five throws of a die.
const listLen = 6 * 6 * 6 * 6 * 6

// Fingerprint returns six words for data, with spaces between them, to be compared by eye or read out on
// the telephone: the same for the same data, on every machine.
//
// They are the SHA-256 of data as a number, big-endian, in base 7776: the least
// digit first, each a word of the EFF's long list in its order. So whoever wants
// other data with the same words has to try 2^77 times.
func Fingerprint(data []byte) string {
	list := diceware.WordListEffLarge()
	sum := sha256.Sum256(data)
	number, base, digit := new(big.Int).SetBytes(sum[:]), big.NewInt(listLen), new(big.Int)
	chosen := make([]string, words)
	for i := range chosen {
		number.DivMod(number, base, digit)
		chosen[i] = list.WordAt(dice(int(digit.Int64())))
	}
	return strings.Join(chosen, " ")
}

// dice writes an index into the list as the five throws that the EFF's list is
// keyed by: digits from 1 to 6.
func dice(index int) int {
	throws := 0
	for place := 1; place <= 10000; place *= 10 {
		throws += (index%6 + 1) * place
		index /= 6
	}
	return throws
}
