//go:build !windows

package main_test

import (
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// The picture of the README, in light and dark, is what the real program shows at a
// terminal. UPDATE=1 draws it anew.
func TestDocsPicture(t *testing.T) {
	if testing.Short() {
		t.Skip("runs npm")
	}
	r := newDocRun(t, &docPage{path: "README.md"})
	if missing := r.missing([]string{"npm"}); missing != "" {
		if os.Getenv("CI") == "true" {
			t.Fatal(missing)
		}
		t.Skip(missing)
	}
	r.prepare(docBlock{notes: docNotes{run: `cp $CHECKOUT/internal/demo/npm-qr.png screenshot.png
registry jane.doe SMFWPNGS6HWS5BGZO6OL6DKVXSV4OIBW as https://registry.npmjs.org
echo '{"name":"left-pad-2","version":"1.3.1"}' > package.json && echo '*.png' > .npmignore`}})
	var screen []string
	for _, command := range []string{
		"npmotp add --qr screenshot.png",
		`npmotp edit jane.doe --registry "$REGISTRY" --reuse allow`, // the picture is about npm's own
		"npmotp code",
		"npmotp exec npm publish",
		"npmotp unlock --for 2h",
		"npmotp exec -- npm owner add bob left-pad-2",
	} {
		shown, status := r.show(r.laptop(""), command, nil)
		if status != 0 {
			t.Fatalf("%s: status %d:\n%s", command, status, strings.Join(shown, "\n"))
		}
		if strings.Contains(command, "REGISTRY") {
			continue
		}
		if len(screen) > 0 {
			screen = append(screen, "")
		}
		screen = append(screen, "$ "+command)
		for _, line := range shown {
			if !strings.HasPrefix(line, "npm notice") || strings.Contains(line, "Publishing to") {
				screen = append(screen, line)
			}
		}
	}
	for _, theme := range []theme{
		{"light", "#ffffff", "#d0d7de", "#1f2328", "#656d76", "#0969da", "#1a7f37"},
		{"dark", "#0d1117", "#30363d", "#e6edf3", "#8b949e", "#79c0ff", "#7ee787"},
	} {
		path := filepath.Join("doc", "terminal-"+theme.name+".svg")
		if os.Getenv("UPDATE") == "1" {
			if err := os.WriteFile(path, []byte(theme.draw(t, screen)), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		full := slices.DeleteFunc(slices.Clone(screen), func(line string) bool { return line == "" })
		if drawn := textOf(t, path); !agrees(full, drawn) {
			t.Errorf("%s shows\n%s\nand the terminal\n%s", path, strings.Join(drawn, "\n"), strings.Join(screen, "\n"))
		}
	}
}

// A theme is the colours of a terminal.
type theme struct{ name, ground, edge, ink, dim, prompt, code string }

// draw returns the screen as SVG. It names no font that has to be there, and each line
// is as long as its characters whatever the font is.
func (c theme) draw(t *testing.T, screen []string) string {
	t.Helper()
	const size, wide, high, margin, bar = 14, 8.4, 20, 16, 34
	columns := 0
	for _, line := range screen {
		columns = max(columns, utf8.RuneCountInString(line))
	}
	width, height := int(float64(columns)*wide)+2*margin, len(screen)*high+bar+2*margin
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="%d">`+"\n", width, height, width, height, size)
	fmt.Fprintf(&b, `<rect x="0.5" y="0.5" width="%d" height="%d" rx="8" fill="%s" stroke="%s"/>`+"\n", width-1, height-1, c.ground, c.edge)
	for i := range 3 {
		fmt.Fprintf(&b, `<circle cx="%d" cy="18" r="5.5" fill="%s"/>`+"\n", 20+18*i, c.edge)
	}
	for i, line := range screen {
		if line == "" {
			continue
		}
		ink := c.ink
		switch {
		case strings.HasPrefix(line, "$ "):
			ink = c.prompt
		case strings.HasPrefix(line, "npmotp: ") || strings.HasSuffix(line, ":") || strings.HasPrefix(line, "The passphrase"):
			ink = c.dim
		case strings.HasPrefix(line, "+ ") || masked(line) == "NUMBER":
			ink = c.code
		}
		fmt.Fprintf(&b, `<text x="%d" y="%d" fill="%s" textLength="%.0f" lengthAdjust="spacingAndGlyphs" xml:space="preserve">`,
			margin, bar+margin+i*high, ink, float64(utf8.RuneCountInString(line))*wide)
		if err := xml.EscapeText(&b, []byte(line)); err != nil {
			t.Fatal(err)
		}
		b.WriteString("</text>\n")
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// textOf returns the lines of a drawn screen.
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
