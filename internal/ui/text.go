package ui

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"npmotp/internal/cleantext"
)

// JSON prints a view. A view holds strings, never a secret.Text, which would
// refuse.
func (u *UI) JSON(view any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(view); err != nil {
		return err
	}
	// Terminals obey these too, and JSON need not escape them.
	var escapes []string
	for c := '\u007f'; c < '\u00a0'; c++ {
		escapes = append(escapes, string(c), fmt.Sprintf(`\u%04x`, c))
	}
	_, err := strings.NewReplacer(escapes...).WriteString(u.Out, b.String())
	return err
}

// Table prints rows under a header, whose words are the columns. An empty cell
// shows as a dash.
func (u *UI) Table(header string, rows [][]string) error {
	out := bufio.NewWriter(u.Out) // a tabwriter writes each cell by itself
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	if _, err := fmt.Fprintln(w, strings.ReplaceAll(header, " ", "\t")); err != nil {
		return err
	}
	for _, r := range rows {
		shown := make([]string, len(r))
		for i, cell := range r {
			if shown[i] = cleantext.Show(cell); cell == "" {
				shown[i] = "-"
			}
		}
		if _, err := fmt.Fprintln(w, strings.Join(shown, "\t")); err != nil {
			return err
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return out.Flush()
}

// Fields prints the lines "name: value" of one thing, those with a value.
func (u *UI) Fields(fields [][2]string) error {
	w := tabwriter.NewWriter(u.Out, 0, 8, 2, ' ', 0)
	for _, f := range fields {
		if f[1] == "" {
			continue
		}
		if _, err := fmt.Fprintf(w, "%s:\t%s\n", f[0], cleantext.Show(f[1])); err != nil {
			return err
		}
	}
	return w.Flush()
}

// Plural returns "1 code" or "n codes".
func Plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// Day writes a date, or nothing for the zero time.
func Day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Local().Format(time.DateOnly)
}

// Seconds writes a duration in whole seconds, rounded up: what is left is never
// said to be nothing while there is some.
func Seconds(d time.Duration) string {
	return fmt.Sprintf("%d s", (d+time.Second-1)/time.Second)
}

// Span writes a duration without the zeros that time.Duration has.
func Span(d time.Duration) string {
	hours, minutes, rest := d/time.Hour, d%time.Hour/time.Minute, d%time.Minute
	switch {
	case rest != 0:
		return d.Round(time.Second).String()
	case hours == 0:
		return fmt.Sprintf("%d min", minutes)
	case minutes == 0:
		return fmt.Sprintf("%d h", hours)
	}
	return fmt.Sprintf("%d h %d min", hours, minutes)
}

// Quote quotes a word for a POSIX shell if it needs that.
func Quote(w string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_=+/.:@,%^*", r)
	}
	if w != "" && strings.IndexFunc(w, func(r rune) bool { return !plain(r) }) < 0 {
		return w
	}
	if cleantext.Show(w) != w { // as bash, zsh and ksh know it
		quoted := cleantext.Quote(w)
		return "$'" + strings.ReplaceAll(quoted[1:len(quoted)-1], "'", `\'`) + "'"
	}
	return "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
}
