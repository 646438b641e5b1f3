// Package qrdraw draws QR codes (ISO/IEC 18004), as pictures and on a terminal.
//
// It draws what it is given and keeps nothing of it; that a picture of a secret
// is a secret too is its callers' concern.
package qrdraw

import (
	"bufio"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode/decoder"
	"github.com/makiuchi-d/gozxing/qrcode/encoder"
)

// ErrTooLong says that a text does not fit into one QR code.
var ErrTooLong = errors.New("too long for a QR code")

// Quiet is the width of the light margin that ISO/IEC 18004 section 9.1 asks
// for, in modules.
const Quiet = 4

// A Level says how much of a QR code may be damaged before it cannot be read.
type Level int

// The levels of error correction of ISO/IEC 18004.
const (
	Low      Level = iota // about 7 % of the codewords
	Medium                // 15 %
	Quartile              // 25 %
	High                  // 30 %
)

func (l Level) decoder() decoder.ErrorCorrectionLevel {
	switch l {
	case Medium:
		return decoder.ErrorCorrectionLevel_M
	case Quartile:
		return decoder.ErrorCorrectionLevel_Q
	case High:
		return decoder.ErrorCorrectionLevel_H
	default:
		return decoder.ErrorCorrectionLevel_L
	}
}

// Modules are the modules of a QR code, without the quiet zone.
type Modules struct {
	size int
	dark []bool // by rows
}

// Encode returns the smallest QR code that holds text. A text of digits, capitals
// and " $%*+-./:" takes fewer modules than another of the same length. The error
// wraps [ErrTooLong] and does not have the text.
func Encode(text string, level Level) (Modules, error) {
	hints := map[gozxing.EncodeHintType]any{}
	for _, r := range text {
		if r > 0x7e {
			// Says which characters these are; plain ASCII needs no saying.
			hints[gozxing.EncodeHintType_CHARACTER_SET] = "UTF-8"
			break
		}
	}
	if text == "" {
		return Modules{}, errors.New("an empty QR code says nothing")
	}
	code, err := encoder.Encoder_encode(text, level.decoder(), hints)
	if err != nil {
		return Modules{}, fmt.Errorf("%w: %d bytes", ErrTooLong, len(text))
	}
	matrix := code.GetMatrix()
	m := Modules{size: matrix.GetWidth()}
	for y := range m.size {
		for x := range m.size {
			m.dark = append(m.dark, matrix.Get(x, y) == 1)
		}
	}
	return m, nil
}

// Size returns the number of modules on a side: 21 to 177.
func (m Modules) Size() int { return m.size }

// Dark reports whether the module in column x of row y is dark. Outside of the
// symbol all is light.
func (m Modules) Dark(x, y int) bool {
	return x >= 0 && y >= 0 && x < m.size && y < m.size && m.dark[y*m.size+x]
}

// Image returns a picture with scale pixels for a module and a margin of quiet
// modules.
func (m Modules) Image(scale, quiet int) image.Image {
	side := (m.size + 2*quiet) * scale
	img := image.NewPaletted(image.Rect(0, 0, side, side), color.Palette{color.White, color.Black})
	for y := range side {
		for x := range side {
			if m.Dark(x/scale-quiet, y/scale-quiet) {
				img.SetColorIndex(x, y, 1)
			}
		}
	}
	return img
}

// PNG writes a picture with scale pixels for a module and a margin as the
// standard asks for.
func (m Modules) PNG(w io.Writer, scale int) error {
	return png.Encode(w, m.Image(scale, Quiet))
}

// The colours of the terminal are set to the black and white of the 256 colour
// cube, which themes leave alone: drawn in a theme's own colours, a code on a
// dark screen would be inverted, and many readers do not take that.
const (
	blackOnWhite = "\x1b[38;5;16;48;5;231m"
	reset        = "\x1b[0m"
)

// TerminalQuiet is the margin of a QR code on a terminal, in modules.
const TerminalQuiet = 2

// Terminal writes the code in half blocks, two rows of modules to a line, each
// of Size()+2*TerminalQuiet columns.
func (m Modules) Terminal(w io.Writer) error {
	out := bufio.NewWriter(w)
	for y := -TerminalQuiet; y < m.size+TerminalQuiet; y += 2 {
		_, _ = out.WriteString(blackOnWhite) // a bufio.Writer keeps its error for Flush
		for x := -TerminalQuiet; x < m.size+TerminalQuiet; x++ {
			glyph := ' '
			switch upper, lower := m.Dark(x, y), m.Dark(x, y+1); {
			case upper && lower:
				glyph = '█'
			case upper:
				glyph = '▀'
			case lower:
				glyph = '▄'
			}
			_, _ = out.WriteRune(glyph)
		}
		_, _ = out.WriteString(reset + "\n")
	}
	return out.Flush()
}

// Blanks writes the code as Terminal does, with blanks in colours: two for a
// module, and a line for each row. It takes four times the room, and no font can
// leave gaps in it.
func (m Modules) Blanks(w io.Writer) error {
	const black, white = "\x1b[48;5;16m  ", "\x1b[48;5;231m  "
	out := bufio.NewWriter(w)
	for y := -TerminalQuiet; y < m.size+TerminalQuiet; y++ {
		for x := -TerminalQuiet; x < m.size+TerminalQuiet; x++ {
			if m.Dark(x, y) {
				_, _ = out.WriteString(black)
			} else {
				_, _ = out.WriteString(white)
			}
		}
		_, _ = out.WriteString(reset + "\n")
	}
	return out.Flush()
}

// Fits returns how many characters of digits, capitals and " $%*+-./:" fit into a
// code of at most size modules a side.
func Fits(size int, level Level) int {
	// Two characters take eleven bits, a single one six (section 7.4.4).
	bits := room(size, level, 9, 11, 13)
	return bits/11*2 + bits%11/6
}

// FitsBytes returns how many bytes of any text fit into a code of at most size
// modules a side.
func FitsBytes(size int, level Level) int { return room(size, level, 8, 16, 16) / 8 }

// room returns how many bits of data fit beside the length, which takes so many
// bits in codes of at most version 9, 26 and 40.
func room(size int, level Level, small, medium, large int) int {
	number := min((size-17)/4, 40) // ISO/IEC 18004 section 6.3.1.1
	version, err := decoder.Version_GetVersionForNumber(number)
	if err != nil {
		return 0
	}
	length := small
	switch {
	case number > 26:
		length = large
	case number > 9:
		length = medium
	}
	// Four bits say the mode (section 7.4.1).
	return 8*(version.GetTotalCodewords()-version.GetECBlocksForLevel(level.decoder()).GetTotalECCodewords()) - 4 - length
}
