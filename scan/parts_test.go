package scan_test

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/common/reedsolomon"
	"github.com/makiuchi-d/gozxing/qrcode/decoder"
	"github.com/makiuchi-d/gozxing/qrcode/encoder"

	"npmotp/scan"
)

// drawParts draws QR codes side by side: each of its texts behind a header of
// structured append with the given index, total and parity, or none when total is 0.
func drawParts(t *testing.T, list []part) []byte {
	t.Helper()
	const dim, words, scale, margin = 37, 108, 3, 12 // version 5, level L: one block
	img := image.NewGray(image.Rect(0, 0, len(list)*(dim*scale+2*margin), dim*scale+2*margin))
	for i := range img.Pix {
		img.Pix[i] = 255
	}
	for n, p := range list {
		bits := gozxing.NewEmptyBitArray()
		put := func(v, width int) { _ = bits.AppendBits(v, width) }
		if p.total > 0 {
			put(3, 4)
			put(p.index<<4|(p.total-1), 8)
			put(int(p.parity), 8)
		}
		put(4, 4)
		put(len(p.text), 8)
		for i := range len(p.text) {
			put(int(p.text[i]), 8)
		}
		for bits.GetSize() < words*8 {
			put(0, 1)
		}
		data := make([]byte, words)
		bits.ToBytes(0, data, 0, words)
		all := make([]int, words+26)
		for i, b := range data {
			all[i] = int(b)
		}
		if err := reedsolomon.NewReedSolomonEncoder(reedsolomon.GenericGF_QR_CODE_FIELD_256).Encode(all, 26); err != nil {
			t.Fatal(err)
		}
		for _, v := range all[words:] {
			put(v, 8)
		}
		version, err := decoder.Version_GetVersionForNumber(5)
		if err != nil {
			t.Fatal(err)
		}
		m := encoder.NewByteMatrix(dim, dim)
		if err := encoder.MatrixUtil_buildMatrix(bits, decoder.ErrorCorrectionLevel_L, version, 2, m); err != nil {
			t.Fatal(err)
		}
		left := n*(dim*scale+2*margin) + margin
		for y := range dim * scale {
			for x := range dim * scale {
				if m.Get(x/scale, y/scale) == 1 {
					img.SetGray(left+x, margin+y, color.Gray{})
				}
			}
		}
	}
	return encodePNG(t, img)
}

type part struct {
	text         string
	index, total int
	parity       byte
}

// split makes n parts of text, each of them with the parity of the whole.
func split(text string, n int) []part {
	var parity byte
	for i := range len(text) {
		parity ^= text[i]
	}
	var out []part
	for i := range n {
		out = append(out, part{text[i*len(text)/n : (i+1)*len(text)/n], i, n, parity})
	}
	return out
}

// TestParts joins the QR codes of one message in whatever order they lie, and takes
// none for the whole.
func TestParts(t *testing.T) {
	const named = "otpauth://totp/npm:zo\u00eb?secret=GEZDGNBVGY3TQOJQ&issuer=npm"
	two, three, other := split(fakeURI, 2), split(named, 3), split(named, 2)
	other[1].parity = two[0].parity
	wrong := split(fakeURI, 2)
	wrong[0].parity, wrong[1].parity = 1, 1
	link := part{text: "https://example.com/"}
	const (
		first   = "only 1 of 2 QR codes that belong together found: take one picture of all of them"
		foreign = "the 2 QR codes are parts of different messages: take one picture of those that belong together"
	)
	for name, c := range map[string]struct {
		parts []part
		want  string
	}{
		"in order":         {two, fakeURI},
		"turned round":     {[]part{two[1], two[0]}, fakeURI},
		"beside a link":    {[]part{link, two[0], two[1]}, fakeURI},
		"three":            {[]part{three[2], three[0], three[1]}, named},
		"one of one":       {split(fakeURI, 1), fakeURI},
		"beside a key":     {[]part{{text: fakeURI}, three[0]}, fakeURI},
		"first alone":      {two[:1], first},
		"second alone":     {two[1:], first},
		"first and a link": {[]part{two[0], link}, first},
		"two of three":     {three[:2], "only 2 of 3 QR codes that belong together found: take one picture of all of them"},
		"other parity":     {[]part{two[0], split(named, 2)[1]}, first},
		"of two messages":  {[]part{two[0], other[1]}, foreign},
		"one place twice":  {[]part{two[0], {other[0].text, 0, 2, two[0].parity}, two[1]}, foreign},
		"wrong parity":     {wrong, foreign},
	} {
		codes, err := scan.Decode(t.Context(), bytes.NewReader(drawParts(t, c.parts)))
		if err != nil {
			if _, ok := errors.AsType[*scan.PartsError](err); !ok || !errors.Is(err, scan.ErrNoCode) || err.Error() != c.want {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if got, err := scan.Pick(codes); err != nil || got.Reveal() != c.want {
			t.Errorf("%s: read something else, %v", name, err)
		}
	}
}

// TestJoin joins the QR codes of one message that are in pictures of their own, one
// of them taken twice.
func TestJoin(t *testing.T) {
	three := split(fakeURI, 3)
	var parts []*scan.PartsError
	for _, p := range []part{three[2], three[0], three[2], three[1]} {
		if len(parts) > 0 {
			if _, err := scan.Join(parts...); !errors.Is(err, scan.ErrParts) {
				t.Errorf("%d pictures: %v", len(parts), err)
			}
		}
		_, err := scan.Decode(t.Context(), bytes.NewReader(drawParts(t, []part{p})))
		part, ok := errors.AsType[*scan.PartsError](err)
		if !ok {
			t.Fatal(err)
		}
		parts = append(parts, part)
	}
	if codes, err := scan.Join(parts...); err != nil || len(codes) != 1 || codes[0].Reveal() != fakeURI {
		t.Errorf("%d messages, %v", len(codes), err)
	}
}

// TestBlanksAround reads a key behind what does not show.
func TestBlanksAround(t *testing.T) {
	for _, around := range []string{" ", "\ufeff", "\r\n", "\u200b\u00a0", "\x00"} {
		if decodeOne(t, drawParts(t, []part{{text: around + fakeURI + around}})) != fakeURI {
			t.Errorf("%q: read something else", around)
		}
	}
}
