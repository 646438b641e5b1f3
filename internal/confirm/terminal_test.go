//go:build linux || darwin

package confirm

import (
	"strings"
	"testing"

	"npmotp/internal/cleantext"
)

// However a command line is drawn out, no line of it looks like one of the question, and
// the terminal has nothing to break.
func TestTerminalFolds(t *testing.T) {
	q := Question{Title: strings.Repeat("你好 ", 60), Facts: [][2]string{{"command", ""}, {"a fact with a long name", "/"}, {"folder", strings.Repeat("x", 150)}}}
	const least = 41 // columns: the indent, and twelve
	for columns := least; columns < 200; columns += 3 {
		for pad := range 130 {
			q.Facts[0][1] = strings.Repeat(" ", pad) + "  folder  /another"
			text := q.onTerminal(columns, " No answer in 30 s is a no.")
			folders := 0
			for line := range strings.SplitSeq(text, "\n") {
				if text := strings.TrimLeft(line, " "); strings.HasPrefix(text, "folder") && len(line)-len(text) <= q.width()+len("    ") {
					folders++
				}
				if n := cleantext.Width(strings.TrimSuffix(line, " ")); n > columns {
					t.Fatalf("%d columns in %d:\n%s", n, columns, text)
				}
			}
			if folders != 1 {
				t.Fatalf("%d lines are a folder in %d columns:\n%s", folders, columns, text)
			}
		}
	}
}
