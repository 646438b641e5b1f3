package scan

import (
	"bytes"
	"context"
	"encoding/binary"
	"image"
	"image/jpeg"
	"io"
	"strings"
)

// A jpegHead is what a JPEG says before its first scan (ITU-T T.81, section B.2).
type jpegHead struct {
	frame       []byte // its header from the precision on: height, width and components follow
	height      int    // where in the file the height stands
	progressive bool
	restart     int  // how many units lie between two restart markers, or 0
	scan        int  // where the codes of the first scan begin
	together    bool // whether that scan holds all components
}

func readHead(data []byte) (h jpegHead) {
	for i := 2; i+4 <= len(data) && data[i] == 0xff; {
		m := data[i+1]
		switch {
		case m == 0xff:
			i++
			continue
		case m >= 0xd0 && m <= 0xd8 || m <= 0x01:
			i += 2
			continue
		}
		body := data[i+4 : max(i+4, min(len(data), i+2+int(binary.BigEndian.Uint16(data[i+2:]))))]
		switch {
		case m >= 0xc0 && m <= 0xc2 && len(body) >= 6 && len(body) >= 6+3*int(body[5]):
			h.frame, h.height, h.progressive = body, i+5, m == 0xc2
		case m == 0xdd && len(body) >= 2:
			h.restart = int(binary.BigEndian.Uint16(body))
		case m == 0xda:
			h.scan, h.together = i+4+len(body), len(body) > 0 && h.frame != nil && body[0] == h.frame[5]
			return h
		}
		i += 4 + len(body)
	}
	return h
}

// blocks returns how many blocks of eight by eight samples a unit has of all
// components, and how many are in it across and down.
func (h jpegHead) blocks() (sum, across, down int) {
	if h.frame == nil {
		return 0, 0, 0
	}
	for i := range int(h.frame[5]) {
		a, d := int(h.frame[7+3*i]>>4), int(h.frame[7+3*i]&15)
		sum, across, down = sum+a*d, max(across, a), max(down, d)
	}
	return sum, across, down
}

// cost returns the bytes that decoding takes for each pixel. A progressive picture
// keeps its coefficients, in 32 bits, beside the samples.
func (h jpegHead) cost() int64 {
	sum, across, down := h.blocks()
	most := across * down
	if most == 0 {
		return 4 * 6
	}
	samples := (sum + most - 1) / most
	switch {
	case h.progressive:
		samples = (sum*5 + most - 1) / most
	case h.frame[5] > 3:
		samples *= 2 // CMYK is copied
	}
	return int64(samples)
}

// decodeCutJPEG decodes a JPEG whose end is missing. Of one with restart markers
// the rows before the last of them are taken. Of others what is missing becomes the
// shortest codes, which stand for blocks of whatever level; of a progressive one the
// scans that are whole are taken, where that fails.
func decodeCutJPEG(ctx context.Context, data []byte, px int64) (image.Image, error) {
	decode := func(data []byte, zeros int64) (image.Image, error) {
		return jpeg.Decode(&source{ctx, io.MultiReader(bytes.NewReader(data), io.LimitReader(zeroes{}, zeros), strings.NewReader("\xff\xd9"))})
	}
	h := readHead(data)
	switch {
	case h.restart > 0 && h.progressive:
		return nil, jpeg.UnsupportedError("progressive with restart markers")
	case h.restart > 0:
		return decode(h.whole(data), 0)
	}
	img, err := decode(bytes.TrimRight(bytes.TrimSuffix(data, []byte("\xff\xd9")), "\xff\x00"), px)
	if err != nil && !isDone(ctx, err) && h.progressive {
		img, err = decode(data[:max(0, bytes.LastIndex(data, []byte("\xff\xda")))], 0)
	}
	return img, err
}

// whole returns a JPEG of the rows of units that lie before the last restart marker
// of a scan of all components, or nothing.
func (h jpegHead) whole(data []byte) []byte {
	sum, across, down := h.blocks()
	if sum == 0 || !h.together {
		return nil
	}
	if h.frame[5] == 1 {
		across, down = 1, 1
	}
	n := 0
	for i := h.scan; i+1 < len(data); i++ {
		if data[i] != 0xff || data[i+1] == 0 {
			continue
		}
		if data[i+1] != 0xd0+byte(n%8) {
			break
		}
		n++
	}
	height, width := int(binary.BigEndian.Uint16(h.frame[1:])), int(binary.BigEndian.Uint16(h.frame[3:]))
	rows := n * h.restart / ((width + 8*across - 1) / (8 * across))
	out := bytes.Clone(data)
	binary.BigEndian.PutUint16(out[h.height:], uint16(min(height, rows*8*down))) //nolint:gosec // no more than it was
	return out
}

type zeroes struct{}

// Read implements [io.Reader].
func (zeroes) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
