// Package grayjpeg reads the brightness of baseline JPEG files (ITU-T T.81), which
// is all that a search for a code looks at: the blocks of the colours are skipped,
// bit by bit, without their values. It takes less than half the time of image/jpeg.
//
// What is unusual (progressive, four components, several scans) or damaged it leaves
// to image/jpeg: it reads no picture that image/jpeg does not read as well, with
// levels that differ by the rounding of the transform.
package grayjpeg

import (
	"context"
	"encoding/binary"
)

const (
	blockSize = 64
	// Markers (table B.1).
	sof0 = 0xc0
	sof1 = 0xc1
	dht  = 0xc4
	rst0 = 0xd0
	soi  = 0xd8
	eoi  = 0xd9
	sos  = 0xda
	dqt  = 0xdb
	dri  = 0xdd
	app0 = 0xe0
	appE = 0xee
	appF = 0xef
	com  = 0xfe
)

// A component is one of the planes of a picture.
type component struct {
	id   byte
	h, v int
	tq   byte
	dc   *table
	ac   *table
}

// A decoder reads one file.
type decoder struct {
	data []byte // what is left of the file
	w, h int
	comp []component
	// every is how many units are between two restarts, or 0.
	every int
	quant [4]*[blockSize]int32
	huff  [2][4]*table
	jfif  bool
	out   []uint8

	segment []byte // of the scan, without what keeps it from looking like a marker
}

// Decode returns the levels of a picture of the given size, row after row. It reports
// false for a file that image/jpeg shall read, be it only to say what is wrong with it.
// It returns no levels when ctx ends.
func Decode(ctx context.Context, data []byte, width, height int) ([]uint8, bool) {
	d := &decoder{data: data}
	if len(data) < 2 || data[0] != 0xff || data[1] != soi {
		return nil, false
	}
	d.data = data[2:]
	for {
		marker, body, ok := d.next()
		if !ok {
			return nil, false
		}
		switch {
		case marker == sof0 || marker == sof1:
			ok = d.frame(body, width, height)
		case marker == dht:
			ok = d.huffmanTables(body)
		case marker == dqt:
			ok = d.quantTables(body)
		case marker == dri && len(body) == 2:
			d.every = int(binary.BigEndian.Uint16(body))
		case marker == app0:
			d.jfif = len(body) >= 5 && string(body[:5]) == "JFIF\x00"
		case marker == appE && len(body) >= 12 && string(body[:5]) == "Adobe":
			ok = body[11] != 0 // red, green and blue, or four inks
		case marker > app0 && marker <= appF || marker == com:
		case marker == sos:
			if !d.scan(ctx, body) || ctx.Err() != nil {
				return nil, false
			}
			// Another scan would be unusual.
			if end, _, _ := d.next(); end != eoi {
				return nil, false
			}
			return d.out, true
		default:
			return nil, false
		}
		if !ok {
			return nil, false
		}
	}
}

// next reads the next marker and what belongs to it (section B.1.1.4).
func (d *decoder) next() (marker byte, body []byte, ok bool) {
	for len(d.data) >= 2 && d.data[0] == 0xff && d.data[1] == 0xff {
		d.data = d.data[1:]
	}
	if len(d.data) < 2 || d.data[0] != 0xff {
		return 0, nil, false
	}
	if d.data[1] == eoi {
		return eoi, nil, true
	}
	if len(d.data) < 4 {
		return 0, nil, false
	}
	n := 2 + int(binary.BigEndian.Uint16(d.data[2:]))
	if n < 4 || n > len(d.data) {
		return 0, nil, false
	}
	marker, body, d.data = d.data[1], d.data[4:n], d.data[n:]
	return marker, body, true
}

// frame reads the header of the frame (section B.2.2).
func (d *decoder) frame(b []byte, width, height int) bool {
	if d.comp != nil || len(b) < 6 || b[0] != 8 || b[5] != 1 && b[5] != 3 || len(b) != 6+3*int(b[5]) {
		return false
	}
	d.h, d.w = int(binary.BigEndian.Uint16(b[1:])), int(binary.BigEndian.Uint16(b[3:]))
	if d.w != width || d.h != height || d.w == 0 || d.h == 0 {
		return false
	}
	for b = b[6:]; len(b) > 0; b = b[3:] {
		c := component{id: b[0], h: int(b[1] >> 4), v: int(b[1] & 15), tq: b[2]}
		for _, other := range d.comp {
			if other.id == c.id {
				return false
			}
		}
		if c.tq > 3 || c.h < 1 || c.h > 2 || c.v < 1 || c.v > 2 || len(d.comp) > 0 && c.h*c.v > 1 {
			return false
		}
		d.comp = append(d.comp, c)
	}
	if len(d.comp) == 1 {
		// The sampling of a single component says nothing (section A.2.2).
		d.comp[0].h, d.comp[0].v = 1, 1
	}
	return true
}

// isRGB reports whether the components are named as those of a picture are that is
// not in brightness and colour.
func (d *decoder) isRGB() bool {
	return !d.jfif && len(d.comp) == 3 && d.comp[0].id == 'R' && d.comp[1].id == 'G' && d.comp[2].id == 'B'
}

// quantTables reads quantization tables (section B.2.4.1).
func (d *decoder) quantTables(b []byte) bool {
	for len(b) > 0 {
		kind, id := b[0]>>4, b[0]&15
		b = b[1:]
		size := 1 + int(kind)
		if kind > 1 || id > 3 || len(b) < size*blockSize {
			return false
		}
		var t [blockSize]int32
		for i := range t {
			if kind == 0 {
				t[i] = int32(b[i])
			} else {
				t[i] = int32(binary.BigEndian.Uint16(b[2*i:]))
			}
		}
		d.quant[id] = &t
		b = b[size*blockSize:]
	}
	return true
}

// huffmanTables reads Huffman tables (section B.2.4.2).
func (d *decoder) huffmanTables(b []byte) bool {
	for len(b) > 0 {
		if len(b) < 17 || b[0]>>4 > 1 || b[0]&15 > 3 {
			return false
		}
		n := 0
		for _, c := range b[1:17] {
			n += int(c)
		}
		if n == 0 || n > 256 || len(b) < 17+n {
			return false
		}
		t := newTable(b[1:17], b[17:17+n], b[0]>>4 == 0)
		if t == nil {
			return false
		}
		d.huff[b[0]>>4][b[0]&15] = t
		b = b[17+n:]
	}
	return true
}
