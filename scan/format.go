package scan

import (
	"bytes"
	"errors"
	"strings"
)

const savePNG = "save it as PNG or take a screenshot of it"

// sniffLen is how much of the input [IsPicture] looks at.
const sniffLen = 512

// magic lists the first bytes of the formats that are known; a question mark
// stands for any byte. An empty mend marks a format that is read.
var magic = [...]struct{ prefix, name, mend string }{ //nolint:gochecknoglobals // a table, never written
	{"\x89PNG\r\n\x1a\n", "PNG", ""},
	{"\xff\xd8\xff", "JPEG", ""},
	{"GIF87a", "GIF", ""},
	{"GIF89a", "GIF", ""},
	{"RIFF????WEBP", "WebP", ""},
	{"BM????\x00\x00\x00\x00", "BMP", ""},
	{"II\x2a\x00", "TIFF", ""},
	{"MM\x00\x2a", "TIFF", ""},
	{"????ftypheic", "a HEIC picture", savePNG},
	{"????ftypheix", "a HEIC picture", savePNG},
	{"????ftyphevc", "a HEIC picture", savePNG},
	{"????ftypheim", "a HEIC picture", savePNG},
	{"????ftypmif1", "a HEIC picture", savePNG},
	{"????ftypmsf1", "a HEIC picture", savePNG},
	{"????ftypavif", "an AVIF picture", savePNG},
	{"????ftypavis", "an AVIF picture", savePNG},
	{"????ftyp", "a video", "take a picture of the QR code"},
	{"\xff\x0a", "a JPEG XL picture", savePNG},
	{"\x00\x00\x00\x0cJXL ", "a JPEG XL picture", savePNG},
	{"\x00\x00\x00\x0cjP  ", "a JPEG 2000 picture", savePNG},
	{"%PDF-", "a PDF document", "take a screenshot of the page"},
	{"%!PS", "a PostScript document", "take a screenshot of the page"},
	{"\x00\x00\x01\x00", "an icon", savePNG},
	{"8BPS", "a Photoshop picture", savePNG},
	{"qoif", "a QOI picture", savePNG},
	{"gimp xcf", "a GIMP picture", savePNG},
	{"\x1a\x45\xdf\xa3", "a video", "take a picture of the QR code"},
	{"PK\x03\x04", "a ZIP archive or an office document", "unpack it, or take a screenshot"},
	{"P1\n", "a PNM picture", savePNG},
	{"P2\n", "a PNM picture", savePNG},
	{"P3\n", "a PNM picture", savePNG},
	{"P4\n", "a PNM picture", savePNG},
	{"P5\n", "a PNM picture", savePNG},
	{"P6\n", "a PNM picture", savePNG},
	{"/* XPM */", "an XPM picture", savePNG},
}

// IsPicture reports whether head, the first bytes of an input, begins a
// picture or another format that [Decode] knows by name. Everything else is
// text. 512 bytes are enough.
func IsPicture(head []byte) bool {
	_, err := sniff(head)
	_, known := errors.AsType[*FormatError](err)
	return err == nil || known
}

// sniff names the format of data, or says why it cannot be read.
func sniff(data []byte) (string, error) {
	for _, m := range magic {
		if !matches(data, m.prefix) {
			continue
		}
		if m.mend != "" {
			return "", &FormatError{Format: m.name, Mend: m.mend}
		}
		return m.name, nil
	}
	if isSVG(data) {
		return "", &FormatError{Format: "an SVG drawing", Mend: savePNG}
	}
	return "", ErrNotPicture
}

func matches(data []byte, prefix string) bool {
	if len(data) < len(prefix) {
		return false
	}
	for i := range len(prefix) {
		if prefix[i] != '?' && prefix[i] != data[i] {
			return false
		}
	}
	return true
}

// isSVG looks for the root element behind a declaration, comments and a
// document type.
func isSVG(data []byte) bool {
	head := data[:min(len(data), sniffLen)]
	head = bytes.TrimSpace(bytes.TrimPrefix(head, []byte("\ufeff")))
	s := strings.ToLower(string(head))
	if strings.HasPrefix(s, "<svg") {
		return true
	}
	return (strings.HasPrefix(s, "<?xml") || strings.HasPrefix(s, "<!--") || strings.HasPrefix(s, "<!doctype svg")) &&
		strings.Contains(s, "<svg")
}
