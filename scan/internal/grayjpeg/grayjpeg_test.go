package grayjpeg_test

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"math/rand/v2"
	"testing"

	"npmotp/scan/internal/grayjpeg"
)

// tolerance is how far levels may be from those of image/jpeg: both round.
const tolerance = 2

// same fails the test unless image/jpeg sees the same brightness. It reports whether
// the file was read at all.
func same(t *testing.T, data []byte) bool {
	t.Helper()
	cfg, err := jpeg.DecodeConfig(bytes.NewReader(data))
	if err != nil || cfg.Width*cfg.Height > 1<<22 {
		return false
	}
	levels, ok := grayjpeg.Decode(t.Context(), data, cfg.Width, cfg.Height)
	if !ok {
		return false
	}
	img, err := jpeg.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatalf("read, but image/jpeg says %v", err)
	}
	var want []uint8
	stride := 0
	switch img := img.(type) {
	case *image.Gray:
		want, stride = img.Pix, img.Stride
	case *image.YCbCr:
		want, stride = img.Y, img.YStride
	default:
		t.Fatalf("read, but image/jpeg returns a %T", img)
	}
	if len(levels) != cfg.Width*cfg.Height {
		t.Fatalf("%d levels for %d x %d pixels", len(levels), cfg.Width, cfg.Height)
	}
	for i, got := range levels {
		x, y := i%cfg.Width, i/cfg.Width
		if w := want[y*stride+x]; max(got, w)-min(got, w) > tolerance {
			t.Fatalf("level %d at %d, %d of %d x %d, image/jpeg has %d", got, x, y, cfg.Width, cfg.Height, w)
		}
	}
	return true
}

// picture returns something with flat parts, edges and noise.
func picture(w, h int, noise float64) *image.RGBA {
	r := rand.New(rand.NewPCG(uint64(w), uint64(h)))
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			v := 40.0
			if (x/9+y/5)%3 == 0 {
				v = 220
			}
			v += noise * r.NormFloat64()
			img.SetRGBA(x, y, color.RGBA{clamp(v), clamp(v * 0.8), clamp(200 - v), 255})
		}
	}
	return img
}

func clamp(v float64) uint8 { return uint8(max(0, min(v, 255))) }

func encode(t testing.TB, img image.Image, quality int) []byte {
	t.Helper()
	var buf bytes.Buffer
	if err := jpeg.Encode(&buf, img, &jpeg.Options{Quality: quality}); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func grayOf(img image.Image) *image.Gray {
	g := image.NewGray(img.Bounds())
	for i := range g.Pix {
		g.Pix[i] = color.GrayModel.Convert(img.At(i%g.Stride, i/g.Stride)).(color.Gray).Y //nolint:forcetypeassert // the model's
	}
	return g
}

func TestDecodesAsImageJPEGDoes(t *testing.T) {
	for _, size := range [][2]int{{1, 1}, {8, 8}, {16, 16}, {17, 15}, {33, 100}, {250, 131}} {
		for _, quality := range []int{1, 20, 75, 90, 100} {
			for _, noise := range []float64{0, 8, 90} {
				img := picture(size[0], size[1], noise)
				for _, img := range []image.Image{img, grayOf(img)} {
					if !same(t, encode(t, img, quality)) {
						t.Errorf("%T of %v at quality %d with noise %v: left to image/jpeg", img, size, quality, noise)
					}
				}
			}
		}
	}
}

func TestSynthetic(t *testing.T) {
	for seed := range uint64(60) {
		if data := synthetic(seed); !same(t, data) {
			t.Errorf("picture %d: left to image/jpeg", seed)
		}
	}
}

// What image/jpeg refuses must not be read.
func TestDamaged(t *testing.T) {
	for seed := range uint64(8) {
		data := synthetic(seed)
		for n := 0; n < len(data)-1; n += 1 + n/40 {
			if same(t, data[:n]) {
				t.Errorf("picture %d cut to %d of %d bytes was read", seed, n, len(data))
			}
			same(t, append(bytes.Clone(data[:n]), 0xff, 0xd9))
		}
		for i := range data[:len(data)-1] {
			if data[i] == 0xff && data[i+1]&^7 == 0xd0 { // a restart
				same(t, append(bytes.Clone(data[:i-1]), data[i:]...))
			}
		}
		r := rand.New(rand.NewPCG(1, seed))
		for range 300 {
			bad := bytes.Clone(data)
			bad[r.IntN(len(bad))] ^= 1 << r.IntN(8)
			same(t, bad)
		}
	}
}

// What it does not know it leaves alone.
func TestLeavesToImageJPEG(t *testing.T) {
	good := encode(t, picture(40, 40, 5), 80)
	frame, huffman := bytes.Index(good, []byte{0xff, 0xc0}), bytes.Index(good, []byte{0xff, 0xc4})
	for name, change := range map[string]func(b []byte) []byte{
		"progressive": func(b []byte) []byte { b[frame+1] = 0xc2; return b },
		"12 bits":     func(b []byte) []byte { b[frame+4] = 12; return b },
		"red, green and blue": func(b []byte) []byte {
			return bytes.Join([][]byte{b[:2], {0xff, 0xee, 0, 14}, []byte("Adobe"), make([]byte, 7), b[2:]}, nil)
		},
		"too many codes": func(b []byte) []byte { b[huffman+5], b[huffman+7] = 3, b[huffman+7]-3; return b },
		"no end":         func(b []byte) []byte { return b[:len(b)-2] },
		"another scan":   func(b []byte) []byte { return append(b[:len(b)-2], 0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0) },
		"other size":     func(b []byte) []byte { b[frame+5]++; return b },
		"no picture":     func([]byte) []byte { return nil },
	} {
		if _, ok := grayjpeg.Decode(t.Context(), change(bytes.Clone(good)), 40, 40); ok {
			t.Errorf("%s: read", name)
		}
	}
	if _, ok := grayjpeg.Decode(t.Context(), good, 40, 40); !ok {
		t.Error("the unchanged picture was not read")
	}
}

func FuzzDecode(f *testing.F) {
	for seed := range uint64(12) {
		f.Add(synthetic(seed))
	}
	f.Add(encode(f, picture(20, 20, 30), 60))
	f.Fuzz(func(t *testing.T, data []byte) { same(t, data) })
}

func BenchmarkDecode(b *testing.B) {
	img := picture(1600, 1200, 10)
	data := encode(b, img, 75)
	b.Run("grayjpeg", func(b *testing.B) {
		for b.Loop() {
			if _, ok := grayjpeg.Decode(b.Context(), data, 1600, 1200); !ok {
				b.Fatal("not read")
			}
		}
	})
	b.Run("image", func(b *testing.B) {
		for b.Loop() {
			if _, err := jpeg.Decode(bytes.NewReader(data)); err != nil {
				b.Fatal(err)
			}
		}
	})
}
