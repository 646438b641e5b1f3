package vault

import (
	"context"
	"errors"
	"fmt"

	"npmotp/internal/agefile"
)

// ErrCostly says that a file asks for more work than a passphrase is worth that may
// not even be its own.
var ErrCostly = errors.New("it costs more to open than a vault of yours")

// agree returns nil where it is all right to try a passphrase on the slots of a file:
// anybody who can write to a synced folder can ask for 32 runs of a gigabyte each
// there. What is asked about is work above that of the known slots, or above what
// npmotp asks for by itself, in slots that are not among the known ones; lacks
// says who does not have those.
func (f *File) agree(ctx context.Context, path string, slots []slot, known workFactors, lacks string) error {
	limit := DefaultWorkFactor
	for _, n := range known {
		limit = max(limit, n)
	}
	count, highest := 0, 0
	for id, n := range workFactorsOf(slots) {
		// One over the bound is refused without any work.
		if _, ok := known[id]; n > limit && n <= agefile.MaxWorkFactor && !ok {
			count, highest = count+1, max(highest, n)
		}
	}
	if count == 0 {
		return nil
	}
	several := "a slot"
	if count > 1 {
		several = fmt.Sprintf("%d slots", count)
	}
	what := fmt.Sprintf("%s has %s of work factor %d, which %s: each takes %d times as long as one of %d, and %d MiB",
		path, several, highest, lacks, 1<<(highest-limit), limit, 1<<(highest-10))
	if f.options.Costly == nil {
		return fmt.Errorf("%w: %s", ErrCostly, what)
	}
	return f.options.Costly(ctx, what)
}

// What agree says of slots that are not known.
const (
	notInVault  = "the vault here has not"
	notSeenHere = "it had not when it was last seen here"
)

// workFactors are those of slots by their ids, 0 for a slot without a passphrase.
type workFactors map[string]int

func workFactorsOf(slots []slot) workFactors {
	all := workFactors{}
	for _, s := range slots {
		all[s.id] = s.workFactor()
	}
	return all
}

// workFactor returns that of a passphrase slot, and 0 for others.
func (s slot) workFactor() int {
	if s.kind != slotPassphrase {
		return 0
	}
	n, err := agefile.WorkFactor(s.armored)
	if err != nil {
		return 0 // to open it says what is wrong
	}
	return n
}
