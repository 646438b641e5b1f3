package inflate_test

import (
	"bytes"
	"compress/flate"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"npmotp/scan/internal/inflate"
)

// unpack returns what the decoder makes of src, in parts of the given size, each
// with no more before it than the decoder asks for.
func unpack(src []byte, part int) ([]byte, error) {
	d, err := inflate.New(src)
	if err != nil {
		return nil, err
	}
	var out []byte
	for {
		// All that came before, or, where the parts are large, what must be there.
		from := 0
		if part >= inflate.Window/8 {
			from = max(0, len(out)-inflate.Window)
		}
		start := len(out)
		out = append(out, make([]byte, part)...)
		buf := out[from:]
		if from > 0 {
			buf = bytes.Clone(buf)
		}
		end, err := d.Unpack(buf, start-from)
		if from > 0 {
			copy(out[from:], buf[:end])
		}
		out = out[:from+end]
		if err != nil {
			return out, err
		}
		if end != len(buf) {
			return out, errors.New("an end without an error")
		}
	}
}

// same fails the test unless compress/flate makes the same of src.
func same(t *testing.T, src []byte, part int) {
	t.Helper()
	got, err := unpack(src, part)
	if err == nil {
		t.Fatal("no error at the end")
	}
	if errors.Is(err, inflate.ErrCorrupt) && len(got) == 0 && !isZlib(src) {
		return
	}
	want, flateErr := io.ReadAll(flate.NewReader(bytes.NewReader(src[2:])))
	if errors.Is(err, io.EOF) != (flateErr == nil) {
		t.Fatalf("ended with %v, compress/flate with %v", err, flateErr)
	}
	if flateErr == nil && !bytes.Equal(got, want) {
		t.Fatalf("%d bytes differ from the %d of compress/flate", len(got), len(want))
	}
}

func isZlib(src []byte) bool {
	return len(src) >= 2 && src[0]&15 == 8 && src[0]>>4 <= 7 && src[1]&0x20 == 0 && (int(src[0])<<8+int(src[1]))%31 == 0
}

func pack(t testing.TB, data []byte, level int) []byte {
	t.Helper()
	var buf bytes.Buffer
	w, err := zlib.NewWriterLevel(&buf, level)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// contents returns data of the kinds that compress to blocks of all kinds: long runs,
// repetitions at every distance, text, noise, and codes of very unequal lengths.
func contents() map[string][]byte {
	r := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 100_000)
	for i := range noise {
		noise[i] = byte(r.Uint32())
	}
	skewed := make([]byte, 200_000)
	for i := range skewed {
		skewed[i] = byte(min(r.ExpFloat64()*8, 255))
	}
	var repeated []byte
	for dist := 1; dist < 700; dist++ {
		repeated = append(repeated, noise[:dist]...)
		repeated = append(repeated, bytes.Repeat(noise[dist:2*dist], 2+600/dist)...)
	}
	far := append(bytes.Clone(noise[:inflate.Window]), noise[:inflate.Window]...)
	return map[string][]byte{
		"empty": nil, "one byte": {7}, "zeros": make([]byte, 1<<20), "noise": noise, "skewed": skewed,
		"repeated": repeated, "far": far, "text": bytes.Repeat([]byte("otpauth://totp/npm?secret="), 999),
	}
}

func TestUnpacksAsFlateDoes(t *testing.T) {
	for name, data := range contents() {
		for _, level := range []int{flate.HuffmanOnly, 0, 1, 6, 9} {
			t.Run(fmt.Sprintf("%s at level %d", name, level), func(t *testing.T) {
				packed := pack(t, data, level)
				for _, part := range []int{100_000, 1000, 270, 269, 268, 267, 266, 261, 7} {
					got, err := unpack(packed, part)
					if !errors.Is(err, io.EOF) || !bytes.Equal(got, data) {
						t.Fatalf("in parts of %d: %d bytes and %v, want the %d that were packed", part, len(got), err, len(data))
					}
				}
			})
		}
	}
}

