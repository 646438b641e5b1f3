package sheet

import (
	"errors"
	"strings"
)

// The alphabet of RFC 9285, which is that of alphanumeric QR codes. Two bytes
// become three characters there, of eleven bits for two: within 3 % of binary,
// which readers would take for text in one encoding or another.
const base45 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"

var errBase45 = errors.New("not in base 45")

func encodeBase45(data []byte) string {
	var b strings.Builder
	for ; len(data) >= 2; data = data[2:] {
		n := int(data[0])<<8 | int(data[1])
		b.WriteByte(base45[n%45])
		b.WriteByte(base45[n/45%45])
		b.WriteByte(base45[n/45/45])
	}
	if len(data) == 1 {
		b.WriteByte(base45[data[0]%45])
		b.WriteByte(base45[data[0]/45])
	}
	return b.String()
}

func decodeBase45(s string) ([]byte, error) {
	var out []byte
	for len(s) > 0 {
		part := s[:min(3, len(s))]
		s = s[len(part):]
		n, unit := 0, 1
		for i := range len(part) {
			digit := strings.IndexByte(base45, part[i])
			if digit < 0 {
				return nil, errBase45
			}
			n += digit * unit
			unit *= 45
		}
		switch {
		case len(part) == 3 && n <= 0xFFFF:
			out = append(out, byte(n>>8), byte(n))
		case len(part) == 2 && n <= 0xFF:
			out = append(out, byte(n))
		default:
			return nil, errBase45
		}
	}
	return out, nil
}
