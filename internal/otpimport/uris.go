package otpimport

import (
	"cmp"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"npmotp/otpgen"
)

const (
	schemeKey      = "otpauth://"
	schemeTransfer = "otpauth-migration://"
)

func (c content) hasTransfer() bool { return hasPrefixFold(firstLine(c.text), schemeTransfer) }

// hasURI also takes the list of an app that writes comments.
func (c content) hasURI() bool {
	for line := range strings.Lines(c.text) {
		if hasPrefixFold(strings.TrimSpace(line), schemeKey) || hasPrefixFold(strings.TrimSpace(line), schemeTransfer) {
			return true
		}
	}
	return false
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return strings.TrimSpace(line)
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }

// readURIs reads one URI on each line. Ente Auth and GNOME's Authenticator
// export their keys so, with parameters of their own. Other lines that are no
// comments are entries that cannot be used.
func (r *Reader) readURIs(c content) error {
	found := false
	for line := range strings.Lines(c.text) {
		if err := r.step(); err != nil {
			return err
		}
		line = strings.TrimSpace(line)
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case hasPrefixFold(line, schemeTransfer):
			found = true
			if err := r.readTransfer(line); err != nil {
				return err
			}
		default:
			found = true
			r.addURI(line, otpgen.Label{})
		}
	}
	if !found {
		return fmt.Errorf("%w: it has no otpauth URI", ErrUnknown)
	}
	return nil
}

// A transfer is one of the QR codes that Google Authenticator shows to move
// keys to another phone.
type transfer struct {
	id          uint64
	index, size int
}

// complete refuses transfers that lack a part: an account that stays behind is
// noticed when the old phone is gone.
func complete(transfers []transfer) error {
	seen := map[uint64]map[int]bool{}
	sizes := map[uint64]int{}
	for _, t := range transfers {
		if seen[t.id] == nil {
			seen[t.id] = map[int]bool{}
		}
		seen[t.id][t.index] = true
		sizes[t.id] = max(sizes[t.id], t.size)
	}
	for id, parts := range seen {
		if missing := sizes[id] - len(parts); missing > 0 {
			return fmt.Errorf("%w: %d of %d are missing", ErrParts, missing, sizes[id])
		}
	}
	return nil
}

// maxParts bounds the size that a QR code says its transfer has.
const maxParts = 1000

// The fields of Google Authenticator's protobuf messages. There is no published
// definition; these are the ones that its QR codes have.
const (
	payloadKey       = 1
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

func (r *Reader) readTransfer(uri string) error {
	_, query, _ := strings.Cut(uri, "?")
	values, err := url.ParseQuery(query)
	text := strings.ReplaceAll(values.Get("data"), " ", "+") // a plus that was not escaped
	text = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(text, "="))
	payload, wrong := base64.RawStdEncoding.DecodeString(text)
	if err != nil || wrong != nil || len(payload) == 0 {
		return fmt.Errorf("%w: the transfer of Google Authenticator is cut or mistyped", ErrDamaged)
	}
	t := transfer{size: 1}
	var keys [][]byte
	err = fields(payload, func(number, value uint64, data []byte) {
		switch number {
		case payloadKey:
			keys = append(keys, data)
		case payloadBatchSize:
			t.size = int(min(value, maxParts+1))
		case payloadBatch:
			t.index = int(min(value, maxParts+1))
		case payloadBatchID:
			t.id = value
		}
	})
	if err != nil || t.size > maxParts || t.index > t.size {
		return fmt.Errorf("%w: the transfer of Google Authenticator is cut", ErrDamaged)
	}
	for _, seen := range r.transfers {
		if seen == t && t.id != 0 {
			return nil // the same QR code again
		}
	}
	for _, key := range keys {
		if err := r.addTransferred(key); err != nil {
			return err
		}
	}
	r.transfers = append(r.transfers, t)
	return nil
}

func (r *Reader) addTransferred(message []byte) error {
	var label otpgen.Label
	k := record{counter: new(uint64)}
	var unknown error
	choose := func(value uint64, of ...string) string {
		if value >= uint64(len(of)) {
			unknown = errors.New("its type, algorithm or length is not known")
			return ""
		}
		return of[value]
	}
	err := fields(message, func(number, value uint64, data []byte) {
		switch number {
		case keySecret:
			k.secret = base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(data)
		case keyName:
			label.Account = string(data)
		case keyIssuer:
			label.Issuer = string(data)
		case keyAlg:
			k.algorithm = choose(value, "SHA1", "SHA1", "SHA256", "SHA512")
		case keyDigits:
			k.digits = map[string]int{"6": 6, "8": 8}[choose(value, "6", "6", "8")]
		case keyKind:
			k.kind = choose(value, "totp", "hotp", "totp")
		case keyCounter:
			k.counter = &value
		}
	})
	if err != nil {
		return fmt.Errorf("%w: the transfer of Google Authenticator is cut", ErrDamaged)
	}
	// The name often repeats the issuer, as in otpauth labels.
	if issuer, account, ok := strings.Cut(label.Account, ":"); ok && (label.Issuer == "" || issuer == label.Issuer) {
		label = otpgen.Label{Issuer: issuer, Account: strings.TrimSpace(account)}
	}
	key, err := k.key()
	r.add(label, key, cmp.Or(unknown, err))
	return nil
}

// fields calls fn for each field of a protobuf message
// (protobuf.dev/programming-guides/encoding).
func fields(message []byte, fn func(number, value uint64, data []byte)) error {
	cut := errors.New("cut")
	for len(message) > 0 {
		tag, n := binary.Uvarint(message)
		if n <= 0 {
			return cut
		}
		message = message[n:]
		var value uint64
		var data []byte
		switch tag & 7 {
		case 0: // VARINT
			if value, n = binary.Uvarint(message); n <= 0 {
				return cut
			}
			message = message[n:]
		case 1, 5: // I64, I32
			size := map[uint64]int{1: 8, 5: 4}[tag&7]
			if len(message) < size {
				return cut
			}
			message = message[size:]
		case 2: // LEN
			length, n := binary.Uvarint(message)
			if n <= 0 {
				return cut
			}
			message = message[n:]
			size := int(min(length, maxFile+1))
			if size > len(message) {
				return cut
			}
			data, message = message[:size], message[size:]
		default:
			return cut
		}
		fn(tag>>3, value, data)
	}
	return nil
}
