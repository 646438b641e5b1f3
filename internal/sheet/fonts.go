package sheet

import (
	"strings"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/font/sfnt"
)

// fonts are what the page is set in: the Go fonts, which have the letters of
// Latin, Greek and Cyrillic, and a slashed zero and a tailed l in the one of
// fixed width.
type fonts struct {
	title, text, strong, small, code typeface
}

// A typeface is a font at one size and resolution.
type typeface struct {
	font.Face
	parsed *sfnt.Font
	size   float64 // in points
	dpi    float64
}

func loadFonts(dpi float64) (fonts, error) {
	var f fonts
	for _, want := range []struct {
		face *typeface
		ttf  []byte
		size float64
	}{
		{&f.title, gobold.TTF, 24},
		{&f.text, goregular.TTF, 10.5},
		{&f.strong, gobold.TTF, 10.5},
		{&f.small, goregular.TTF, 8.5},
		{&f.code, gomono.TTF, 13.5},
	} {
		parsed, err := opentype.Parse(want.ttf)
		if err != nil {
			return fonts{}, err
		}
		face, err := opentype.NewFace(parsed, &opentype.FaceOptions{Size: want.size, DPI: dpi, Hinting: font.HintingNone})
		if err != nil {
			return fonts{}, err
		}
		*want.face = typeface{face, parsed, want.size, dpi}
	}
	return f, nil
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
