package scan

import (
	"bytes"
	"errors"
	"slices"
	"strings"
)

const savePNG = "save it as PNG or take a screenshot of it"

// sniffLen is how much of the input [IsPicture] looks at.
const sniffLen = 512

// magic lists the first bytes of the formats that are known; a question mark
// stands for any byte. An empty mend marks a format that is read.
var magic = [...]struct { //nolint:gochecknoglobals // a table, never written
	name, mend string
	prefixes   []string
}{
	{"PNG", "", []string{"\x89PNG"}},
	{"JPEG", "", []string{"\xff\xd8\xff"}},
	{"GIF", "", []string{"GIF87a", "GIF89a"}},
	{"WebP", "", []string{"RIFF????WEBP"}},
	{"BMP", "", []string{"BM????\x00\x00\x00\x00"}},
	{"a camera's raw picture", savePNG, []string{"II\x2a\x00????CR"}},
	{"TIFF", "", []string{"II\x2a\x00", "MM\x00\x2a"}},
	{"a BigTIFF picture", savePNG, []string{"II\x2b\x00", "MM\x00\x2b"}},
	{"a HEIC picture", savePNG, []string{"????ftyphe", "????ftypmif1", "????ftypmsf1"}},
	{"an AVIF picture", savePNG, []string{"????ftypavi"}},
	{"a video", "take a picture of the QR code", []string{"????ftyp", "\x1a\x45\xdf\xa3", "RIFF????AVI "}},
	{"a JPEG XL picture", savePNG, []string{"\xff\x0a", "\x00\x00\x00\x0cJXL "}},
	{"a JPEG 2000 picture", savePNG, []string{"\x00\x00\x00\x0cjP  ", "\xff\x4f\xff\x51"}},
	{"a PDF document", "take a screenshot of the page", []string{"%PDF-"}},
	{"a PostScript document", "take a screenshot of the page", []string{"%!PS", "\xc5\xd0\xd3\xc6"}},
	{"an icon", savePNG, []string{"\x00\x00\x01\x00", "\x00\x00\x02\x00\x01"}},
	{"a Photoshop picture", savePNG, []string{"8BPS"}},
	{"a QOI picture", savePNG, []string{"qoif"}},
	{"a GIMP picture", savePNG, []string{"gimp xcf"}},
	{"a ZIP archive or an office document", "unpack it, or take a screenshot", []string{"PK\x03\x04"}},
	{"a PNM picture", savePNG, []string{"P1\n", "P2\n", "P3\n", "P4\n", "P5\n", "P6\n", "P7\n"}},
	{"an XPM picture", savePNG, []string{"/* XPM */"}},
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
		switch {
		case !slices.ContainsFunc(m.prefixes, func(prefix string) bool { return matches(data, prefix) }):
		case m.mend != "":
			return "", &FormatError{Format: m.name, Mend: m.mend}
		default:
			return m.name, nil
		}
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
