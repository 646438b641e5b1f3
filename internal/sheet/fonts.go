package sheet

import (
	"fmt"
	"strings"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/font/sfnt"
)

// A style is one of the fonts of the page. They are the Go fonts, which have the
// letters of Latin, Greek and Cyrillic, and a slashed zero and a tailed l in the
// one of fixed width.
type style int

const (
	regular style = iota
	bold
	mono
	styles
)

func (s style) data() []byte {
	switch s {
	case bold:
		return gobold.TTF
	case mono:
		return gomono.TTF
	default:
		return goregular.TTF
	}
}

func (s style) name() string { return fmt.Sprintf("go%d", s) }

// missing stands for a letter that the fonts do not have.
const missing = '□'

// fonts are the fonts, read once.
type fonts struct {
	parsed [styles]*sfnt.Font
	faces  map[faceKey]font.Face
}

type faceKey struct {
	style style
	size  float64 // in points
	dpi   float64
}

func loadFonts() (*fonts, error) {
	f := &fonts{faces: map[faceKey]font.Face{}}
	for s := range styles {
		var err error
		if f.parsed[s], err = opentype.Parse(s.data()); err != nil {
			return nil, err
		}
	}
	return f, nil
}

func (f *fonts) face(s style, size, dpi float64) (font.Face, error) {
	key := faceKey{s, size, dpi}
	if face := f.faces[key]; face != nil {
		return face, nil
	}
	face, err := opentype.NewFace(f.parsed[s], &opentype.FaceOptions{Size: size, DPI: dpi, Hinting: font.HintingNone})
	if err == nil {
		f.faces[key] = face
	}
	return face, err
}

// width returns the width of text in millimetres.
func (f *fonts) width(s style, size float64, text string) (float64, error) {
	const fine = 10 // of a point, so that rounding does not add up
	face, err := f.face(s, size, 72*fine)
	if err != nil {
		return 0, err
	}
	return float64(font.MeasureString(face, text)) / 64 / fine * mmPerPoint, nil
}

// shown replaces what the fonts do not have. Scripts that run from right to left
// and those that join letters are among it, so that what is left is drawn letter
// by letter.
func (f *fonts) shown(s style, text string) string {
	var buf sfnt.Buffer
	return strings.Map(func(r rune) rune {
		if i, err := f.parsed[s].GlyphIndex(&buf, r); err != nil || i == 0 {
			return missing
		}
		return r
	}, text)
}

// wrap breaks text into lines of at most the given width: at spaces, and within
// what is too long for a line.
func (f *fonts) wrap(s style, size, width float64, text string) ([]string, error) {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		joined := strings.TrimSpace(line + " " + word)
		w, err := f.width(s, size, joined)
		if err != nil {
			return nil, err
		}
		if w <= width {
			line = joined
			continue
		}
		if line != "" {
			lines = append(lines, line)
		}
		line = ""
		for _, r := range word {
			if w, err = f.width(s, size, line+string(r)); err != nil {
				return nil, err
			}
			if w > width && line != "" {
				lines = append(lines, line)
				line = ""
			}
			line += string(r)
		}
	}
	return append(lines, line), nil
}
