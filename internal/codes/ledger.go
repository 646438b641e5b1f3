package codes

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"npmotp/internal/statefile"
)

// A Ledger remembers which time steps' one-time passwords were handed out, so
// that several processes never send the same one twice: a registry that takes
// each once refuses the second, and npm gives up. It is a file in a folder, and
// holds account ids and times, no secrets. The zero Ledger remembers nothing.
type Ledger statefile.Folder

// keptSteps is how many steps of an account are remembered, the ones that were taken
// last. It is more than one because clocks jump: what was taken by one that was an
// hour ahead says nothing about the steps before.
const keptSteps = 64

// Steps are the beginnings of time steps, in the order in which they were taken.
type Steps []time.Time

// Has reports whether a step was taken.
func (s Steps) Has(step time.Time) bool { return slices.ContainsFunc(s, step.Equal) }

// Free returns the first step that was not taken: the one that begins at from, or a
// number of periods later.
func (s Steps) Free(from time.Time, period time.Duration) time.Time {
	for s.Has(from) {
		from = from.Add(period)
	}
	return from
}

// UnmarshalJSON also reads a step that stands alone.
func (s *Steps) UnmarshalJSON(data []byte) error {
	var one time.Time
	if json.Unmarshal(data, &one) == nil {
		*s = Steps{one}
		return nil
	}
	return json.Unmarshal(data, (*[]time.Time)(s))
}

// Claim takes a step of an account. It hands pick the steps that were taken, and notes
// what pick returns before it returns that itself. What a damaged ledger costs is a wait
// of half a minute at most.
func (l Ledger) Claim(ctx context.Context, account string, pick func(taken Steps) (time.Time, error)) (step time.Time, err error) {
	err = statefile.Change(ctx, statefile.Folder(l), "steps.json", func(all *map[string]Steps) error {
		taken := (*all)[account]
		if step, err = pick(taken); err != nil {
			return err
		}
		if *all == nil {
			*all = map[string]Steps{}
		}
		if !taken.Has(step) {
			taken = append(taken, step)
		}
		(*all)[account] = taken[max(0, len(taken)-keptSteps):]
		return nil
	})
	return step, err
}
