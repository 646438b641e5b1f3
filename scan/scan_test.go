package scan_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"image/jpeg"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"

	"npmotp/scan"
)

// fakeURI is the content of the code in testdata/bad/ok.gif and its kin.
const fakeURI = "otpauth://totp/npm-user?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=npm"

func readFile(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestTestdata reads every sample in testdata, pictures and texts, good and bad.
func TestTestdata(t *testing.T) {
	for list, least := range map[string]int{"pictures": 40, "bad": 40, "text": 50} {
		set := loadSet(t, filepath.Join("testdata", list+".json"))
		if len(set) < least {
			t.Fatalf("%s lists %d samples, fewer than %d", list, len(set), least)
		}
		for _, s := range set {
			t.Run(list+"/"+filepath.Base(s.File), func(t *testing.T) {
				data, err := os.ReadFile(s.File)
				if err != nil {
					t.Fatal(err)
				}
				got, err := readSample(t.Context(), data)
				switch {
				case s.Expect == nil && err == nil:
					t.Error("read something where nothing is")
				case s.Expect != nil && err != nil:
					t.Errorf("not read: %v", err)
				case s.Expect != nil && got != *s.Expect:
					t.Error("read something else")
				}
			})
		}
	}
}

func decodeOne(t *testing.T, data []byte) string {
	t.Helper()
	codes, err := scan.Decode(t.Context(), bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	got, err := scan.Pick(codes)
	if err != nil {
		t.Fatal(err)
	}
	return got.Reveal()
}

// picture decodes a file in testdata with the standard library.
func picture(t testing.TB, name string) image.Image {
	t.Helper()
	img, _, err := image.Decode(bytes.NewReader(readFile(t, name)))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func encodePNG(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// convert draws img into dst, which has its size.
func convert(dst draw.Image, img image.Image) draw.Image {
	draw.Draw(dst, dst.Bounds(), img, img.Bounds().Min, draw.Src)
	return dst
}

// TestEncodings reads one picture in every way that it can be written.
func TestEncodings(t *testing.T) {
	img := picture(t, "bad/ok.gif")
	r := image.Rectangle{Max: img.Bounds().Size()}
	paletted := image.NewPaletted(r, color.Palette{color.Black, color.Gray{Y: 99}, color.White})
	kinds := map[string]draw.Image{
		"gray": image.NewGray(r), "gray16": image.NewGray16(r), "rgba": image.NewRGBA(r), "nrgba": image.NewNRGBA(r),
		"rgba64": image.NewRGBA64(r), "nrgba64": image.NewNRGBA64(r), "paletted": paletted,
	}
	for kind, dst := range kinds {
		convert(dst, img)
		var files [4]bytes.Buffer
		if err := errors.Join(png.Encode(&files[0], dst), jpeg.Encode(&files[1], dst, nil),
			bmp.Encode(&files[2], dst), tiff.Encode(&files[3], dst, nil)); err != nil {
			t.Fatal(kind, err)
		}
		for i := range files {
			if decodeOne(t, files[i].Bytes()) != fakeURI {
				t.Errorf("%s, encoding %d: read something else", kind, i)
			}
		}
	}
}

// TestTransparent reads codes that are drawn by transparency alone.
func TestTransparent(t *testing.T) {
	img := picture(t, "bad/ok.gif")
	r := image.Rectangle{Max: img.Bounds().Size()}
	for _, ink := range []uint8{0, 255} {
		out := image.NewNRGBA(r)
		for y := range r.Dy() {
			for x := range r.Dx() {
				level := color.GrayModel.Convert(img.At(x, y)).(color.Gray).Y
				if (level < 128) == (ink == 0) {
					out.SetNRGBA(x, y, color.NRGBA{ink, ink, ink, 255})
				}
			}
		}
		var other bytes.Buffer
		if err := tiff.Encode(&other, out, nil); err != nil {
			t.Fatal(err)
		}
		for _, file := range [][]byte{encodePNG(t, out), other.Bytes()} {
			if decodeOne(t, file) != fakeURI {
				t.Errorf("ink %d: read something else", ink)
			}
		}
	}
}

// TestTurned reads a picture turned to all sides, mirrored and inverted.
func TestTurned(t *testing.T) {
	img := picture(t, "bad/ok.gif")
	n := img.Bounds().Size()
	for turn := range 8 {
		for _, invert := range []bool{false, true} {
			out := image.NewGray(image.Rect(0, 0, n.X, n.Y))
			if turn&1 != 0 {
				out = image.NewGray(image.Rect(0, 0, n.Y, n.X))
			}
			for y := range n.Y {
				for x := range n.X {
					c := color.GrayModel.Convert(img.At(x, y)).(color.Gray)
					if invert {
						c.Y = 255 - c.Y
					}
					u, v := x, y
					if turn&2 != 0 {
						u = n.X - 1 - u
					}
					if turn&4 != 0 {
						v = n.Y - 1 - v
					}
					if turn&1 != 0 {
						u, v = v, u
					}
					out.SetGray(u, v, c)
				}
			}
			if decodeOne(t, encodePNG(t, out)) != fakeURI {
				t.Errorf("turn %d, inverted %v: read something else", turn, invert)
			}
		}
	}
}

// TestBent reads a code on a surface that is not flat.
func TestBent(t *testing.T) {
	img := picture(t, "bad/ok.gif")
	n := img.Bounds().Size()
	const scale, wave = 2, 6.5
	bent := image.NewGray(image.Rect(0, 0, scale*n.X, scale*n.Y))
	for y := range bent.Rect.Dy() {
		for x := range bent.Rect.Dx() {
			u := float64(x)/scale + wave*math.Sin(float64(y)/scale/70)
			v := float64(y)/scale + wave*math.Sin(float64(x)/scale/70)
			bent.Set(x, y, img.At(min(max(int(u), 0), n.X-1), min(max(int(v), 0), n.Y-1)))
		}
	}
	if decodeOne(t, encodePNG(t, bent)) != fakeURI {
		t.Error("read something else")
	}
}

// TestTilted reads a code on a photo taken from far aside.
func TestTilted(t *testing.T) {
	img := picture(t, "bad/ok.gif")
	n := float64(img.Bounds().Dx())
	tilted := image.NewGray(image.Rect(0, 0, 1600, 1500))
	for y := range tilted.Rect.Dy() {
		for x := range tilted.Rect.Dx() {
			// A plane that leans away to the upper right.
			p, q := float64(x)-800, float64(y)-750
			w := 1.15 - 0.00035*p + 0.00035*q
			u, v := (0.9*p+0.75*q)/(3*w)+n/2, (-0.7*p+1.3*q)/(3*w)+n/2
			c := color.Color(color.White)
			if u >= 0 && v >= 0 && u < n && v < n {
				c = img.At(int(u), int(v))
			}
			tilted.Set(x, y, c)
		}
	}
	if decodeOne(t, encodePNG(t, tilted)) != fakeURI {
		t.Error("read something else")
	}
}

// TestNoQuietZone reads codes that touch a page in the colour of their outer modules,
// or nearly so.
func TestNoQuietZone(t *testing.T) {
	code := drawParts(t, []part{{text: fakeURI}})
	img, err := png.Decode(bytes.NewReader(code))
	if err != nil {
		t.Fatal(err)
	}
	const margin = 12 // what drawParts leaves
	inner := img.Bounds().Inset(margin)
	for i, page := range []uint8{0, 9, 32, 60} {
		for _, invert := range []uint8{0, 255} {
			// On the larger pages a module is a point where they are seen at twice the
			// quick size.
			out := image.NewGray(image.Rect(0, 0, 900+i%2*1700, 700))
			for i := range out.Pix {
				out.Pix[i] = page ^ invert
			}
			for i := range 40 * 60 { // something like text
				x, y := 40+i%60*8, 30+i/60*9
				for k := range 20 {
					if (i*k*7+k)%3 == 0 {
						out.SetGray(x+k%5, y+k/5, color.Gray{Y: 200 ^ invert})
					}
				}
			}
			for y := inner.Min.Y; y < inner.Max.Y; y++ {
				for x := inner.Min.X; x < inner.Max.X; x++ {
					out.SetGray(600+x, 400+y, color.Gray{Y: color.GrayModel.Convert(img.At(x, y)).(color.Gray).Y ^ invert})
				}
			}
			codes, err := scan.Decode(t.Context(), bytes.NewReader(encodePNG(t, out)))
			if err != nil || len(codes) != 1 || codes[0].Reveal() != fakeURI {
				t.Errorf("page %d, inverted %v: %v", page, invert > 0, err)
			}
		}
	}
}

// TestTwoCodes finds both codes of two terminals in one picture.
func TestTwoCodes(t *testing.T) {
	for _, names := range [][2]string{{"wb032.png", "xt011.png"}, {"xt011.png", "xt014.png"}, {"xt013.png", "wb023.png"}} {
		a, b := picture(t, "pictures/"+names[0]), picture(t, "pictures/"+names[1])
		w, h := a.Bounds().Dx(), a.Bounds().Dy()
		both := image.NewRGBA(image.Rect(0, 0, w+b.Bounds().Dx(), max(h, b.Bounds().Dy())))
		draw.Draw(both, image.Rect(0, 0, w, h), a, a.Bounds().Min, draw.Src)
		draw.Draw(both, b.Bounds().Add(image.Pt(w, 0)), b, b.Bounds().Min, draw.Src)
		codes, err := scan.Decode(t.Context(), bytes.NewReader(encodePNG(t, both)))
		if err != nil || len(codes) != 2 {
			t.Errorf("%s: %d codes, %v", names, len(codes), err)
			continue
		}
		_, err = scan.Pick(codes)
		if several, ok := errors.AsType[*scan.SeveralError](err); !ok || len(several.Labels) != 2 {
			t.Errorf("%s: Pick: %v", names, err)
		}
	}
}

// TestAnimation reads a code that only a later frame shows.
func TestAnimation(t *testing.T) {
	img := picture(t, "bad/ok.gif").(*image.Paletted)
	blank := image.NewPaletted(img.Rect, img.Palette)
	var b bytes.Buffer
	frames := &gif.GIF{Image: []*image.Paletted{blank, blank, img, blank}, Delay: make([]int, 4)}
	if err := gif.EncodeAll(&b, frames); err != nil {
		t.Fatal(err)
	}
	if decodeOne(t, b.Bytes()) != fakeURI {
		t.Error("read something else")
	}
	for len(frames.Image) < 20 {
		frames.Image, frames.Delay = append([]*image.Paletted{blank}, frames.Image...), append(frames.Delay, 0)
	}
	var late bytes.Buffer
	if err := gif.EncodeAll(&late, frames); err != nil {
		t.Fatal(err)
	}
	if _, err := scan.Decode(t.Context(), bytes.NewReader(late.Bytes())); !errors.Is(err, scan.ErrAnimation) {
		t.Errorf("behind the frames that are read: %v", err)
	}
	cut := b.Bytes()[:b.Len()/3]
	if _, err := scan.Decode(t.Context(), bytes.NewReader(cut)); !errors.Is(err, scan.ErrDamaged) && !errors.Is(err, scan.ErrNoCode) {
		t.Errorf("cut off: %v", err)
	}
}

// TestDamagedPNG changes single bytes of a picture's data: the check sums must tell.
func TestDamagedPNG(t *testing.T) {
	good := readFile(t, "bad/png_gray.png")
	for i := len(good) / 3; i < len(good)-12; i += len(good) / 9 {
		bad := bytes.Clone(good)
		bad[i] ^= 0x10
		if _, err := scan.Decode(t.Context(), bytes.NewReader(bad)); !errors.Is(err, scan.ErrDamaged) {
			t.Errorf("byte %d: %v", i, err)
		}
	}
}

// TestCancelled stops when the caller does.
func TestCancelled(t *testing.T) {
	why := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(why)
	if _, err := scan.Decode(ctx, bytes.NewReader(readFile(t, "bad/ok.gif"))); !errors.Is(err, why) {
		t.Errorf("Decode: %v", err)
	}
	if _, err := scan.Text(ctx, strings.NewReader("text")); !errors.Is(err, why) {
		t.Errorf("Text: %v", err)
	}
}
