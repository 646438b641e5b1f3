//go:build linux || darwin

package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"npmotp/internal/cleantext"
)

// TestScreens holds what the program shows at terminals of several widths against
// the pictures in testdata/screens, which are there to be looked at: a change of a
// screen shows as a change of a picture. UPDATE=1 draws them anew.
func TestScreens(t *testing.T) {
	folder := filepath.Join("testdata", "screens")
	update := os.Getenv("UPDATE") == "1"
	var pictures []string
	for _, s := range screens() {
		for _, columns := range []int{40, 80, 120} {
			for _, theme := range themes() {
				pictures = append(pictures, fmt.Sprintf("%s-%d-%s.svg", s.name, columns, theme.name))
			}
			t.Run(fmt.Sprintf("%s-%d", s.name, columns), func(t *testing.T) {
				screen := display{columns: columns}
				screen.show(t, s.take(t, uint16(columns)))
				for _, theme := range themes() {
					path := filepath.Join(folder, fmt.Sprintf("%s-%d-%s.svg", s.name, columns, theme.name))
					drawn := theme.draw(t, screen.pieces(), columns)
					if update {
						if err := os.WriteFile(path, []byte(drawn), 0o644); err != nil {
							t.Fatal(err)
						}
					}
					kept, err := os.ReadFile(path)
					if err != nil {
						t.Fatal(err)
					}
					if string(kept) != drawn {
						t.Errorf("%s shows\n%s\nand the terminal\n%s", path, strings.Join(textOf(t, path), "\n"), screen.text())
					}
				}
			})
		}
	}
	// No picture is of what there is no more.
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !slices.Contains(pictures, e.Name()) {
			t.Errorf("nothing draws %s", filepath.Join(folder, e.Name()))
		}
	}
}

// A screen is one of the program's that has pictures. take returns what a terminal
// gets up to the moment of the picture.
type screen struct {
	name string
	take func(t *testing.T, columns uint16) string
}

func screens() []screen {
	return []screen{
		{"help", func(t *testing.T, columns uint16) string {
			t.Helper()
			d := atTerminal(t, t.TempDir(), "--help")
			d.resize(columns, 24)
			shown, _, _ := strings.Cut(d.end(0), "terminal-restored")
			return shown
		}},
		{"watch", func(t *testing.T, columns uint16) string {
			t.Helper()
			return watchScreen(t, columns, "2026-03-04T05:06:07Z", "")
		}},
		{"watch-next", func(t *testing.T, columns uint16) string {
			t.Helper()
			return watchScreen(t, columns, "2026-03-04T05:06:23Z", "")
		}},
		{"watch-hide", func(t *testing.T, columns uint16) string {
			t.Helper()
			return watchScreen(t, columns, "2026-03-04T05:06:07Z", " ", "--hide")
		}},
		{"qr", func(t *testing.T, columns uint16) string { t.Helper(); return qrScreen(t, columns, 24) }},
		{"qr-ansi", func(t *testing.T, columns uint16) string { t.Helper(); return qrScreen(t, columns, 60, "--ansi") }},
		{"confirm", confirmScreen},
	}
}

// watchScreen is a watch of accounts whose names are ordinary, wide, long and hostile,
// at a time and after a key, if there is one.
func watchScreen(t *testing.T, columns uint16, at, key string, args ...string) string {
	t.Helper()
	home := watched(t)
	run(t, home, `otpauth://totp/npm:jane.doe?secret=SMFWPNGS6HWS5BGZO6OL6DKVXSV4OIBW&issuer=npm
otpauth://totp/%1B%5B2J%1B%5B31mnpm%E2%80%AE%0A123456:eve?secret=MFRGGZDFMZTWQ2LKMFRGGZDFMZTWQ2LK&issuer=%1B%5B2J%1B%5B31mnpm%E2%80%AE%0A123456
otpauth://totp/GitHub:the.release.bot.of.a.large.organization@example.org?secret=ONXW2ZLTMVRXEZLUONXW2ZLTMVRXEZLU&issuer=GitHub&period=60
`, "import", "-")
	setClock(t, home, at)
	d := atTerminal(t, home, append([]string{"watch"}, args...)...)
	d.expect("Passphrase: ")
	d.resize(columns, 24)
	d.answer("hunter2\r")
	d.expect(quitKeys)
	if key != "" {
		d.answer(key)
		d.expect(quitKeys)
	}
	shown := d.screen.String()[:d.seen]
	d.answer("q")
	d.end(0)
	return shown
}

func qrScreen(t *testing.T, columns, lines uint16, args ...string) string {
	t.Helper()
	home := t.TempDir()
	run(t, home, typedSecret, "add", "ada")
	d := atTerminal(t, home, append([]string{"qr", "ada"}, args...)...)
	d.expect("Passphrase: ")
	d.resize(columns, lines)
	d.answer("hunter2\r")
	end, status := "Enter clears the screen: ", 0
	if columns == 40 || columns == 80 && len(args) > 0 {
		end, status = "-o FILE.png\r\n", 1
	}
	d.expect(end)
	shown := d.screen.String()[:d.seen]
	if status == 0 {
		d.answer("\r")
	}
	d.end(status)
	return shown
}

