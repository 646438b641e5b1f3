// Package watch shows the one-time passwords of all accounts, with the time that
// each has left, for as long as somebody looks.
//
// It asks for no more than is on the screen, makes the next code of a counter only
// at a key, and ends when no key was pressed for a while: a terminal that is left
// alone shows no codes. When the agent that they come from ends, it ends too.
package watch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"npmotp/internal/agent"
	"npmotp/internal/cleantext"
	"npmotp/internal/codes"
	"npmotp/internal/ui"
	"npmotp/vault"
)

// A Watch is what to show, and how.
type Watch struct {
	UI    *ui.UI
	Codes *codes.Source // open
	// Copy puts a code on the clipboard, and says so by UI.
	Copy  func(ctx context.Context, code agent.Code) error
	Now   func() time.Time
	Style Style

	Hide bool          // show a code only when it is asked for
	Idle time.Duration // end after so long without a key; 0: never
}

// Run shows the codes until the user has seen enough.
func (w *Watch) Run(ctx context.Context) error {
	accounts, err := w.Codes.List(ctx)
	if err != nil {
		return err
	}
	v := &view{Watch: w, keyAt: w.Now()}
	for _, a := range accounts {
		if a.ArchivedAt.IsZero() && a.Type != "" {
			v.all = append(v.all, &row{Account: a, text: cleantext.Show(a.Name)})
		}
	}
	switch {
	case len(accounts) == 0:
		return vault.ErrEmpty
	case len(v.all) == 0:
		return fmt.Errorf("%w in any account", vault.ErrNoKey)
	}
	v.filter("")
	// Before the window is drawn: the question is asked on this terminal, perhaps.
	if err := w.Codes.Allow(ctx, ""); err != nil {
		return err
	}
	// What is said meanwhile stands in the last line; nothing is asked.
	own := *w.UI
	w.UI.Err, w.UI.ErrTTY, w.UI.NoInput = &v.said, false, true
	defer func() { *w.UI = own }()
	err = w.UI.Terminal.Whole(func(window *ui.Window) error { return v.run(ctx, window) })
	if errors.Is(err, errIdle) {
		own.Sayf("no key was pressed for %s, so the codes are shown no longer; 'npmotp watch' shows them again", ui.Span(w.Idle))
		return nil
	}
	return err
}

// errIdle ends a watch at which nobody looks.
var errIdle = errors.New("no key was pressed")

// A row is an account on the screen.
type row struct {
	agent.Account
	text   string     // its name, as it is shown
	code   agent.Code // the last one, if any was asked for
	failed string     // why there is none
	asked  bool       // the code is to be seen although codes are hidden
}

func (r *row) counted() bool { return r.Counter != nil }

// present reports whether r has the code of a time.
func (r *row) present(now time.Time) bool {
	return r.code.Value.Len() > 0 && (r.counted() || !now.Before(r.code.From) && now.Before(r.code.Until))
}

// A view is the state of a watch.
type view struct {
	*Watch
	all, rows []*row // rows are those that the filter leaves
	at, top   int    // the chosen one, and the first on the screen
	needs     layout
	text      string // of the filter
	typing    bool   // the filter is being typed
	said      said
	keyAt     time.Time // when the last key was pressed
}

// said keeps the last thing that was said.
type said struct{ text string }

// Write implements [io.Writer].
func (s *said) Write(p []byte) (int, error) {
	line := strings.TrimPrefix(strings.TrimSpace(string(p)), "npmotp: ")
	if !strings.HasPrefix(line, "hint: ") || s.text == "" {
		s.text = line
	}
	return len(p), nil
}

func (v *view) run(ctx context.Context, window *ui.Window) error {
	for {
		columns, lines := window.Size()
		if err := v.update(ctx, lines); err != nil {
			return err
		}
		now := v.Now()
		if err := window.Draw(v.draw(columns, lines, now)); err != nil {
			return err
		}
		// Until the next second of the clock begins.
		key, err := window.Next(ctx, time.Second-time.Duration(now.Nanosecond()))
		if err != nil {
			return err
		}
		switch now = v.Now(); {
		case key != ui.KeyNone:
			v.keyAt = now
		case v.Idle > 0 && now.Sub(v.keyAt) >= v.Idle:
			return errIdle
		}
		if quit, err := v.press(ctx, key); quit || err != nil {
			return err
		}
	}
}

// height returns how many rows fit a window.
func height(lines int) int { return max(1, lines-2) }

// update scrolls to the chosen row, and gets the codes that are to be shown.
func (v *view) update(ctx context.Context, lines int) error {
	n := height(lines)
	v.at = max(0, min(v.at, len(v.rows)-1))
	v.top = max(0, min(v.top, v.at, len(v.rows)-n), v.at-n+1)
	var due []*row
	now := v.Now()
	for _, r := range v.rows[v.top:min(len(v.rows), v.top+n)] {
		if !r.counted() && !r.present(now) && v.shows(r, now) {
			due = append(due, r)
		}
	}
	return v.get(ctx, due...)
}

