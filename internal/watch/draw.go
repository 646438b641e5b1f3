package watch

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"npmotp/internal/cleantext"
	"npmotp/internal/ui"
)

// A Style is what a terminal can show.
type Style struct {
	Color bool // NO_COLOR is not set
	ASCII bool // the locale has no other characters
}

// StyleOf returns the style that the environment asks for: no colour where NO_COLOR
// is not empty (no-color.org), and letters of ASCII only where the locale is set
// and is not one of UTF-8 (POSIX, 8.2: LC_ALL before LC_CTYPE before LANG).
func StyleOf(getenv func(string) string) Style {
	locale := strings.ToLower(cmp.Or(getenv("LC_ALL"), getenv("LC_CTYPE"), getenv("LANG")))
	return Style{
		Color: getenv("NO_COLOR") == "",
		ASCII: locale != "" && !strings.Contains(locale, "utf-8") && !strings.Contains(locale, "utf8"),
	}
}

// nextTime is how long before the end of a code the next one shows.
const nextTime = 10 * time.Second

// The colours are those that a theme sets for its own background, and the plain
// ones of text: they read on light and on dark.
const (
	plain  = ""
	strong = "\x1b[1m"
	faint  = "\x1b[2m"
	green  = "\x1b[32m"
	red    = "\x1b[31m"
	reset  = "\x1b[0m"
)

// A span is text in one colour.
type span struct{ color, text string }

// The widths, in columns, from which there is room for more.
const (
	widthForNext   = 60 // the next code beside the bar and not in its place
	widthForIssuer = 76
	widthForBar    = 100 // a longer one
)

// A layout says how wide each column is; one of width 0 is left out.
type layout struct{ name, issuer, code, next, bar, left int }

// leastName is how much of a name is worth more than a bar.
const leastName = 6

// leastIssuer is how much of an issuer is worth more than the end of a long name.
const leastIssuer = 10

// gap is what is between two columns.
const gap = 1

// measure returns the widths that rows need, whatever the window has.
func measure(rows []*row) layout {
	l := layout{code: 6, left: len("30 s")}
	for _, r := range rows {
		l.name = max(l.name, cleantext.Width(r.text))
		l.issuer = max(l.issuer, cleantext.Width(cleantext.Show(r.Issuer)))
		l.code = max(l.code, r.Digits)
		l.left = max(l.left, len(ui.Seconds(time.Duration(r.Period)*time.Second)))
	}
	return l
}

func (v *view) layout(columns int) layout {
	l := v.needs
	issuer := l.issuer
	l.issuer = 0
	l.bar = max(9, l.code+len("> "))
	if columns >= widthForNext {
		l.next = l.code + len("> ")
	}
	if columns >= widthForBar {
		l.bar = 20
	}
	rest := columns - len("> ") - l.code - l.bar - l.left - 3*gap
	if l.next > 0 {
		rest -= l.next + gap
	}
	if rest < leastName {
		rest, l.bar = rest+l.bar+gap, 0
	}
	if columns < widthForIssuer || issuer == 0 {
		l.name = max(1, min(l.name, rest))
		return l
	}
	// One long name does not hide whose codes these are.
	l.name = max(1, min(l.name, rest-gap-min(issuer, leastIssuer)))
	l.issuer = max(0, min(issuer, rest-l.name-gap))
	return l
}

// draw returns the lines of the screen.
func (v *view) draw(columns, lines int, now time.Time) []string {
	l := v.layout(columns)
	var drawn []string
	if lines > 2 {
		drawn = append(drawn, v.line(columns, v.header()...))
	}
	n := height(lines)
	end := min(len(v.rows), v.top+n)
	for i := v.top; i < end; i++ {
		drawn = append(drawn, v.line(columns, v.row(v.rows[i], i == v.at, l, now)...))
	}
	if lines > 1 {
		for len(drawn) < min(lines-1, end-v.top+2) {
			drawn = append(drawn, "")
		}
		drawn = append(drawn, v.line(columns, v.footer()...))
	}
	return drawn[:min(len(drawn), lines)]
}