// confirmScreen is the question for a code that a script wants. It is called in a way
// that would clear the screen, and shows as a line of the question where a terminal of
// this width breaks it.
func confirmScreen(t *testing.T, columns uint16) string {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("less is known of who asks on", runtime.GOOS)
	}
	c := newConfirmTest(t)
	c.program()
	folder := filepath.Join(c.home, "left-pad")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	n := int(columns)
	pad := strings.Repeat(" ", (2*n-len(`  started by  sh release.sh patch\n\x1b[2J`))%n)
	for name, script := range map[string]string{
		"release.sh": "cd /tmp\nnpmotp code ada\ntrue\n",
		"login.sh":   `npmotp unlock --confirm; echo ready; sh release.sh "$(printf 'patch\n\033[2J` + pad + `  folder      /home/ada/another')" >/dev/null; ` + sayRestored,
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(script), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	d := underShell(t, c.home, `export XDG_RUNTIME_DIR=`+c.runtime+` TEST_NOW=2026-03-04T05:06:07Z "PATH=$HOME:$PATH"; cd "$HOME/left-pad"; exec sh login.sh`)
	d.expect("Passphrase: ")
	d.resize(columns, 24)
	d.answer("hunter2\r")
	d.expect("ready\r\n")
	before := d.seen
	d.expect("is a no.")
	d.expect("[y/N] ")
	shown := d.screen.String()[before:d.seen]
	d.answer("n\r")
	d.end(0)
	// What differs from run to run is broken at the same places whatever its length.
	for _, r := range [][2]string{
		{`(process\s+)\d+`, "${1}4321"}, {`/dev/pts/\d+`, "/dev/pts/0"}, {`in \d+ s`, "in 30 s"},
	} {
		shown = regexp.MustCompile(r[0]).ReplaceAllString(shown, r[1])
	}
	return shown
}

// A display is the screen of a terminal with its colours. It takes what npmotp itself
// writes and nothing else, so that no picture lacks what a terminal would show.
type display struct {
	columns int
	lines   [][]cell
	x, y    int
	style   style
}

// A cell is a character in one column, or in two: nothing is in the second one then.
type cell struct {
	style
	text string
}

var controls = regexp.MustCompile(`^\x1b\[([?0-9;]*)([a-zA-Z])`)

// show has the terminal show what is written to it.
func (d *display) show(t *testing.T, written string) {
	t.Helper()
	for written != "" {
		if m := controls.FindStringSubmatch(written); m != nil {
			if !d.control(m[1], m[2]) {
				t.Fatalf("a picture has nothing for %q", m[0])
			}
			written = written[len(m[0]):]
			continue
		}
		r, n := utf8.DecodeRuneInString(written)
		written = written[n:]
		switch {
		case r == '\r':
			d.x = 0
		case r == '\n':
			d.y++
		case r < ' ' || r == utf8.RuneError:
			t.Fatalf("a picture has nothing for %q", r)
		default:
			d.put(string(r))
		}
	}
}

// control obeys a control sequence (ECMA-48, and xterm's ctlseqs), if it can.
func (d *display) control(parameters, final string) bool {
	switch parameters + final {
	case "?25l", "?25h": // the cursor
	case "?1049h", "?1049l", "2J":
		d.lines = nil
	case "H":
		d.x, d.y = 0, 0
	case "J":
		d.line()
		d.lines = d.lines[:d.y+1]
		d.lines[d.y] = d.lines[d.y][:min(d.x, len(d.lines[d.y]))]
	case "2K":
		*d.line() = nil
	case "m", "0m":
		d.style = style{}
	case "1m":
		d.style.bold = true
	case "2m":
		d.style.ink = faint
	case "31m":
		d.style.ink = red
	case "32m":
		d.style.ink = green
	case "38;5;16;48;5;231m":
		d.style.ink, d.style.ground = black, white
	case "48;5;16m":
		d.style.ground = black
	case "48;5;231m":
		d.style.ground = white
	default:
		return false
	}
	return true
}

// line returns the line that the cursor is in.
func (d *display) line() *[]cell {
	for len(d.lines) <= d.y {
		d.lines = append(d.lines, nil)
	}
	return &d.lines[d.y]
}

// put shows a character, in the next line where this one is full.
func (d *display) put(text string) {
	width := cleantext.Width(text)
	if d.x+width > d.columns {
		d.x, d.y = 0, d.y+1
	}
	line := d.line()
	for len(*line) < d.x+width {
		*line = append(*line, cell{text: " "})
	}
	for i := range width {
		(*line)[d.x+i] = cell{style: d.style}
	}
	(*line)[d.x].text = text
	d.x += width
}

// pieces returns the screen to be drawn.
func (d *display) pieces() [][]piece {
	var drawn [][]piece
	for _, line := range d.lines {
		var pieces []piece
		wide := false
		for _, c := range line {
			if c.text == "" {
				continue
			}
			w := cleantext.Width(c.text) > 1
			if n := len(pieces); n == 0 || pieces[n-1].style != c.style || w != wide {
				pieces = append(pieces, piece{style: c.style})
			}
			pieces[len(pieces)-1].text += c.text
			wide = w
		}
		drawn = append(drawn, pieces)
	}
	for n := len(drawn); n > 0 && len(drawn[n-1]) == 0; n-- {
		drawn = drawn[:n-1]
	}
	return drawn
}

func (d *display) text() string {
	var b strings.Builder
	for _, line := range d.lines {
		for _, c := range line {
			b.WriteString(c.text)
		}
		b.WriteString("\n")
	}
	return b.String()
}