// shows reports whether the code of r is to be seen at a time.
func (v *view) shows(r *row, now time.Time) bool {
	return !v.Hide || r.asked && r.present(now)
}

// get gets the present codes of rows, or of a counter the next one.
func (v *view) get(ctx context.Context, rows ...*row) error {
	if len(rows) == 0 {
		return nil
	}
	if !v.Codes.Reconnect(ctx) {
		return ui.WithHint(fmt.Errorf("%w: the agent has ended, and the watch with it", codes.ErrLocked), "'npmotp watch' asks for the passphrase")
	}
	for _, r := range rows {
		r.asked = false
		code, err := v.Codes.Code(ctx, r.Name, !r.counted())
		switch {
		case errors.Is(err, codes.ErrLocked), ctx.Err() != nil:
			return err
		case err != nil:
			r.code, r.failed = agent.Code{}, err.Error()
		default:
			r.code, r.failed = code, ""
		}
	}
	return nil
}

// press does what a key is for, and reports whether it is to end.
func (v *view) press(ctx context.Context, key ui.Key) (quit bool, err error) {
	if key == ui.KeyNone {
		return false, nil
	}
	v.said.text = ""
	if v.move(key) {
		return false, nil
	}
	if v.typing {
		v.typed(key)
		return false, nil
	}
	switch key {
	case 'q', 'Q':
		return true, nil
	case '/':
		v.typing = true
	case ui.KeyEscape:
		v.filter("")
	case 'k':
		v.at--
	case 'j':
		v.at++
	case 'c', 'C', ui.KeyEnter:
		return false, v.chosen(ctx, v.copy)
	case 'n', 'N':
		return false, v.chosen(ctx, v.next)
	case ' ':
		return false, v.chosen(ctx, v.reveal)
	default:
	}
	return false, nil
}

// move chooses another row, and reports whether key is one for that.
func (v *view) move(key ui.Key) bool {
	const page = 10
	switch key {
	case ui.KeyUp:
		v.at--
	case ui.KeyDown:
		v.at++
	case ui.KeyPageUp:
		v.at -= page
	case ui.KeyPageDown:
		v.at += page
	case ui.KeyHome:
		v.at = 0
	case ui.KeyEnd:
		v.at = len(v.rows) - 1
	default:
		return false
	}
	v.at = max(0, min(v.at, len(v.rows)-1))
	return true
}

// typed takes a key for the filter.
func (v *view) typed(key ui.Key) {
	switch {
	case key == ui.KeyEnter:
		v.typing = false
	case key == ui.KeyEscape:
		v.filter("")
		v.typing = false
	case key == ui.KeyBackspace && v.text == "":
		v.typing = false
	case key == ui.KeyBackspace:
		typed := []rune(v.text)
		v.filter(string(typed[:len(typed)-1]))
	case key >= ' ' && cleantext.Show(string(rune(key))) == string(rune(key)):
		v.filter(v.text + string(rune(key)))
	}
}

// filter leaves the rows that have text in their name, issuer, user name or
// registry, in letters of either case. The chosen one stays chosen if it is
// among them.
func (v *view) filter(text string) {
	var before *row
	if v.at < len(v.rows) {
		before = v.rows[v.at]
	}
	v.text, v.rows = text, nil
	folded := strings.ToLower(text)
	for _, r := range v.all {
		if strings.Contains(strings.ToLower(r.Name+"\x00"+r.Issuer+"\x00"+r.Username+"\x00"+r.Registry), folded) {
			v.rows = append(v.rows, r)
		}
	}
	v.at, v.needs = max(0, slices.Index(v.rows, before)), measure(v.rows)
}

// chosen calls do with the chosen row, if there is one.
func (v *view) chosen(ctx context.Context, do func(context.Context, *row) error) error {
	if v.at >= len(v.rows) {
		return nil
	}
	return do(ctx, v.rows[v.at])
}

// copy copies the present code of r. A counter that has given none here gives one.
func (v *view) copy(ctx context.Context, r *row) error {
	if !r.present(v.Now()) {
		if err := v.get(ctx, r); err != nil {
			return err
		}
	}
	if r.failed != "" {
		v.said.text = r.failed
		return nil
	}
	if err := v.Copy(ctx, r.code); err != nil {
		v.said.text = err.Error()
	}
	return ctx.Err()
}

// next has a counter give its next code.
func (v *view) next(ctx context.Context, r *row) error {
	if !r.counted() {
		v.said.text = "a time-based code changes by itself"
		return nil
	}
	if err := v.get(ctx, r); err != nil {
		return err
	}
	r.asked = true
	return nil
}

// reveal shows a hidden code until it ends, and hides one that is shown.
func (v *view) reveal(ctx context.Context, r *row) error {
	now := v.Now()
	switch {
	case !v.Hide || r.counted() && r.code.Value.Len() == 0:
		return nil
	case v.shows(r, now):
		r.asked = false
		return nil
	}
	if !r.present(now) {
		if err := v.get(ctx, r); err != nil {
			return err
		}
	}
	r.asked = true
	return nil
}
