package otpexport

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"net/url"

	"npmotp/internal/qrdraw"
	"npmotp/internal/secret"
	"npmotp/otpgen"
)

const (
	transferScheme = "otpauth-migration://offline?data="
	// transferKeys is how many keys Google Authenticator puts into a QR code.
	transferKeys = 10
)

// The fields of Google Authenticator's protobuf messages, of which there is no
// published definition; package otpimport reads the same.
const (
	payloadKey       = 1
	payloadVersion   = 2
	payloadBatchSize = 3
	payloadBatch     = 4
	payloadBatchID   = 5

	keySecret  = 1
	keyName    = 2
	keyIssuer  = 3
	keyAlg     = 4
	keyDigits  = 5
	keyKind    = 6
	keyCounter = 7
)

// A part is a QR code of a transfer in the making.
type part struct {
	entries []Entry
	keys    []byte
}

// transfer writes Google Authenticator's transfer, in QR codes of at most side
// modules.
func transfer(entries []Entry, side int) ([]Document, error) {
	var random [4]byte
	_, _ = rand.Read(random[:]) // never fails, see crypto/rand
	id := uint64(binary.BigEndian.Uint32(random[:]) >> 1)
	room := qrdraw.FitsBytes(side, qrdraw.Low)
	var parts []part
	for _, e := range entries {
		key, err := transferredKey(e)
		if err != nil {
			return nil, err
		}
		if n := len(parts); n > 0 && len(parts[n-1].entries) < transferKeys {
			last := part{append(parts[n-1].entries, e), append(parts[n-1].keys, key...)}
			if last.fits(room, n-1, len(entries), id) {
				parts[n-1] = last
				continue
			}
		}
		alone := part{[]Entry{e}, key}
		if !alone.fits(room, len(parts), len(entries), id) {
			return nil, fmt.Errorf("%w: that of %q takes more than %d modules a side", ErrTooLarge, e.Account, side)
		}
		parts = append(parts, alone)
	}
	documents := make([]Document, len(parts))
	for i, p := range parts {
		documents[i].Text = p.uri(i, len(parts), id)
		for _, e := range p.entries {
			documents[i].add(e)
		}
	}
	return documents, nil
}

// fits reports whether the part fits into so many bytes, although it is not known
// yet how many parts there are: at most the given number.
func (p part) fits(room, index, most int, id uint64) bool {
	// Another number changes at most four characters, each to three.
	const slack = 8
	return p.uri(index, most, id).Len()+slack <= room
}

// uri returns the text of a QR code.
func (p part) uri(index, size int, id uint64) secret.Text {
	payload := append([]byte{}, p.keys...)
	payload = number(payload, payloadVersion, 1)
	payload = number(payload, payloadBatchSize, uint64(size)) //nolint:gosec // a length
	payload = number(payload, payloadBatch, uint64(index))    //nolint:gosec // an index
	payload = number(payload, payloadBatchID, id)
	return secret.New(transferScheme + url.QueryEscape(base64.StdEncoding.EncodeToString(payload)))
}

// transferredKey returns the field of a payload that holds a key.
func transferredKey(e Entry) ([]byte, error) {
	raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(e.Key.Secret.Reveal())
	if err != nil {
		return nil, fmt.Errorf("%w: the secret of %q is not base32", ErrUnfit, e.Account)
	}
	alg := map[otpgen.Alg]uint64{otpgen.SHA1: 1, otpgen.SHA256: 2, otpgen.SHA512: 3}[e.Key.Alg]
	digits := map[int]uint64{6: 1, 8: 2}[e.Key.Digits]
	kind := map[otpgen.Kind]uint64{otpgen.HOTP: 1, otpgen.TOTP: 2}[e.Key.Kind]
	var m []byte
	m = text(m, keySecret, raw)
	m = text(m, keyName, []byte(e.Label.Account))
	m = text(m, keyIssuer, []byte(e.Label.Issuer))
	m = number(m, keyAlg, alg)
	m = number(m, keyDigits, digits)
	m = number(m, keyKind, kind)
	if e.Key.Kind == otpgen.HOTP {
		m = number(m, keyCounter, e.Key.Counter)
	}
	return text(nil, payloadKey, m), nil
}

// number and text append a field of a protobuf message
// (protobuf.dev/programming-guides/encoding).
func number(m []byte, field, value uint64) []byte {
	return binary.AppendUvarint(binary.AppendUvarint(m, field<<3), value)
}

func text(m []byte, field uint64, value []byte) []byte {
	m = binary.AppendUvarint(m, field<<3|2)
	return append(binary.AppendUvarint(m, uint64(len(value))), value...)
}
