package doctor

import (
	"fmt"
	"time"
)

// A Witness is a time that has passed, by what is known otherwise.
type Witness struct {
	At   time.Time
	What string // whose time it is, as "the vault was saved"
}

// tolerance is how far ahead of the clock a witness may be: file systems round,
// and servers that store files have clocks of their own.
const tolerance = 5 * time.Second

// Clock compares now with times that cannot lie ahead. A clock that is behind is
// found so; one that is ahead is not, without a network to ask.
func Clock(now time.Time, witnesses []Witness) []Finding {
	const check = "clock"
	var found []Finding
	for _, w := range witnesses {
		if ahead := w.At.Sub(now); !w.At.IsZero() && ahead > tolerance {
			found = append(found, Finding{
				Check: check, What: fmt.Sprintf("the clock is behind: %s %s after now", w.What, ahead.Round(time.Second)),
				Mend: "set the clock, by a time server if there is one: one-time passwords are right to the half minute",
			})
		}
	}
	synced, known := synchronized()
	switch {
	case !known:
		return or(found, check, "nothing says that the clock is behind; whether it is ahead cannot be known offline")
	case synced:
		return or(found, check, "the system says that the clock is synchronized")
	}
	return or(found, check, "nothing says that the clock is behind; the system says that nothing synchronizes it")
}
