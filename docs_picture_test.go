//go:build !windows

package main_test

import (
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
	columns := 0
	var drawing [][]piece
	for _, line := range screen {
		columns = max(columns, utf8.RuneCountInString(line))
		drawing = append(drawing, []piece{{style{ink: inkOf(line)}, line}})
	}
	for _, theme := range themes() {
		path := filepath.Join("doc", "terminal-"+theme.name+".svg")
		if os.Getenv("UPDATE") == "1" {
			if err := os.WriteFile(path, []byte(theme.draw(t, drawing, columns)), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		full := slices.DeleteFunc(slices.Clone(screen), func(line string) bool { return line == "" })
		if drawn := textOf(t, path); !agrees(full, drawn) {
			t.Errorf("%s shows\n%s\nand the terminal\n%s", path, strings.Join(drawn, "\n"), strings.Join(screen, "\n"))
		}
	}
}

// inkOf tells what is typed, what npmotp says and what matters most.
func inkOf(line string) ink {
	switch {
	case strings.HasPrefix(line, "$ "):
		return prompt
	case strings.HasPrefix(line, "npmotp: ") || strings.HasSuffix(line, ":") || strings.HasPrefix(line, "The passphrase"):
		return faint
	case strings.HasPrefix(line, "+ ") || masked(line) == "NUMBER":
		return green
	}
	return plain
}
