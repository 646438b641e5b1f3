package sheet

import (
	"image"
	"math"
	"strings"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// fonts are what the page is set in: Go Mono, which has the letters of Latin, Greek
// and Cyrillic, a slashed zero and a tailed l. A second font for the text, or a bold
// one, would make the program larger by 150 kB.
type fonts struct {
	title, text, strong, small, code typeface
}

// A typeface is a font at one size and resolution.
type typeface struct {
	font.Face
	parsed *sfnt.Font
	size   float64 // in points
	dpi    float64
	bolder int // pixels that its strokes are wider
}

// boldness is how much wider a bold stroke is, in parts of the size.
const boldness = 1.0 / 24

func loadFonts(dpi float64) (fonts, error) {
	parsed, err := opentype.Parse(gomono.TTF)
	if err != nil {
		return fonts{}, err
	}
	var f fonts
	for _, want := range []struct {
		face *typeface
		size float64
		bold float64
	}{
		{&f.title, 20, boldness},
		{&f.text, 9, 0},
		{&f.strong, 9, boldness},
		{&f.small, 7.5, 0},
		{&f.code, 13.5, 0},
	} {
		face, err := opentype.NewFace(parsed, &opentype.FaceOptions{Size: want.size, DPI: dpi, Hinting: font.HintingNone})
		if err != nil {
			return fonts{}, err
		}
		bolder := int(math.Round(want.bold * want.size / 72 * dpi))
		*want.face = typeface{face, parsed, want.size, dpi, bolder}
	}
	return f, nil
}

// Glyph and GlyphAdvance implement [font.Face], with room for wider strokes.
func (t typeface) Glyph(dot fixed.Point26_6, r rune) (at image.Rectangle, mask image.Image, from image.Point, advance fixed.Int26_6, ok bool) {
	at, mask, from, advance, ok = t.Face.Glyph(dot, r)
	return at, mask, from, advance + fixed.I(t.bolder), ok
}

func (t typeface) GlyphAdvance(r rune) (advance fixed.Int26_6, ok bool) {
	advance, ok = t.Face.GlyphAdvance(r)
	return advance + fixed.I(t.bolder), ok
}

// width returns the width of text in millimetres.
func (t typeface) width(text string) float64 {
	return float64(font.MeasureString(t, text)) / 64 / t.dpi * mmPerInch
}

// lead is how far apart lines are, in millimetres.
func (t typeface) lead() float64 { return 1.38 * t.size * mmPerPoint }

// missing stands for a letter that a font does not have.
const missing = '□'

// shown replaces what the font does not have. Scripts that run from right to left
// and those that join letters are among it, so that what is left is drawn letter
// by letter.
func (t typeface) shown(text string) string {
	var buf sfnt.Buffer
	return strings.Map(func(r rune) rune {
		if i, err := t.parsed.GlyphIndex(&buf, r); err != nil || i == 0 {
			return missing
		}
		return r
	}, text)
}

// wrap breaks text into lines of at most the given width: at spaces, and within
// what is too long for a line.
func (t typeface) wrap(width float64, text string) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		joined := strings.TrimSpace(line + " " + word)
		if t.width(joined) <= width {
			line = joined
			continue
		}
		if line != "" {
			lines = append(lines, line)
		}
		line = ""
		for _, r := range word {
			if t.width(line+string(r)) > width && line != "" {
				lines = append(lines, line)
				line = ""
			}
			line += string(r)
		}
	}
	return append(lines, line)
}
