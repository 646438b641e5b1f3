//go:build !windows

package main_test

import (
	"encoding/xml"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"npmotp/internal/cleantext"
)

// An ink is a colour that a theme has its own shade of.
type ink int

const (
	plain ink = iota
	faint
	prompt
	green
	red
	black
	white
)

// A style is how a character is shown. The ground of the zero style is the theme's.
type style struct {
	ink, ground ink
	bold        bool
}

// A piece is text of a line in one style, all of it wide characters or none.
type piece struct {
	style
	text string
}

// A theme is the colours of a terminal.
type theme struct {
	name, ground, edge string
	inks               [white + 1]string
}

func themes() []theme {
	return []theme{
		{"light", "#ffffff", "#d0d7de", [...]string{"#1f2328", "#656d76", "#0969da", "#1a7f37", "#cf222e", "#000000", "#ffffff"}},
		{"dark", "#0d1117", "#30363d", [...]string{"#e6edf3", "#8b949e", "#79c0ff", "#7ee787", "#ff7b72", "#000000", "#ffffff"}},
	}
}

// The measures of a picture, in pixels: those of a character, and what is around.
const (
	fontSize, cellWidth, cellHeight = 14, 8.4, 20
	margin, titleBar                = 16, 34
)

// draw returns a screen of so many columns as SVG. It names no font that has to be
// there, and each line is as long as its characters whatever the font is.
func (c theme) draw(t *testing.T, screen [][]piece, columns int) string {
	t.Helper()
	width, height := int(float64(columns)*cellWidth)+2*margin, len(screen)*cellHeight+titleBar+2*margin
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="%d">`+"\n", width, height, width, height, fontSize)
	fmt.Fprintf(&b, `<rect x="0.5" y="0.5" width="%d" height="%d" rx="8" fill="%s" stroke="%s"/>`+"\n", width-1, height-1, c.ground, c.edge)
	for i := range 3 {
		fmt.Fprintf(&b, `<circle cx="%d" cy="18" r="5.5" fill="%s"/>`+"\n", 20+18*i, c.edge)
	}
	for y, line := range screen {
		c.drawBlocks(&b, line, y)
		x := 0
		for _, p := range line {
			start := x
			x += cleantext.Width(p.text)
			if strings.Trim(p.text, " ▀▄█") == "" {
				continue
			}
			weight := ""
			if p.bold {
				weight = ` font-weight="bold"`
			}
			fmt.Fprintf(&b, `<text x="%s" y="%d" fill="%s"%s textLength="%.0f" lengthAdjust="spacingAndGlyphs" xml:space="preserve">`,
				left(start), titleBar+margin+y*cellHeight, c.inks[p.ink], weight, float64(x-start)*cellWidth)
			if err := xml.EscapeText(&b, []byte(p.text)); err != nil {
				t.Fatal(err)
			}
			b.WriteString("</text>\n")
		}
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// left returns where a column begins.
func left(column int) string {
	return strings.TrimSuffix(fmt.Sprintf("%.1f", margin+float64(column)*cellWidth), ".0")
}

// drawBlocks draws the grounds of a line and its block characters, which terminals
// draw themselves too: those of a font may leave gaps.
func (c theme) drawBlocks(b *strings.Builder, line []piece, y int) {
	const above = 15 // of the line that letters stand on
	grounds, blocks := map[ink]string{}, map[ink]string{}
	rect := func(x, columns, top, height int) string {
		return fmt.Sprintf("M%s %dh%.1fv%dH%[1]sz", left(x), titleBar+margin-above+y*cellHeight+top, float64(columns)*cellWidth, height)
	}
	x := 0
	for _, p := range line {
		if p.ground != plain {
			grounds[p.ground] += rect(x, cleantext.Width(p.text), 0, cellHeight)
		}
		for text := p.text; text != ""; {
			r, _ := utf8.DecodeRuneInString(text)
			rest := strings.TrimLeft(text, string(r))
			n := cleantext.Width(text) - cleantext.Width(rest)
			switch text = rest; r {
			case '▀':
				blocks[p.ink] += rect(x, n, 0, cellHeight/2)
			case '▄':
				blocks[p.ink] += rect(x, n, cellHeight/2, cellHeight/2)
			case '█':
				blocks[p.ink] += rect(x, n, 0, cellHeight)
			}
			x += n
		}
	}
	for _, paths := range []map[ink]string{grounds, blocks} {
		for _, i := range slices.Sorted(maps.Keys(paths)) {
			fmt.Fprintf(b, `<path fill="%s" shape-rendering="crispEdges" d="%s"/>`+"\n", c.inks[i], paths[i])
		}
	}
}

// textOf returns the pieces of text of a drawn screen.
func textOf(t *testing.T, path string) []string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var drawn struct {
		Text []string `xml:"text"`
	}
	if err := xml.Unmarshal(data, &drawn); err != nil {
		t.Fatal(err)
	}
	return drawn.Text
}
