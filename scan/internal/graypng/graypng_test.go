package graypng_test

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image/color"
	"image/png"
	"math/rand/v2"
	"testing"

	"npmotp/scan/internal/graypng"
)

// The colour types and how many bytes a pixel of each is.
const (
	gray, rgb, indexed, grayAlpha, rgba = 0, 2, 3, 4, 6
)

var channels = map[byte]int{gray: 1, rgb: 3, indexed: 1, grayAlpha: 2, rgba: 4}

func chunk(name string, body []byte) []byte {
	out := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	out = append(append(out, name...), body...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[4:]))
}

func pack(t testing.TB, data []byte) []byte {
	t.Helper()
	var buf bytes.Buffer
	z := zlib.NewWriter(&buf)
	if _, err := z.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func header(w, h int, kind byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(w))
	b = binary.BigEndian.AppendUint32(b, uint32(h))
	return append(b, 8, kind, 0, 0, 0)
}

// build returns a PNG file of the filtered rows, each with the byte that names its
// filter, in two chunks.
func build(t testing.TB, w, h int, kind byte, rows []byte) []byte {
	t.Helper()
	out := append([]byte("\x89PNG\r\n\x1a\n"), chunk("IHDR", header(w, h, kind))...)
	if kind == indexed {
		palette := make([]byte, 768)
		for i := range palette {
			palette[i] = byte(i * 37)
		}
		out = append(out, chunk("PLTE", palette)...)
	}
	z := pack(t, rows)
	out = append(out, chunk("IDAT", z[:len(z)/2])...)
	out = append(out, chunk("IDAT", z[len(z)/2:])...)
	return append(out, chunk("IEND", nil)...)
}

// same fails the test unless image/png sees the same picture.
func same(t *testing.T, file []byte) {
	t.Helper()
	f := graypng.Parse(file)
	if f == nil {
		t.Fatal("not read")
	}
	levels, alpha, err := f.Decode(t.Context())
	img, pngErr := png.Decode(bytes.NewReader(file))
	if (err == nil) != (pngErr == nil) {
		t.Fatalf("%v, image/png says %v", err, pngErr)
	}
	if err != nil {
		return
	}
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	if len(levels) != w*h || alpha != nil && len(alpha) != w*h {
		t.Fatalf("%d levels and %d of transparency for %d x %d pixels", len(levels), len(alpha), w, h)
	}
	for i, got := range levels {
		c, ok := color.NRGBAModel.Convert(img.At(i%w, i/w)).(color.NRGBA)
		if n, isN := img.At(i%w, i/w).(color.NRGBA); isN {
			c = n
		} else if !ok {
			t.Fatal("no colour")
		}
		a := uint8(255)
		if alpha != nil {
			a = alpha[i]
		}
		if want := graypng.Luma(c.R, c.G, c.B); got != want || a != c.A {
			t.Fatalf("pixel %d, %d: level %d opaque %d, image/png has %d and %d", i%w, i/w, got, a, want, c.A)
		}
	}
}

// filtered returns rows as a screenshot has them: mostly zeros, and some with few.
func filtered(r *rand.Rand, w, h, channels int) []byte {
	var rows []byte
	for range h {
		row := make([]byte, 1+w*channels)
		row[0] = byte(r.IntN(5))
		for n := r.IntN(4); n > 0; n-- {
			from := 1 + r.IntN(len(row)-1)
			for i := from; i < min(from+r.IntN(3*channels)+r.IntN(2)*r.IntN(w), len(row)); i++ {
				row[i] = byte(r.IntN(4) * 85)
			}
		}
		rows = append(rows, row...)
	}
	return rows
}

func TestDecodesAsImagePNGDoes(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for kind, n := range channels {
		for _, w := range []int{1, 2, 3, 7, 8, 9, 30, 100, 901} {
			t.Run(fmt.Sprintf("type %d of width %d", kind, w), func(t *testing.T) {
				for range 8 {
					h := 1 + r.IntN(60)
					same(t, build(t, w, h, kind, filtered(r, w, h, n)))
				}
			})
		}
	}
}

// Many rows do not fit into one batch.
func TestLarge(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	same(t, build(t, 1000, 700, rgb, filtered(r, 1000, 700, 3)))
	same(t, build(t, 90_000, 5, rgba, filtered(r, 90_000, 5, 4)))
}

func TestDamaged(t *testing.T) {
	rows := make([]byte, 10*31)
	short := build(t, 10, 11, rgb, rows)
	unknown := bytes.Clone(rows)
	unknown[31] = 5
	for name, file := range map[string][]byte{
		"too few rows": short, "unknown filter": build(t, 10, 10, rgb, unknown),
		"no rows": build(t, 10, 10, rgb, nil),
	} {
		f := graypng.Parse(file)
		if f == nil {
			t.Fatalf("%s: not read", name)
		}
		if _, _, err := f.Decode(t.Context()); !errors.Is(err, graypng.ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What follows the first header must not change the size: the caller has looked at that.
func TestLeavesToImagePNG(t *testing.T) {
	good := build(t, 10, 10, rgb, make([]byte, 10*31))
	second := bytes.Clone(good[:len(good)-12])
	second = append(append(second, chunk("IHDR", header(9999, 9999, rgb))...), chunk("IEND", nil)...)
	badSum := bytes.Clone(good)
	badSum[45] ^= 1
	for name, file := range map[string][]byte{
		"cut": good[:len(good)-13], "second header": second, "checksum": badSum, "empty": nil,
		"no palette": append(bytes.Clone(good[:8]), bytes.Join([][]byte{
			chunk("IHDR", header(1, 1, indexed)), chunk("IDAT", pack(t, []byte{0, 0})), chunk("IEND", nil),
		}, nil)...),
	} {
		if graypng.Parse(file) != nil {
			t.Errorf("%s: read", name)
		}
	}
}

func FuzzDecode(f *testing.F) {
	r := rand.New(rand.NewPCG(7, 8))
	for kind, n := range channels {
		f.Add(kind, uint8(20), filtered(r, 20, 12, n))
	}
	f.Fuzz(func(t *testing.T, kind, width uint8, rows []byte) {
		n, w := channels[kind], max(1, int(width))
		if n == 0 {
			kind, n = rgb, 3
		}
		h := len(rows) / (1 + w*n)
		if h == 0 || len(rows) > 1<<13 {
			return
		}
		rows = rows[:h*(1+w*n)]
		for y := range h {
			rows[y*(1+w*n)] %= 6
		}
		same(t, build(t, w, h, kind, rows))
	})
}
