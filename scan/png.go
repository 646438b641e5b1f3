package scan

import (
	"bytes"
	"compress/flate"
	"context"
	"encoding/binary"
	"hash/crc32"
	"io"
)

// Screenshots are PNG files, and to unpack them takes longer than to find the
// code. The reader here makes grey levels of the common kinds row by row, without the
// colour picture in between, in half the time and a fifth of the memory of
// image/png; the others (interlaced, other than 8 bits, a transparent colour) are left to that.

// A pngFile is a PNG whose chunks have been checked (PNG specification, third
// edition, sections 5 and 11).
type pngFile struct {
	w, h     int
	channels int // bytes a pixel: 1 grey or palette, 2 grey and alpha, 3, 4
	levels   *[256]uint8
	data     [][]byte // the parts of the compressed rows
}

const (
	pngHeader  = 8
	pngPalette = 3
)

// parsePNG returns nil for a file that image/png shall read.
func parsePNG(data []byte) *pngFile {
	var f pngFile
	var kind byte
	for at := pngHeader; ; {
		if len(data)-at < 12 {
			return nil
		}
		n := int(binary.BigEndian.Uint32(data[at:]))
		if n > len(data)-at-12 {
			return nil
		}
		name, body := string(data[at+4:at+8]), data[at+8:at+8+n]
		if crc32.ChecksumIEEE(data[at+4:at+8+n]) != binary.BigEndian.Uint32(data[at+8+n:]) {
			return nil
		}
		at += 12 + n
		switch name {
		case "IHDR":
			if n != 13 || body[8] != 8 || body[10] != 0 || body[11] != 0 || body[12] != 0 || body[9] > 6 {
				return nil
			}
			f.w, f.h = int(binary.BigEndian.Uint32(body)), int(binary.BigEndian.Uint32(body[4:]))
			kind = body[9]
			f.channels = [7]int{1, 0, 3, 1, 2, 0, 4}[kind]
		case "PLTE":
			if kind == pngPalette {
				f.levels = paletteLevels(body)
			}
		case "tRNS":
			return nil
		case "IDAT":
			f.data = append(f.data, body)
		case "IEND":
			if f.channels == 0 || len(f.data) == 0 || kind == pngPalette && f.levels == nil {
				return nil
			}
			return &f
		}
	}
}

func paletteLevels(body []byte) *[256]uint8 {
	if len(body) == 0 || len(body)%3 != 0 || len(body) > 768 {
		return nil
	}
	var levels [256]uint8
	for i := range len(body) / 3 {
		levels[i] = luma(body[3*i], body[3*i+1], body[3*i+2])
	}
	return &levels
}

