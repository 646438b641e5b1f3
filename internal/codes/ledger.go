package codes

import (
	"context"
	"time"

	"npmotp/internal/statefile"
)

// A Ledger remembers which time steps' one-time passwords were handed out, so
// that several processes never send the same one twice: a registry that takes
// each once refuses the second, and npm gives up. It is a file in a folder, and
// holds account ids and times, no secrets. The zero Ledger remembers nothing.
type Ledger statefile.Folder

// Claim takes a step of an account. It hands pick the start of the last step
// that was taken, zero when none is known, and notes what pick returns before it
// returns that itself. What a damaged ledger costs is a wait of half a minute at
// most.
func (l Ledger) Claim(ctx context.Context, account string, pick func(last time.Time) (time.Time, error)) (step time.Time, err error) {
	err = statefile.Change(ctx, statefile.Folder(l), "steps.json", func(steps *map[string]time.Time) error {
		if step, err = pick((*steps)[account]); err != nil {
			return err
		}
		if *steps == nil {
			*steps = map[string]time.Time{}
		}
		(*steps)[account] = step
		return nil
	})
	return step, err
}
