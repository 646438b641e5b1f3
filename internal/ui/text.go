package ui

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
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

// Line prints a line of data.
func (u *UI) Line(format string, args ...any) error {
	_, err := fmt.Fprintln(u.Out, cleantext.Show(fmt.Sprintf(format, args...)))
	return err
}

// Table prints rows under a header, whose words are the columns. An empty cell
// shows as a dash.
func (u *UI) Table(header string, rows [][]string) error {
	table := [][]string{strings.Split(header, " ")}
	for _, r := range rows {
		shown := make([]string, len(r))
		for i, cell := range r {
			if shown[i] = cleantext.Show(cell); cell == "" {
				shown[i] = "-"
			}
		}
		table = append(table, shown)
	}
	return u.columns(table)
}

// Columns returns rows of cells as lines, with the columns under each other: by what a
// terminal takes for a character, which is not the same for all.
func Columns(rows [][]string) []string {
	const gap = 2
	var widths []int
	for _, r := range rows {
		for i, cell := range r {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], cleantext.Width(cell)+gap)
		}
	}
	lines := make([]string, len(rows))
	for i, r := range rows {
		for c, cell := range r {
			lines[i] += cell + strings.Repeat(" ", widths[c]-cleantext.Width(cell))
		}
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return lines
}

// columns prints rows of cells with the columns under each other.
func (u *UI) columns(rows [][]string) error {
	var out strings.Builder
	for _, line := range Columns(rows) {
		out.WriteString(line + "\n")
	}
	_, err := io.WriteString(u.Out, out.String())
	return err
}

// Fields prints the lines "name: value" of one thing, those with a value.
func (u *UI) Fields(fields [][2]string) error {
	var rows [][]string
	for _, f := range fields {
		if f[1] != "" {
			rows = append(rows, []string{f[0] + ":", cleantext.Show(f[1])})
		}
	}
	return u.columns(rows)
}

// Name returns a name that was given on the command line, as it is stored: as it was
// typed, but for white space.
func Name(name string) (string, error) {
	clean := cleantext.Name(name)
	switch {
	case clean == "":
		return "", Usagef("invalid name %s: none of it can be shown", cleantext.Quote(name))
	case clean != strings.Join(strings.Fields(name), " "):
		return "", &UsageError{
			Msg:  "invalid name " + cleantext.Quote(name) + ": a name has at most 128 bytes, no hyphen at its beginning, and nothing that cannot be seen",
			Hint: "it could be " + cleantext.Quote(clean),
		}
	}
	return clean, nil
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