// decode returns the picture, as [grays] does.
func (f *pngFile) decode(ctx context.Context) ([]*gray, error) {
	parts := make([]io.Reader, len(f.data))
	for i, d := range f.data {
		parts[i] = bytes.NewReader(d)
	}
	in := io.MultiReader(parts...)
	var zlibHeader [2]byte
	if _, err := io.ReadFull(in, zlibHeader[:]); err != nil || zlibHeader[0]&15 != 8 || zlibHeader[1]&0x20 != 0 {
		return nil, ErrDamaged
	}
	out := newGray(f.w, f.h)
	var alpha *gray
	if f.channels == 2 || f.channels == 4 {
		alpha = newGray(f.w, f.h)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	size := 1 + f.w*f.channels
	y, prev := 0, make([]byte, size)
	full, empty := inflate(ctx, flate.NewReader(in), size, f.h)
	for rows := range full {
		for at := 0; at < len(rows); at += size {
			row := rows[at : at+size]
			if y > 0 && row[0] == 2 && isZero(row[1:]) {
				// The row above again: most rows of a terminal are.
				copy(out.row(y), out.row(y-1))
				if alpha != nil {
					copy(alpha.row(y), alpha.row(y-1))
				}
				y++
				continue
			}
			if !unfilter(row[0], row[1:], prev[1:], f.channels) {
				return nil, ErrDamaged
			}
			f.grayRow(out, alpha, y, row[1:])
			prev = row
			y++
		}
		prev = bytes.Clone(prev)
		empty <- rows
	}
	if y < f.h {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, ErrDamaged
	}
	if alpha == nil || isOpaque(alpha) {
		return []*gray{out}, nil
	}
	for i, a := range alpha.pix {
		out.pix[i] = uint8(uint16(out.pix[i]) * uint16(a) / 255) //nolint:gosec // at most 255
	}
	return []*gray{overWhite(out, func(x, y int) uint8 { return alpha.pix[y*alpha.w+x] }), out}, nil
}

// inflate unpacks rows of the given size on a goroutine of its own, some at a
// time, until there are no more or ctx ends: half of the work on a PNG file is to
// unpack it. The caller gives the slices back through empty.
func inflate(ctx context.Context, z io.Reader, size, rows int) (full <-chan []byte, empty chan<- []byte) {
	const batch, depth = 1 << 16, 3
	each := max(1, min(rows, batch/size))
	out, back := make(chan []byte, depth), make(chan []byte, depth)
	for range depth {
		back <- make([]byte, 0, size*each)
	}
	go func() {
		defer close(out)
		for ; rows > 0; rows -= each {
			var buf []byte
			select {
			case buf = <-back:
			case <-ctx.Done():
				return
			}
			buf = buf[:size*min(each, rows)]
			if _, err := io.ReadFull(z, buf); err != nil {
				return
			}
			out <- buf // never waits: there are no more slices than it has room for
		}
	}()
	return out, back
}

func isZero(b []byte) bool {
	for len(b) >= 8 {
		if binary.LittleEndian.Uint64(b) != 0 {
			return false
		}
		b = b[8:]
	}
	for _, v := range b {
		if v != 0 {
			return false
		}
	}
	return true
}

func isOpaque(alpha *gray) bool {
	for _, a := range alpha.pix {
		if a != 255 {
			return false
		}
	}
	return true
}

// grayRow turns one row of pixels into levels.
func (f *pngFile) grayRow(out, alpha *gray, y int, pix []byte) {
	dst := out.row(y)
	switch f.channels {
	case 1:
		if f.levels == nil {
			copy(dst, pix)
			return
		}
		for x := range dst {
			dst[x] = f.levels[pix[x]]
		}
	case 2:
		a := alpha.row(y)
		for x := range dst {
			dst[x], a[x] = pix[2*x], pix[2*x+1]
		}
	case 3:
		pix = pix[:3*len(dst)]
		for x := range dst {
			dst[x] = luma(pix[3*x], pix[3*x+1], pix[3*x+2])
		}
	default:
		a := alpha.row(y)
		pix = pix[:4*len(dst)]
		for x := range dst {
			dst[x], a[x] = luma(pix[4*x], pix[4*x+1], pix[4*x+2]), pix[4*x+3]
		}
	}
}

// unfilter undoes the filter of a row (PNG specification, section 9.2), given
// the row above and the bytes a pixel.
func unfilter(kind byte, row, up []byte, n int) bool {
	switch kind {
	case 0:
	case 1:
		for i := n; i < len(row); i++ {
			row[i] += row[i-n]
		}
	case 2:
		for i, u := range up[:len(row)] {
			row[i] += u
		}
	case 3:
		for i := range row {
			left := 0
			if i >= n {
				left = int(row[i-n])
			}
			row[i] += uint8((left + int(up[i])) / 2) //nolint:gosec // a mean of bytes
		}
	case 4:
		paeth(row, up[:len(row)], n)
	default:
		return false
	}
	return true
}

// paeth undoes the fourth filter, one channel after the other, so that what is to the
// left stays in registers.
func paeth(row, up []byte, n int) {
	for c := range n {
		var left, corner int
		for i := c; i < len(row); i += n {
			above := int(up[i])
			pa, pb := above-corner, left-corner
			pc := abs(pa + pb)
			pa, pb = abs(pa), abs(pb)
			switch {
			case pa <= pb && pa <= pc:
			case pb <= pc:
				left = above
			default:
				left = corner
			}
			left = (left + int(row[i])) & 255
			row[i] = uint8(left)
			corner = above
		}
	}
}
