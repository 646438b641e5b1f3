package sheet_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	xdraw "golang.org/x/image/draw"
	"golang.org/x/image/math/f64"

	"npmotp/internal/sheet"
	"npmotp/scan"
)

// readBack reads a picture as "recovery add --qr" does.
func readBack(ctx context.Context, picture io.Reader, want sheet.Sheet) error {
	codes, err := scan.Decode(ctx, picture)
	if err != nil {
		return err
	}
	got, err := sheet.Pick(codes)
	if err != nil {
		return err
	}
	return sameCodes(got, want)
}

// program returns the path of a program, or skips the test without it.
func program(t *testing.T, names ...string) string {
	t.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("CI") == "true" && runtime.GOOS == "linux" {
		t.Fatalf("%s is not installed", names[0])
	}
	t.Skipf("%s is not installed", names[0])
	return ""
}

// pagesOf returns the first pages of a PDF as poppler renders them.
func pagesOf(t *testing.T, pdf []byte, dpi, last int) []image.Image {
	t.Helper()
	pdftoppm := program(t, "pdftoppm")
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), pdftoppm, "-r", fmt.Sprint(dpi), "-l", fmt.Sprint(last), "-gray", "-png", "-", filepath.Join(dir, "page"))
	cmd.Stdin = bytes.NewReader(pdf)
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Fatalf("pdftoppm: %v\n%s", err, out)
	}
	files, err := filepath.Glob(filepath.Join(dir, "page*.png"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no pages: %v", err)
	}
	pages := make([]image.Image, len(files))
	for i, name := range files {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		if pages[i], err = png.Decode(f); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return pages
}

func encoded(t *testing.T, img image.Image) io.Reader {
	t.Helper()
	var buf bytes.Buffer
	if err := png.Encode(&buf, img); err != nil {
		t.Fatal(err)
	}
	return &buf
}

func written(t *testing.T, s sheet.Sheet, f sheet.Format) []byte {
	t.Helper()
	var buf bytes.Buffer
	if err := s.Write(&buf, f); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func sheets() map[string]sheet.Sheet {
	all := map[string]sheet.Sheet{"1 code": npmSheet(1), "5 codes": npmSheet(5), "10 codes": npmSheet(10), "hostile": hostileSheet()}
	if !testing.Short() { // with the race detector it takes longer than the scanner allows
		all["40 codes"] = npmSheet(40)
	}
	return all
}

func TestPNGReadsBack(t *testing.T) {
	for name, s := range sheets() {
		picture := written(t, s, sheet.PNG)
		if err := readBack(t.Context(), bytes.NewReader(picture), s); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		// 200 pixels to the inch are 7874 to the metre.
		if want := "pHYs\x00\x00\x1e\xc2\x00\x00\x1e\xc2\x01"; !bytes.Contains(picture[:80], []byte(want)) {
			t.Errorf("%s: the picture does not say how large it is printed", name)
		}
	}
	if err := npmSheet(200).Write(io.Discard, sheet.PNG); err == nil || !strings.Contains(err.Error(), "too many codes") {
		t.Errorf("200 codes: %v", err)
	}
}

func TestPDFReadsBack(t *testing.T) {
	for name, s := range sheets() {
		t.Run(name, func(t *testing.T) {
			pdf := written(t, s, sheet.PDF)
			if err := wellFormed(pdf); err != nil {
				t.Error(err)
			}
			pages := bytes.Count(pdf, []byte("/Type /Page "))
			if most := 100_000 * pages; len(pdf) > most {
				t.Errorf("%d bytes, want at most %d", len(pdf), most)
			}
			if err := readBack(t.Context(), encoded(t, pagesOf(t, pdf, 300, 1)[0]), s); err != nil {
				t.Error(err)
			}
			for i, p := range pagesOf(t, pdf, 60, 99) {
				if err := withinLetter(p); err != nil {
					t.Errorf("page %d: %v", i+1, err)
				}
			}
		})
	}
}

// wellFormed reports what is wrong with the table of a PDF's objects. Readers
// mend it, and mostly say nothing of it.
func wellFormed(pdf []byte) error {
	var start, count int
	if _, err := fmt.Sscanf(string(pdf[bytes.LastIndex(pdf, []byte("startxref")):]), "startxref\n%d\n%%%%EOF\n", &start); err != nil {
		return err
	}
	table := string(pdf[start:])
	if _, err := fmt.Sscanf(table, "xref\n0 %d\n", &count); err != nil {
		return err
	}
	entries := table[strings.Index(table, "0000000000 65535 f \n"):]
	for i := 1; i < count; i++ {
		var offset int
		if _, err := fmt.Sscanf(entries[20*i:], "%d 00000 n \n", &offset); err != nil {
			return err
		}
		if want := fmt.Sprintf("%d 0 obj\n", i); !bytes.HasPrefix(pdf[offset:], []byte(want)) {
			return fmt.Errorf("object %d is not at %d", i, offset)
		}
	}
	if !strings.HasPrefix(entries[20*count:], "trailer\n") {
		return errors.New("the table has more objects than it says")
	}
	return nil
}

// withinLetter reports what of a page of A4 would be cut off on US Letter, at its
// top or in its middle, with 8 mm that printers leave free. White is 254 where
// poppler makes a picture smaller.
func withinLetter(page image.Image) error {
	const margin, letter, a4 = 8, 279.4, 297.0
	const white = 254
	perMM := float64(page.Bounds().Dy()) / a4
	from, to := margin+(a4-letter)/2, letter-margin
	for y := range page.Bounds().Dy() {
		for x := range page.Bounds().Dx() {
			at := float64(y) / perMM
			side := float64(x) / perMM
			if (at < from || at > to || side < margin || side > 210-margin) && color.GrayModel.Convert(page.At(x, y)).(color.Gray).Y < white {
				return fmt.Errorf("there is something at %.0f, %.0f mm", side, at)
			}
		}
	}
	return nil
}

// A sheet that was printed and photographed, with a blur, a turn of five degrees
// and the losses of JPEG, reads back.
func TestPhotoReadsBack(t *testing.T) {
	for _, n := range []int{1, 5, 10} {
		if testing.Short() {
			break
		}
		t.Run(fmt.Sprintf("%d codes", n), func(t *testing.T) {
			s := npmSheet(n)
			page := pagesOf(t, written(t, s, sheet.PDF), 300, 1)[0]
			for _, degrees := range []float64{5, -95} {
				if err := readBack(t.Context(), photo(t, page, degrees), s); err != nil {
					t.Errorf("turned by %g degrees: %v", degrees, err)
				}
			}
		})
	}
	t.Run("PNG", func(t *testing.T) { // without poppler
		s := npmSheet(5)
		img, err := png.Decode(bytes.NewReader(written(t, s, sheet.PNG)))
		if err != nil {
			t.Fatal(err)
		}
		if err := readBack(t.Context(), photo(t, img, 5), s); err != nil {
			t.Error(err)
		}
	})
}

// photo returns a page as a telephone sees it: on a table, turned, out of focus,
// grey, and compressed with quality 70.
func photo(t *testing.T, page image.Image, degrees float64) io.Reader {
	t.Helper()
	b := page.Bounds()
	side := int(math.Hypot(float64(b.Dx()), float64(b.Dy())))
	turned := image.NewGray(image.Rect(0, 0, side, side))
	draw.Draw(turned, turned.Bounds(), image.NewUniform(color.Gray{Y: 0x50}), image.Point{}, draw.Src)
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	cx, cy, to := float64(b.Dx())/2, float64(b.Dy())/2, float64(side)/2
	xdraw.BiLinear.Transform(turned, f64.Aff3{cos, -sin, to - cos*cx + sin*cy, sin, cos, to - sin*cx - cos*cy}, page, b, xdraw.Src, nil)
	for range 3 { // three means in a row are all but a Gaussian
		turned = mean(turned, 2)
	}
	for i, v := range turned.Pix { // paper in a room is not white, nor ink black
		turned.Pix[i] = uint8(40 + int(v)*170/255)
	}
	var buf bytes.Buffer
	if err := jpeg.Encode(&buf, turned, &jpeg.Options{Quality: 70}); err != nil {
		t.Fatal(err)
	}
	return &buf
}

// mean blurs by the mean over a square with the given reach.
func mean(img *image.Gray, reach int) *image.Gray {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	out := image.NewGray(img.Rect)
	// Along rows, then along columns; sum is that of the window around the point.
	along := func(from, to []uint8, start, step, n int) {
		at := func(i int) int { return int(from[start+min(max(i, 0), n-1)*step]) }
		sum := 0
		for i := -reach; i <= reach; i++ {
			sum += at(i)
		}
		for i := range n {
			to[start+i*step] = uint8(sum / (2*reach + 1))
			sum += at(i+reach+1) - at(i-reach)
		}
	}
	between := make([]uint8, len(img.Pix))
	for y := range h {
		along(img.Pix, between, y*img.Stride, 1, w)
	}
	for x := range w {
		along(between, out.Pix, x, img.Stride, h)
	}
	return out
}
