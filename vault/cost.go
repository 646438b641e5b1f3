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

// agree returns nil where it is all right to try a passphrase on the slots of a copy:
// anybody who can write to a synced folder can ask for 32 runs of a gigabyte each
// there. What is asked about is work above that of the vault's own slots, or above
// what npmotp asks for by itself, in slots that are not the vault's. Own is nil where
// there is no vault yet.
func (f *File) agree(ctx context.Context, path string, c, own *container) error {
	limit, known := DefaultWorkFactor, map[string]bool{}
	if own != nil {
		for _, s := range own.slots {
			known[s.id], limit = true, max(limit, s.workFactor())
		}
	}
	count, highest := 0, 0
	for _, s := range c.slots {
		// One over the bound is refused without any work.
		if n := s.workFactor(); n > limit && n <= agefile.MaxWorkFactor && !known[s.id] {
			count, highest = count+1, max(highest, n)
		}
	}
	if count == 0 {
		return nil
	}
	slots := "a slot"
	if count > 1 {
		slots = fmt.Sprintf("%d slots", count)
	}
	what := fmt.Sprintf("%s has %s of work factor %d, which the vault here has not: each takes %d times as long as one of %d, and %d MiB",
		path, slots, highest, 1<<(highest-limit), limit, 1<<(highest-10))
	if f.options.Costly == nil {
		return fmt.Errorf("%w: %s", ErrCostly, what)
	}
	return f.options.Costly(ctx, what)
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
