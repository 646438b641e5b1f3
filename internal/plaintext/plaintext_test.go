package plaintext_test

import (
	"encoding/binary"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"npmotp/internal/plaintext"
)

func in16(order binary.AppendByteOrder, text string) string {
	var data []byte
	for _, u := range utf16.Encode([]rune(text)) {
		data = order.AppendUint16(data, u)
	}
	return string(data)
}

func in32(order binary.AppendByteOrder, text string) string {
	var data []byte
	for _, r := range text {
		data = order.AppendUint32(data, uint32(r))
	}
	return string(data)
}

func TestDecode(t *testing.T) {
	const want = "Grüße 𝄞\r\n\t0123456789abcdef\r\n"
	for name, data := range map[string]string{
		"UTF-8":                    want,
		"with a mark":              "\ufeff" + want,
		"UTF-16 LE":                in16(binary.LittleEndian, "\ufeff"+want),
		"UTF-16 BE":                in16(binary.BigEndian, "\ufeff"+want),
		"UTF-16 LE without a mark": in16(binary.LittleEndian, want),
		"UTF-16 BE without a mark": in16(binary.BigEndian, want),
		"UTF-32 LE":                in32(binary.LittleEndian, "\ufeff"+want),
		"UTF-32 BE":                in32(binary.BigEndian, "\ufeff"+want),
	} {
		if got := plaintext.Decode([]byte(data)); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	for data, want := range map[string]string{
		"Gr\xfc\xdfe":      "Grüße",    // Latin-1
		"▀▄ Gr\xfc\xdfe":   "▀▄ Grüße", // a QR code of a terminal with a line of Latin-1
		"":                 "",
		"\xff\xfe":         "",
		"\xff\xfeA":        "",
		"\xfe\xff":         "",
		"\xff":             "ÿ",
		"\x00":             "\x00",
		"a\x00b":           "a\x00b",
		"\ufeff\ufeffmark": "\ufeffmark",
		"first\n" + in16(binary.LittleEndian, "appended"): "first\nappended", // by PowerShell
	} {
		if got := plaintext.Decode([]byte(data)); got != want {
			t.Errorf("%q: %q, want %q", data, got, want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte("Gr\xfc\xdfe"))
	f.Add([]byte("\xff\xfea\x00\xd8\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		got := plaintext.Decode(data)
		if !utf8.ValidString(got) {
			t.Errorf("%q is not UTF-8", got)
		}
	})
}
