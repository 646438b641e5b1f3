package sheet

import (
	"cmp"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"strings"
	"time"

	"npmotp/internal/cleantext"
	"npmotp/internal/recoverycode"
	"npmotp/internal/secret"
	"npmotp/vault"
)

// Errors that callers branch on.
var (
	// ErrNotSheet says that a QR code is not that of a recovery sheet.
	ErrNotSheet = errors.New("not the QR code of a recovery sheet")
	// ErrDamaged says that what a QR code holds is not all of what a sheet has.
	ErrDamaged = errors.New("the QR code of a recovery sheet, but not all of it")
)

// family and prefix begin what the QR code holds; the digit is the version.
const (
	family = "NPMOTP-SHEET-"
	prefix = family + "1:"
)

// How a code is packed: as it is, or as bytes for its hexadecimal digits.
const (
	packedText uint64 = iota
	packedLower
	packedUpper
	packings
)

const (
	day      = 24 * time.Hour
	maxCodes = 1000 // more than fit into a QR code
)

// noRegistry stands for the registry of an account that belongs to none.
const noRegistry = "none"

// Payload returns what the QR code of the page holds (doc/design.md describes it).
func (s Sheet) Payload() secret.Text {
	var body []byte
	body = binary.AppendUvarint(body, uint64(max(0, s.Made.Unix()/int64(day/time.Second))))
	registry := cmp.Or(s.Registry, noRegistry)
	if registry == vault.DefaultRegistry {
		registry = ""
	}
	for _, field := range []string{s.Account, s.Username, registry} {
		body = binary.AppendUvarint(body, uint64(len(field)))
		body = append(body, field...)
	}
	for _, c := range s.Codes {
		packing, data := pack(c.Text.Reveal())
		body = binary.AppendUvarint(body, uint64(len(data))*packings+packing)
		body = append(body, data...)
	}
	sum := binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(body))
	return secret.New(prefix + encodeBase45(append(sum, body...)))
}

func pack(code string) (packing uint64, data []byte) {
	data, err := hex.DecodeString(code)
	switch {
	case err != nil:
		return packedText, []byte(code)
	case code == strings.ToLower(code):
		return packedLower, data
	case code == strings.ToUpper(code):
		return packedUpper, data
	}
	return packedText, []byte(code)
}

// IsPayload reports whether text begins as the QR code of a sheet does.
func IsPayload(text secret.Text) bool { return strings.HasPrefix(text.Reveal(), family) }

// Parse reads what the QR code of a page held. The codes are numbered as they
// stand there, from 1. Names are cleaned: whoever drew the code chose them.
func Parse(text secret.Text) (Sheet, error) {
	if !IsPayload(text) {
		return Sheet{}, ErrNotSheet
	}
	packed, ok := strings.CutPrefix(text.Reveal(), prefix)
	if !ok {
		return Sheet{}, fmt.Errorf("%w of this version: a later npmotp made it", ErrNotSheet)
	}
	data, err := decodeBase45(packed)
	if err != nil || len(data) < 4 || binary.BigEndian.Uint32(data) != crc32.ChecksumIEEE(data[4:]) {
		return Sheet{}, ErrDamaged
	}
	r := reader{data: data[4:]}
	s := Sheet{Made: time.Unix(int64(r.number(1<<31))*int64(day/time.Second), 0).UTC()} //nolint:gosec // number is below 1<<31
	s.Account, s.Username, s.Registry = cleantext.Name(r.text()), cleantext.Name(r.text()), cleantext.Name(r.text())
	switch s.Registry {
	case "":
		s.Registry = vault.DefaultRegistry
	case noRegistry:
		s.Registry = ""
	}
	for !r.failed && len(r.data) > 0 {
		code := r.code()
		if len(s.Codes) == maxCodes || !recoverycode.Valid(code) {
			return Sheet{}, ErrDamaged
		}
		s.Codes = append(s.Codes, Code{Number: len(s.Codes) + 1, Text: code})
	}
	if r.failed || len(s.Codes) == 0 || s.Account == "" {
		return Sheet{}, ErrDamaged
	}
	return s, nil
}

// Pick returns the sheet among the contents of the QR codes in a picture.
// Different ones are an error, as it takes one at a time.
func Pick(codes []secret.Text) (Sheet, error) {
	var found []secret.Text
	for _, c := range codes {
		if IsPayload(c) && (len(found) == 0 || !c.Equal(found[0])) {
			found = append(found, c)
		}
	}
	switch len(found) {
	case 0:
		return Sheet{}, ErrNotSheet
	case 1:
		return Parse(found[0])
	}
	return Sheet{}, fmt.Errorf("%d different sheets are in the picture: crop it to one of them", len(found))
}

// A reader takes the fields from the front of a payload. After a failure it
// gives nothing.
type reader struct {
	data   []byte
	failed bool
}

func (r *reader) number(limit uint64) uint64 {
	n, size := binary.Uvarint(r.data)
	if size <= 0 || n >= limit || r.failed {
		r.failed = true
		return 0
	}
	r.data = r.data[size:]
	return n
}

func (r *reader) bytes(n uint64) []byte {
	if r.failed || n > uint64(len(r.data)) {
		r.failed = true
		return nil
	}
	taken := r.data[:n]
	r.data = r.data[n:]
	return taken
}

func (r *reader) text() string { return string(r.bytes(r.number(1 << 16))) }

func (r *reader) code() secret.Text {
	n := r.number(1 << 16)
	data := r.bytes(n / packings)
	switch n % packings {
	case packedLower:
		return secret.New(hex.EncodeToString(data))
	case packedUpper:
		return secret.New(strings.ToUpper(hex.EncodeToString(data)))
	}
	return secret.New(string(data))
}