// A stream that is cut ends with an error wherever the cut is.
func TestCut(t *testing.T) {
	for name, data := range contents() {
		packed := pack(t, data[:min(len(data), 3000)], 6)
		// The last four bytes are a checksum that nobody looks at.
		for n := range len(packed) - 4 {
			if _, err := unpack(packed[:n], 1000); errors.Is(err, io.EOF) {
				t.Errorf("%s: cut to %d of %d bytes it ends like a whole one", name, n, len(packed))
			}
		}
	}
}

// Each bit of a small stream is turned over.
func TestDamaged(t *testing.T) {
	for _, data := range contents() {
		packed := pack(t, data[:min(len(data), 400)], 6)
		for i := range len(packed) * 8 {
			bad := bytes.Clone(packed)
			bad[i/8] ^= 1 << (i % 8)
			same(t, bad, 300)
		}
	}
}

// A bitWriter writes the bits of a stream, the lowest first.
type bitWriter struct {
	out []byte
	n   int
}

func (w *bitWriter) bits(v, n int) {
	for i := range n {
		if w.n%8 == 0 {
			w.out = append(w.out, 0)
		}
		w.out[w.n/8] |= byte(v>>i&1) << (w.n % 8)
		w.n++
	}
}

// withCodes returns a stream of one zero byte, in a block that gives that many codes a
// length: the zero byte and the end of the block a bit each, all others none.
func withCodes(lits, dists int) []byte {
	w := &bitWriter{out: []byte{0x78, 0x9c}, n: 16}
	w.bits(1|2<<1, 3)
	w.bits(lits-257, 5)
	w.bits(dists-1, 5)
	w.bits(18-4, 4)
	// Of the codes of lengths, that of a run of zeros has one bit, those of 0 and 1 two.
	for i := range 18 {
		w.bits(map[int]int{2: 1, 3: 2, 17: 2}[i], 3)
	}
	zero, one := func() { w.bits(1, 2) }, func() { w.bits(3, 2) }
	one()
	for _, run := range []int{138, 117} {
		w.bits(0, 1)
		w.bits(run-11, 7)
	}
	one()
	for range lits - 257 + dists {
		zero()
	}
	w.bits(2, 2)
	return w.out
}

func TestNumberOfCodes(t *testing.T) {
	for lits := 257; lits <= 288; lits++ {
		for _, dists := range []int{1, 30, 31, 32} {
			src := withCodes(lits, dists)
			same(t, src, 300)
			if out, err := unpack(src, 300); (lits <= 286 && dists <= 30) != (errors.Is(err, io.EOF) && len(out) == 1) {
				t.Errorf("%d and %d codes: %v", lits, dists, err)
			}
		}
	}
}

func FuzzInflate(f *testing.F) {
	for _, data := range contents() {
		data = data[:min(len(data), 2000)]
		for _, level := range []int{flate.HuffmanOnly, 0, 1, 9} {
			f.Add(pack(f, data, level), uint16(500))
		}
	}
	f.Fuzz(func(t *testing.T, src []byte, part uint16) {
		if !isZlib(src) {
			// What follows the header is more worth trying.
			src = append([]byte{0x78, 0x9c}, src...)
		}
		if len(src) > 1<<12 {
			return // a stream of zeros would take its time
		}
		same(t, src, int(part)+1)
	})
}

func BenchmarkUnpack(b *testing.B) {
	for name, data := range contents() {
		packed := pack(b, data, 6)
		buf := make([]byte, len(data))
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				d, _ := inflate.New(packed)
				_, _ = d.Unpack(buf, 0)
			}
		})
		b.Run(name+"/flate", func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				r := flate.NewReader(bytes.NewReader(packed[2:]))
				_, _ = io.ReadFull(r, buf)
			}
		})
	}
}
