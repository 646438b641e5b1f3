package crashtest

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime/metrics"
	"slices"
	"time"

	"npmotp/internal/npmregistry/npmtest"
)

// How many changes a test makes, and with NPMOTP_TEST_WHOLE=1.
const (
	sampledMutations = 500
	wholeMutations   = 10_000
)

// A Cost is the most that one of the calls of [Mutations] took.
type Cost struct {
	Time   time.Duration
	Memory uint64 // bytes that it allocated, and so more than it held at once
	calls  int
}

// String says it for the log of a test.
func (c Cost) String() string {
	return fmt.Sprintf("at most %s and %.1f MB, of %d", c.Time.Round(time.Millisecond), float64(c.Memory)/1e6, c.calls)
}

// Mutations calls do with copies of data that were changed in a place or two, the
// same ones in each run.
func Mutations(data []byte, do func(mutated []byte)) Cost {
	rounds := sampledMutations
	if os.Getenv(npmtest.WholeVariable) == "1" {
		rounds = wholeMutations
	}
	random := rand.New(rand.NewPCG(1, 2)) // the same each time
	cost := Cost{calls: rounds}
	for range rounds {
		mutated := bytes.Clone(data)
		for range 1 + random.IntN(2) {
			mutated = mutate(random, mutated)
		}
		began, before := time.Now(), allocated()
		do(mutated)
		cost.Time = max(cost.Time, time.Since(began))
		cost.Memory = max(cost.Memory, allocated()-before)
	}
	return cost
}

// allocated returns how many bytes this process has allocated so far.
func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// mutate changes data, which it may write to, in one place.
func mutate(random *rand.Rand, data []byte) []byte {
	if len(data) < 2 {
		return data
	}
	at := random.IntN(len(data) - 1)
	end := min(len(data), at+1+random.IntN(200))
	part := bytes.Clone(data[at:end])
	switch random.IntN(9) {
	case 0: // a bit
		data[at] ^= 1 << random.IntN(8)
	case 1: // another byte, of those that are there
		data[at] = data[random.IntN(len(data))]
	case 2:
		data[at] = byte(random.IntN(256))
	case 3:
		return slices.Insert(data, at, byte(random.IntN(256)))
	case 4:
		return slices.Delete(data, at, end)
	case 5: // something comes twice
		return slices.Insert(data, at, part...)
	case 6:
		return data[:at]
	case 7: // two lines change places
		lines := bytes.SplitAfter(data, []byte("\n"))
		i, j := random.IntN(len(lines)), random.IntN(len(lines))
		lines[i], lines[j] = lines[j], lines[i]
		return bytes.Join(lines, nil)
	default: // zeros, as a disk leaves them where it lost a block
		clear(data[at:end])
	}
	return data
}
