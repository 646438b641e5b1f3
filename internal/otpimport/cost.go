package otpimport

import (
	"fmt"
	"math"
)

// What an encrypted export may cost to open. Whoever wrote the file chose the
// parameters of its key derivation.
const (
	maxMemory = 256 << 20 // bytes at once
	// maxWork is what all derivations of a Reader may go through, in bytes:
	// about three seconds. A passphrase of Aegis takes 32 MiB of it.
	maxWork = 2 << 30
)

// spend accounts for a key derivation that fills so many bytes of memory, and
// goes through so many.
func (r *Reader) spend(memory, work int64) error {
	if memory > maxMemory {
		return fmt.Errorf("%w: %d MiB of memory, and %d are the most", ErrCost, memory>>20, maxMemory>>20)
	}
	if r.work += min(work, maxWork+1); r.work > maxWork {
		return fmt.Errorf("%w: more than some seconds of it", ErrCost)
	}
	return nil
}

// product multiplies numbers of a file, and stops far above all that is
// allowed.
func product(numbers ...int) int64 {
	result := int64(1)
	for _, n := range numbers {
		if n < 0 || int64(n) > math.MaxInt32/max(1, result) {
			return math.MaxInt32
		}
		result *= int64(n)
	}
	return result
}
