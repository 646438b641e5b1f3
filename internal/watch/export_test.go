package watch

import (
	"time"

	"npmotp/internal/agent"
	"npmotp/internal/cleantext"
)

// DrawOf returns the lines of a window that shows accounts with their codes.
func DrawOf(w *Watch, accounts []agent.Account, codes []agent.Code, filter string, columns, lines int, now time.Time) []string {
	v := &view{Watch: w}
	for i, a := range accounts {
		v.all = append(v.all, &row{Account: a, text: cleantext.Show(a.Name), code: codes[i]})
	}
	v.filter(filter)
	return v.draw(columns, lines, now)
}
