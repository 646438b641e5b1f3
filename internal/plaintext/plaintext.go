// Package plaintext reads text files of every encoding that editors and shells
// write: UTF-8 and UTF-16, with or without a mark at their beginning, and
// Latin-1. Windows PowerShell 5 redirects as UTF-16, and Notepad puts a mark
// before UTF-8.
package plaintext

import (
	"bytes"
	"encoding/binary"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Decode returns data as UTF-8 without a mark. A byte that is not UTF-8 stands
// for its character in Latin-1, so text in either of them, or half in one and
// half in the other, is read in full.
func Decode(data []byte) string {
	if order := utf32Order(data); order != nil {
		var b strings.Builder
		for at := 4; at+4 <= len(data); at += 4 {
			b.WriteRune(rune(min(order.Uint32(data[at:]), utf8.MaxRune+1)))
		}
		return b.String()
	}
	if order, marked := utf16Order(data); order != nil {
		units := make([]uint16, len(data)/2)
		for i := range units {
			units[i] = order.Uint16(data[2*i:])
		}
		if marked {
			units = units[1:]
		}
		return string(utf16.Decode(units))
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if zero := []byte{0}; bytes.Count(data, zero) > 7 {
		data = bytes.ReplaceAll(data, zero, nil) // of the UTF-16 that PowerShell appends to a file of another encoding
	}
	if utf8.Valid(data) {
		return string(data)
	}
	var b strings.Builder
	b.Grow(len(data) + len(data)/8)
	for len(data) > 0 {
		r, size := utf8.DecodeRune(data)
		if r == utf8.RuneError && size == 1 {
			r = rune(data[0])
		}
		b.WriteRune(r)
		data = data[size:]
	}
	return b.String()
}

// utf32Order returns the byte order of UTF-32 with a mark, or nil for anything else.
func utf32Order(data []byte) binary.ByteOrder {
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xfe\x00\x00")):
		return binary.LittleEndian
	case bytes.HasPrefix(data, []byte("\x00\x00\xfe\xff")):
		return binary.BigEndian
	}
	return nil
}

// utf16Order returns the byte order of UTF-16, or nil for anything else. Text
// without a mark is known by the zeros that Latin letters have there, which no
// other text has.
func utf16Order(data []byte) (order binary.ByteOrder, marked bool) {
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xfe")):
		return binary.LittleEndian, true
	case bytes.HasPrefix(data, []byte("\xfe\xff")):
		return binary.BigEndian, true
	}
	var zeros [2]int // at even and at odd places
	head := data[:min(len(data), 512)]
	for i, b := range head {
		if b == 0 {
			zeros[i%2]++
		}
	}
	switch quarter := len(head) / 4; {
	case len(data) < 2 || len(data)%2 != 0 || data[0] != 0 && data[1] != 0:
		return nil, false
	case zeros[0] == 0 && zeros[1] > quarter:
		return binary.LittleEndian, false
	case zeros[1] == 0 && zeros[0] > quarter:
		return binary.BigEndian, false
	}
	return nil, false
}
