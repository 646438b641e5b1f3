package codes

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"npmotp/internal/atomicfile"
	"npmotp/internal/filelock"
)

// lockWait bounds the wait for another process, which holds the lock for the
// time of a write.
const lockWait = 10 * time.Second

// A Ledger remembers which time steps' one-time passwords were handed out, so
// that several processes never send the same one twice: a registry that takes
// each once refuses the second, and npm gives up. It is a file in a folder, and
// holds account ids and times, no secrets. The zero Ledger remembers nothing.
type Ledger struct{ Dir string }

// Claim takes a step of an account. It hands pick the start of the last step
// that was taken, zero when none is known, and notes what pick returns before it
// returns that itself.
func (l Ledger) Claim(ctx context.Context, account string, pick func(last time.Time) (time.Time, error)) (time.Time, error) {
	if l.Dir == "" {
		return pick(time.Time{})
	}
	if err := os.MkdirAll(l.Dir, 0o700); err != nil {
		return time.Time{}, err
	}
	path := filepath.Join(l.Dir, "steps.json")
	waiting, cancel := context.WithTimeout(ctx, lockWait)
	defer cancel()
	lock, err := filelock.Acquire(waiting, path+".lock", "npmotp exec")
	if err != nil {
		return time.Time{}, err
	}
	defer func() { _ = lock.Release() }()
	steps, err := readSteps(path)
	if err != nil {
		return time.Time{}, err
	}
	step, err := pick(steps[account])
	if err != nil {
		return time.Time{}, err
	}
	steps[account] = step
	data, err := json.Marshal(steps)
	if err != nil {
		return time.Time{}, err
	}
	return step, atomicfile.Writer{Path: path}.Replace(append(data, '\n'))
}

// readSteps returns the last step of each account. A file that cannot be understood
// counts as empty: what is lost is a wait of half a minute at most.
func readSteps(path string) (map[string]time.Time, error) {
	data, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	steps := map[string]time.Time{}
	if json.Unmarshal(data, &steps) != nil || steps == nil {
		steps = map[string]time.Time{}
	}
	return steps, nil
}
