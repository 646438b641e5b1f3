package scan_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"strings"
	"testing"

	"golang.org/x/image/tiff"

	"npmotp/scan"
)

// pngChunk returns a chunk, whose checksum is wrong by off.
func pngChunk(name, data string, off uint32) []byte {
	b := append(binary.BigEndian.AppendUint32(nil, uint32(len(data))), name+data...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:])+off)
}

// insertPNG puts chunks behind the header of a PNG.
func insertPNG(data []byte, chunks ...[]byte) []byte {
	const header = 33
	return bytes.Join([][]byte{data[:header], bytes.Join(chunks, nil), data[header:]}, nil)
}

// animatedWebP returns an animation whose first frame is a WebP without a header for
// what it has beside its picture.
func animatedWebP(t *testing.T, still []byte) []byte {
	t.Helper()
	cfg, _, err := image.DecodeConfig(bytes.NewReader(still))
	if err != nil {
		t.Fatal(err)
	}
	frame := append(make([]byte, 16), still[12:]...)
	binary.LittleEndian.PutUint16(frame[6:], uint16(cfg.Width-1))
	binary.LittleEndian.PutUint16(frame[9:], uint16(cfg.Height-1))
	chunk := func(name string, data []byte) []byte {
		return append(binary.LittleEndian.AppendUint32([]byte(name), uint32(len(data))), data...)
	}
	body := bytes.Join([][]byte{
		[]byte("WEBP"), chunk("VP8X", []byte{2, 0, 0, 0, 9, 0, 0, 9, 0, 0}), chunk("ANIM", make([]byte, 6)),
		chunk("ANMF", frame), chunk("ANMF", frame),
	}, nil)
	return chunk("RIFF", body)
}

// TestNotDamaged reads pictures with damage that does not matter.
func TestNotDamaged(t *testing.T) {
	good := readFile(t, "bad/png_gray.png")
	text, control := pngChunk("tEXt", "Comment\x00seen", 1), pngChunk("acTL", "\x00\x00\x00\x02\x00\x00\x00\x00", 0)
	for name, data := range map[string][]byte{
		"text with a wrong checksum":    insertPNG(good, text),
		"gamma of a wrong length":       insertPNG(good, pngChunk("gAMA", "\x01", 0)),
		"transparency, wrong":           insertPNG(good, pngChunk("tRNS", "\x00\x00", 1)),
		"no end":                        good[:len(good)-12],
		"half an end":                   good[:len(good)-8],
		"an end with a wrong checksum":  append(bytes.Clone(good[:len(good)-1]), 0),
		"colours that grey has none of": insertPNG(good, pngChunk("PLTE", "\x00\x00\x00", 0)),
		"animated PNG":                  insertPNG(good, control),
		"animated WebP, lossless":       animatedWebP(t, readFile(t, "bad/ok_lossless.webp")),
		"animated WebP":                 animatedWebP(t, readFile(t, "bad/ok_q60.webp")),
	} {
		codes, err := scan.Decode(t.Context(), bytes.NewReader(data))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got, err := scan.Pick(codes); err != nil || got.Reveal() != fakeURI {
			t.Errorf("%s: read something else, %v", name, err)
		}
	}
	blank := image.NewGray(image.Rect(0, 0, 99, 99))
	if _, err := scan.Decode(t.Context(), bytes.NewReader(insertPNG(encodePNG(t, blank), control))); !errors.Is(err, scan.ErrAnimation) {
		t.Errorf("animated PNG without a code: %v", err)
	}
}

// TestCutJPEG reads what is left of a picture, where the code is in it.
func TestCutJPEG(t *testing.T) {
	img := picture(t, "bad/ok.gif")
	tall := image.NewRGBA(image.Rect(0, 0, img.Bounds().Dx(), 2*img.Bounds().Dy()))
	draw.Draw(tall, tall.Rect, image.White, image.Point{}, draw.Src)
	draw.Draw(tall, img.Bounds(), img, image.Point{}, draw.Src)
	for y := img.Bounds().Dy(); y < tall.Rect.Dy(); y++ {
		for x := range tall.Rect.Dx() {
			tall.SetRGBA(x, y, color.RGBA{uint8(x * y), uint8(x ^ y), uint8(x + y), 255})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, tall, nil); err != nil {
		t.Fatal(err)
	}
	prog, restart, levels := readFile(t, "bad/prog.jpg"), readFile(t, "bad/restart.jpg"), readFile(t, "bad/restart_gray.jpg")
	for name, data := range map[string][]byte{
		"a byte":                       b.Bytes()[:b.Len()-1],
		"the end":                      b.Bytes()[:b.Len()-2],
		"a tenth":                      b.Bytes()[:b.Len()*9/10],
		"with an end":                  append(bytes.Clone(b.Bytes()[:b.Len()*9/10]), 0xff, 0xd9),
		"progressive":                  prog[:len(prog)*9/10],
		"restart markers, the end":     restart[:len(restart)-2],
		"restart markers, a tenth":     restart[:len(restart)*9/10],
		"restart markers, with an end": append(bytes.Clone(restart[:len(restart)*9/10]), 0xff, 0xd9),
		"restart markers, zeros":       append(bytes.Clone(restart[:len(restart)*9/10]), make([]byte, 99)...),
		"restart markers, grey":        levels[:len(levels)*9/10],
	} {
		if decodeOne(t, data) != fakeURI {
			t.Errorf("%s: read something else", name)
		}
	}
	for _, part := range []int{20, 50} { // little is left of the code
		if _, err := scan.Decode(t.Context(), bytes.NewReader(b.Bytes()[:b.Len()/part])); !errors.Is(err, scan.ErrDamaged) {
			t.Errorf("cut to a part in %d: %v", part, err)
		}
	}
	// Headers without codes, and every length between.
	for n := range restart {
		if n < 1000 || n%50 == 0 {
			codes, err := scan.Decode(t.Context(), bytes.NewReader(restart[:n]))
			if err == nil && (len(codes) != 1 || codes[0].Reveal() != fakeURI) {
				t.Errorf("cut to %d bytes: read something else", n)
			}
		}
	}
}

// TestUncommon calls a picture by what its decoder does not read.
func TestUncommon(t *testing.T) {
	var b bytes.Buffer
	if err := tiff.Encode(&b, picture(t, "bad/ok.gif"), nil); err != nil {
		t.Fatal(err)
	}
	data := b.Bytes()
	entry := bytes.Index(data, []byte("\x06\x01\x03\x00\x01\x00\x00\x00")) // PhotometricInterpretation
	data[entry+8] = 5                                                      // separated colours
	_, err := scan.Decode(t.Context(), bytes.NewReader(data))
	if e, ok := errors.AsType[*scan.FormatError](err); !ok || !strings.Contains(e.Format, "TIFF") || !strings.Contains(e.Format, "color model") {
		t.Errorf("CMYK: %v", err)
	}
	_, err = scan.Decode(t.Context(), bytes.NewReader(readFile(t, "bad/restart_progressive.jpg")))
	if e, ok := errors.AsType[*scan.FormatError](err); !ok || !strings.Contains(e.Format, "restart markers") {
		t.Errorf("progressive with restart markers: %v", err)
	}
}
