package approve

import (
	"context"
	"fmt"
	"slices"
	"time"

	"npmotp/internal/cleantext"
	"npmotp/internal/ui"
)

// A picker is the list to tick on.
type picker struct {
	*Procedure
	o      Options
	window *ui.Window
	stages []Stage
	rows   []string
	ticked []bool
	cursor int
	top    int // the first row that shows
}

// pick has the user tick on the terminal. What is returned is nothing when the
// list was left by q.
func (p *Procedure) pick(ctx context.Context, o Options, stages []Stage) (chosen []Stage, err error) {
	k := &picker{Procedure: p, o: o, stages: stages, rows: rows(stages), ticked: make([]bool, len(stages))}
	err = p.Runner.UI.Terminal.Whole(func(w *ui.Window) error {
		k.window = w
		return k.run(ctx)
	})
	for i, s := range stages {
		if k.ticked[i] {
			chosen = append(chosen, s)
		}
	}
	return chosen, err
}

// run shows the list until it is left.
func (k *picker) run(ctx context.Context) error {
	for {
		if err := k.draw(); err != nil {
			return err
		}
		key, err := k.window.Next(ctx, untilKey)
		if err != nil {
			return err
		}
		switch key {
		case ui.KeyEnter:
			return nil
		case 'q', ui.KeyEscape:
			clear(k.ticked)
			return nil
		case ui.KeyUp, 'k':
			k.cursor = max(0, k.cursor-1)
		case ui.KeyDown, 'j':
			k.cursor = min(len(k.stages)-1, k.cursor+1)
		case ' ':
			k.ticked[k.cursor] = !k.ticked[k.cursor]
		case 'a':
			all := !slices.Contains(k.ticked, false)
			for i := range k.ticked {
				k.ticked[i] = !all
			}
		case 'v':
			if err := k.look(ctx); err != nil {
				return err
			}
		default:
		}
	}
}

// untilKey is for how long a key is waited for before the list is drawn again.
const untilKey = time.Hour

// show fills the window with lines, each cut where it ends.
func (k *picker) show(lines []string) error {
	columns, height := k.window.Size()
	lines = lines[:min(len(lines), height)]
	for i, line := range lines {
		lines[i] = ui.Cut(cleantext.Show(line), columns, "…")
	}
	return k.window.Draw(lines)
}

// around is how many lines stand above and below the rows.
const around = 4

func (k *picker) draw() error {
	_, height := k.window.Size()
	visible := max(1, height-around)
	k.top = min(k.top, k.cursor)
	k.top = max(k.top, k.cursor-visible+1)
	n := 0
	for _, t := range k.ticked {
		if t {
			n++
		}
	}
	verb := "approve"
	if k.o.Reject {
		verb = "reject"
	}
	lines := []string{fmt.Sprintf("npmotp: %s staged", count(len(k.stages))), ""}
	for i := k.top; i < min(len(k.rows), k.top+visible); i++ {
		mark, box := " ", "[ ]"
		if i == k.cursor {
			mark = ">"
		}
		if k.ticked[i] {
			box = "[x]"
		}
		lines = append(lines, mark+" "+box+" "+k.rows[i])
	}
	return k.show(append(lines, "", fmt.Sprintf("space ticks, a all, v looks, enter %ss %d, q leaves", verb, n)))
}

func count(n int) string {
	if n == 1 {
		return "1 package is"
	}
	return fmt.Sprintf("%d packages are", n)
}

// look shows the staged version under the cursor until q.
func (k *picker) look(ctx context.Context) error {
	s := k.stages[k.cursor]
	if err := k.show([]string{fmt.Sprintf("npmotp: asking npm what %s changes ...", s)}); err != nil {
		return err
	}
	text, err := k.Procedure.look(ctx, k.o, s)
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	if err != nil { // the list is still there
		text = []string{"npm does not show it:", "", err.Error()}
	}
	for top := 0; ; {
		_, height := k.window.Size()
		page := max(1, height-2)
		last := max(0, len(text)-page)
		top = max(0, min(top, last))
		shown := slices.Clone(text[top:min(len(text), top+page)])
		place := fmt.Sprintf("lines %d to %d of %d; arrows and space scroll, q goes back", top+1, min(len(text), top+page), len(text))
		if err := k.show(append(shown, "", place)); err != nil {
			return err
		}
		key, err := k.window.Next(ctx, untilKey)
		if err != nil {
			return err
		}
		switch key {
		case 'q', 'v', ui.KeyEscape, ui.KeyEnter:
			return nil
		case ui.KeyUp, 'k':
			top--
		case ui.KeyDown, 'j':
			top++
		case ui.KeyPageUp, 'b':
			top -= page
		case ui.KeyPageDown, ' ':
			top += page
		default:
		}
	}
}

// rows returns a line for each stage, with the columns under each other.
func rows(stages []Stage) []string {
	cells := make([][]string, len(stages))
	for i, s := range stages {
		staged := ""
		if !s.StagedAt.IsZero() {
			staged = s.StagedAt.Local().Format("2006-01-02 15:04")
		}
		cells[i] = []string{cleantext.Show(s.String()), s.Tag, s.StagedBy, staged, s.Shasum}
	}
	return ui.Columns(cells)
}
