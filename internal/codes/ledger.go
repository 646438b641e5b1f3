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
// each once refuses the second, and npm gives up. It is a folder of files that
// hold account ids, registries and times, no secrets. The zero Ledger remembers
// nothing.
type Ledger statefile.Folder

// Of the files of a [Ledger]: by account, and by the origin of a registry.
const (
	stepsFile    = "steps.json"
	registryFile = "registries.json"
)

// A Step is a time step of an account whose code was handed out.
type Step struct {
	Begins  time.Time `json:"begins"`
	Noted   time.Time `json:"noted"`             // by the clock of the machine, then
	Refused bool      `json:"refused,omitempty"` // by a registry
}

// UnmarshalJSON also reads a time that stands alone, as the first ledgers had it.
func (s *Step) UnmarshalJSON(data []byte) error {
	type plain Step
	if data[0] == '{' {
		return json.Unmarshal(data, (*plain)(s))
	}
	err := json.Unmarshal(data, &s.Begins)
	s.Noted = s.Begins
	return err
}

// steps are those of an account, the latest note last.
type steps []Step

// UnmarshalJSON also reads a step that stands alone.
func (s *steps) UnmarshalJSON(data []byte) error {
	if data[0] == '[' {
		return json.Unmarshal(data, (*[]Step)(s))
	}
	*s = make(steps, 1)
	return (*s)[0].UnmarshalJSON(data)
}

// keptSteps is how many steps of an account are remembered. They go by their
// number and not by their age, which a clock that was wrong once does not tell.
const keptSteps = 64

// Claim takes a step of an account. It hands pick those that were taken before,
// the latest note last, and notes the one that pick returns before it returns
// that itself. What a damaged ledger costs is a wait of half a minute at most.
func (l Ledger) Claim(ctx context.Context, account string, now time.Time, pick func(taken []Step) time.Time) (step time.Time, err error) {
	err = l.change(ctx, account, func(taken []Step) []Step {
		step = pick(taken)
		return append(taken, Step{Begins: step.UTC(), Noted: now.UTC()})
	})
	return step, err
}

// refuse notes that a registry refused the code of a step.
func (l Ledger) refuse(ctx context.Context, account string, refused Step) error {
	return l.change(ctx, account, func(taken []Step) []Step {
		found := false
		for i := range taken {
			if taken[i].Begins.Equal(refused.Begins) {
				taken[i].Refused, found = true, true
			}
		}
		if !found {
			taken = append(taken, refused)
		}
		return taken
	})
}

func (l Ledger) change(ctx context.Context, account string, fn func([]Step) []Step) error {
	return statefile.Change(ctx, statefile.Folder(l), stepsFile, func(all *map[string]steps) error {
		if *all == nil {
			*all = map[string]steps{}
		}
		taken := fn((*all)[account])
		(*all)[account] = slices.Clone(taken[max(0, len(taken)-keptSteps):])
		return nil
	})
}

// A Choice is what a run asks of the ledger.
type Choice struct {
	From   time.Time // the first step that will do
	Period time.Duration
	Twice  bool // the registry takes a code again
}

// Pick returns the step to send, the first of those that were neither refused nor,
// unless Twice says so, handed out. Again tells that it was handed out before, and
// waits that an earlier one would have done if it had not been.
func (c Choice) Pick(taken []Step) (step time.Time, again, waits bool) {
	step = c.From
	for {
		i := slices.IndexFunc(taken, func(s Step) bool { return s.Begins.Equal(step) && (s.Refused || !c.Twice) })
		if i < 0 {
			break
		}
		step, waits = step.Add(c.Period), waits || !taken[i].Refused
	}
	return step, slices.ContainsFunc(taken, func(s Step) bool { return s.Begins.Equal(step) }), waits
}

// setBack returns by how much the clock is behind what it said when the last step
// was taken, or 0.
func setBack(taken []Step, now time.Time) time.Duration {
	const slack = 2 * time.Second // time servers set a clock back by less
	if len(taken) == 0 {
		return 0
	}
	if back := taken[len(taken)-1].Noted.Sub(now); back > slack {
		return back
	}
	return 0
}
