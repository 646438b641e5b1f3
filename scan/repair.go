package scan

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/jpeg"
	"image/png"
	"io"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"
)

// stillPNG leaves of a PNG what its picture is made of (W3C PNG, section 5.3: the
// chunks whose names begin with a capital), and what is transparent, so that a text
// with a wrong checksum, or an end that is missing, is no damage. It reports whether
// the PNG is an animation, whose first frame that is.
func stillPNG(data []byte) (still []byte, animated bool) {
	const signature, around = 8, 12 // length, name and checksum
	still = append(make([]byte, 0, len(data)+around), data[:min(signature, len(data))]...)
	rest := data[len(still):]
	for len(rest) >= around {
		n := uint64(binary.BigEndian.Uint32(rest)) + around
		if n > uint64(len(rest)) {
			return append(still, rest...), animated
		}
		chunk, name := rest[:n], string(rest[4:8])
		sound := crc32.ChecksumIEEE(chunk[4:n-4]) == binary.BigEndian.Uint32(chunk[n-4:])
		animated = animated || name == "acTL"
		if name[0]&0x20 == 0 || name == "tRNS" && sound {
			still = append(still, chunk...)
		}
		if rest = rest[n:]; name == "IEND" {
			return still, animated
		}
	}
	return append(still, "\x00\x00\x00\x00IEND\xae\x42\x60\x82"...), animated
}

// stillWebP returns the first frame of an animation as a WebP of its own (RFC 9649,
// section 2.7.1.1), without its transparency; and data when it is none.
func stillWebP(data []byte) (still []byte, animated bool) {
	const header, animation = 12, 1 << 1
	if len(data) < 21 || string(data[12:16]) != "VP8X" || data[20]&animation == 0 {
		return data, false
	}
	frame := riffChunk(data[header:], "ANMF")
	if len(frame) < 8+16 {
		return data, true
	}
	for _, name := range []string{"VP8 ", "VP8L"} {
		if picture := riffChunk(frame[8+16:], name); picture != nil {
			still = binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(4+len(picture))) //nolint:gosec // some megabytes
			return append(append(still, "WEBP"...), picture...), true
		}
	}
	return data, true
}

// riffChunk returns the first chunk of a name with its header, or nil.
func riffChunk(data []byte, name string) []byte {
	for len(data) >= 8 {
		n := uint64(binary.LittleEndian.Uint32(data[4:])) + 8
		n = min(n+n%2, uint64(len(data)))
		if string(data[:4]) == name {
			return data[:n]
		}
		data = data[n:]
	}
	return nil
}

// decodeCutJPEG decodes a JPEG whose end is missing. What is missing becomes the
// shortest codes, which stand for blocks of whatever level; of a progressive one the
// scans that are whole are taken, where that fails.
func decodeCutJPEG(in *source, data []byte, px int64) (image.Image, error) {
	end := []byte("\xff\xd9")
	body := bytes.TrimRight(bytes.TrimSuffix(data, end), "\xff\x00")
	zeros := io.LimitReader(zeroes{}, px)
	img, err := jpeg.Decode(io.MultiReader(&source{in.ctx, bytes.NewReader(body)}, zeros, bytes.NewReader(end)))
	if err == nil || isDone(in.ctx, err) {
		return img, err
	}
	last := bytes.LastIndex(data, []byte("\xff\xda"))
	return jpeg.Decode(&source{in.ctx, bytes.NewReader(append(bytes.Clone(data[:max(last, 0)]), end...))})
}

type zeroes struct{}

// Read implements [io.Reader].
func (zeroes) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// fault says what is wrong with a picture that its decoder ended with err on: most
// tell what they do not read from what is damaged.
func fault(format string, err error) error {
	var what string
	if e, ok := errors.AsType[tiff.UnsupportedError](err); ok {
		what = string(e)
	} else if e, ok := errors.AsType[jpeg.UnsupportedError](err); ok {
		what = string(e)
	} else if e, ok := errors.AsType[png.UnsupportedError](err); ok {
		what = string(e)
	} else if errors.Is(err, bmp.ErrUnsupported) {
		what = "its header"
	} else {
		return ErrDamaged
	}
	return &FormatError{Format: fmt.Sprintf("a %s picture of an uncommon kind (%s)", format, what), Mend: savePNG}
}