// line returns spans as what is written to the terminal, cut to a width.
func (v *view) line(columns int, spans ...span) string {
	var b strings.Builder
	for _, s := range spans {
		text := v.cut(s.text, columns)
		columns -= cleantext.Width(text)
		if text == "" {
			continue
		}
		if s.color == plain || !v.Style.Color {
			b.WriteString(text)
			continue
		}
		b.WriteString(s.color + text + reset)
	}
	return b.String()
}

// header says which accounts there are, or what is being typed.
func (v *view) header() []span {
	switch {
	case v.typing:
		return []span{{strong, "/" + v.text + "_"}, {faint, fmt.Sprintf("  %d of %s", len(v.rows), ui.Plural(len(v.all), "account"))}}
	case v.text != "":
		return []span{{faint, fmt.Sprintf("%d of %s with %s; Esc shows all", len(v.rows), ui.Plural(len(v.all), "account"), cleantext.Quote(v.text))}}
	}
	return []span{{faint, ui.Plural(len(v.all), "account")}}
}

// footer has what was said last, or which keys there are.
func (v *view) footer() []span {
	switch {
	case v.said.text != "":
		return []span{{plain, cleantext.Show(v.said.text)}}
	case v.typing:
		return []span{{faint, "Enter keeps the filter, Esc drops it"}}
	}
	keys := "c copy  / filter  q quit"
	if v.at < len(v.rows) && v.rows[v.at].counted() {
		keys = "n next code  " + keys
	} else if v.Hide {
		keys = "Space show  " + keys
	}
	return []span{{faint, keys}}
}

// row returns an account as its columns.
func (v *view) row(r *row, chosen bool, l layout, now time.Time) []span {
	mark, name := "  ", plain
	if chosen {
		mark, name = "> ", strong
	}
	spans := []span{{name, mark + v.fit(r.text, l.name) + " "}}
	if l.issuer > 0 {
		spans = append(spans, span{faint, v.fit(cleantext.Show(r.Issuer), l.issuer) + " "})
	}
	if r.failed != "" {
		return append(spans, span{red, cleantext.Show(r.failed)})
	}
	shown, present := v.shows(r, now), r.present(now)
	code := strings.Repeat(v.either("·", "*"), r.Digits)
	if shown && present {
		code = r.code.Value.Reveal()
	}
	spans = append(spans, span{strong, v.fit(code, l.code) + " "})
	if r.counted() {
		return append(spans, span{faint, "n: next code"})
	}
	period := time.Duration(r.Period) * time.Second
	left := period - time.Duration(now.UnixNano())%max(period, 1)
	color, next := green, span{faint, ""}
	if left <= nextTime {
		color = red
		if shown && present && r.code.Next.Len() > 0 {
			next.text = v.either("→ ", "> ") + r.code.Next.Reveal()
		}
	}
	bar := span{color, v.bar(left, period, l.bar) + " "}
	switch {
	case l.next > 0:
		next.text = v.fit(next.text, l.next) + " "
		spans = append(spans, next)
	case l.bar == 0:
		bar = span{}
	case next.text != "":
		bar = span{faint, v.fit(next.text, l.bar) + " "}
	}
	return append(spans, bar, span{color, fmt.Sprintf("%*s", l.left, ui.Seconds(left))})
}

// bar draws how much of a period is left.
func (v *view) bar(left, period time.Duration, width int) string {
	full := int((left*time.Duration(width) + period - 1) / max(period, 1))
	full = max(0, min(full, width))
	return strings.Repeat(v.either("━", "="), full) + strings.Repeat(v.either("─", "-"), width-full)
}

// either returns the first text, or the second one where only ASCII shows.
func (v *view) either(text, ascii string) string {
	if v.Style.ASCII {
		return ascii
	}
	return text
}

// fit returns text in exactly so many columns.
func (v *view) fit(text string, width int) string {
	text = v.cut(text, width)
	return text + strings.Repeat(" ", width-cleantext.Width(text))
}

// cut is [ui.Cut] with an ellipsis.
func (v *view) cut(text string, width int) string { return ui.Cut(text, width, v.either("…", "~")) }
