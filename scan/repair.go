package scan

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image/jpeg"
	"image/png"
	"slices"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"
)

// stillPNG leaves of a PNG what its picture is made of and what is transparent, so that
// a text with a wrong checksum, or an end that is missing, is no damage. It reports
// whether the PNG is an animation, whose first frame that is.
func stillPNG(data []byte) (still []byte, animated bool) {
	const signature, around = 8, 12 // length, name and checksum
	still = append(make([]byte, 0, len(data)+around), data[:min(signature, len(data))]...)
	paletted := false
	for rest := data[len(still):]; len(rest) >= around; {
		n := uint64(binary.BigEndian.Uint32(rest)) + around
		chunk, name := rest[:min(n, uint64(len(rest)))], string(rest[4:8])
		rest = rest[len(chunk):]
		whole := n == uint64(len(chunk))
		keep := name == "IDAT"
		switch name {
		case "IHDR":
			keep, paletted = true, n > 17 && whole && chunk[17] == 3
		case "PLTE":
			keep = paletted // else it only proposes colours (W3C PNG, section 11.2.2)
		case "tRNS":
			keep = whole && crc32.ChecksumIEEE(chunk[4:n-4]) == binary.BigEndian.Uint32(chunk[n-4:])
		case "acTL":
			animated = true
		case "IEND":
			rest = nil
		}
		if keep {
			still = append(still, chunk...)
		}
		if keep && !whole {
			return still, animated
		}
	}
	return append(still, "\x00\x00\x00\x00IEND\xae\x42\x60\x82"...), animated
}

// stillWebP returns the first frame of an animation as a WebP of its own (RFC 9649,
// section 2.7.1.1), and data when it is none.
func stillWebP(data []byte) (still []byte, animated bool) {
	const header, animation, place, alpha = 12, 1 << 1, 16, 1 << 4
	if len(data) < 21 || string(data[12:16]) != "VP8X" || data[20]&animation == 0 {
		return data, false
	}
	frame := riffChunk(data[header:], "ANMF")
	if len(frame) < 8+place {
		return data, true
	}
	size, chunks := frame[8+6:8+12], frame[8+place:]
	flags := byte(0)
	if string(chunks[:min(4, len(chunks))]) == "ALPH" {
		flags = alpha
	}
	body := slices.Concat([]byte("WEBPVP8X\x0a\x00\x00\x00"), []byte{flags, 0, 0, 0}, size, chunks)
	return append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(body))), body...), true //nolint:gosec // some megabytes
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
