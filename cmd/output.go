package cmd

import (
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"npmotp/internal/cleantext"
	"npmotp/vault"
)

// printJSON prints a view. A view holds strings, never a secret.Text, which
// would refuse.
func (app *App) printJSON(view any) error {
	enc := json.NewEncoder(app.Out)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(view)
}

// printTable prints rows under a header in aligned columns.
func (app *App) printTable(header string, rows [][]string) error {
	w := tabwriter.NewWriter(app.Out, 0, 8, 2, ' ', 0)
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
	return w.Flush()
}

// printFields prints the lines "name: value" of one thing.
func (app *App) printFields(fields [][2]string) error {
	w := tabwriter.NewWriter(app.Out, 0, 8, 2, ' ', 0)
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

// day writes a date for a table.
func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Local().Format(time.DateOnly)
}

// instant is a time in JSON: RFC 3339, or null.
func instant(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// typeName is "totp", "hotp", or "" for an account with recovery codes only.
func typeName(a *vault.Account) string {
	if a.Key == nil {
		return ""
	}
	return a.Key.Kind.String()
}

// plural returns "1 code" or "n codes".
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
