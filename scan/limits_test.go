package scan_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"io"
	"runtime"
	"strings"
	"testing"

	"npmotp/scan"
)

// pngHeader returns a PNG that claims a size and holds nothing.
func pngHeader(w, h uint32, depth, kind byte) []byte {
	b := []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR")
	b = binary.BigEndian.AppendUint32(b, w)
	b = binary.BigEndian.AppendUint32(b, h)
	b = append(b, depth, kind, 0, 0, 0)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[12:]))
}

// TestTooLarge refuses pictures and texts by their size, before it is taken.
func TestTooLarge(t *testing.T) {
	// A progressive picture keeps all its coefficients while it is decoded.
	progressive := readFile(t, "bad/prog.jpg")
	binary.BigEndian.PutUint32(progressive[bytes.Index(progressive, []byte("\xff\xc2"))+5:], 6144<<16|8192)
	for name, data := range map[string][]byte{
		"progressive":   progressive,
		"wide and deep": pngHeader(65535, 65535, 16, 6),
		"one bit":       pngHeader(65535, 65535, 1, 0),
		"just too many": pngHeader(8001, 6500, 8, 0),
		"sixteen bits":  pngHeader(6000, 5000, 16, 6),
		"bytes":         append(pngHeader(10, 10, 8, 0), make([]byte, 32<<20)...),
	} {
		if _, err := scan.Decode(t.Context(), bytes.NewReader(data)); !errors.Is(err, scan.ErrTooLarge) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, text := range map[string]string{
		"bytes":   strings.Repeat("npm notice\n", 1<<20),
		"lines":   strings.Repeat("\n", 4<<20) + "x",
		"columns": strings.Repeat("\x1b[1999Gx\n", 1<<19),
	} {
		if _, err := scan.Text(t.Context(), strings.NewReader(text)); !errors.Is(err, scan.ErrTooLarge) {
			t.Errorf("text, %s: %v", name, err)
		}
	}
}

// TestReadError passes an error of the input on.
func TestReadError(t *testing.T) {
	r := io.MultiReader(strings.NewReader("\x89PNG"), failing{})
	if _, err := scan.Decode(t.Context(), r); !errors.Is(err, io.ErrClosedPipe) {
		t.Error(err)
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrClosedPipe }

// TestFormats names what is known but not read, and tells pictures from text.
func TestFormats(t *testing.T) {
	box := "\x00\x00\x00\x18ftyp"
	for data, want := range map[string]string{
		box + "heic\x00\x00\x00\x00mif1":       "HEIC",
		box + "heis\x00\x00\x00\x00mif1":       "HEIC",
		"II\x2b\x00\x08\x00\x00\x00":           "BigTIFF",
		"II\x2a\x00\x10\x00\x00\x00CR\x02\x00": "raw",
		"RIFF\x24\x00\x00\x00AVI LIST":         "video",
		"P7\nWIDTH 4\n":                        "PNM",
		"\xff\x4f\xff\x51":                     "JPEG 2000",
		box + "avif\x00\x00\x00\x00mif1":       "AVIF",
		box + "isom\x00\x00\x02\x00":           "video",
		"%PDF-1.7\n":                           "PDF",
		"<?xml version='1.0'?>\n<svg xmlns=''": "SVG",
		" <svg>":                               "SVG",
		"\xff\x0a\x00":                         "JPEG XL",
		"\x00\x00\x01\x00\x01\x00":             "icon",
	} {
		_, err := scan.Decode(t.Context(), strings.NewReader(data))
		var format *scan.FormatError
		if !errors.As(err, &format) || !strings.Contains(format.Format, want) || format.Mend == "" {
			t.Errorf("%s: %v", want, err)
		}
		if !scan.IsPicture([]byte(data)) {
			t.Errorf("%s counts as text", want)
		}
	}
	for _, text := range []string{"", "x", "$ npm profile enable-2fa\n", "\x1b[47m  \x1b[0m", "otpauth://totp/x?secret=A", "BMW", "II.", "<pre>"} {
		if scan.IsPicture([]byte(text)) {
			t.Errorf("%q counts as a picture", text)
		}
		if _, err := scan.Decode(t.Context(), strings.NewReader(text)); !errors.Is(err, scan.ErrNotPicture) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// TestNoise gives up on a picture of nothing but tiled finder patterns and on one of
// noise, in the time allowed.
func TestNoise(t *testing.T) {
	const n = 1300
	tiles, noise := image.NewGray(image.Rect(0, 0, n, n)), image.NewGray(image.Rect(0, 0, n, n))
	state := uint32(1)
	for y := range n {
		for x := range n {
			u, v := x/2%9-4, y/2%9-4
			if ring := max(u, -u, v, -v); ring == 4 || ring == 2 {
				tiles.SetGray(x, y, color.Gray{Y: 255})
			}
			state = state*1664525 + 1013904223
			noise.SetGray(x, y, color.Gray{Y: uint8(state >> 24)})
		}
	}
	for _, img := range []image.Image{tiles, noise} {
		if _, err := scan.Decode(t.Context(), bytes.NewReader(encodePNG(t, img))); !errors.Is(err, scan.ErrNoCode) {
			t.Error(err)
		}
	}
}

// TestMemory measures what pictures of the largest allowed size take.
func TestMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("decodes large pictures")
	}
	r := image.Rect(0, 0, 8192, 6144)
	small := image.Rect(0, 0, 7680, 4320)
	opaque := image.NewRGBA(r)
	for i := range opaque.Pix {
		opaque.Pix[i] = 255
	}
	for name, data := range map[string][]byte{
		"gray": encodePNG(t, image.NewGray(r)), "paletted": encodePNG(t, image.NewPaletted(r, color.Palette{color.White, color.Black})),
		"colours": encodePNG(t, opaque), "transparent": encodePNG(t, image.NewNRGBA(small)),
	} {
		runtime.GC()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := scan.Decode(t.Context(), bytes.NewReader(data)); !errors.Is(err, scan.ErrNoCode) {
			t.Errorf("%s: %v", name, err)
		}
		runtime.ReadMemStats(&after)
		if mb := (after.Sys - before.Sys) >> 20; mb > 250 {
			t.Errorf("%s: the process grew by %d MB", name, mb)
		}
	}
}
