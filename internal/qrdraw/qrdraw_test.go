package qrdraw_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"npmotp/internal/qrdraw"
	"npmotp/internal/vt"
	"npmotp/scan"
)

// What is drawn can be read back, as a picture and as a terminal's output.
func TestReadBack(t *testing.T) {
	for name, text := range map[string]string{
		"a URI":         "otpauth://totp/npm:ada?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=npm",
		"a letter":      "A",
		"digits":        strings.Repeat("0123456789", 20),
		"other letters": "Grüße, Адa, 二",
		"a key of age":  strings.ToUpper("age1pq1" + strings.Repeat("q3fdznds76kn5", 140)),
	} {
		for level := qrdraw.Low; level <= qrdraw.High; level++ {
			t.Run(fmt.Sprintf("%s at %d", name, level), func(t *testing.T) {
				m, err := qrdraw.Encode(text, level)
				if err != nil {
					t.Fatal(err)
				}
				for _, scale := range []int{1, 2, 5} {
					var picture bytes.Buffer
					if err := m.PNG(&picture, scale); err != nil {
						t.Fatal(err)
					}
					codes, err := scan.Decode(t.Context(), &picture)
					if err != nil || len(codes) != 1 || codes[0].Reveal() != text {
						t.Errorf("scale %d, %d modules: %d codes, %v", scale, m.Size(), len(codes), err)
					}
				}
				for way, draw := range map[string]func(io.Writer) error{"half blocks": m.Terminal, "blanks": m.Blanks} {
					var drawn bytes.Buffer
					if err := draw(&drawn); err != nil {
						t.Fatal(err)
					}
					screen, err := scan.Text(t.Context(), &drawn)
					if err != nil || len(screen.Codes) != 1 || screen.Codes[0].Reveal() != text {
						t.Errorf("%s, %d modules: %d codes, %v", way, m.Size(), len(screen.Codes), err)
					}
				}
			})
		}
	}
}

func TestTooLong(t *testing.T) {
	text := strings.Repeat("A", 4297) // one above what version 40-L holds
	_, err := qrdraw.Encode(text, qrdraw.Low)
	if !errors.Is(err, qrdraw.ErrTooLong) || strings.Contains(err.Error(), "AAAA") {
		t.Errorf("%v", err)
	}
	if m, err := qrdraw.Encode(text[1:], qrdraw.Low); err != nil || m.Size() != 177 {
		t.Errorf("the longest: %d modules, %v", m.Size(), err)
	}
	if _, err := qrdraw.Encode("", qrdraw.Low); err == nil {
		t.Error("nothing was drawn")
	}
}

// A code on a dark theme must not come out inverted: the colours are set.
func TestTerminalColours(t *testing.T) {
	m, err := qrdraw.Encode("HELLO", qrdraw.Medium)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := m.Terminal(&out); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	if want := (m.Size() + 2*qrdraw.TerminalQuiet + 1) / 2; len(lines) != want {
		t.Errorf("%d lines, want %d", len(lines), want)
	}
	for _, line := range lines {
		if !strings.HasPrefix(line, "\x1b[38;5;16;48;5;231m") || !strings.HasSuffix(line, "\x1b[0m") {
			t.Errorf("the line %q does not set and reset its colours", line)
		}
	}
}

// On a terminal every module is where it is, dark on light: a reader that takes a
// code that is mirrored or inverted too would not notice.
func TestTerminalModules(t *testing.T) {
	m, err := qrdraw.Encode("HELLO", qrdraw.Medium)
	if err != nil {
		t.Fatal(err)
	}
	const dark, light = 0, 255
	at := func(draw func(io.Writer) error, module func(lines [][]vt.Cell, x, y int) int16) {
		t.Helper()
		var out strings.Builder
		if err := draw(&out); err != nil {
			t.Fatal(err)
		}
		term := vt.New()
		term.Replay(t.Context(), out.String())
		for y := range m.Size() {
			for x := range m.Size() {
				want := int16(light)
				if m.Dark(x, y) {
					want = dark
				}
				if got := module(term.Lines, x+qrdraw.TerminalQuiet, y+qrdraw.TerminalQuiet); got != want {
					t.Fatalf("the module %d, %d is %d, want %d", x, y, got, want)
				}
			}
		}
	}
	at(m.Blanks, func(lines [][]vt.Cell, x, y int) int16 {
		if lines[y][2*x] != lines[y][2*x+1] {
			t.Fatal("a module has two colours")
		}
		return lines[y][2*x].BG
	})
	at(m.Terminal, func(lines [][]vt.Cell, x, y int) int16 {
		cell := lines[y/2][x]
		if half := []rune("▀▄")[y%2]; cell.Rune == half || cell.Rune == '█' {
			return cell.FG
		}
		return cell.BG
	})
}

func BenchmarkEncode(b *testing.B) {
	for _, n := range []int{100, 1000, 4296} {
		text := strings.Repeat("A", n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				if _, err := qrdraw.Encode(text, qrdraw.Low); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// As many characters as Fits says fit, and not one more.
func TestFits(t *testing.T) {
	for version := 1; version <= 40; version++ {
		size := 17 + 4*version
		for level := qrdraw.Low; level <= qrdraw.High; level++ {
			n := qrdraw.Fits(size, level)
			m, err := qrdraw.Encode(strings.Repeat("A", n), level)
			if err != nil || m.Size() != size {
				t.Errorf("version %d, level %d: %d characters need %d modules, %v", version, level, n, m.Size(), err)
			}
			if m, err := qrdraw.Encode(strings.Repeat("A", n+1), level); err == nil && m.Size() <= size {
				t.Errorf("version %d, level %d: more than %d characters fit", version, level, n)
			}
			n = qrdraw.FitsBytes(size, level)
			if m, err := qrdraw.Encode(strings.Repeat("a", n), level); err != nil || m.Size() != size {
				t.Errorf("version %d, level %d: %d bytes need %d modules, %v", version, level, n, m.Size(), err)
			}
			if m, err := qrdraw.Encode(strings.Repeat("a", n+1), level); err == nil && m.Size() <= size {
				t.Errorf("version %d, level %d: more than %d bytes fit", version, level, n)
			}
		}
	}
	if n := qrdraw.Fits(20, qrdraw.Low); n != 0 {
		t.Errorf("%d characters in a code that is too small to be one", n)
	}
}
