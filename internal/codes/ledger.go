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
type steps []time.Time

// UnmarshalJSON also reads a step that stands alone.
func (s *steps) UnmarshalJSON(data []byte) error {
	var one time.Time
	if json.Unmarshal(data, &one) == nil {
		*s = steps{one}
		return nil
	}
	return json.Unmarshal(data, (*[]time.Time)(s))
}

// Claim takes the first step of an account that begins at from, or a number of
// periods later, and was not taken before. It is noted on disk before it is returned.
// What a damaged ledger costs is a wait of half a minute at most.
func (l Ledger) Claim(ctx context.Context, account string, from time.Time, period time.Duration) (step time.Time, err error) {
	step = from
	err = statefile.Change(ctx, statefile.Folder(l), "steps.json", func(all *map[string]steps) error {
		taken := (*all)[account]
		for slices.ContainsFunc(taken, step.Equal) {
			step = step.Add(period)
		}
		if *all == nil {
			*all = map[string]steps{}
		}
		taken = append(taken, step)
		(*all)[account] = taken[max(0, len(taken)-keptSteps):]
		return nil
	})
	return step, err
}
